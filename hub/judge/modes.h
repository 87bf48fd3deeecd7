// Modes: the ways in which a component can fail, each as the share of its full severity that shows at each channel.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "hub/judge/channels.h"
#include "hub/judge/component.h"

namespace sonde::hub::judge {

enum class Mode : std::uint8_t {
  kHttp,   // answers, wrongly
  kStall,  // takes the request and does not answer
  kTcp,
  kTls,
  kDns,
  kAnswerSlow,
  kConnectSlow,
  kLoss,
  kAll,         // nothing gets through, and the vantage may know it
  kOverload,    // the vantage itself is slow
  kDependency,  // not a mode of its own: how the failure of a dependency shows at those who depend on it
  kSilent,      // reports nothing (silence.h); shows in no channel
};
inline constexpr std::size_t kModes = 12;

struct ModeInfo {
  std::string_view name;
  PerChannel share;  // a_m[channel], 0 … 1
};

[[nodiscard]] const ModeInfo& info(Mode m);
/// The modes that a kind of component can fail in. Path kinds never have kHttp.
[[nodiscard]] std::span<const Mode> modes_of(Kind k);

}  // namespace sonde::hub::judge
