// Shared state of the servers.
#include "services.h"

#include <algorithm>

namespace sonde::world {

Services::Services(World w, Plan p, std::unique_ptr<CertificateAuthority> ca)
    : Behaviour(std::move(w)), plan(p), certificates(std::move(ca)), counters(world.vantages.size()) {
  for (const Target& t : world.targets) targets_by_host[t.host].push_back(&t);
}

const Target* Services::find(std::string_view host, Protocol protocol, std::string_view path) const {
  const auto named = targets_by_host.find(host);
  if (named == targets_by_host.end()) return nullptr;
  const auto asked = [&](const Target* t) { return t->protocol == protocol && t->path == path; };
  const auto it = std::ranges::find_if(named->second, asked);
  return it == named->second.end() ? nullptr : *it;
}

void Services::count_source(std::size_t vantage, const std::string& remote_address) {
  if (remote_address != plan.source(vantage)) ++counters[vantage].foreign;
}

}  // namespace sonde::world
