// Shared lists of components.
#include <algorithm>
#include <map>
#include <utility>

#include "hub/judge/topology.h"

namespace sonde::hub::judge {
namespace {

// Components that follow from the target alone.
bool is_of_target(Kind k) { return info(k).side == Side::kFar && k != Kind::kEdge; }

bool can_be_needed(Kind k) { return k == Kind::kServiceRegion || k == Kind::kServiceGlobal || k == Kind::kRegion; }

Bundles::Part part(const Topology& topology, std::uint32_t component, std::uint32_t cell) {
  if (!can_be_needed(topology.components[component].kind)) return {component, false};
  const auto it =
      std::ranges::lower_bound(topology.members[component], cell, {}, [](const Member& m) { return m.cell; });
  return {component, it->dependency};
}

}  // namespace

Bundles make_bundles(const Topology& topology) {
  Bundles bundles;
  bundles.of_cell.resize(topology.of_cell.size());
  std::map<std::vector<std::uint32_t>, std::uint32_t> known;  // by component and whether it is only needed
  std::vector<std::uint32_t> key;
  for (std::uint32_t cell = 0; cell < topology.of_cell.size(); ++cell) {
    for (const bool of_target : {false, true}) {
      std::vector<Bundles::Part> list;
      key.clear();
      for (const std::uint32_t c : topology.of_cell[cell]) {
        if (is_of_target(topology.components[c].kind) != of_target) continue;
        list.push_back(part(topology, c, cell));
        key.push_back(c * 2 + (list.back().dependency ? 1 : 0));
      }
      const auto [it, added] = known.try_emplace(key, static_cast<std::uint32_t>(bundles.lists.size()));
      if (added) bundles.lists.push_back(std::move(list));
      bundles.of_cell[cell][of_target ? 1 : 0] = it->second;
    }
  }
  return bundles;
}

}  // namespace sonde::hub::judge
