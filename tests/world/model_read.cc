// world.yaml to World, strictly: unknown keys, unknown places and clashing names are errors with line and column.
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "catalogue_world.h"
#include "map_reader.h"
#include "model.h"
#include "story_read.h"

namespace sonde::world {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::Duration;

constexpr int kAppSubnet = 240;
constexpr int kControlSubnet = 241;
constexpr int kProvidersMax = 200;
constexpr int kPerSubnetMax = 250;

// Names become DNS labels, addresses and file names.
std::string read_name(const ConfigNode& n, ConfigErrors& errors) {
  const auto text = core::read_string(n, errors);
  if (!text) return {};
  const bool plain = !text->empty() && text->size() <= 40 && text->front() != '-' && text->back() != '-' &&
                     std::all_of(text->begin(), text->end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!plain) errors.add(n.error("a name is 1 to 40 lower-case letters, digits and inner hyphens: `" + *text + "`"));
  return plain ? *text : std::string{};
}

std::string name_at(const ConfigNode* n, ConfigErrors& errors) {
  return n == nullptr ? std::string{} : read_name(*n, errors);
}

std::string text_at(const ConfigNode* n, ConfigErrors& errors) {
  return n == nullptr ? std::string{} : core::read_string(*n, errors).value_or("");
}

core::Partition read_partition(const ConfigNode* n, ConfigErrors& errors) {
  static constexpr std::array<std::string_view, 2> kNames = {"domestic", "overseas"};
  if (n == nullptr) return core::Partition::kOverseas;
  const auto text = core::read_choice(*n, kNames, errors);
  return text == "domestic" ? core::Partition::kDomestic : core::Partition::kOverseas;
}

Place read_place(MapReader& map, ConfigErrors& errors) {
  Place p;
  p.city = text_at(map.required("city"), errors);
  if (const auto* n = map.required("country")) {
    p.country = core::read_string(*n, errors).value_or("");
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (p.country.size() != 2 || !std::all_of(p.country.begin(), p.country.end(), upper)) {
      errors.add(n->error("a country is two capital letters (ISO 3166), such as CN or DE"));
    }
  }
  if (const auto* n = map.required("lat")) p.lat = core::read_number(*n, -90, 90, errors).value_or(0);
  if (const auto* n = map.required("lon")) p.lon = core::read_number(*n, -180, 180, errors).value_or(0);
  return p;
}

// The items of a list; anything else is an error.
const std::vector<ConfigNode>& items_of(const ConfigNode* n, std::string_view what, ConfigErrors& errors) {
  static const std::vector<ConfigNode> kNone;
  if (n == nullptr) return kNone;
  if (n->kind != ConfigNode::Kind::kSequence) {
    errors.add(n->error("`" + std::string(what) + "` is a list"));
    return kNone;
  }
  return n->items;
}

class WorldReader {
 public:
  WorldReader(World& world, ConfigErrors& errors) : world_(world), errors_(errors) {}

  void read(const ConfigNode& root) {
    MapReader map(root, "world", errors_);
    if (const auto* n = map.key("seed")) {
      world_.seed = static_cast<std::uint64_t>(
          core::read_integer(*n, 0, std::numeric_limits<std::int64_t>::max(), errors_).value_or(1));
    }
    if (const auto* n = map.key("round")) {
      world_.round = core::read_duration(*n, std::chrono::milliseconds{100}, std::chrono::hours{1}, errors_)
                         .value_or(world_.round);
    }
    (void)map.key("base");  // read_world_file() has followed it
    if (const auto* n = map.key("distances")) read_distances(*n);
    const ConfigNode* catalogue = map.key("catalogue");
    if (catalogue != nullptr) read_catalogue(*catalogue);
    const ConfigNode* providers = catalogue == nullptr ? map.required("providers") : map.key("providers");
    for (const auto& n : items_of(providers, "providers", errors_)) read_provider(n);
    for (const auto& n : items_of(map.key("apps"), "apps", errors_)) read_app(n);
    for (const auto& n : items_of(map.key("controls"), "controls", errors_)) read_control(n);
    for (const auto& n : items_of(map.required("vantages"), "vantages", errors_)) read_vantage(n);
    const ConfigNode* timeline = map.key("timeline");
    if (const auto* n = map.key("museum")) world_.story = read_story(*n, errors_);
    const ConfigNode* period = map.key("timeline_period");
    map.finish();
    check_dependencies();
    check_hosts(root);
    // Names in faults can only be judged when the rest is whole.
    if (errors_.empty()) read_timeline(timeline, period);
  }

 private:
  void read_distances(const ConfigNode& node) {
    MapReader map(node, "distances", errors_);
    auto& d = world_.distances;
    if (const auto* n = map.key("scale")) d.scale = core::read_number(*n, 0, 100, errors_).value_or(d.scale);
    if (const auto* n = map.key("detour")) d.detour = core::read_number(*n, 1, 10, errors_).value_or(d.detour);
    const Duration most = std::chrono::seconds{10};
    if (const auto* n = map.key("border")) d.border = core::read_duration(*n, {}, most, errors_).value_or(d.border);
    if (const auto* n = map.key("jitter")) d.jitter = core::read_duration(*n, {}, most, errors_).value_or(d.jitter);
    map.finish();
  }

  // Targets that share a host share its address.
  void read_catalogue(const ConfigNode& node) {
    world_.catalogue = true;
    CatalogueWorld whole = read_catalogue_world(node, errors_);
    std::map<std::string, std::pair<int, int>> addresses;  // by host
    std::map<std::string, std::pair<int, int>> subnets;    // of a provider, and hosts in it
    for (Target& t : whole.targets) {
      const bool control = t.role == core::Role::kControl;
      unique(node, control ? "control" : "service", t.name);
      auto& [subnet, hosts] = subnets[t.provider];
      if (subnet == 0) subnet = control ? kControlSubnet : ++providers_;
      const auto [it, added] = addresses.try_emplace(t.host, subnet, hosts + 1);
      if (added) hosts = control ? ++controls_ : hosts + 1;
      place_at(t, node, it->second.first, it->second.second);
    }
    for (Region& r : whole.regions) regions_.emplace(r.provider + '/' + r.name, r);
  }

  void read_provider(const ConfigNode& node) {
    MapReader map(node, "provider", errors_);
    const std::string name = name_at(map.required("name"), errors_);
    unique(node, "provider", name);
    if (++providers_ > kProvidersMax) errors_.add(node.error("a world has at most 200 providers"));
    int host_octet = 0;
    for (const auto& n : items_of(map.required("regions"), "regions", errors_)) read_region(n, name, host_octet);
    map.finish();
  }

  void read_region(const ConfigNode& node, const std::string& provider, int& host_octet) {
    MapReader map(node, "region", errors_);
    Region r;
    r.provider = provider;
    r.name = name_at(map.required("name"), errors_);
    r.partition = read_partition(map.required("partition"), errors_);
    r.place = read_place(map, errors_);
    unique(node, "region", provider + '/' + r.name);
    for (const auto& n : items_of(map.required("services"), "services", errors_)) {
      Target t;
      t.service = read_name(n, errors_);
      t.name = provider + '/' + r.name + '/' + t.service;
      unique(n, "service", t.name);
      t.host = t.service + '.' + r.name + '.' + provider + ".test";
      t.provider = provider;
      t.region = r.name;
      t.partition = r.partition;
      t.place = r.place;
      place_at(t, n, providers_, ++host_octet);
    }
    map.finish();
    regions_.emplace(provider + '/' + r.name, r);
  }

  void read_app(const ConfigNode& node) {
    MapReader map(node, "app", errors_);
    Target t;
    t.role = core::Role::kApp;
    t.name = name_at(map.required("name"), errors_);
    unique(node, "app", t.name);
    t.path = "/healthz";
    t.host = t.name + ".shop.test";
    if (const auto* n = map.key("domain")) t.host = t.name + '.' + read_name(*n, errors_) + ".test";
    t.dns_provider = name_at(map.key("dns_provider"), errors_);
    t.issuer = text_at(map.key("issuer"), errors_);
    if (const auto* n = map.required("hosted_on")) {
      if (const Region* r = region_at(*n)) {
        t.provider = r->provider;
        t.region = r->name;
        t.partition = r->partition;
        t.place = r->place;
      }
    }
    if (const auto* n = map.key("depends_on")) {
      t.depends_on = core::read_strings(*n, errors_);
      dependencies_.push_back(n);
    }
    if (const auto* n = map.key("breaks_with_dependencies")) {
      t.breaks_with_dependencies = core::read_bool(*n, errors_).value_or(false);
    }
    t.protocol = read_protocol(map.key("protocol"), Protocol::kHttps);
    if (const auto* n = map.key("greeting")) {
      t.greeting = core::read_string(*n, errors_).value_or("");
      if (t.protocol != Protocol::kTcp) errors_.add(n->error("`greeting` belongs to protocol tcp only"));
    }
    map.finish();
    place_at(t, node, kAppSubnet, ++apps_);
  }

  void read_control(const ConfigNode& node) {
    MapReader map(node, "control", errors_);
    Target t;
    t.role = core::Role::kControl;
    const std::string name = name_at(map.required("name"), errors_);
    t.name = "control/" + name;
    unique(node, "control", t.name);
    t.host = name + ".control.test";
    t.statuses = {204};
    t.partition = read_partition(map.required("partition"), errors_);
    t.place = read_place(map, errors_);
    t.protocol = read_protocol(map.key("protocol"), Protocol::kHttp);
    map.finish();
    place_at(t, node, kControlSubnet, ++controls_);
  }

  void read_vantage(const ConfigNode& node) {
    MapReader map(node, "vantage", errors_);
    Vantage v;
    v.name = name_at(map.required("name"), errors_);
    unique(node, "vantage", v.name);
    if (const auto* n = map.required("lives_in")) {
      if (const Region* r = region_at(*n)) {
        v.provider = r->provider;
        v.region = r->name;
      }
    }
    v.partition = read_partition(map.required("partition"), errors_);
    v.isp = name_at(map.required("isp"), errors_);
    v.place = read_place(map, errors_);
    v.resolver = name_at(map.key("resolver"), errors_);
    map.finish();
    world_.vantages.push_back(std::move(v));
    if (world_.vantages.size() > 200) errors_.add(node.error("a world has at most 200 vantages"));
  }

  Protocol read_protocol(const ConfigNode* n, Protocol otherwise) {
    static constexpr std::array<std::string_view, 3> kNames = {"https", "http", "tcp"};
    if (n == nullptr) return otherwise;
    const auto name = core::read_choice(*n, kNames, errors_);
    if (name == "tcp") return Protocol::kTcp;
    if (name == "http") return Protocol::kHttp;
    return Protocol::kHttps;
  }

  const Region* region_at(const ConfigNode& n) {
    std::vector<std::string_view> names;
    for (const auto& [name, region] : regions_) names.push_back(name);
    const auto name = core::read_choice(n, names, errors_);
    return name ? &regions_.at(*name) : nullptr;
  }

  void place_at(Target& t, const ConfigNode& node, int subnet, int host_octet) {
    t.subnet = subnet;
    t.host_octet = host_octet;
    if (host_octet > kPerSubnetMax) errors_.add(node.error("more than 250 of a kind do not fit into the address plan"));
    world_.targets.push_back(std::move(t));
  }

  void unique(const ConfigNode& node, std::string_view what, const std::string& name) {
    if (name.empty() || names_.emplace(std::string(what) + ' ' + name, node.line).second) return;
    errors_.add(node.error("there is already a " + std::string(what) + " `" + name + "`"));
  }

  void check_dependencies() {
    std::vector<std::string_view> services;
    for (const auto& t : world_.targets) {
      if (t.role == core::Role::kReference) services.push_back(t.name);
    }
    for (const ConfigNode* list : dependencies_) {
      const auto check = [&](const ConfigNode& n) { (void)core::read_choice(n, services, errors_); };
      if (list->kind == ConfigNode::Kind::kSequence) {
        for (const auto& n : list->items) check(n);
      } else {
        check(*list);
      }
    }
  }

  void check_hosts(const ConfigNode& root) {
    std::map<std::string_view, const Target*> hosts;
    for (const auto& t : world_.targets) {
      const auto [it, added] = hosts.emplace(t.host, &t);
      const Target& other = *it->second;
      if (added || (t.subnet == other.subnet && t.host_octet == other.host_octet)) continue;
      errors_.add(root.error("two targets have the host name `" + t.host + "`: " + other.name + " and " + t.name));
    }
  }

  void read_timeline(const ConfigNode* list, const ConfigNode* period) {
    Duration end{};
    const Duration most = std::chrono::hours{24};
    for (const auto& node : items_of(list, "timeline", errors_)) {
      MapReader map(node, "timeline entry", errors_);
      TimelineEntry e;
      if (const auto* n = map.required("at")) e.at = core::read_duration(*n, {}, most, errors_).value_or(Duration{});
      if (const auto* n = map.required("for")) {
        e.length = core::read_duration(*n, std::chrono::milliseconds{1}, most, errors_).value_or(Duration{});
      }
      const std::string name = name_at(map.required("name"), errors_);
      unique(node, "timeline entry", name);
      const std::string en = text_at(map.required("text_en"), errors_);
      const std::string zh = text_at(map.required("text_zh"), errors_);
      if (const auto* n = map.required("fault")) e.fault = read_fault(*n, world_, errors_);
      e.fault.name = name;
      e.fault.text = {en, zh};
      map.finish();
      end = std::max(end, e.at + e.length);
      world_.timeline.push_back(std::move(e));
    }
    world_.timeline_period = end + std::chrono::seconds{30};
    if (period != nullptr) world_.timeline_period = core::read_duration(*period, end, most, errors_).value_or(end);
  }

  World& world_;
  ConfigErrors& errors_;
  std::map<std::string, Region> regions_;
  std::map<std::string, int> names_;
  std::vector<const ConfigNode*> dependencies_;
  int providers_ = 0;
  int apps_ = 0;
  int controls_ = 0;
};

}  // namespace

const Target* World::find_target(std::string_view name) const {
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const Target& t) { return t.name == name; });
  return found == targets.end() ? nullptr : &*found;
}

std::string issuer_of(const Target& t) {
  if (!t.issuer.empty()) return t.issuer;
  return (t.provider.empty() || t.role == core::Role::kApp ? std::string("Open") : t.provider) + " Trust Services";
}

std::string zone_of(const Target& t) {
  const std::size_t last = t.host.rfind('.');
  const std::size_t start = last == std::string::npos || last == 0 ? last : t.host.rfind('.', last - 1);
  return start == std::string::npos ? t.host : t.host.substr(start + 1);
}

World read_world(const ConfigNode& root, ConfigErrors& errors) {
  World world;
  WorldReader(world, errors).read(root);
  return world;
}

}  // namespace sonde::world
