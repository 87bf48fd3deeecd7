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

namespace sonde::prober {

/// A map with the keys url, expect, request and tls, as far as they are there.
[[nodiscard]] core::ConfigNode map_of(const SpecNodes& nodes);

class TargetsReader {
 public:
  TargetsReader(const ConfigSources& sources, const Catalogue& catalogue, core::ConfigErrors& errors);

  /// Remembers the lists `apps`, `references` and `controls` of a map (the root, or a target file).
  void collect_lists(const core::TableReader& map);
  /// Remembers the items of `targets`.
  void collect_targets(std::span<const core::ConfigNode> items);
  /// Remembers the whole catalogue, as when no targets are configured.
  void collect_default() { use_whole_catalogue_ = true; }

  /// How targets are reached that do not say it themselves.
  void set_net_defaults(NetSpec net) { net_defaults_ = std::move(net); }

  [[nodiscard]] bool has_references() const { return !references_.empty(); }

  /// Builds all that was remembered: references and controls first, because apps may name their regions.
  [[nodiscard]] std::vector<TargetEntry> build(core::Partition own_partition);

  /// "provider/region" of the catalogue.
  [[nodiscard]] const Place* place_of(const std::string& provider, const std::string& region) const;

 private:
  struct CatalogueChoice {
    const core::ConfigNode* node = nullptr;  // null: the default choice
    std::vector<std::string> providers;
    std::vector<std::pair<std::string, const core::ConfigNode*>> regions;
    int per_region = 2;
    bool controls = true;
    Duration every{};
    Duration timeout{};
    NetSpec net;
  };

  void collect_files(const core::ConfigNode& item);
  void collect_file(const std::string& path, const core::ConfigNode& at);
  void collect_url(const core::ConfigNode& item);
  void collect_document(core::ConfigNode document);
  void collect_catalogue(const core::ConfigNode& item);
  CatalogueChoice default_choice() const;
  void add_choice(const CatalogueChoice& choice, core::Partition own_partition);
  void add_region(const CatalogueProvider& provider, const CatalogueRegion& region, const CatalogueChoice& choice);
  void add_endpoint(const CatalogueEndpoint& e, core::Target target, const CatalogueChoice& choice);
  bool region_chosen(const CatalogueRegion& region, const CatalogueChoice& choice) const;
  void check_patterns(const CatalogueChoice& choice);
  void add_needed_regions(const CatalogueChoice& choice);

  void add_reference(const core::ConfigNode& node);
  void add_control(const core::ConfigNode& node);
  void add_app(const core::ConfigNode& node);
  void read_place(const core::TableReader& m, core::Target& t);
  void read_pace(const core::TableReader& m, core::Target& t, Duration every);
  void read_hosting(const core::TableReader& m, core::Target& t);
  SpecNodes spec_nodes(const core::TableReader& m);
  std::string known_region(const std::string& text, const core::ConfigNode& node);
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
  bool use_whole_catalogue_ = false;
  NetSpec net_defaults_;
  std::map<std::string, Place> places_;                   // by "provider/region"
  std::map<std::string, const core::ConfigNode*> names_;  // where each name was used first
  std::set<std::string> needed_;                          // regions that apps name
  std::vector<TargetEntry> out_;
};

}  // namespace sonde::prober
