// Defaults and wording that the readers of targets share. Internal to prober/config*.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace sonde::prober {

inline constexpr core::Duration kReferenceEvery = std::chrono::seconds{30};
inline constexpr core::Duration kTimeoutDefault = std::chrono::seconds{5};

inline std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }

/// "; did you mean "x"?" where a name is close enough, else "".
template <typename Strings>
std::string did_you_mean(std::string_view wrong, const Strings& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto close = core::nearest(wrong, views);
  return close ? "; did you mean " + quoted(*close) + "?" : std::string{};
}

}  // namespace sonde::prober
