// Loop lag, clock steps, uplink.
#include "prober/self_watch.h"

#include <algorithm>

namespace sonde::prober {
namespace {
constexpr Duration kKept = std::chrono::minutes{1};
}

SelfWatch::SelfWatch(io::Loop& loop, SelfWatchOptions options)
    : loop_(loop), options_(options), wall_offset_(wall_offset()), slept_(loop.slept()) {}

Duration SelfWatch::wall_offset() const {
  return loop_.wall_now().time_since_epoch() - loop_.precise_now().time_since_epoch();
}

void SelfWatch::start(Callback<void(ClockEvent)> on_event) {
  on_event_ = std::move(on_event);
  slept_ = loop_.slept();
  wall_offset_ = wall_offset();
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
  const Duration offset = wall_offset();
  const Duration slept = loop_.slept();
  const ClockEvent event{.wall = offset - wall_offset_, .slept = slept - slept_};
  wall_offset_ = offset;  // a slow drift is followed, only a jump is a step
  slept_ = slept;
  const Duration step = event.wall - event.slept;
  if (std::chrono::abs(step) > options_.step_suspect) {
    stepped_at_ = loop_.precise_now();
    step_ = step;
  } else if (std::chrono::abs(event.wall) <= options_.step_suspect) {
    return;
  }
  if (on_event_) on_event_(event);
}

void SelfWatch::heard(Witness kind, const std::string& name, bool ok, Duration good_for) {
  (kind == Witness::kControl ? controls_ : providers_)[name] = {ok, loop_.now() + good_for};
}

void SelfWatch::hear(const core::Target& target, const core::Outcome& outcome, core::Partition own) {
  if (target.partition != own) return;
  const bool ok = outcome.status == core::Status::kOk || outcome.status == core::Status::kDegraded;
  const Duration good_for = 2 * target.every + target.timeout;
  switch (target.role) {
    case core::Role::kControl:
      return heard(Witness::kControl, target.name, ok, good_for);
    case core::Role::kReference:
      return heard(Witness::kProvider, target.provider, ok, good_for);
    case core::Role::kApp:
      return;
  }
}

/// How many of those that were heard of lately fail, when all do; nothing when one is well.
std::optional<std::size_t> SelfWatch::all_failing(const Heard& heard, MonoTime now) {
  std::size_t count = 0;
  for (const auto& [name, newest] : heard) {
    if (newest.until < now) continue;
    if (newest.ok) return std::nullopt;
    ++count;
  }
  return count;
}

bool SelfWatch::uplink_lost() const {
  const MonoTime now = loop_.now();
  const auto controls = all_failing(controls_, now);
  if (!controls || *controls > 0) return controls.has_value();
  // A single provider can fail as a whole; two that have nothing in common but our uplink do not.
  return all_failing(providers_, now).value_or(0) >= 2;
}

Trust SelfWatch::trust_in(MonoTime from, MonoTime to) const {
  Trust out;
  for (auto it = samples_.rbegin(); it != samples_.rend() && it->ran >= from; ++it) {
    if (it->due <= to) out.lag = std::max(out.lag, it->ran - it->due);
  }
  // A tick that should have run in the span and has not yet: the loop is late just now.
  if (tick_ && due_ <= to) out.lag = std::max(out.lag, to - due_);
  if (stepped_at_ && *stepped_at_ >= from - options_.clock_hold) {
    out.why = "clock";
    out.step = step_;
  } else if (captive_) {
    out.why = "captive";
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
