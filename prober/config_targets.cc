// Reading targets.
#include "prober/config_targets.h"

#include <algorithm>

#include "core/text.h"
#include "prober/config_keys.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::TableReader;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

/// Whether `name` belongs to what was asked for: hidden files never do by accident.
bool is_chosen(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  if (pattern.empty()) return name.ends_with(".yaml") || name.ends_with(".yml");
  return core::glob_match(pattern, name);
}

bool is_url_item(const ConfigNode& item) {
  return item.find("url") != nullptr && item.find("name") == nullptr && item.find("catalogue") == nullptr &&
         item.find("file") == nullptr;
}

}  // namespace

TargetsReader::TargetsReader(const ConfigSources& sources, const Catalogue& catalogue, core::ConfigErrors& errors)
    : sources_(sources), catalogue_(catalogue), errors_(errors) {
  for (const CatalogueProvider& p : catalogue_.providers) {
    for (const CatalogueRegion& r : p.regions) places_[p.name + "/" + r.name] = r.place;
  }
}

const Place* TargetsReader::place_of(const std::string& provider, const std::string& region) const {
  const auto it = places_.find(provider + "/" + region);
  return it == places_.end() ? nullptr : &it->second;
}

// ---- collecting ----

void TargetsReader::collect_lists(const TableReader& map) {
  for (const ConfigNode& item : map.list("apps")) apps_.push_back(&item);
  for (const ConfigNode& item : map.list("references")) references_.push_back(&item);
  for (const ConfigNode& item : map.list("controls")) controls_.push_back(&item);
}

void TargetsReader::collect_targets(std::span<const ConfigNode> items) {
  for (const ConfigNode& item : items) {
    if (item.find("catalogue") != nullptr) {
      collect_catalogue(item);
    } else if (item.find("file") != nullptr) {
      collect_files(item);
    } else if (is_url_item(item)) {
      collect_url(item);
    } else if (item.find("name") != nullptr) {
      apps_.push_back(&item);
    } else {
      errors_.add(
          item.error("an item of targets is {catalogue: [...]}, {file: ...}, {url: ...}, or a target with name and url",
                     "targets 的每一项为 {catalogue: [...]}、{file: ...}、{url: ...}，或带 name 和 url 的目标"));
    }
  }
}

void TargetsReader::collect_files(const ConfigNode& item) {
  const TableReader m{item, kFileItemTable, errors_};
  const auto path = m.path("file");
  if (!path) return;
  const ConfigNode& at = *m.node("file");
  const auto slash = path->rfind('/');
  std::string folder = slash == std::string::npos ? "." : path->substr(0, std::max<std::size_t>(slash, 1));
  std::string pattern = slash == std::string::npos ? *path : path->substr(slash + 1);
  const bool wildcard = pattern.find_first_of("*?") != std::string::npos;
  if (folder.find_first_of("*?") != std::string::npos) {
    return errors_.add(at.error("* and ? may stand in the name of the file, not in its folder",
                                "* 和 ? 只能出现在文件名中，不能出现在目录中"));
  }
  if (!pattern.empty() && !wildcard && sources_.files.list(*path)) {
    folder = *path;
    pattern.clear();
  }
  const auto names = sources_.files.list(folder);
  if (!names) return errors_.add(at.error(names.error()));
  bool any = false;
  for (const std::string& name : *names) {
    if (!is_chosen(pattern, name)) continue;
    any = true;
    collect_file(slash == std::string::npos ? name : folder + "/" + name, at);
  }
  if (any || wildcard || pattern.empty()) return;
  errors_.add(at.error("there is no file " + *path, "没有文件 " + *path));
}

void TargetsReader::collect_file(const std::string& path, const ConfigNode& at) {
  const auto content = sources_.files.read_all(path, kFileBytesMax);
  if (!content) return errors_.add(at.error(content.error()));
  collect_document(core::parse_yaml(*content, path, sources_.variables, errors_));
}

void TargetsReader::collect_url(const ConfigNode& item) {
  const TableReader m{item, kUrlItemTable, errors_};
  (void)m.duration("refresh");
  (void)m.path("token_file");
  (void)m.path("ca_file");
  const auto url = m.text("url");
  if (!url) return;
  const ConfigNode& at = *m.node("url");
  const auto parsed = core::parse_url(*url);
  if (!parsed) return errors_.add(at.error(parsed.error()));
  if (!core::is_remote(*url)) {
    return errors_.add(at.error("a document of targets comes from http:// or https://; a target needs a name too",
                                "目标文档须来自 http:// 或 https://；若是目标，还需要 name"));
  }
  const auto text =
      sources_.documents == nullptr
          ? core::Result<std::string_view>{core::Error{core::ErrorCode::kUnsupported,
                                                       "documents of URLs are not read here", "此处不读取 URL 文档"}}
          : sources_.documents->find(*url);
  if (!text) return errors_.add(at.error(text.error()));
  // No variables: whoever writes that document must not learn what this machine's environment holds.
  collect_document(core::parse_yaml(*text, *url, nullptr, errors_));
}

void TargetsReader::collect_document(ConfigNode document) {
  if (document.kind == ConfigNode::Kind::kNull) return;  // empty, or the error is said already
  files_.push_back(std::move(document));
  const TableReader m{files_.back(), kTargetFileTable, errors_};
  collect_lists(m);
}

void TargetsReader::collect_catalogue(const ConfigNode& item) {
  const TableReader m{item, kCatalogueItemTable, errors_};
  CatalogueChoice choice;
  choice.node = &item;
  std::vector<std::string> known;
  for (const CatalogueProvider& p : catalogue_.providers) known.push_back(p.name);
  for (const std::string& name : m.texts("catalogue")) {
    if (catalogue_.find(name) != nullptr) {
      choice.providers.push_back(name);
      continue;
    }
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
    const core::BilingualText close = did_you_mean(name, known);
    errors_.add(m.node("catalogue")
                    ->error("the catalogue has no " + quoted(name) + close.en + "; it has " + all,
                            "目录中没有" + quoted_zh(name) + close.zh + "；现有：" + all));
  }
  if (const auto* n = m.node("regions")) {
    const bool list = n->kind == ConfigNode::Kind::kSequence;
    for (const ConfigNode& r : list ? std::span{n->items} : std::span{n, 1}) {
      if (auto text = core::read_string(r, errors_)) choice.regions.emplace_back(std::move(*text), &r);
    }
  }
  choice.per_region = static_cast<int>(m.integer("per_region").value_or(2));
  choice.controls = m.boolean("controls").value_or(true);
  core::Target pace;
  read_pace(m, pace, kReferenceEvery);
  choice.every = pace.every;
  choice.timeout = pace.timeout;
  choice.net = read_reach(m);
  check_patterns(choice);
  choices_.push_back(std::move(choice));
}

TargetsReader::CatalogueChoice TargetsReader::default_choice() const {
  CatalogueChoice choice;
  for (const CatalogueProvider& p : catalogue_.providers) choice.providers.push_back(p.name);
  choice.every = kReferenceEvery;
  choice.timeout = default_timeout(kReferenceEvery);
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
    const core::BilingualText close = did_you_mean(pattern, names);
    errors_.add(node->error(quoted(pattern) + " matches no region of the chosen providers" + close.en,
                            quoted_zh(pattern) + "与所选云的任何区域都不匹配" + close.zh));
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

std::vector<TargetSource> read_target_sources(const ConfigNode& root) {
  std::vector<TargetSource> out;
  const ConfigNode* targets = root.find("targets");
  if (targets == nullptr) return out;
  core::ConfigErrors unheard;  // said by collect_url
  for (const ConfigNode& item : targets->items) {
    if (!is_url_item(item)) continue;
    const TableReader m{item, kUrlItemTable, unheard};
    TargetSource source;
    source.url = m.text("url").value_or("");
    source.refresh = m.duration("refresh").value_or(source.refresh);
    source.token_file = m.path("token_file").value_or("");
    source.ca_file = m.path("ca_file").value_or("");
    if (!core::is_remote(source.url) || !core::parse_url(source.url)) continue;
    if (std::ranges::find(out, source.url, &TargetSource::url) == out.end()) out.push_back(std::move(source));
  }
  return out;
}

}  // namespace sonde::prober
