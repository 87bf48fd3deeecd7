// Percent-encoding (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::core {

/// All but unreserved characters (RFC 3986, section 2.3) as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Nothing on a bad escape or a NUL byte. `plus_is_space`: as in queries (WHATWG URL 5.1).
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// 0 … 15, or -1 where `c` is no hexadecimal digit of either case.
[[nodiscard]] int hex_digit(char c);

}  // namespace sonde::core
