// The event loop as the rest of Sonde sees it: time, later, soon, and readiness. Simulation replaces it.
// One loop, one thread: everything here is called on the loop's thread only, except stop_from_signal().
#pragma once

#include <memory>

#include "core/callback.h"
#include "core/time.h"

namespace sonde::io {

using core::Callback;
using core::Duration;
using core::MonoTime;
using core::WallTime;

/// Owns something pending. Destroying or resetting it cancels: the callback will not run.
class Handle {
 public:
  /// What a pending operation implements; its destructor cancels.
  class Pending {
   public:
    virtual ~Pending() = default;
  };

  Handle() = default;
  explicit Handle(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}
  /// True while something is held (it may already have run).
  explicit operator bool() const { return pending_ != nullptr; }
  void reset() { pending_.reset(); }

 private:
  std::unique_ptr<Pending> pending_;
};

/// What a watch waits for.
enum class Interest { kRead, kWrite };

class Loop {
 public:
  virtual ~Loop() = default;

  /// Monotonic time at the start of this turn; drives timers. Constant within a turn.
  [[nodiscard]] virtual MonoTime now() const = 0;
  /// The monotonic clock, read now: for measuring.
  [[nodiscard]] virtual MonoTime precise_now() const = 0;
  /// The wall clock, read now: for stamping only.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
  /// How long the machine has slept since it was started, read now: CLOCK_BOOTTIME less CLOCK_MONOTONIC,
  /// clock_gettime(2). The monotonic clock stands still meanwhile and the wall clock does not.
  [[nodiscard]] virtual Duration slept() const = 0;

  /// Runs `f` in the next turn.
  [[nodiscard]] virtual Handle soon(Callback<void()> f) = 0;
  /// Runs `f` once at `when` or as soon after as possible, never before. Ties run in the order they were set.
  [[nodiscard]] virtual Handle at(MonoTime when, Callback<void()> f) = 0;
  /// Runs `f` each time `fd` is ready, until the handle goes. The fd must stay open at least as long as the handle.
  /// One watch per fd and interest. Simulated loops abort here.
  [[nodiscard]] virtual Handle watch(int fd, Interest interest, Callback<void()> f) = 0;

  /// True while a turn runs; false in what sets up before run() and in what comes after it.
  [[nodiscard]] virtual bool in_turn() const = 0;
  /// Runs `f` when this turn has nothing else left to run: for what many callbacks of one turn cause together. Only
  /// while in_turn(). What `f` does belongs to the turn: it may call this again.
  [[nodiscard]] virtual Handle at_turn_end(Callback<void()> f) = 0;

  [[nodiscard]] Handle after(Duration delay, Callback<void()> f) { return at(now() + delay, std::move(f)); }

  /// Runs until stop().
  virtual void run() = 0;
  /// Ends run() after this turn.
  virtual void stop() = 0;

  /// Keeps `object` alive until this turn has ended, then destroys it: for callbacks that end their own owner.
  template <typename T>
  void retire(std::unique_ptr<T> object) {
    retire_pending(std::make_unique<Retired<T>>(std::move(object)));
  }

 protected:
  virtual void retire_pending(std::unique_ptr<Handle::Pending> pending) = 0;

 private:
  template <typename T>
  struct Retired final : Handle::Pending {
    explicit Retired(std::unique_ptr<T> o) : object(std::move(o)) {}
    std::unique_ptr<T> object;
  };
};

}  // namespace sonde::io
