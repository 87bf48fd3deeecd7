// The world that the generator plays: vantages, clouds, apps, DNS, certificates. Made from a name and a seed, so that
// there are as many of them as one likes. Shares nothing with the judge but the records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/target.h"

namespace sonde::sim {

/// How large a world is and how it is put together.
struct Shape {
  /// "dev-1" … are for tuning. "held-out-1" … are for scoring only: nobody may have looked at their single faults.
  std::string topology = "dev-1";
  int vantages = 27;       // 1 … 27: which ones is drawn by `seed`, both partitions in turn
  bool references = true;  // false: apps and controls only
  int providers = 6;       // 2 … 8
  int regions = 19;        // of all providers together
  int services = 3;        // 1 … 4 in each region
  int apps = 18;           // 1 … 24
  std::uint64_t seed = 1;  // of the choice of vantages
};

struct Spot {
  std::string_view city;
  std::string_view country;
  double lat = 0;
  double lon = 0;
};

/// What the generator knows of a target beyond its tags.
struct TargetFacts {
  bool tls = true;
  bool http = true;
  bool named = true;                  // false: the URL holds an address
  double answer_seconds = 0.02;       // its own work
  double limit_seconds = 0;           // `expect.max_duration`; 0: none
  double breaks_with_dependency = 0;  // chance that a run fails while what it depends on fails
};

struct World {
  std::string topology;
  std::vector<core::Vantage> vantages;
  std::vector<core::Target> targets;
  std::vector<TargetFacts> facts;  // by target

  [[nodiscard]] std::size_t cells() const { return vantages.size() * targets.size(); }
  [[nodiscard]] std::size_t cell(std::size_t v, std::size_t t) const { return v * targets.size() + t; }
  [[nodiscard]] const core::Vantage& vantage_of(std::size_t cell) const { return vantages[cell / targets.size()]; }
  [[nodiscard]] const core::Target& target_of(std::size_t cell) const { return targets[cell % targets.size()]; }
  [[nodiscard]] const TargetFacts& facts_of(std::size_t cell) const { return facts[cell % targets.size()]; }
};

[[nodiscard]] World make_world(const Shape& shape, core::Duration every);

/// All topologies that have a name.
[[nodiscard]] const std::vector<std::string>& topology_names();

[[nodiscard]] inline bool crosses(const core::Vantage& v, const core::Target& t) {
  return t.partition.value_or(v.partition) != v.partition;
}

}  // namespace sonde::sim
