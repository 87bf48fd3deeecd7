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
  bool sourced = false;                      // host and answer stand in a source; else they are recalled
  bool spare = false;                        // of a control: taken only by its full name
  core::ConfigNode url_node;                 // for errors
  core::ConfigNode expect;                   // a map as a target's `expect`
  std::optional<core::ConfigNode> request;   // as a target's `request`
};

struct CatalogueRegion {
  std::string name;  // the provider's own id; `global` of an edge network, which has no place
  Place place;
  bool restricted = false;
  std::vector<CatalogueEndpoint> endpoints;  // the surest first
};

struct CatalogueProvider {
  std::string name;
  std::vector<std::string> aliases;  // other names that people use
  std::vector<CatalogueRegion> regions;
  std::vector<CatalogueEndpoint> global;
};

struct Catalogue {
  std::vector<CatalogueProvider> providers;  // in the order of the file names
  std::vector<CatalogueEndpoint> controls;

  /// By name or alias; null where there is none.
  [[nodiscard]] const CatalogueProvider* find(std::string_view provider) const;
};

/// The region that a provider-wide endpoint belongs to: `global`, or `global-cn` for the part of mainland China.
[[nodiscard]] std::string_view global_region(const CatalogueEndpoint& e);

/// The catalogue files by name ("aws.yaml"): embedded in the binary, or a folder in tests.
class CatalogueSource {
 public:
  virtual ~CatalogueSource() = default;
  /// The text of one file; the view must live as long as the source.
  [[nodiscard]] virtual std::optional<std::string_view> find(std::string_view file_name) const = 0;
  /// All file names, in a stable order.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;

  /// What the files say. Files with a `provider` key are providers, with a `controls` key controls; others (resolvers,
  /// the schema) are not looked into. It is read at the first call and kept, because that takes the better part of a
  /// tenth of a second, and a reload must not hold up the loop for so long. Mistakes go to `errors` at that call.
  [[nodiscard]] const Catalogue& read(core::ConfigErrors& errors) const;

 private:
  mutable std::optional<Catalogue> read_;
};

}  // namespace sonde::prober
