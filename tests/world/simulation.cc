// Starting the servers, and making listeners follow the faults.
#include "simulation.h"

#include <cstdio>
#include <set>

#include <fmt/format.h>

namespace sonde::world {
Simulation::Simulation(boost::asio::io_context& io, Services& services, ClockFiles& clocks)
    : io_(io), services_(services), clocks_(clocks), control_(io, services), slots_(io) {}

core::Result<void> Simulation::start() {
  for (std::size_t i = 0; i < services_.world.vantages.size(); ++i) {
    if (auto started = start_vantage(i); !started) return started;
  }
  if (auto listening = control_.listen(); !listening) return listening;
  services_.faults.on_change([this] { follow_faults(); });
  next_slot();
  return {};
}

core::Result<void> Simulation::start_vantage(std::size_t vantage) {
  dns_servers_.push_back(std::make_unique<DnsServer>(io_, services_, vantage));
  if (auto listening = dns_servers_.back()->listen(); !listening) return listening;
  const Plan& plan = services_.plan;
  std::set<std::pair<std::string, int>> open;  // targets that share a host share its listener
  for (const auto& t : services_.world.targets) {
    const std::string address = plan.target(vantage, t);
    if (!open.emplace(address, plan.port(t)).second) continue;
    core::Result<void> added;
    if (t.protocol == Protocol::kDns) {
      dns_servers_.push_back(std::make_unique<DnsServer>(io_, services_, vantage, &t));
      added = dns_servers_.back()->listen();
    } else {
      added = add_endpoint({vantage, &t, t.host, issuer_of(t), t.protocol}, address, plan.port(t));
    }
    if (!added) return added;
  }
  const std::string parked = plan.parked(vantage);
  const EndpointIdentity site{vantage, nullptr, "parked.test", "Open Trust Services", Protocol::kHttps};
  if (auto added = add_endpoint(site, parked, plan.https_port()); !added) return added;
  EndpointIdentity plain = site;
  plain.protocol = Protocol::kHttp;
  return add_endpoint(plain, parked, plan.http_port());
}

core::Result<void> Simulation::add_endpoint(EndpointIdentity identity, std::string address, int port) {
  endpoints_.push_back(std::make_unique<Endpoint>(io_, services_, std::move(identity), std::move(address), port));
  return endpoints_.back()->start();
}

void Simulation::follow_faults() {
  clocks_.follow();
  for (const auto& e : endpoints_) {
    const auto& id = e->identity();
    if (id.target == nullptr) continue;
    const auto mode = services_.listener(id.vantage, *id.target);
    if (const auto set = e->set_mode(mode); !set) {
      fmt::print(stderr, "sonde-world: {}\n", set.error().message);  // tried again in the next slot
    }
  }
}

void Simulation::next_slot() {
  slots_.expires_after(kSlotLength);
  slots_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    ++services_.faults.slot;
    follow_faults();
    next_slot();
  });
}

}  // namespace sonde::world
