// The prober watches itself: how late its loop is, whether the wall clock jumps, whether it is online at all.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "core/outcome.h"
#include "io/loop.h"

namespace sonde::prober {

using core::Callback;
using core::Duration;
using core::MonoTime;

/// How far a result of some span of time can be trusted.
struct Trust {
  Duration lag{};        // the largest delay of our loop that touches the span
  std::string_view why;  // "", "clock", "uplink" or "lag"
};

struct SelfWatchOptions {
  Duration tick = std::chrono::milliseconds{100};
  Duration lag_suspect = std::chrono::milliseconds{50};    // more is `lag`
  Duration step_suspect = std::chrono::milliseconds{500};  // more is a clock step (RELIABILITY P11)
  Duration clock_hold = std::chrono::seconds{60};          // results this long after a step are suspect
};

class SelfWatch {
 public:
  /// `loop` must outlive this.
  explicit SelfWatch(io::Loop& loop, SelfWatchOptions options = {}) : loop_(loop), options_(options) {}
  SelfWatch(const SelfWatch&) = delete;
  SelfWatch& operator=(const SelfWatch&) = delete;

  /// Starts ticking. `on_step` is told how far the wall clock jumped against the monotonic one, each time it does.
  void start(Callback<void(Duration)> on_step);
  void stop() { tick_.reset(); }

  /// The newest result of one control target of the vantage's own partition; `ok` = it could be reached.
  /// It counts for `good_for`; a control that is silent longer is not looked at.
  void control_result(const std::string& name, bool ok, Duration good_for);

  /// The trust in a result of the span [from, to].
  [[nodiscard]] Trust trust_in(MonoTime from, MonoTime to) const;
  /// The trust in a result of just now.
  [[nodiscard]] Trust trust_now() const;
  /// Largest lag of the last minute.
  [[nodiscard]] Duration lag_of_last_minute() const;

 private:
  struct LagSample {
    MonoTime due;  // when the tick should have run
    MonoTime ran;
  };
  struct Control {
    bool ok = false;
    MonoTime until{};
  };

  void arm();
  void on_tick();
  void look_at_clock();
  [[nodiscard]] bool uplink_lost() const;

  io::Loop& loop_;
  SelfWatchOptions options_;
  Callback<void(Duration)> on_step_;
  MonoTime due_{};
  std::deque<LagSample> samples_;  // of the last minute, oldest first
  Duration wall_offset_{};         // wall minus monotonic, as last seen
  MonoTime stepped_at_{};
  bool stepped_ = false;
  std::map<std::string, Control> controls_;
  io::Handle tick_;
};

}  // namespace sonde::prober
