// What every server of the world shares: the model, the address plan, the faults, the certificates, time and counters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "active_faults.h"
#include "certificates.h"
#include "model.h"
#include "plan.h"

namespace sonde::world {

/// What happened so far, per vantage; shown by GET /state.
struct Counters {
  std::uint64_t dns_queries = 0;
  std::uint64_t connections = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t foreign = 0;  // came from another source address than the vantage's own: a prober is misconfigured
};

struct Services {
  Services(World w, Plan p, std::unique_ptr<CertificateAuthority> ca);

  World world;
  Plan plan;
  ActiveFaults faults;
  std::unique_ptr<CertificateAuthority> certificates;
  std::vector<Counters> counters;  // by vantage
  std::map<std::string, std::size_t, std::less<>> target_by_host;
  std::uint64_t slot = 0;  // see ActiveFaults::listener

  /// Round trip of a pair, with jitter and slow paths drawn.
  [[nodiscard]] core::Duration travel(std::size_t vantage, const Target& t);
  /// Jitter alone: for what is answered nearby.
  [[nodiscard]] core::Duration jitter();
  /// Whether bytes of this pair vanish at the moment.
  [[nodiscard]] bool black_hole(std::size_t vantage, const Target& t) const;
  void count_source(std::size_t vantage, const std::string& remote_address);
};

}  // namespace sonde::world
