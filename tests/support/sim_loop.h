// A simulated loop: the same order as the real one on a virtual clock that jumps from timer to timer.
// Deterministic; a year of probing takes as long as its callbacks do.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "io/loop.h"
#include "io/loop_queues.h"

namespace sonde::test {

class SimLoop final : public io::Loop {
 public:
  /// Monotonic time starts at 1000 s, the wall clock at 2025-06-01T00:00:00Z: neither is zero, so that a forgotten
  /// initialisation shows.
  SimLoop();
  ~SimLoop() override;
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  [[nodiscard]] io::MonoTime now() const override { return now_; }
  [[nodiscard]] io::MonoTime precise_now() const override { return now_ + busy_; }
  [[nodiscard]] io::WallTime wall_now() const override { return wall_at_start_ + (precise_now() - start_); }
  [[nodiscard]] io::Duration slept() const override { return slept_; }
  [[nodiscard]] io::Handle soon(io::Callback<void()> f) override { return soon_.add(std::move(f)); }
  [[nodiscard]] io::Handle at(io::MonoTime when, io::Callback<void()> f) override {
    return timers_.add(when, std::move(f));
  }
  [[nodiscard]] bool in_turn() const override { return in_turn_; }
  [[nodiscard]] io::Handle at_turn_end(io::Callback<void()> f) override;
  /// Aborts: simulation replaces what is above descriptors.
  [[nodiscard]] io::Handle watch(int fd, io::Interest interest, io::Callback<void()> f) override;
  /// Runs until stop(); aborts when nothing is pending any more, because that would be for ever.
  void run() override;
  void stop() override { stopping_ = true; }

  /// Runs everything up to and including `when`; the clock then stands at `when`. stop() ends it early.
  void run_until(io::MonoTime when);
  void run_for(io::Duration d) { run_until(now_ + d); }
  /// Runs until nothing is pending, at most until `limit` from now. True when idle.
  bool run_until_idle(io::Duration limit = std::chrono::hours{1});
  /// Runs one turn without moving the clock: what was queued with soon and what is due.
  void turn();
  /// Nothing queued and no timer set.
  [[nodiscard]] bool idle() const { return soon_.empty() && retired_.empty() && !timers_.earliest(); }

  /// The wall clock jumps (NTP step, an operator). Durations and timers do not notice.
  void set_wall(io::WallTime wall) { wall_at_start_ = wall - (precise_now() - start_); }
  void step_wall(io::Duration by) { wall_at_start_ += by; }
  /// The machine sleeps now and wakes that much later: the wall clock has gone on, the monotonic one has not.
  void sleep_machine(io::Duration d) {
    wall_at_start_ += d;
    slept_ += d;
  }

  /// The callback that runs now takes that long: precise_now() and wall_now() move at once, now() in the next turn,
  /// as with a loop that lags.
  void spend(io::Duration d) { busy_ += d; }

 protected:
  void retire_pending(std::unique_ptr<io::Handle::Pending> pending) override { retired_.push_back(std::move(pending)); }

 private:
  void advance_to(io::MonoTime when);
  void destroy_retired();

  static constexpr int kTurnsInPlaceMax = 1'000'000;
  int turns_in_place_ = 0;  // without the clock moving: more than that is a loop of soon() that never ends
  io::MonoTime start_;
  io::MonoTime now_;
  io::Duration busy_{};
  io::WallTime wall_at_start_;
  io::Duration slept_{};
  bool stopping_ = false;
  bool in_turn_ = false;
  io::SoonQueue soon_;
  io::SoonQueue turn_end_;
  io::TimerQueue timers_;
  std::vector<std::unique_ptr<io::Handle::Pending>> retired_;
};

}  // namespace sonde::test
