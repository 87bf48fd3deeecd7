// The prober watches itself: how late its loop is, whether the wall clock jumps, whether it is online at all.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/outcome.h"
#include "core/target.h"
#include "io/loop.h"

namespace sonde::prober {

using core::Callback;
using core::Duration;
using core::MonoTime;

/// How far a result of some span of time can be trusted.
struct Trust {
  Duration lag{};                // the largest delay of our loop that touches the span
  std::string_view why;          // "", "clock", "captive", "uplink" or "lag"
  std::optional<Duration> step;  // how far the wall clock jumped, where `why` is "clock"
};

/// What happened to the clocks between two looks.
struct ClockEvent {
  Duration wall;   // how far the wall clock moved against the monotonic one: slots must follow
  Duration slept;  // the part of it that the machine slept; that is no fault of the clock
};

/// Who shows that the vantage is online.
enum class Witness {
  kControl,   // a control target of the vantage's own partition
  kProvider,  // a provider's reference targets in the own partition: heard only where there is no control
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
  explicit SelfWatch(io::Loop& loop, SelfWatchOptions options = {});
  SelfWatch(const SelfWatch&) = delete;
  SelfWatch& operator=(const SelfWatch&) = delete;

  /// Starts ticking. `on_event` is told of each jump of the wall clock and of each sleep of the machine.
  void start(Callback<void(ClockEvent)> on_event);
  void stop() { tick_.reset(); }
  /// Looks at the clocks now, as each tick does; on_event may be called from inside.
  void look_at_clock();

  /// The newest result of a witness; `ok` = it could be reached. It counts for `good_for`; one that is silent longer is
  /// not looked at. The uplink is lost when all controls fail; without controls, when all of at least two providers do.
  void heard(Witness kind, const std::string& name, bool ok, Duration good_for);
  /// The same, from the result of any target: it says nothing when the target is no witness in the partition `own`.
  void hear(const core::Target& target, const core::Outcome& outcome, core::Partition own);

  /// Whether somebody between us and the world answers in others' names (prober/captive_watch.h).
  void set_captive(bool captive) { captive_ = captive; }

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
  struct Newest {
    bool ok = false;
    MonoTime until{};
  };
  using Heard = std::map<std::string, Newest>;

  void arm();
  void on_tick();
  [[nodiscard]] Duration wall_offset() const;
  [[nodiscard]] bool uplink_lost() const;
  [[nodiscard]] static std::optional<std::size_t> all_failing(const Heard& heard, MonoTime now);

  io::Loop& loop_;
  SelfWatchOptions options_;
  Callback<void(ClockEvent)> on_event_;
  MonoTime due_{};
  std::deque<LagSample> samples_;  // of the last minute, oldest first
  Duration wall_offset_{};         // wall minus monotonic, as last seen
  Duration slept_{};               // of the machine, as last seen
  std::optional<MonoTime> stepped_at_;
  Duration step_{};
  bool captive_ = false;
  Heard controls_;
  Heard providers_;
  io::Handle tick_;
};

}  // namespace sonde::prober
