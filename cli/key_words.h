// What a key of the configuration takes, in words: for the JSON Schema and for the reference.
#pragma once

#include <string>
#include <string_view>

#include "core/config_table.h"
#include "core/target.h"
#include "core/text.h"

namespace sonde::cli {

/// "duration, 100ms to 1d", "one of auto, true, false", "list of texts".
[[nodiscard]] std::string value_words(const core::Key& key, core::Language language);
[[nodiscard]] inline std::string_view meaning(const core::Key& key, core::Language language) {
  return language == core::Language::kChinese ? key.zh : key.en;
}

/// The table of a key of kind kOfCheck ("expect", "request") for one kind of check; null where it has nothing to say.
[[nodiscard]] const core::KeyTable* table_of_check(std::string_view key, core::CheckKind check);

/// A URL's scheme as a regular expression, and the check that it chooses.
struct SchemeOfCheck {
  core::CheckKind check;
  std::string_view pattern;
};
inline constexpr SchemeOfCheck kSchemes[] = {{core::CheckKind::kHttp, "^https?://"},
                                             {core::CheckKind::kTls, "^tls://"},
                                             {core::CheckKind::kTcp, "^tcp://"},
                                             {core::CheckKind::kDns, "^dns://"}};

}  // namespace sonde::cli
