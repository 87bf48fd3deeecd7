// Names of clouds, regions and services as a configuration writes them, and what is meant. Internal to
// prober/config.cc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/target.h"
#include "core/text.h"
#include "prober/catalogue.h"

namespace sonde::prober {

/// What a name means. `service` is empty where a region was asked for.
struct PlaceName {
  std::string provider;
  std::string region;
  std::string service;
  Place place;

  [[nodiscard]] std::string region_name() const { return provider + "/" + region; }
  [[nodiscard]] std::string service_name() const { return provider + "/" + region + "/" + service; }
};

/// All that may be named: the catalogue, and the user's own references. An unknown name is an error with the nearest
/// one, in English and Chinese.
class Places {
 public:
  explicit Places(const Catalogue& catalogue);

  /// Makes provider, region and service of a reference known.
  void add(const core::Target& reference);

  /// The provider of which `name` is an alias; else `name` itself, known or not.
  [[nodiscard]] std::string provider(std::string_view name) const;
  /// Null where it is not known. Valid until `add`.
  [[nodiscard]] const Place* find(std::string_view provider, std::string_view region) const;

  /// Whether the catalogue has that provider (its name, not an alias).
  [[nodiscard]] bool is_of_catalogue(std::string_view provider) const { return of_catalogue_.contains(provider); }
  /// "; did you mean "x"?" for a region that this provider does not have; empty where none is close.
  [[nodiscard]] core::BilingualText nearest_region(std::string_view provider, std::string_view region) const;

  /// PROVIDER/REGION, or REGION alone where one provider only has it. Provider-wide parts are the regions `global` and
  /// `global-cn`.
  [[nodiscard]] core::Result<PlaceName> region(std::string_view text) const;
  /// PROVIDER/REGION/SERVICE, or REGION/SERVICE where one provider only has that region.
  [[nodiscard]] core::Result<PlaceName> service(std::string_view text) const;

 private:
  struct Region {
    Place place;
    std::set<std::string, std::less<>> services;
  };
  using Regions = std::map<std::string, Region, std::less<>>;

  [[nodiscard]] core::Result<PlaceName> region_of(std::string_view provider, std::string_view region) const;
  [[nodiscard]] core::Result<PlaceName> region_alone(std::string_view region) const;
  [[nodiscard]] std::vector<std::string> owners(std::string_view region) const;

  std::map<std::string, Regions, std::less<>> providers_;
  std::map<std::string, std::string, std::less<>> aliases_;  // alias -> provider
  std::set<std::string, std::less<>> of_catalogue_;
};

}  // namespace sonde::prober
