// The grid of slots.
#include "prober/scheduler.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace sonde::prober {
namespace {

constexpr std::int64_t kMissedRecordsMax = 100;      // per target and pause; older ones become one gap
constexpr std::int64_t kMissedTogetherMax = 10'000;  // of all targets within a minute; a sleep skips thousands of each
constexpr Duration kMissedRefill = std::chrono::minutes{1};
constexpr int kStartsPerTurnMax = 64;  // so that a burst leaves the loop its turns

/// For the algorithms of the standard library, whose heap has the greatest in front. Ties in the order of the numbers.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.next != b.next ? a.next > b.next : a.target > b.target;
};

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return (hash ^ 0xFF) * 0x100000001b3ULL;  // ends the part, so that "a","bc" and "ab","c" differ
}

/// FNV's low bits are weak in the last bytes; this spreads them (the finaliser of MurmurHash3, public domain).
std::uint64_t mix(std::uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

Duration phase_of(std::string_view vantage, std::string_view target, std::string_view check, Duration every) {
  const std::uint64_t hash = mix(fnv1a(check, fnv1a(target, fnv1a(vantage, 0xcbf29ce484222325ULL))));
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(every).count();
  if (ms <= 0) return Duration{};
  return std::chrono::milliseconds{static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(ms))};
}

WallTime next_slot(WallTime now, Duration every, Duration phase) {
  const auto since = now.time_since_epoch() - phase;
  auto k = since / every;
  if (since < Duration{} && since % every != Duration{}) --k;
  return WallTime{phase + (k + 1) * every};
}

void Scheduler::set(std::size_t target, const SlotPlan& plan) {
  SONDE_CHECK(plan.every >= std::chrono::milliseconds{1}, "a target without an interval");
  if (entries_.size() <= target) entries_.resize(target + 1);
  Entry& e = entries_[target];
  if (e.live && e.plan.every == plan.every && e.plan.phase == plan.phase) return;
  const WallTime last_stamp = e.live ? std::max(e.plan.last_stamp, plan.last_stamp) : plan.last_stamp;
  e = {.plan = plan, .next = next_slot(loop_.wall_now(), plan.every, plan.phase), .live = true};
  e.plan.last_stamp = last_stamp;
  push(target);
  if (heap_.front().target == target) arm();
}

void Scheduler::remove(std::size_t target) { entries_.at(target) = {}; }

bool Scheduler::stale(const Item& item) const {
  const Entry& e = entries_[item.target];
  return !e.live || e.next != item.next;
}

void Scheduler::push(std::size_t target) {
  heap_.push_back({entries_[target].next, target});
  std::ranges::push_heap(heap_, kLater);
}

/// Turns the wall time of the earliest slot into loop time with the clocks as they stand now: nothing can drift.
void Scheduler::arm() {
  while (!heap_.empty() && stale(heap_.front())) {
    std::ranges::pop_heap(heap_, kLater);
    heap_.pop_back();
  }
  if (heap_.empty()) return timer_.reset();
  const Duration wait = heap_.front().next - loop_.wall_now();
  timer_ = loop_.at(loop_.precise_now() + std::max(wait, Duration{}), [this] { on_timer(); });
}

void Scheduler::clock_stepped(Duration step) {
  const WallTime now = loop_.wall_now();
  const Duration jumped = std::max(step, Duration{});
  refill_missed();
  heap_.clear();
  int starts = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& e = entries_[i];
    if (!e.live) continue;
    if (jumped > Duration{}) {
      // What was due before the step is as if there had been none; what it jumped over is passed by in silence.
      if (e.next <= now - jumped) fire(i, now - jumped, jumped, ++starts <= kStartsPerTurnMax);
      if (e.next <= now) e.next = next_slot(now, e.plan.every, e.plan.phase);
    } else {
      // Back: the grid is followed from the new time on. After a sleep fire() reports what was slept through.
      e.next = std::min(e.next, next_slot(now, e.plan.every, e.plan.phase));
    }
    heap_.push_back({e.next, i});
  }
  std::ranges::make_heap(heap_, kLater);
  arm();
}

void Scheduler::refill_missed() {
  if (missed_refill_ > loop_.now()) return;
  missed_left_ = kMissedTogetherMax;
  missed_refill_ = loop_.now() + kMissedRefill;
}

void Scheduler::on_timer() {
  if (events_.look) events_.look();
  const WallTime now = loop_.wall_now();
  refill_missed();
  for (int starts = 0; starts < kStartsPerTurnMax && !heap_.empty() && heap_.front().next <= now;) {
    const Item item = heap_.front();
    std::ranges::pop_heap(heap_, kLater);
    heap_.pop_back();
    if (stale(item)) continue;
    ++starts;
    fire(item.target, now, Duration{}, true);
    push(item.target);
  }
  arm();
}

/// `now` is of the clock that was `jumped` behind.
void Scheduler::fire(std::size_t target, WallTime now, Duration jumped, bool may_run) {
  Entry& e = entries_[target];
  const WallTime first = e.next;
  const std::int64_t passed = (now - first) / e.plan.every;
  const WallTime latest = first + passed * e.plan.every;
  // With what the starts before it in this turn took.
  const Duration late = loop_.wall_now() - jumped - latest;
  // Half an interval late is no longer this slot. And after a pause all targets would start at once.
  const bool too_late = late > e.plan.every / 2 || !may_run;
  e.next = latest + e.plan.every;
  report_missed(target, first, passed + (too_late ? 1 : 0));
  if (!too_late) events_.due(target, take_stamp(e, latest), std::max(late, Duration{}));
}

void Scheduler::report_missed(std::size_t target, WallTime first, std::int64_t count) {
  Entry& e = entries_[target];
  const std::int64_t records_max = std::min(kMissedRecordsMax, missed_left_);
  if (count > records_max) {
    const std::int64_t older = count - records_max;
    events_.gap(target, older, first, first + (older - 1) * e.plan.every);
    first += older * e.plan.every;
    count = records_max;
  }
  missed_left_ -= count;
  for (std::int64_t i = 0; i < count; ++i) events_.missed(target, take_stamp(e, first + i * e.plan.every));
}

WallTime Scheduler::take_stamp(Entry& entry, WallTime slot) {
  const WallTime after_last = entry.plan.last_stamp + std::chrono::milliseconds{1};
  entry.plan.last_stamp = std::max(slot, after_last);
  return entry.plan.last_stamp;
}

}  // namespace sonde::prober
