// When each target runs: a fixed grid on the wall clock, with a stable phase per target so that starts are spread.
// The grid never drifts, survives restarts and clock steps, and every slot is either run or reported as missed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
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
  Duration every{};  // whole milliseconds, at least one
  Duration phase{};
  WallTime last_stamp{};  // the newest stamp already used, for strictly increasing ones; zero = none
};

/// Targets are named by small numbers that the caller chooses; a number may be used again after remove().
/// One timer of the loop serves all of them, so that an idle target costs no more than its entry here.
class Scheduler {
 public:
  struct Events {
    /// Before slots are looked at: whoever watches the clock looks now, so that a step is told by clock_stepped() first
    /// and its slots are not taken for missed ones. May be empty; the only one that may call back.
    Callback<void()> look;
    /// A slot is due: run it. `stamp` is its identity: whole milliseconds, strictly increasing per target.
    Callback<void(std::size_t target, WallTime stamp, Duration late)> due;
    /// A slot went by without a run (we were stopped, suspended or far too late).
    Callback<void(std::size_t target, WallTime stamp)> missed;
    /// More slots were missed than are worth a record each: `count` older ones between `first` and `last`.
    Callback<void(std::size_t target, std::int64_t count, WallTime first, WallTime last)> gap;
  };

  /// `loop` must outlive this. The other events must not call back into it.
  Scheduler(io::Loop& loop, Events events) : loop_(loop), events_(std::move(events)) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Adds a target, or gives it a new plan; the first slot is the next on its grid. A target that has this pace and
  /// phase already keeps its slots as they are, and one that is known keeps its last stamp.
  void set(std::size_t target, const SlotPlan& plan);
  void remove(std::size_t target);
  /// After a jump of the wall clock: slots follow it at once. `step`: how far it jumped by itself, without what the
  /// machine slept. Slots that a step forward jumped over never were: nothing is told of them. Those of a sleep were.
  void clock_stepped(Duration step);
  /// The newest stamp used for a target; zero when there was none.
  [[nodiscard]] WallTime last_stamp(std::size_t target) const { return entries_.at(target).plan.last_stamp; }

 private:
  struct Entry {
    SlotPlan plan;
    WallTime next{};
    bool live = false;
  };
  struct Item {  // of the heap; stale when its entry has another `next`
    WallTime next{};
    std::size_t target = 0;
  };

  void push(std::size_t target);
  void arm();
  void on_timer();
  void fire(std::size_t target, WallTime now, Duration jumped, bool may_run);
  void refill_missed();
  void report_missed(std::size_t target, WallTime first, std::int64_t count);
  [[nodiscard]] static WallTime take_stamp(Entry& entry, WallTime slot);
  [[nodiscard]] bool stale(const Item& item) const;

  io::Loop& loop_;
  Events events_;
  std::vector<Entry> entries_;    // by target
  std::vector<Item> heap_;        // earliest first
  std::int64_t missed_left_ = 0;  // records of missed slots until missed_refill_
  core::MonoTime missed_refill_{};
  io::Handle timer_;
};

}  // namespace sonde::prober
