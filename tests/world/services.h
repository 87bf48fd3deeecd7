// What every server of the world shares: its behaviour, the address plan, the certificates and counters.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "behaviour.h"
#include "certificates.h"
#include "plan.h"

namespace sonde::world {

/// What happened so far, per vantage; shown by GET /state.
struct Counters {
  std::uint64_t dns_queries = 0;
  std::uint64_t connections = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t foreign = 0;  // came from another source address than the vantage's own: a prober is misconfigured
};

struct Services : Behaviour {
  Services(World w, Plan p, std::unique_ptr<CertificateAuthority> ca);

  Plan plan;
  std::unique_ptr<CertificateAuthority> certificates;
  std::vector<Counters> counters;                                                  // by vantage
  std::map<std::string, std::vector<const Target*>, std::less<>> targets_by_host;  // none is empty

  /// The target of a host that is asked by this protocol for this path; null where there is none.
  [[nodiscard]] const Target* find(std::string_view host, Protocol protocol, std::string_view path) const;

  void count_source(std::size_t vantage, const std::string& remote_address);
};

}  // namespace sonde::world
