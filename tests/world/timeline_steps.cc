// Steps in order.
#include "timeline_steps.h"

#include <algorithm>

namespace sonde::world {

std::vector<TimelineStep> timeline_steps(const World& world) {
  std::vector<TimelineStep> steps;
  for (std::size_t i = 0; i < world.timeline.size(); ++i) {
    const auto& e = world.timeline[i];
    steps.push_back({e.at, i, true});
    steps.push_back({e.at + e.length, i, false});
  }
  std::stable_sort(steps.begin(), steps.end(), [](const TimelineStep& a, const TimelineStep& b) {
    return a.at != b.at ? a.at < b.at : a.begins < b.begins;
  });
  return steps;
}

}  // namespace sonde::world
