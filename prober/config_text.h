// Defaults and wording that the readers of targets share. Internal to prober/config*.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace sonde::prober {

inline std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }
inline std::string quoted_zh(std::string_view text) { return "“" + std::string{text} + "”"; }

/// "; did you mean "x"?" where a name is close enough, else "".
template <typename Strings>
core::BilingualText did_you_mean(std::string_view wrong, const Strings& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return core::did_you_mean(wrong, views);
}

}  // namespace sonde::prober
