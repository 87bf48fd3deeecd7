// The truth file: what was broken when, and which component that is, for whoever scores a judge.
#pragma once

#include <vector>

#include "headless.h"
#include "hub/judge/truth.h"
#include "model.h"
#include "plan.h"

namespace sonde::world {

/// All faults of the timeline that begin within the run, by start. `id` is the name of the entry, of a repetition
/// "NAME#2"; the component is empty where none is broken as a whole.
[[nodiscard]] std::vector<hub::judge::Truth> truth_of(const World& world, const Plan& plan,
                                                      const HeadlessOptions& options);

}  // namespace sonde::world
