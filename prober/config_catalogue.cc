// What is taken of the catalogue: the choices that a configuration writes, and the default of a vantage.
#include <algorithm>
#include <array>

#include "prober/config_keys.h"
#include "prober/config_targets.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::TableReader;

constexpr std::string_view kDefault = "default";

/// "baidu" of the target "control/baidu".
std::string control_name(const CatalogueEndpoint& e) { return e.name.substr(std::string_view{"control/"}.size()); }

std::string joined(const auto& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Whether one of `patterns` fits, or there are none.
bool chosen(const std::vector<NamedPattern>& patterns, std::string_view name) {
  return patterns.empty() ||
         std::ranges::any_of(patterns, [name](const NamedPattern& p) { return core::glob_match(p.text, name); });
}

bool named(const std::vector<NamedPattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [name](const NamedPattern& p) { return p.text == name; });
}

bool suits(const CatalogueChoice& choice, const CatalogueEndpoint& e) {
  const bool service =
      choice.services.empty() || std::ranges::find(choice.services, e.service) != choice.services.end();
  return service && (e.sourced || !choice.sourced_only);
}

bool suits(const CatalogueChoice& choice, std::optional<core::Partition> partition) {
  return !choice.partition || partition == choice.partition;
}

/// Restricted regions need an account that few have: only by their full name.
bool suits(const CatalogueChoice& choice, const CatalogueRegion& region) {
  if (!suits(choice, region.place.partition)) return false;
  return region.restricted ? named(choice.regions, region.name) : chosen(choice.regions, region.name);
}

/// `most` of `all`, spread evenly over the list, which stands in the provider's order: by continents.
template <typename T>
std::vector<T> spread(const std::vector<T>& all, std::size_t most) {
  if (most == 0 || all.size() <= most) return all;
  std::vector<T> out;
  for (std::size_t i = 0; i < most; ++i) out.push_back(all[i * all.size() / most]);
  return out;
}

}  // namespace

// ---- reading a choice ----

void TargetsReader::collect_catalogue(const ConfigNode& item) {
  const TableReader m{item, kCatalogueItemTable, errors_};
  const std::vector<std::string> providers = m.texts("catalogue");
  if (std::ranges::find(providers, kDefault) != providers.end()) {
    if (item.entries.size() > 1 || providers.size() > 1) {
      errors_.add(item.error("{catalogue: default} stands alone: write what else you want as an item of its own",
                             "{catalogue: default} 须单独书写：其余内容请另写一项"));
    }
    return collect_default();
  }
  const std::size_t mistakes = errors_.all().size();
  CatalogueChoice choice;
  choice.node = &item;
  for (const std::string& name : providers) choose_providers(name, *m.node("catalogue"), choice);
  choice.regions = patterns_of(m, "regions");
  choose_services(m, choice);
  if (const auto partition = m.choice("partition")) choice.partition = core::parse_partition(*partition);
  choice.sourced_only = m.choice("sure") == "sourced";
  choice.per_region = static_cast<std::size_t>(m.integer("per_region").value_or(kPerRegion));
  choose_controls(m, choice);
  core::Target pace;
  read_pace(m, pace, kReferenceEvery);
  choice.every = pace.every;
  choice.timeout = pace.timeout;
  choice.net = read_reach(m);
  check_regions(choice);
  if (errors_.all().size() == mistakes) choices_.push_back(std::move(choice));
}

std::vector<NamedPattern> TargetsReader::patterns_of(const TableReader& m, std::string_view key) {
  std::vector<NamedPattern> out;
  const ConfigNode* node = m.node(key);
  if (node == nullptr) return out;
  const bool list = node->kind == ConfigNode::Kind::kSequence;
  for (const ConfigNode& item : list ? std::span{node->items} : std::span{node, 1}) {
    if (auto text = core::read_string(item, errors_)) out.push_back({std::move(*text), &item});
  }
  return out;
}

void TargetsReader::choose_providers(const std::string& text, const ConfigNode& at, CatalogueChoice& choice) {
  const std::string pattern = places_.provider(text);
  std::vector<std::string> known;
  bool any = false;
  for (const CatalogueProvider& p : catalogue_.providers) {
    known.push_back(p.name);
    if (!core::glob_match(pattern, p.name)) continue;
    any = true;
    if (std::ranges::find(choice.providers, &p) == choice.providers.end()) choice.providers.push_back(&p);
  }
  if (any) return;
  std::vector<std::string> names = known;
  for (const CatalogueProvider& p : catalogue_.providers) names.insert(names.end(), p.aliases.begin(), p.aliases.end());
  const core::BilingualText close = did_you_mean(text, names);
  errors_.add(at.error("the catalogue has no " + quoted(text) + close.en + "; it has " + joined(known),
                       "目录中没有" + quoted_zh(text) + close.zh + "；现有：" + joined(known)));
}

void TargetsReader::choose_services(const TableReader& m, CatalogueChoice& choice) {
  std::set<std::string> known;
  for (const CatalogueProvider& p : catalogue_.providers) {
    for (const CatalogueEndpoint& e : p.global) known.insert(e.service);
    for (const CatalogueRegion& r : p.regions) {
      for (const CatalogueEndpoint& e : r.endpoints) known.insert(e.service);
    }
  }
  for (const NamedPattern& p : patterns_of(m, "services")) {
    choice.services.push_back(p.text);
    if (known.contains(p.text)) continue;
    const core::BilingualText close = did_you_mean(p.text, known);
    errors_.add(p.node->error("the catalogue has no service " + quoted(p.text) + close.en + "; it has " + joined(known),
                              "目录中没有服务" + quoted_zh(p.text) + close.zh + "；现有：" + joined(known)));
  }
}

/// true, false, or names.
void TargetsReader::choose_controls(const TableReader& m, CatalogueChoice& choice) {
  choice.named_controls = patterns_of(m, "controls");
  const auto is = [&choice](std::string_view word) {
    return choice.named_controls.size() == 1 && choice.named_controls[0].text == word;
  };
  if (is("false")) choice.controls = false;
  if (is("true") || is("false")) return choice.named_controls.clear();
  std::vector<std::string> known;
  for (const CatalogueEndpoint& e : catalogue_.controls) known.push_back(control_name(e));
  for (const NamedPattern& p : choice.named_controls) {
    if (std::ranges::any_of(known, [&p](const std::string& n) { return core::glob_match(p.text, n); })) continue;
    const core::BilingualText close = did_you_mean(p.text, known);
    errors_.add(p.node->error("the catalogue has no control " + quoted(p.text) + close.en,
                              "目录中没有对照目标" + quoted_zh(p.text) + close.zh));
  }
}

/// A pattern that matches nothing is a typing mistake.
void TargetsReader::check_regions(const CatalogueChoice& choice) {
  std::set<std::string> names{"global", "global-cn"};
  for (const CatalogueProvider* provider : choice.providers) {
    for (const CatalogueRegion& r : provider->regions) names.insert(r.name);
  }
  for (const auto& [pattern, node] : choice.regions) {
    const auto fits = [&pattern = pattern](const std::string& n) { return core::glob_match(pattern, n); };
    if (std::ranges::any_of(names, fits)) continue;
    const core::BilingualText close = did_you_mean(pattern, names);
    errors_.add(node->error(quoted(pattern) + " matches no region of the chosen providers" + close.en,
                            quoted_zh(pattern) + "与所选云的任何区域都不匹配" + close.zh));
  }
}

// ---- the default ----

/// The providers of the apps whole, two references a region; of the others a light sample. Where no app says where it
/// runs there is nobody to watch for: one reference of every region, more slowly.
void TargetsReader::add_default(const core::Vantage& vantage) {
  CatalogueChoice used;
  CatalogueChoice rest;
  for (const CatalogueProvider& p : catalogue_.providers) {
    const bool needed = std::ranges::any_of(
        needed_regions_, [&p](const std::string& region) { return region.starts_with(p.name + "/"); });
    (needed ? used : rest).providers.push_back(&p);
  }
  used.every = kReferenceEvery;
  rest.controls = false;
  rest.per_region = 1;
  if (used.providers.empty()) {
    rest.every = kSurveyEvery;
  } else {
    rest.every = kSampleEvery;
    rest.regions_max = kSampleRegions;
    rest.provider_wide = false;
  }
  for (CatalogueChoice* choice : {&used, &rest}) {
    choice->timeout = default_timeout(choice->every);
    choice->net = net_defaults_;
  }
  add_choice(used, vantage.partition);
  // The ground that the vantage itself stands on is needed, too.
  needed_regions_.insert(vantage.provider + "/" + vantage.region);
  add_needed(used);
  add_choice(rest, vantage.partition);
}

// ---- taking ----

void TargetsReader::add_choices(const core::Vantage& vantage) {
  for (const CatalogueChoice& choice : choices_) {
    if (add_choice(choice, vantage.partition)) continue;
    errors_.add(choice.node->error("no endpoint of the catalogue suits all of this choice",
                                   "目录中没有端点符合此选择的全部条件"));
  }
  if (use_default_) {
    add_default(vantage);
  } else if (!choices_.empty()) {
    add_needed(choices_.front());
  }
  slow_down_shared_hosts();
}

/// Whether anything suits. What is there already, by name, counts.
bool TargetsReader::add_choice(const CatalogueChoice& choice, core::Partition own_partition) {
  bool any = false;
  for (const CatalogueProvider* provider : choice.providers) {
    std::vector<const CatalogueRegion*> regions;
    for (const CatalogueRegion& region : provider->regions) {
      if (suits(choice, region)) regions.push_back(&region);
    }
    for (const CatalogueRegion* region : spread(regions, choice.regions_max)) {
      any = add_region(*provider, *region, choice) || any;
    }
    for (const CatalogueEndpoint& e : provider->global) {
      const bool wanted = choice.provider_wide && chosen(choice.regions, global_region(e));
      if (!wanted || !suits(choice, e) || !suits(choice, e.partition)) continue;
      add_provider_wide(*provider, e, choice);
      any = true;
    }
  }
  if (choice.controls) add_controls(choice, own_partition);
  return any;
}

/// A control is proof only in its own partition.
void TargetsReader::add_controls(const CatalogueChoice& choice, core::Partition own_partition) {
  for (const CatalogueEndpoint& e : catalogue_.controls) {
    const bool wanted =
        e.spare ? named(choice.named_controls, control_name(e)) : chosen(choice.named_controls, control_name(e));
    if (e.partition == own_partition && wanted) add_control_of_catalogue(e, choice);
  }
}

void TargetsReader::add_control_of_catalogue(const CatalogueEndpoint& e, const CatalogueChoice& choice) {
  core::Target t;
  t.role = core::Role::kControl;
  t.partition = e.partition;
  add_endpoint(e, std::move(t), choice);
}

/// Whether the region has an endpoint that suits.
bool TargetsReader::add_region(const CatalogueProvider& provider, const CatalogueRegion& region,
                               const CatalogueChoice& choice) {
  std::size_t taken = 0;
  for (const CatalogueEndpoint& e : region.endpoints) {
    if (taken == choice.per_region) break;
    if (!suits(choice, e)) continue;
    ++taken;
    add_regional(provider, region, e, choice);
  }
  return taken > 0;
}

void TargetsReader::add_regional(const CatalogueProvider& provider, const CatalogueRegion& region,
                                 const CatalogueEndpoint& e, const CatalogueChoice& choice) {
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

void TargetsReader::add_provider_wide(const CatalogueProvider& provider, const CatalogueEndpoint& e,
                                      const CatalogueChoice& choice) {
  core::Target t;
  t.role = core::Role::kReference;
  t.provider = provider.name;
  t.region = global_region(e);
  t.partition = e.partition;
  add_endpoint(e, std::move(t), choice);
}

void TargetsReader::add_endpoint(const CatalogueEndpoint& e, core::Target target, const CatalogueChoice& choice) {
  if (names_.contains(e.name)) return;  // chosen twice, or replaced by a target of the user's own
  target.name = e.name;
  target.url = e.url;
  target.service = e.service;
  target.every = choice.every;
  target.timeout = choice.timeout;
  const std::size_t before = out_.size();
  add(std::move(target), choice.net, e.url_node,
      {.url = &e.url_node,
       .expect = &e.expect,
       .request = e.request ? &*e.request : nullptr,
       .files = &sources_.files});
  if (out_.size() == before) return;  // a mistake, which is told
  out_.back().catalogued = true;
  from_catalogue_.push_back(before);
}

/// The regions that apps stand on and the services that they need are watched even when the choices leave them out: the
/// blame needs them. `like` says how often and how many, not what.
void TargetsReader::add_needed(const CatalogueChoice& like) {
  CatalogueChoice all;
  all.per_region = like.per_region;
  all.every = like.every;
  all.timeout = like.timeout;
  all.net = like.net;
  for (const CatalogueProvider& provider : catalogue_.providers) {
    for (const CatalogueRegion& region : provider.regions) {
      if (needed_regions_.contains(provider.name + "/" + region.name)) add_region(provider, region, all);
      for (const CatalogueEndpoint& e : region.endpoints) {
        if (needed_services_.contains(e.name)) add_regional(provider, region, e, all);
      }
    }
    for (const CatalogueEndpoint& e : provider.global) {
      if (needed_regions_.contains(provider.name + "/" + std::string{global_region(e)})) {
        add_provider_wide(provider, e, all);
      }
    }
  }
}

std::vector<TargetEntry> TargetsReader::build_whole_catalogue(Duration timeout) {
  CatalogueChoice all;
  all.every = 2 * timeout;
  all.timeout = timeout;
  for (const CatalogueProvider& provider : catalogue_.providers) {
    for (const CatalogueRegion& region : provider.regions) {
      for (const CatalogueEndpoint& e : region.endpoints) add_regional(provider, region, e, all);
    }
    for (const CatalogueEndpoint& e : provider.global) add_provider_wide(provider, e, all);
  }
  for (const CatalogueEndpoint& e : catalogue_.controls) add_control_of_catalogue(e, all);
  return std::move(out_);
}

std::vector<TargetEntry> whole_catalogue(const ConfigSources& sources, Duration timeout, core::ConfigErrors& errors) {
  return TargetsReader{sources, sources.catalogue.read(errors), errors}.build_whole_catalogue(timeout);
}

/// A cap for each host of others: where several endpoints share one, each is asked less often.
void TargetsReader::slow_down_shared_hosts() {
  std::map<std::string, std::vector<core::Target*>> by_host;
  for (const std::size_t i : from_catalogue_) {
    core::Target& t = out_[i].target;
    if (const auto url = core::parse_url(t.url)) by_host[url->host].push_back(&t);
  }
  for (const auto& [host, targets] : by_host) {
    for (core::Target* t : targets)
      t->every = std::max<Duration>(t->every, kHostGap * static_cast<int>(targets.size()));
  }
}

}  // namespace sonde::prober
