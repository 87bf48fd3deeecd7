// Which of a name's addresses the policy lets us connect to.
#pragma once

#include <vector>

#include "core/outcome.h"
#include "io/address.h"
#include "prober/stages/resolve.h"

namespace sonde::prober {

struct Allowed {
  std::vector<io::IpAddress> addresses;  // in the resolver's order
  core::Outcome refused;                 // when there are none: why the first was refused
};

/// `resolved` has at least one address. A public name all of whose addresses are bogons is a fault of its DNS
/// (RELIABILITY D19); what only our own policy forbids is a fault of ours.
[[nodiscard]] Allowed allowed_of(const io::AddressPolicy& policy, const Resolved& resolved);

}  // namespace sonde::prober
