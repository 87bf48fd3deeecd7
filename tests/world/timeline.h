// Plays the timeline: adds each fault when its time has come, takes it away when it is over, and tells in words.
#pragma once

#include <functional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "active_faults.h"
#include "model.h"
#include "timeline_steps.h"

namespace sonde::world {

/// One thread. `world` and `faults` must outlive it.
class Timeline {
 public:
  /// `tell` gets each entry when it begins (true) and when it is over (false).
  using Tell = std::function<void(const TimelineEntry&, bool begins)>;
  Timeline(boost::asio::io_context& io, const World& world, ActiveFaults& faults, Tell tell);

  /// Starts now at time zero. With `repeat` it starts again after each period.
  void start(bool repeat);

 private:
  void next();
  void run(const TimelineStep& step);

  const World& world_;
  ActiveFaults& faults_;
  Tell tell_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point zero_;
  const std::vector<TimelineStep> steps_;
  std::vector<std::uint64_t> active_;  // fault id of each entry, 0 when it is not active
  std::size_t position_ = 0;
  bool repeat_ = false;
};

}  // namespace sonde::world
