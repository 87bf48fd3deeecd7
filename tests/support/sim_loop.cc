// The simulated loop.
#include "tests/support/sim_loop.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace sonde::test {
namespace {

constexpr io::MonoTime kStart{std::chrono::seconds{1000}};
constexpr io::WallTime kWallStart{std::chrono::seconds{1748736000}};  // 2025-06-01T00:00:00Z

}  // namespace

SimLoop::SimLoop() : start_(kStart), now_(kStart), wall_at_start_(kWallStart) {}

SimLoop::~SimLoop() { destroy_retired(); }

io::Handle SimLoop::watch(int, io::Interest, io::Callback<void()>) {
  SONDE_CHECK(false, "a simulated loop has no descriptors");
  return {};
}

io::Handle SimLoop::at_turn_end(io::Callback<void()> f) {
  SONDE_CHECK(in_turn_, "no turn is running");
  return turn_end_.add(std::move(f));
}

void SimLoop::turn() {
  SONDE_CHECK(++turns_in_place_ < kTurnsInPlaceMax, "callbacks queue each other for ever while the clock stands");
  if (busy_ != io::Duration{}) advance_to(now_);
  const std::uint64_t mark = timers_.mark();
  const std::uint64_t end = soon_.end();
  struct Inside {  // also when memory runs out on purpose
    explicit Inside(bool& f) : flag(f) { flag = true; }
    ~Inside() { flag = false; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    bool& flag;
  };
  const Inside inside{in_turn_};
  timers_.run_due(now_, mark);
  soon_.run_before(end);
  while (true) {
    turn_end_.run_all();
    destroy_retired();
    if (turn_end_.empty()) break;
  }
}

void SimLoop::advance_to(io::MonoTime when) {
  const io::MonoTime before = std::exchange(now_, std::max(now_ + std::exchange(busy_, {}), when));
  if (now_ != before) turns_in_place_ = 0;
}

void SimLoop::run_until(io::MonoTime when) {
  while (!stopping_) {
    const auto earliest = timers_.earliest();
    if (soon_.empty() && retired_.empty()) {
      if (!earliest || *earliest > when) break;
      advance_to(*earliest);
    }
    turn();
  }
  if (!stopping_) advance_to(when);
  stopping_ = false;
}

bool SimLoop::run_until_idle(io::Duration limit) {
  const io::MonoTime end = now_ + limit;
  while (!idle() && !stopping_) {
    if (soon_.empty() && retired_.empty()) {
      if (*timers_.earliest() > end) break;
      advance_to(*timers_.earliest());
    }
    turn();
  }
  stopping_ = false;
  return idle();
}

void SimLoop::run() {
  while (!stopping_) {
    SONDE_CHECK(!idle(), "a simulated loop runs with nothing pending");
    if (soon_.empty() && retired_.empty()) advance_to(*timers_.earliest());
    turn();
  }
  stopping_ = false;
}

void SimLoop::destroy_retired() {
  while (!retired_.empty()) {
    const auto going = std::exchange(retired_, {});
  }
}

}  // namespace sonde::test
