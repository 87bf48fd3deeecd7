// The target catalogue as values: providers, regions, their endpoints, and the neutral controls. Format:
// targets/README.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "core/target.h"

namespace sonde::prober {

class CatalogueSource;

/// Where a region is.
struct Place {
  std::optional<core::Partition> partition;
  std::string country;
  std::string city;
  std::optional<double> lat;
  std::optional<double> lon;
};

struct CatalogueEndpoint {
  std::string name;  // of the target: "aws/us-east-1/kv", "control/xiaomi-204"
  std::string service;
  std::string url;
  std::optional<core::Partition> partition;  // of provider-wide endpoints and controls
  core::ConfigNode url_node;                 // for errors
  core::ConfigNode expect;                   // a map as a target's `expect`
  std::optional<core::ConfigNode> request;   // as a target's `request`
};

struct CatalogueRegion {
  std::string name;
  Place place;
  bool restricted = false;
  std::vector<CatalogueEndpoint> endpoints;  // the surest first
};

struct CatalogueProvider {
  std::string name;
  std::vector<CatalogueRegion> regions;
  std::vector<CatalogueEndpoint> global;
};

struct Catalogue {
  std::vector<CatalogueProvider> providers;  // in the order of the file names
  std::vector<CatalogueEndpoint> controls;

  [[nodiscard]] const CatalogueProvider* find(std::string_view provider) const;
};

/// Reads every file of `source`. Files with a `provider` key are providers, with a `controls` key controls; others
/// (resolvers, the schema) are not looked into. Mistakes go to `errors`.
[[nodiscard]] Catalogue read_catalogue(const CatalogueSource& source, core::ConfigErrors& errors);

}  // namespace sonde::prober
