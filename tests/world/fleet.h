// The probers of a headless world: who they are and what they check, read by the prober's own reader from the very
// text that real probers get, and what each knows of itself.
#pragma once

#include <memory>
#include <vector>

#include "core/probe_line.h"
#include "core/result.h"
#include "io/loop.h"
#include "model.h"
#include "plan.h"
#include "prober/self_watch.h"

namespace sonde::world {

/// A clock that is moved by hand, for what only asks for the time; timers and watches abort.
class VirtualClock final : public io::Loop {
 public:
  explicit VirtualClock(core::WallTime start) : start_(start) {}

  void move_to(core::MonoTime now) { now_ = now; }
  /// From now on the wall clock is so far ahead.
  void set_ahead(core::Duration ahead) { ahead_ = ahead; }
  [[nodiscard]] core::MonoTime now() const override { return now_; }
  [[nodiscard]] core::MonoTime precise_now() const override { return now_; }
  [[nodiscard]] core::WallTime wall_now() const override { return start_ + (now_ - kZero) + ahead_; }
  [[nodiscard]] core::WallTime wall(core::MonoTime t) const { return start_ + (t - kZero); }
  [[nodiscard]] core::MonoTime mono(core::WallTime t) const { return kZero + (t - start_); }
  [[nodiscard]] core::Duration slept() const override { return {}; }
  [[nodiscard]] io::Handle soon(core::Callback<void()> f) override;
  [[nodiscard]] io::Handle at(core::MonoTime when, core::Callback<void()> f) override;
  [[nodiscard]] io::Handle watch(int fd, io::Interest interest, core::Callback<void()> f) override;
  [[nodiscard]] bool in_turn() const override { return false; }
  [[nodiscard]] io::Handle at_turn_end(core::Callback<void()> f) override;
  void run() override;
  void stop() override {}

  static constexpr core::MonoTime kZero{std::chrono::hours{1}};  // not zero, so that a forgotten one shows

 protected:
  void retire_pending(std::unique_ptr<io::Handle::Pending> pending) override;

 private:
  core::WallTime start_;
  core::MonoTime now_ = kZero;
  core::Duration ahead_{};
};

struct Fleet {
  struct Prober {
    core::Vantage vantage;
    std::unique_ptr<VirtualClock> clock;  // its own: it can be wrong
    std::unique_ptr<prober::SelfWatch> watch;
  };
  std::vector<Prober> probers;        // by vantage
  std::vector<core::Target> targets;  // by target

  /// Errors: the text is no valid configuration.
  [[nodiscard]] static core::Result<Fleet> read(const World& world, const Plan& plan, core::WallTime start);
};

}  // namespace sonde::world
