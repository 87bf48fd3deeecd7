// Which errors a fault shows at each step, before and after it is mixed with others.
#pragma once

#include "fault.h"

namespace sonde::sim {

/// Who can cause an error at all: a path cannot answer 503, and no server can cut a path off.
enum class Origin : std::uint8_t { kFar, kPath, kNear };

/// Everything that can be seen at a step of a fault of that origin.
[[nodiscard]] const std::vector<Failure>& possible(Step step, Origin origin);

/// 60 % of `typical` and 40 % of a random choice among what is possible.
[[nodiscard]] Menu mixed(const Menu& typical, Step step, Origin origin, Rng& rng);

}  // namespace sonde::sim
