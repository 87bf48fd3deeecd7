// The timeline as a list of steps, for whoever plays it: on a clock (timeline.h) or on virtual time (headless.h).
#pragma once

#include <vector>

#include "model.h"

namespace sonde::world {

struct TimelineStep {
  core::Duration at{};    // after the start of the timeline
  std::size_t entry = 0;  // of World::timeline
  bool begins = false;
};

/// All beginnings and ends by time. At the same moment what ends goes first, so that a fault that follows another never
/// overlaps it.
[[nodiscard]] std::vector<TimelineStep> timeline_steps(const World& world);

}  // namespace sonde::world
