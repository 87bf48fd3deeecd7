// Loop lag, clock steps, uplink.
#include "prober/self_watch.h"

#include <algorithm>

namespace sonde::prober {
namespace {
constexpr Duration kKept = std::chrono::minutes{1};
}

void SelfWatch::start(Callback<void(Duration)> on_step) {
  on_step_ = std::move(on_step);
  wall_offset_ = loop_.wall_now().time_since_epoch() - loop_.precise_now().time_since_epoch();
  due_ = loop_.now();
  arm();
}

void SelfWatch::arm() {
  due_ = std::max(due_, loop_.now()) + options_.tick;
  tick_ = loop_.at(due_, [this] { on_tick(); });
}

void SelfWatch::on_tick() {
  const MonoTime now = loop_.precise_now();
  samples_.push_back({due_, now});
  while (!samples_.empty() && samples_.front().ran < now - kKept) samples_.pop_front();
  arm();
  look_at_clock();
}

void SelfWatch::look_at_clock() {
  const Duration offset = loop_.wall_now().time_since_epoch() - loop_.precise_now().time_since_epoch();
  const Duration step = offset - wall_offset_;
  wall_offset_ = offset;  // a slow drift is followed, only a jump is a step
  if (std::chrono::abs(step) <= options_.step_suspect) return;
  stepped_ = true;
  stepped_at_ = loop_.precise_now();
  if (on_step_) on_step_(step);
}

void SelfWatch::control_result(const std::string& name, bool ok, Duration good_for) {
  controls_[name] = {ok, loop_.now() + good_for};
}

bool SelfWatch::uplink_lost() const {
  const MonoTime now = loop_.now();
  bool any = false;
  for (const auto& [name, control] : controls_) {
    if (control.until < now) continue;
    if (control.ok) return false;
    any = true;
  }
  return any;
}

Trust SelfWatch::trust_in(MonoTime from, MonoTime to) const {
  Trust out;
  for (auto it = samples_.rbegin(); it != samples_.rend() && it->ran >= from; ++it) {
    if (it->due <= to) out.lag = std::max(out.lag, it->ran - it->due);
  }
  // A tick that should have run in the span and has not yet: the loop is late just now.
  if (tick_ && due_ <= to) out.lag = std::max(out.lag, to - due_);
  if (stepped_ && stepped_at_ >= from - options_.clock_hold) {
    out.why = "clock";
  } else if (uplink_lost()) {
    out.why = "uplink";
  } else if (out.lag > options_.lag_suspect) {
    out.why = "lag";
  }
  return out;
}

Trust SelfWatch::trust_now() const {
  const MonoTime now = loop_.precise_now();
  return trust_in(now - options_.tick, now);
}

Duration SelfWatch::lag_of_last_minute() const {
  Duration lag{};
  for (const LagSample& s : samples_) lag = std::max(lag, s.ran - s.due);
  return lag;
}

}  // namespace sonde::prober
