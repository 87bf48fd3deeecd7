// The timeline as a sorted list of steps and one timer.
#include "timeline.h"

#include <algorithm>

namespace sonde::world {

Timeline::Timeline(boost::asio::io_context& io, const World& world, ActiveFaults& faults, Tell tell)
    : world_(world), faults_(faults), tell_(std::move(tell)), timer_(io), active_(world.timeline.size(), 0) {
  for (std::size_t i = 0; i < world.timeline.size(); ++i) {
    const auto& e = world.timeline[i];
    steps_.push_back({e.at, i, true});
    steps_.push_back({e.at + e.length, i, false});
  }
  // At the same moment what ends goes first, so that a fault that follows another never overlaps it.
  std::stable_sort(steps_.begin(), steps_.end(),
                   [](const Step& a, const Step& b) { return a.at != b.at ? a.at < b.at : a.begins < b.begins; });
}

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
  const Step step = steps_[position_];
  timer_.expires_at(zero_ + step.at);
  timer_.async_wait([this, step](boost::system::error_code error) {
    if (error) return;
    run(step);
    ++position_;
    next();
  });
}

void Timeline::run(const Step& step) {
  const auto& entry = world_.timeline[step.entry];
  if (step.begins) {
    active_[step.entry] = faults_.add(entry.fault, true);
  } else if (!faults_.remove(active_[step.entry])) {
    return;  // somebody took it away through the control API, and its end was told there
  }
  tell_(entry, step.begins);
}

}  // namespace sonde::world
