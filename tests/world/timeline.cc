// The timeline by one timer.
#include "timeline.h"

namespace sonde::world {

Timeline::Timeline(boost::asio::io_context& io, const World& world, ActiveFaults& faults, Tell tell)
    : world_(world),
      faults_(faults),
      tell_(std::move(tell)),
      timer_(io),
      steps_(timeline_steps(world)),
      active_(world.timeline.size(), 0) {}

void Timeline::start(bool repeat) {
  repeat_ = repeat;
  zero_ = std::chrono::steady_clock::now();
  next();
}

void Timeline::next() {
  if (position_ == steps_.size()) {
    if (!repeat_ || steps_.empty()) return;
    position_ = 0;
    zero_ += world_.timeline_period;
  }
  const TimelineStep step = steps_[position_];
  timer_.expires_at(zero_ + step.at);
  timer_.async_wait([this, step](boost::system::error_code error) {
    if (error) return;
    run(step);
    ++position_;
    next();
  });
}

void Timeline::run(const TimelineStep& step) {
  const auto& entry = world_.timeline[step.entry];
  if (step.begins) {
    active_[step.entry] = faults_.add(entry.fault, true);
  } else if (!faults_.remove(active_[step.entry])) {
    return;  // somebody took it away through the control API, and its end was told there
  }
  tell_(entry, step.begins);
}

}  // namespace sonde::world
