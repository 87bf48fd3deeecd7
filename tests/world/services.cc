// Shared state of the servers.
#include "services.h"

namespace sonde::world {

Services::Services(World w, Plan p, std::unique_ptr<CertificateAuthority> ca)
    : Behaviour(std::move(w)), plan(p), certificates(std::move(ca)), counters(world.vantages.size()) {
  for (std::size_t i = 0; i < world.targets.size(); ++i) target_by_host[world.targets[i].host] = i;
}

void Services::count_source(std::size_t vantage, const std::string& remote_address) {
  if (remote_address != plan.source(vantage)) ++counters[vantage].foreign;
}

}  // namespace sonde::world
