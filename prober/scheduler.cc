// The grid of slots.
#include "prober/scheduler.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace sonde::prober {
namespace {

constexpr std::int64_t kMissedRecordsMax = 100;  // per target and pause; older ones become one gap

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

Scheduler::Scheduler(io::Loop& loop, std::vector<SlotPlan> plans, Events events)
    : loop_(loop), events_(std::move(events)) {
  for (SlotPlan& plan : plans) {
    SONDE_CHECK(plan.every >= std::chrono::milliseconds{1}, "a target without an interval");
    entries_.push_back({.plan = plan, .next = {}, .timer = {}});
  }
}

void Scheduler::start() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& e = entries_[i];
    e.next = next_slot(loop_.wall_now(), e.plan.every, e.plan.phase);
    arm(i);
  }
}

/// Turns the wall time of the next slot into loop time with the clocks as they stand now: nothing can drift.
void Scheduler::arm(std::size_t target) {
  Entry& e = entries_[target];
  const Duration wait = e.next - loop_.wall_now();
  e.timer = loop_.at(loop_.precise_now() + std::max(wait, Duration{}), [this, target] { fire(target); });
}

void Scheduler::clock_stepped() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& e = entries_[i];
    // Back: the grid is followed from the new time on. Forward: fire() reports what was jumped over.
    e.next = std::min(e.next, next_slot(loop_.wall_now(), e.plan.every, e.plan.phase));
    arm(i);
  }
}

void Scheduler::fire(std::size_t target) {
  Entry& e = entries_[target];
  const WallTime now = loop_.wall_now();
  const WallTime first = e.next;
  const std::int64_t passed = now > first ? (now - first) / e.plan.every : 0;
  const WallTime latest = first + passed * e.plan.every;
  const Duration late = std::max(Duration{}, now - latest);
  // Half an interval late is no longer this slot. And after a pause all targets would start at once.
  const bool too_late = late > e.plan.every / 2;
  e.next = latest + e.plan.every;
  report_missed(target, first, passed + (too_late ? 1 : 0));
  arm(target);
  if (!too_late) events_.due(target, take_stamp(e, latest), late);
}

void Scheduler::report_missed(std::size_t target, WallTime first, std::int64_t count) {
  Entry& e = entries_[target];
  if (count > kMissedRecordsMax) {
    const std::int64_t older = count - kMissedRecordsMax;
    events_.gap(target, older, first, first + (older - 1) * e.plan.every);
    first += older * e.plan.every;
    count = kMissedRecordsMax;
  }
  for (std::int64_t i = 0; i < count; ++i) events_.missed(target, take_stamp(e, first + i * e.plan.every));
}

WallTime Scheduler::take_stamp(Entry& entry, WallTime slot) {
  const WallTime after_last = entry.plan.last_stamp + std::chrono::milliseconds{1};
  entry.plan.last_stamp = std::max(slot, after_last);
  return entry.plan.last_stamp;
}

}  // namespace sonde::prober
