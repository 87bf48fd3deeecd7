// How a target is to be reached: which addresses, from where, by which resolver, and how long each stage may take.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/outcome.h"
#include "core/time.h"
#include "io/address.h"

namespace sonde::prober {

struct NetSpec {
  enum class Family {
    kAny,        // IPv4 where the name has one, else IPv6
    kIp4,        // IPv4 only
    kIp6,        // IPv6 only
    kBoth,       // both must work; one that does not is a blemish
    kPreferIp6,  // IPv6 where the name has one, else IPv4: what blackbox_exporter does unless told otherwise
  };
  Family family = Family::kAny;
  bool all_addresses = false;            // every address that the name has, not the first that answers
  std::optional<io::IpAddress> source;   // local address; nothing = the prober's own
  std::string interface;                 // device to leave by (SO_BINDTODEVICE); empty = the system's choice
  std::optional<io::Endpoint> resolver;  // nothing = the prober's own
  std::optional<io::IpAddress> pinned;   // this address and no other, without resolving: of one branch of a fan-out
  /// Longest time of each stage, indexed by core::Stage (dns to http); zero = only the whole run's timeout counts.
  std::array<core::Duration, 4> stage_timeouts{};
};

/// The time that `stage` (dns to http) may take at most when `left` is left of the whole run.
[[nodiscard]] inline core::Duration stage_budget(const NetSpec& net, core::Stage stage, core::Duration left) {
  const core::Duration limit = net.stage_timeouts.at(static_cast<std::size_t>(stage));
  return limit > core::Duration{} ? std::min(limit, left) : left;
}

}  // namespace sonde::prober
