// The records that a prober writes about itself, beside those of its runs.
#pragma once

#include <cstdint>
#include <optional>

#include "core/record.h"
#include "core/target.h"
#include "prober/prober.h"
#include "prober/self_watch.h"

namespace sonde::prober {

using core::WallTime;

/// The `sonde` record: how the prober is. `event`: what just happened to the clocks, when that is the reason for it.
[[nodiscard]] core::Record heartbeat_record(const core::Vantage& vantage, const ProberSnapshot& now,
                                            std::optional<ClockEvent> event, WallTime at);

/// The `gap` record: `slots` of a target between `first` and `last` passed without a run and have no record each.
[[nodiscard]] core::Record gap_record(const core::Vantage& vantage, const core::Target& target, std::int64_t slots,
                                      WallTime first, WallTime last, WallTime at);

/// Adds a run that ended to the counters.
void count_run(ProberSnapshot& counters, const core::Outcome& outcome);

/// True when the tags that a vantage gives to each record are the same.
[[nodiscard]] bool same_tags(const core::Vantage& a, const core::Vantage& b);

/// True when the records that describe the two (vantages or targets) are the same but for their time.
template <typename Described>
[[nodiscard]] bool same_description(const Described& a, const Described& b) {
  const core::Record of_a = to_record(a, {});
  const core::Record of_b = to_record(b, {});
  return of_a.tags == of_b.tags && of_a.fields == of_b.fields;
}

}  // namespace sonde::prober
