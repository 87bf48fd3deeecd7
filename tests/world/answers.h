// HTTP answers as bytes: the good one of each kind of target, and the broken ones.
#pragma once

#include <string>

#include "behaviour.h"

namespace sonde::world {

/// The whole answer, or half of it where it stalls or is cut. `t` is null for the parked site, which is always well.
[[nodiscard]] std::string make_answer(const Target* t, const HttpStep& step);

}  // namespace sonde::world
