// Queues of soon callbacks and timers.
#include "io/loop_queues.h"

namespace sonde::io {

struct SoonQueue::Entry final : Handle::Pending {
  Entry(SoonQueue& q, std::uint64_t n, Callback<void()> callback) : queue(q), number(n), f(std::move(callback)) {}
  ~Entry() override {
    if (!queued) return;
    queue.queue_[number - queue.first_] = nullptr;
    --queue.live_;
  }
  SoonQueue& queue;
  std::uint64_t number;
  bool queued = false;
  Callback<void()> f;
};

Handle SoonQueue::add(Callback<void()> f) {
  auto entry = std::make_unique<Entry>(*this, end(), std::move(f));
  queue_.push_back(entry.get());
  entry->queued = true;  // not before: what is not in the queue has no place to give back
  ++live_;
  return Handle{std::move(entry)};
}

void SoonQueue::run_before(std::uint64_t end) {
  while (first_ < end && !queue_.empty()) {
    Entry* entry = queue_.front();
    queue_.pop_front();
    ++first_;
    if (entry == nullptr) continue;
    --live_;
    entry->queued = false;
    Callback<void()> f = std::move(entry->f);
    f();
  }
}

struct TimerQueue::Entry final : Handle::Pending {
  Entry(TimerQueue& q, Key k, Callback<void()> callback) : queue(q), key(k), f(std::move(callback)) {}
  ~Entry() override {
    if (queued) queue.timers_.erase(key);
  }
  TimerQueue& queue;
  Key key;
  bool queued = false;
  Callback<void()> f;
};

Handle TimerQueue::add(MonoTime when, Callback<void()> f) {
  const Key key{when, next_++};
  auto entry = std::make_unique<Entry>(*this, key, std::move(f));
  timers_.emplace(key, entry.get());
  entry->queued = true;
  return Handle{std::move(entry)};
}

std::optional<MonoTime> TimerQueue::earliest() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

void TimerQueue::run_due(MonoTime now, std::uint64_t mark) {
  // Timers set meanwhile carry numbers from `mark` on and wait for the next turn. Those that are due already stand
  // between older ones, so the walk steps over them and always looks the next one up again by key.
  auto next = timers_.begin();
  while (next != timers_.end() && next->first.first <= now) {
    const Key key = next->first;
    if (key.second < mark) {
      Entry* entry = next->second;
      timers_.erase(next);
      entry->queued = false;
      Callback<void()> f = std::move(entry->f);
      f();
    }
    next = timers_.upper_bound(key);
  }
}

}  // namespace sonde::io
