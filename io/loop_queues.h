// The two queues of a loop, shared by the real and the simulated one so that both keep the same order:
// `soon` callbacks first in first out, timers by (time, order of setting).
// A callback is moved out before it is called, so it may destroy its own handle, and the queue may grow meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "io/loop.h"

namespace sonde::io {

/// Callbacks for the next turn. Must outlive the handles it gives out.
class SoonQueue {
 public:
  [[nodiscard]] Handle add(Callback<void()> f);
  [[nodiscard]] bool empty() const { return live_ == 0; }
  /// Where the queue ends now; run_before() runs what was queued earlier.
  [[nodiscard]] std::uint64_t end() const { return first_ + queue_.size(); }
  /// Runs all callbacks queued before `end`, in order.
  void run_before(std::uint64_t end);
  /// Runs all callbacks, also those that are queued meanwhile.
  void run_all() {
    while (!queue_.empty()) run_before(end());
  }

 private:
  struct Entry;
  std::deque<Entry*> queue_;  // null where the handle went
  std::uint64_t first_ = 0;   // number of queue_.front()
  std::size_t live_ = 0;
};

/// Timers. Must outlive the handles it gives out.
class TimerQueue {
 public:
  [[nodiscard]] Handle add(MonoTime when, Callback<void()> f);
  /// When the first timer is due.
  [[nodiscard]] std::optional<MonoTime> earliest() const;
  /// A mark: timers set later have a greater number.
  [[nodiscard]] std::uint64_t mark() const { return next_; }
  /// Runs all timers due at `now` that were set before `mark`.
  void run_due(MonoTime now, std::uint64_t mark);

 private:
  struct Entry;
  using Key = std::pair<MonoTime, std::uint64_t>;
  std::map<Key, Entry*> timers_;
  std::uint64_t next_ = 0;
};

}  // namespace sonde::io
