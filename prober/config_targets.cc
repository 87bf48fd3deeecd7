// Reading targets.
#include "prober/config_targets.h"

#include <algorithm>

#include "core/text.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::MapReader;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

}  // namespace

TargetsReader::TargetsReader(const ConfigSources& sources, const Catalogue& catalogue, std::string folder,
                             core::ConfigErrors& errors)
    : sources_(sources), catalogue_(catalogue), folder_(std::move(folder)), errors_(errors) {
  for (const CatalogueProvider& p : catalogue_.providers) {
    for (const CatalogueRegion& r : p.regions) places_[p.name + "/" + r.name] = r.place;
  }
}

const Place* TargetsReader::place_of(const std::string& provider, const std::string& region) const {
  const auto it = places_.find(provider + "/" + region);
  return it == places_.end() ? nullptr : &it->second;
}

std::string TargetsReader::text(const ConfigNode* node) {
  return node == nullptr ? std::string{} : core::read_string(*node, errors_).value_or("");
}

// ---- collecting ----

void TargetsReader::collect_lists(MapReader& map) {
  const auto collect = [this](const ConfigNode* list, std::vector<const ConfigNode*>& into) {
    if (list == nullptr) return;
    if (list->kind != ConfigNode::Kind::kSequence)
      errors_.add(list->error("expected a list of targets, each with name and url"));
    for (const ConfigNode& item : list->items) into.push_back(&item);
  };
  collect(map.key("apps"), apps_);
  collect(map.key("references"), references_);
  collect(map.key("controls"), controls_);
}

void TargetsReader::collect_targets(const ConfigNode& targets) {
  if (targets.kind != ConfigNode::Kind::kSequence) {
    errors_.add(targets.error(
        "targets is a list; its items are {catalogue: [...]}, {file: ...} or a target with name and url"));
    return;
  }
  for (const ConfigNode& item : targets.items) {
    if (item.find("catalogue") != nullptr) {
      collect_catalogue(item);
    } else if (const ConfigNode* file = item.find("file")) {
      MapReader m{item, "targets item", errors_};
      m.allow("file");
      m.finish();
      collect_file(*file);
    } else {
      apps_.push_back(&item);
    }
  }
}

void TargetsReader::collect_file(const ConfigNode& node) {
  const std::string pattern = text(&node);
  const auto slash = pattern.rfind('/');
  std::string folder = slash == std::string::npos ? "" : pattern.substr(0, slash);
  const std::string file_pattern = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  if (!pattern.starts_with('/')) folder = folder.empty() ? folder_ : folder_ + "/" + folder;
  auto names = sources_.files.list(folder);
  if (!names) return errors_.add(node.error("the folder " + folder + " cannot be read: " + names.error().message));
  bool any = false;
  for (const std::string& name : *names) {
    if (!core::glob_match(file_pattern, name)) continue;
    any = true;
    const std::string path = folder + "/" + name;
    auto content = sources_.files.read_all(path, kFileBytesMax);
    if (!content) {
      errors_.add(node.error(content.error().message));
      continue;
    }
    files_.push_back(core::parse_yaml(*content, path, sources_.variables, errors_));
    const ConfigNode& root = files_.back();
    if (root.kind == ConfigNode::Kind::kNull) continue;  // empty, or the error is said already
    MapReader m{root, "target file", errors_};
    collect_lists(m);
    m.finish();
  }
  const bool wildcard = file_pattern.find_first_of("*?") != std::string::npos;
  if (!any && !wildcard) errors_.add(node.error("there is no file " + folder + "/" + file_pattern));
}

void TargetsReader::collect_catalogue(const ConfigNode& item) {
  MapReader m{item, "targets item", errors_};
  CatalogueChoice choice;
  choice.node = &item;
  std::vector<std::string> known;
  for (const CatalogueProvider& p : catalogue_.providers) known.push_back(p.name);
  const ConfigNode* list = m.required("catalogue");
  for (const std::string& name : core::read_strings(*list, errors_)) {
    if (catalogue_.find(name) != nullptr) {
      choice.providers.push_back(name);
    } else {
      std::string all;
      for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
      errors_.add(list->error("the catalogue has no " + quoted(name) + did_you_mean(name, known) + "; it has " + all));
    }
  }
  if (const auto* n = m.key("regions")) {
    if (n->kind == ConfigNode::Kind::kSequence) {
      for (const ConfigNode& r : n->items) choice.regions.emplace_back(text(&r), &r);
    } else {
      choice.regions.emplace_back(text(n), n);
    }
  }
  if (const auto* n = m.key("per_region")) {
    choice.per_region = static_cast<int>(core::read_integer(*n, 1, 8, errors_).value_or(2));
  }
  if (const auto* n = m.key("controls")) choice.controls = core::read_bool(*n, errors_).value_or(true);
  core::Target pace;
  read_pace(m, item, pace, kReferenceEvery);
  choice.every = pace.every;
  choice.timeout = pace.timeout;
  choice.net = read_reach(m);
  m.finish();
  check_patterns(choice);
  choices_.push_back(std::move(choice));
}

TargetsReader::CatalogueChoice TargetsReader::default_choice() const {
  CatalogueChoice choice;
  for (const CatalogueProvider& p : catalogue_.providers) choice.providers.push_back(p.name);
  choice.every = kReferenceEvery;
  choice.timeout = kTimeoutDefault;
  choice.net = net_defaults_;
  return choice;
}

/// A pattern that matches nothing is a typing mistake.
void TargetsReader::check_patterns(const CatalogueChoice& choice) {
  std::set<std::string> names{"global", "global-cn"};
  for (const std::string& provider : choice.providers) {
    for (const CatalogueRegion& r : catalogue_.find(provider)->regions) names.insert(r.name);
  }
  for (const auto& [pattern, node] : choice.regions) {
    const auto fits = [&pattern = pattern](const std::string& n) { return core::glob_match(pattern, n); };
    if (std::ranges::any_of(names, fits)) continue;
    errors_.add(
        node->error(quoted(pattern) + " matches no region of the chosen providers" + did_you_mean(pattern, names)));
  }
}

// ---- building ----

std::vector<TargetEntry> TargetsReader::build(core::Partition own_partition) {
  if (use_whole_catalogue_) choices_.push_back(default_choice());
  for (const ConfigNode* node : references_) add_reference(*node);
  for (const ConfigNode* node : controls_) add_control(*node);
  for (const CatalogueChoice& choice : choices_) add_choice(choice, own_partition);
  for (const ConfigNode* node : apps_) add_app(*node);
  if (!choices_.empty()) add_needed_regions(choices_.front());
  return std::move(out_);
}

bool TargetsReader::region_chosen(const CatalogueRegion& region, const CatalogueChoice& choice) const {
  const auto by_name = [&region](const auto& p) { return p.first == region.name; };
  const auto by_pattern = [&region](const auto& p) { return core::glob_match(p.first, region.name); };
  // Restricted regions need an account that few have: only by their full name.
  if (region.restricted) return std::ranges::any_of(choice.regions, by_name);
  return choice.regions.empty() || std::ranges::any_of(choice.regions, by_pattern);
}

void TargetsReader::add_choice(const CatalogueChoice& choice, core::Partition own_partition) {
  for (const std::string& name : choice.providers) {
    const CatalogueProvider& provider = *catalogue_.find(name);
    for (const CatalogueRegion& region : provider.regions) {
      if (region_chosen(region, choice)) add_region(provider, region, choice);
    }
    for (const CatalogueEndpoint& e : provider.global) {
      core::Target t;
      t.provider = provider.name;
      t.region = e.partition == core::Partition::kDomestic ? "global-cn" : "global";
      const auto fits = [&t](const auto& p) { return core::glob_match(p.first, t.region); };
      if (!choice.regions.empty() && std::ranges::none_of(choice.regions, fits)) continue;
      t.partition = e.partition;
      t.role = core::Role::kReference;
      add_endpoint(e, std::move(t), choice);
    }
  }
  if (!choice.controls) return;
  for (const CatalogueEndpoint& e : catalogue_.controls) {
    if (e.partition != own_partition) continue;  // a control is proof only in its own partition
    core::Target t;
    t.role = core::Role::kControl;
    t.partition = e.partition;
    add_endpoint(e, std::move(t), choice);
  }
}

void TargetsReader::add_region(const CatalogueProvider& provider, const CatalogueRegion& region,
                               const CatalogueChoice& choice) {
  int left = choice.per_region;
  for (const CatalogueEndpoint& e : region.endpoints) {
    if (left-- == 0) break;
    core::Target t;
    t.role = core::Role::kReference;
    t.provider = provider.name;
    t.region = region.name;
    t.partition = region.place.partition;
    t.country = region.place.country;
    t.city = region.place.city;
    t.lat = region.place.lat;
    t.lon = region.place.lon;
    add_endpoint(e, std::move(t), choice);
  }
}

void TargetsReader::add_endpoint(const CatalogueEndpoint& e, core::Target target, const CatalogueChoice& choice) {
  if (names_.contains(e.name)) return;  // chosen twice, or replaced by a target of the user's own
  target.name = e.name;
  target.url = e.url;
  target.service = e.service;
  target.every = choice.every;
  target.timeout = choice.timeout;
  add(std::move(target), choice.net, e.url_node,
      {.url = &e.url_node,
       .expect = &e.expect,
       .request = e.request ? &*e.request : nullptr,
       .files = &sources_.files});
}

/// An app's own regions are watched even when the choice leaves them out: its blame needs them.
void TargetsReader::add_needed_regions(const CatalogueChoice& choice) {
  for (const CatalogueProvider& provider : catalogue_.providers) {
    for (const CatalogueRegion& region : provider.regions) {
      if (needed_.contains(provider.name + "/" + region.name)) add_region(provider, region, choice);
    }
  }
}

}  // namespace sonde::prober
