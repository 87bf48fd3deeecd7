// Shared state of the servers.
#include "services.h"

#include "distance.h"

namespace sonde::world {

Services::Services(World w, Plan p, std::unique_ptr<CertificateAuthority> ca)
    : world(std::move(w)), plan(p), faults(world), certificates(std::move(ca)), counters(world.vantages.size()) {
  for (std::size_t i = 0; i < world.targets.size(); ++i) target_by_host[world.targets[i].host] = i;
}

core::Duration Services::jitter() {
  return core::from_seconds(core::to_seconds(world.distances.jitter) * world.distances.scale * faults.draw());
}

core::Duration Services::travel(std::size_t vantage, const Target& t) {
  const auto slow = faults.strike(Layer::kPath, vantage, t);
  const core::Duration extra = slow ? slow->delay : core::Duration{};
  return round_trip(world.distances, world.vantages[vantage], t) + jitter() + extra;
}

bool Services::black_hole(std::size_t vantage, const Target& t) const {
  return faults.listener(vantage, t, slot) == ListenerMode::kBlackHole;
}

void Services::count_source(std::size_t vantage, const std::string& remote_address) {
  if (remote_address != plan.source(vantage)) ++counters[vantage].foreign;
}

}  // namespace sonde::world
