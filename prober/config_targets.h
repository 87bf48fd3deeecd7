// From target maps, target files and the catalogue to the list of targets. Internal to prober/config.cc.
#pragma once

#include <list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_table.h"
#include "prober/catalogue.h"
#include "prober/config.h"
#include "prober/config_places.h"

namespace sonde::prober {

/// A map with the keys url, expect, request and tls, as far as they are there.
[[nodiscard]] core::ConfigNode map_of(const SpecNodes& nodes);

/// A pattern with * and ?, and where it stands.
struct NamedPattern {
  std::string text;
  const core::ConfigNode* node = nullptr;
};

/// What is taken of the catalogue: whatever suits all of it.
struct CatalogueChoice {
  const core::ConfigNode* node = nullptr;  // where it is written; null: the default, nowhere
  std::vector<const CatalogueProvider*> providers;
  std::vector<NamedPattern> regions;         // none: all
  std::vector<std::string> services;         // none: all
  std::optional<core::Partition> partition;  // none: both
  bool sourced_only = false;
  std::size_t per_region = kPerRegion;
  std::size_t regions_max = 0;  // of each provider, spread over its list; 0: no limit
  bool provider_wide = true;
  bool controls = true;
  std::vector<NamedPattern> named_controls;  // none: all but the spare ones
  Duration every{};
  Duration timeout{};
  NetSpec net;
};

class TargetsReader {
 public:
  TargetsReader(const ConfigSources& sources, const Catalogue& catalogue, core::ConfigErrors& errors);

  /// Remembers the lists `apps`, `references` and `controls` of a map (the root, or a target file).
  void collect_lists(const core::TableReader& map);
  /// Remembers the items of `targets`.
  void collect_targets(std::span<const core::ConfigNode> items);
  /// Remembers to take of the catalogue what suits apps and vantage, as when no targets are configured.
  void collect_default() { use_default_ = true; }

  /// How targets are reached that do not say it themselves.
  void set_net_defaults(NetSpec net) { net_defaults_ = std::move(net); }

  [[nodiscard]] bool has_references() const { return !references_.empty(); }

  /// Builds all that was remembered: references and controls first, because apps may name their regions; the catalogue
  /// last, because apps say what is needed of it.
  [[nodiscard]] std::vector<TargetEntry> build(const core::Vantage& vantage);

  /// All of the catalogue and nothing else.
  [[nodiscard]] std::vector<TargetEntry> build_whole_catalogue(Duration timeout);

  [[nodiscard]] const Places& places() const { return places_; }

 private:
  void collect_files(const core::ConfigNode& item);
  void collect_file(const std::string& path, const core::ConfigNode& at);
  void collect_url(const core::ConfigNode& item);
  void collect_document(core::ConfigNode document);
  void collect_catalogue(const core::ConfigNode& item);
  std::vector<NamedPattern> patterns_of(const core::TableReader& m, std::string_view key);
  void choose_providers(const std::string& text, const core::ConfigNode& at, CatalogueChoice& choice);
  void choose_services(const core::TableReader& m, CatalogueChoice& choice);
  void choose_controls(const core::TableReader& m, CatalogueChoice& choice);
  void check_regions(const CatalogueChoice& choice);
  void add_default(const core::Vantage& vantage);
  void add_choices(const core::Vantage& vantage);
  bool add_choice(const CatalogueChoice& choice, core::Partition own_partition);
  void add_controls(const CatalogueChoice& choice, core::Partition own_partition);
  void add_control_of_catalogue(const CatalogueEndpoint& e, const CatalogueChoice& choice);
  bool add_region(const CatalogueProvider& provider, const CatalogueRegion& region, const CatalogueChoice& choice);
  void add_regional(const CatalogueProvider& provider, const CatalogueRegion& region, const CatalogueEndpoint& e,
                    const CatalogueChoice& choice);
  void add_provider_wide(const CatalogueProvider& provider, const CatalogueEndpoint& e, const CatalogueChoice& choice);
  void add_endpoint(const CatalogueEndpoint& e, core::Target target, const CatalogueChoice& choice);
  void add_needed(const CatalogueChoice& like);
  void slow_down_shared_hosts();

  void add_reference(const core::ConfigNode& node);
  void add_control(const core::ConfigNode& node);
  void add_app(const core::ConfigNode& node);
  void read_place(const core::TableReader& m, core::Target& t);
  void read_pace(const core::TableReader& m, core::Target& t, Duration every);
  void read_hosting(const core::TableReader& m, core::Target& t);
  SpecNodes spec_nodes(const core::TableReader& m);
  NetSpec read_reach(const core::TableReader& m);
  void add(core::Target target, NetSpec net, const core::ConfigNode& at, const SpecNodes& nodes);

  const ConfigSources& sources_;
  const Catalogue& catalogue_;
  core::ConfigErrors& errors_;
  std::list<core::ConfigNode> files_;  // parsed target files: nodes below point into them
  std::vector<const core::ConfigNode*> apps_;
  std::vector<const core::ConfigNode*> references_;
  std::vector<const core::ConfigNode*> controls_;
  std::vector<CatalogueChoice> choices_;
  bool use_default_ = false;
  NetSpec net_defaults_;
  Places places_;
  std::map<std::string, const core::ConfigNode*> names_;  // where each name was used first
  std::set<std::string> needed_regions_;                  // that apps name, and of the services that they name
  std::set<std::string> needed_services_;                 // that apps name
  std::vector<TargetEntry> out_;
  std::vector<std::size_t> from_catalogue_;  // where in out_
};

}  // namespace sonde::prober
