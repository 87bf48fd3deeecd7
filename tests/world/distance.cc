// Distances on the globe and what they cost in time.
#include "distance.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sonde::world {
namespace {

constexpr double kEarthRadiusKm = 6371.0;
constexpr double kFibreKmPerMs = 200.0;  // two thirds of the speed of light

double radians(double degrees) { return degrees * std::numbers::pi / 180.0; }

}  // namespace

double great_circle_km(const Place& a, const Place& b) {
  const double dlat = radians(b.lat - a.lat);
  const double dlon = radians(b.lon - a.lon);
  const double h = std::pow(std::sin(dlat / 2), 2) +
                   std::cos(radians(a.lat)) * std::cos(radians(b.lat)) * std::pow(std::sin(dlon / 2), 2);
  return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(h)));
}

core::Duration round_trip(const Distances& d, const Vantage& v, const Target& t) {
  // What has no place is an edge network: near everybody.
  const double km = t.place.country.empty() ? 0 : great_circle_km(v.place, t.place);
  const double one_way_ms = km / kFibreKmPerMs * d.detour;
  core::Duration total = core::from_seconds(std::max(1.0, 2 * one_way_ms) / 1000);
  if (v.partition != t.partition) total += d.border;
  return core::from_seconds(core::to_seconds(total) * d.scale);
}

}  // namespace sonde::world
