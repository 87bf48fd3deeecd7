// Runs one check once: owns its deadline, measures its duration, and says whether the prober can be trusted about it.
#pragma once

#include <memory>

#include "prober/config.h"
#include "prober/self_watch.h"

namespace sonde::prober {

/// The check of one run: one of the target's kind, or a fan-out where more than one address is asked for.
[[nodiscard]] std::unique_ptr<Check> make_check(const TargetEntry& entry, CheckContext& context);

class Run {
 public:
  /// `entry`, `context` and `watch` must outlive this.
  Run(const TargetEntry& entry, CheckContext& context, const SelfWatch& watch)
      : entry_(entry), context_(context), watch_(watch) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// `done` is called exactly once, later, never from inside, at the target's timeout at the latest; may destroy this.
  /// The measurement then holds duration_seconds, loop_lag_seconds, and suspect with suspect_why and clock_step_ms.
  /// A run that the machine slept through is unknown (`suspended`): its durations leave the sleep out, and what it
  /// waited for may have come and gone.
  void start(Callback<void(core::Measurement)> done);

 private:
  void on_deadline();
  void finish(core::Measurement m);

  const TargetEntry& entry_;
  CheckContext& context_;
  const SelfWatch& watch_;
  Callback<void(core::Measurement)> done_;
  MonoTime started_{};
  Duration slept_{};  // of the machine, at the start
  std::unique_ptr<Check> check_;
  io::Handle deadline_;
};

/// The measurement of a slot that had no run.
[[nodiscard]] core::Measurement skipped(std::string_view why);
/// The measurement of a slot that found no place among `places` runs in flight.
[[nodiscard]] core::Measurement overload(std::size_t places);

}  // namespace sonde::prober
