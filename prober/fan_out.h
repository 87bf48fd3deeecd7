// Every address of a name, or both families, instead of the first address that accepts: one branch of the same check
// for each, rolled up into one measurement. For targets with `addresses: all` or `family: both`.
#pragma once

#include <memory>

#include "prober/config.h"

namespace sonde::prober {

/// True when the target asks for more than one address and its URL has a name that can have them.
[[nodiscard]] bool needs_fan_out(const TargetEntry& entry);

/// `addresses: all`: the name is resolved once (with `family: both` once per family) and there is a branch per address.
/// `family: both` alone: a branch per family, each as if it were the only one.
///
/// At most 8 at a time and 64 in all run, under the one deadline of the run. When there are more
/// than 8, each has its share of the time that is left, so that silent ones do not keep the rest from their turn.
///
/// The measurement: all well → as the worst of them; some failed → degraded `some_addresses`, with the number and the
/// class of each; all failed → fail, with the class that most of them have. An address that only our own side kept from
/// being tried is left out; when nothing failed but that, the run is unknown. A family without addresses (`family:
/// both`) counts as one that failed. Phases and facts are those of the slowest address that was well, else of the first
/// that failed; the certificate's expiry is the earliest of all. `entry` and `context` must outlive the check.
[[nodiscard]] std::unique_ptr<Check> make_fan_out(const TargetEntry& entry, CheckContext& context);

}  // namespace sonde::prober
