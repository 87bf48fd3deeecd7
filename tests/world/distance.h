// How long light takes: delay between two places of the world.
#pragma once

#include "core/time.h"
#include "model.h"

namespace sonde::world {

/// Great-circle distance in km (haversine, mean earth radius).
[[nodiscard]] double great_circle_km(const Place& a, const Place& b);

/// Round trip between a vantage and a target without jitter; at least 1 ms unless scale is 0.
[[nodiscard]] core::Duration round_trip(const Distances& d, const Vantage& v, const Target& t);

}  // namespace sonde::world
