// When each target runs: a fixed grid on the wall clock, with a stable phase per target so that starts are spread.
// The grid never drifts, survives restarts and clock steps, and every slot is either run or reported as missed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"

namespace sonde::prober {

using core::Callback;
using core::Duration;
using core::WallTime;

/// Offset of a target's slots on the grid, in [0, every), whole milliseconds: the same for ever for the same names.
[[nodiscard]] Duration phase_of(std::string_view vantage, std::string_view target, std::string_view check,
                                Duration every);

/// The first slot after `now`: the smallest k * every + phase that is later.
[[nodiscard]] WallTime next_slot(WallTime now, Duration every, Duration phase);

struct SlotPlan {
  Duration every{};  // whole milliseconds, at least one second
  Duration phase{};
  WallTime last_stamp{};  // the newest stamp already used, for strictly increasing ones; zero = none
};

class Scheduler {
 public:
  struct Events {
    /// A slot is due: run it. `stamp` is its identity: whole milliseconds, strictly increasing per target.
    Callback<void(std::size_t target, WallTime stamp, Duration late)> due;
    /// A slot went by without a run (we were stopped, suspended or far too late).
    Callback<void(std::size_t target, WallTime stamp)> missed;
    /// More slots were missed than are worth a record each: `count` older ones between `first` and `last`.
    Callback<void(std::size_t target, std::int64_t count, WallTime first, WallTime last)> gap;
  };

  /// `loop` must outlive this.
  Scheduler(io::Loop& loop, std::vector<SlotPlan> plans, Events events);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start();
  /// After a jump of the wall clock: slots follow it at once.
  void clock_stepped();
  /// The newest stamp used for a target; zero when there was none.
  [[nodiscard]] WallTime last_stamp(std::size_t target) const { return entries_[target].plan.last_stamp; }

 private:
  struct Entry {
    SlotPlan plan;
    WallTime next{};
    io::Handle timer;
  };

  void arm(std::size_t target);
  void fire(std::size_t target);
  void report_missed(std::size_t target, WallTime first, std::int64_t count);
  [[nodiscard]] static WallTime take_stamp(Entry& entry, WallTime slot);

  io::Loop& loop_;
  std::vector<Entry> entries_;
  Events events_;
};

}  // namespace sonde::prober
