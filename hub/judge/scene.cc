// Small facts about cells.
#include "hub/judge/scene.h"

namespace sonde::hub::judge {

const std::string& Scene::isp(std::uint32_t cell) const {
  const core::Vantage& v = vantage(cell);
  return v.isp.empty() ? v.name : v.isp;
}

bool failed_lately(const Scene& scene, std::uint32_t cell) {
  constexpr std::int64_t kLately = 3;
  const Cell& c = scene.cells[cell];
  return c.last_fail_ms >= scene.round_end_ms - kLately * c.interval_rounds * scene.round_ms &&
         is_dirty(c, Window::kSlow);
}

std::string resolver_of(const Scene& scene, std::uint32_t cell) {
  const std::string& named = scene.known(cell).resolver;
  if (!named.empty()) return named;
  const std::string& own = scene.vantage(cell).resolver;
  return own.empty() ? "isp " + scene.isp(cell) : own;
}

FailingSet failing_set(const Scene& scene, std::span<const std::uint32_t> cells) {
  FailingSet set;
  for (const std::uint32_t cell : cells) {
    const KnownTarget& known = scene.known(cell);
    set.vantages.insert(scene.cells[cell].vantage);
    set.targets.insert(scene.cells[cell].target);
    set.isps.insert(scene.isp(cell));
    if (!known.target.provider.empty()) set.providers.insert(known.target.provider);
    if (!known.place().empty()) set.places.insert(known.place());
    if (!scene.vantage(cell).country.empty()) set.countries.insert(scene.vantage(cell).country);
    if (!known.zone.empty()) set.zones.insert(known.zone);
    set.resolvers.insert(resolver_of(scene, cell));
  }
  return set;
}

}  // namespace sonde::hub::judge
