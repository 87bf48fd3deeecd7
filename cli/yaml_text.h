// Texts as YAML has them, for what this program writes.
#pragma once

#include <string>
#include <string_view>

namespace sonde::cli {

/// A text: bare where nothing else could be meant, else in double quotes. Characters that would act on a terminal or an
/// editor are escaped; broken UTF-8 becomes U+FFFD.
[[nodiscard]] std::string quoted_text(std::string_view text);
/// The same, in single quotes where that spares escapes.
[[nodiscard]] std::string pleasant_text(std::string_view text);

/// Whether the value of a header, a parameter or a variable of that name is likely a secret.
[[nodiscard]] bool names_a_secret(std::string_view name);

}  // namespace sonde::cli
