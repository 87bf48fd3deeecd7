// The truth file: what was broken when, and which component that is, for whoever scores a judge.
#pragma once

#include <string>
#include <vector>

#include "headless.h"
#include "model.h"
#include "plan.h"

namespace sonde::world {

/// One fault of the timeline as it was played.
struct Truth {
  std::string id;  // name of the timeline entry; of a repetition "NAME#2"
  core::WallTime start{};
  core::WallTime end{};
  std::string component;                // key as in docs/verdicts.md; empty: no component is broken as a whole
  std::vector<std::string> equivalent;  // other keys that no observation of this fleet can tell from it
  Kind kind = Kind::kBlackHole;
  double percent = 100;
};

/// All faults that begin within the run, by start.
[[nodiscard]] std::vector<Truth> truth_of(const World& world, const Plan& plan, const HeadlessOptions& options);

/// {"id":…,"start_ms":…,"end_ms":…,"component":…,"equivalent":[…],"kind":…,"percent":…} and a line break.
[[nodiscard]] std::string to_json_line(const Truth& t);

}  // namespace sonde::world
