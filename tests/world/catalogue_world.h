// The catalogue as a world: its clouds, regions, endpoints and controls, in their own names.
#pragma once

#include <string>
#include <vector>

#include "core/config_node.h"
#include "model.h"

namespace sonde::world {

/// A region as worlds know it.
struct Region {
  std::string provider;
  std::string name;
  core::Partition partition = core::Partition::kOverseas;
  Place place;
};

struct CatalogueWorld {
  std::vector<Region> regions;  // without those that have no place
  std::vector<Target> targets;  // without addresses, in the order of the files
};

/// Reads the folder that `node` names (prober/catalogue.h). What is wrong goes to `errors`.
[[nodiscard]] CatalogueWorld read_catalogue_world(const core::ConfigNode& node, core::ConfigErrors& errors);

}  // namespace sonde::world
