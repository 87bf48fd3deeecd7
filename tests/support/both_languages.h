// Every mistake in a configuration is told in English and in Chinese: what tests of configurations expect of each.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/config_node.h"

namespace sonde::test {

/// Whether `text` holds a Chinese character (U+4E00 to U+9FFF: three bytes, of which the first is E4 to E9).
inline bool has_chinese(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xE4 && byte <= 0xE9;
  });
}

/// The mistakes that exist in one language only, one per line; "" where all is well.
inline std::string in_one_language(const core::ConfigErrors& errors) {
  std::string out;
  for (const core::ConfigError& e : errors.all()) {
    if (e.message.empty() || !has_chinese(e.zh)) out += "\"" + e.message + "\" / \"" + e.zh + "\"\n";
  }
  return out;
}

}  // namespace sonde::test
