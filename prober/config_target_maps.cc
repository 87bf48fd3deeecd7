// Reading one target map: app, reference or control.
#include <algorithm>
#include <array>

#include "core/text.h"
#include "prober/checks/checks.h"
#include "prober/config_net.h"
#include "prober/config_targets.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::MapReader;
using namespace std::chrono_literals;

constexpr Duration kAppEvery = 10s;
constexpr std::size_t kNameBytesMax = 120;
constexpr std::array<std::string_view, 2> kPartitions = {"domestic", "overseas"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (true) {
    const auto at = text.find(by);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text = text.substr(at + 1);
  }
}

}  // namespace

ConfigNode map_of(const SpecNodes& nodes) {
  ConfigNode map;
  map.kind = ConfigNode::Kind::kMap;
  const auto add = [&map](std::string_view key, const ConfigNode* value) {
    if (value == nullptr || value->kind == ConfigNode::Kind::kNull) return;
    ConfigNode name;
    name.kind = ConfigNode::Kind::kScalar;
    name.scalar = key;
    map.entries.push_back({std::move(name), *value});
    if (map.file.empty()) {
      map.file = value->file;
      map.line = value->line;
      map.column = value->column;
    }
  };
  add("url", nodes.url);
  add("expect", nodes.expect);
  add("request", nodes.request);
  add("tls", nodes.tls);
  return map;
}

void TargetsReader::read_place(MapReader& m, core::Target& t) {
  if (const auto* n = m.key("partition")) {
    if (const auto p = core::read_choice(*n, kPartitions, errors_)) t.partition = core::parse_partition(*p);
  }
  if (const auto* n = m.key("country")) t.country = text(n);
  if (const auto* n = m.key("city")) t.city = text(n);
  if (const auto* n = m.key("lat")) t.lat = core::read_number(*n, -90, 90, errors_);
  if (const auto* n = m.key("lon")) t.lon = core::read_number(*n, -180, 180, errors_);
}

void TargetsReader::read_pace(MapReader& m, const ConfigNode& node, core::Target& t, Duration every) {
  t.every = every;
  const ConfigNode* every_node = m.key("every");
  const ConfigNode* timeout_node = m.key("timeout");
  if (every_node != nullptr) t.every = core::read_duration(*every_node, 100ms, 24h, errors_).value_or(every);
  t.every = std::chrono::floor<std::chrono::milliseconds>(t.every);
  // The default follows a short interval; a timeout that is written down must fit by itself.
  t.timeout = std::min<Duration>(kTimeoutDefault, t.every * 4 / 5);
  if (timeout_node != nullptr) t.timeout = core::read_duration(*timeout_node, 10ms, 5min, errors_).value_or(t.timeout);
  if (t.timeout < t.every) return;
  const ConfigNode& at = timeout_node != nullptr ? *timeout_node : node;
  errors_.add(at.error("timeout (" + core::format_duration(t.timeout) + ") must be shorter than every (" +
                       core::format_duration(t.every) + ")"));
}

void TargetsReader::add_reference(const ConfigNode& node) {
  MapReader m{node, "reference", errors_};
  core::Target t;
  t.role = core::Role::kReference;
  t.name = text(m.key("name"));
  const ConfigNode* url = m.required("url");
  t.url = text(url);
  t.provider = text(m.required("provider"));
  t.region = text(m.required("region"));
  t.service = text(m.required("service"));
  if (t.name.empty()) t.name = t.provider + "/" + t.region + "/" + t.service;
  if (const Place* place = place_of(t.provider, t.region)) {
    t.partition = place->partition;
    t.country = place->country;
    t.city = place->city;
    t.lat = place->lat;
    t.lon = place->lon;
  }
  read_place(m, t);
  read_pace(m, node, t, kReferenceEvery);
  const SpecNodes nodes{.url = url,
                        .expect = m.key("expect"),
                        .request = m.key("request"),
                        .tls = m.key("tls"),
                        .files = &sources_.files};
  NetSpec net = read_reach(m);
  m.finish();
  if (url == nullptr || t.provider.empty() || t.region.empty() || t.service.empty()) return;
  places_[t.provider + "/" + t.region] = {t.partition, t.country, t.city, t.lat, t.lon};
  add(std::move(t), std::move(net), node, nodes);
}

void TargetsReader::add_control(const ConfigNode& node) {
  MapReader m{node, "control", errors_};
  core::Target t;
  t.role = core::Role::kControl;
  t.name = text(m.required("name"));
  if (!t.name.empty() && !t.name.starts_with("control/")) t.name = "control/" + t.name;
  const ConfigNode* url = m.required("url");
  t.url = text(url);
  read_place(m, t);
  if (!t.partition) errors_.add(node.error("control needs \"partition\": it is proof only in its own one"));
  for (const std::string_view ignored : {"provider", "region", "service", "operator"}) m.allow(ignored);
  read_pace(m, node, t, kReferenceEvery);
  const SpecNodes nodes{.url = url,
                        .expect = m.key("expect"),
                        .request = m.key("request"),
                        .tls = m.key("tls"),
                        .files = &sources_.files};
  NetSpec net = read_reach(m);
  m.finish();
  if (url != nullptr && !t.name.empty()) add(std::move(t), std::move(net), node, nodes);
}

void TargetsReader::add_app(const ConfigNode& node) {
  MapReader m{node, "app", errors_};
  core::Target t;
  t.role = core::Role::kApp;
  t.name = text(m.required("name"));
  const ConfigNode* url = m.required("url");
  t.url = text(url);
  t.app = text(m.key("app"));
  if (t.app.empty()) t.app = t.name;
  t.zone = text(m.key("zone"));
  t.dns_provider = text(m.key("dns_provider"));
  t.issuer = text(m.key("issuer"));
  t.service = text(m.key("service"));
  read_hosting(m, t);
  read_place(m, t);
  read_pace(m, node, t, kAppEvery);
  if (const auto* n = m.key("labels")) read_labels(*n, t);
  const SpecNodes nodes{.url = url,
                        .expect = m.key("expect"),
                        .request = m.key("request"),
                        .tls = m.key("tls"),
                        .files = &sources_.files};
  NetSpec net = read_reach(m);
  m.finish();
  if (url != nullptr && !t.name.empty()) add(std::move(t), std::move(net), node, nodes);
}

void TargetsReader::read_hosting(MapReader& m, core::Target& t) {
  if (const auto* n = m.key("hosted_on")) {
    const std::string region = known_region(text(n), *n);
    if (const auto it = places_.find(region); it != places_.end()) {
      const auto parts = split(region, '/');
      t.provider = parts[0];
      t.region = parts[1];
      const Place& place = it->second;
      t.partition = place.partition;
      t.country = place.country;
      t.city = place.city;
      t.lat = place.lat;
      t.lon = place.lon;
    }
  }
  const ConfigNode* depends = m.key("depends_on");
  if (depends == nullptr) return;
  for (const std::string& item : core::read_strings(*depends, errors_)) {
    const auto parts = split(item, '/');
    if (parts.size() != 3 || parts[2].empty()) {
      errors_.add(
          depends->error(quoted(item) + " is not PROVIDER/REGION/SERVICE, such as aws/us-east-1/object-storage"));
    } else if (!known_region(parts[0] + "/" + parts[1], *depends).empty()) {
      t.depends_on.push_back(item);
    }
  }
}

/// `text` when it is a region of the catalogue or of a reference; else an error, and "".
std::string TargetsReader::known_region(const std::string& text, const ConfigNode& node) {
  if (places_.contains(text)) {
    needed_.insert(text);
    return text;
  }
  std::vector<std::string> names;
  for (const auto& [name, place] : places_) names.push_back(name);
  const std::string form = split(text, '/').size() == 2 ? "" : "; write PROVIDER/REGION, such as aws/us-east-1";
  errors_.add(node.error("no region " + quoted(text) + " is known" + did_you_mean(text, names) + form));
  return {};
}

void TargetsReader::read_labels(const ConfigNode& node, core::Target& t) {
  if (node.kind != ConfigNode::Kind::kMap) {
    errors_.add(node.error("labels is a map of texts"));
    return;
  }
  for (const auto& [key, value] : node.entries) t.labels[key.scalar] = text(&value);
}

/// How the target is reached: what its map says, else the defaults.
NetSpec TargetsReader::read_reach(MapReader& m) {
  const ConfigNode part = net_part(m, true);
  const core::TableReader map{part, kNetTable, errors_};
  NetSpec net = read_net(map, net_defaults_, errors_);
  read_net_resolver(map, net, errors_);
  return net;
}

void TargetsReader::add(core::Target target, NetSpec net, const ConfigNode& at, const SpecNodes& nodes) {
  if (!is_name(target.name)) {
    errors_.add(at.error("a name has 1 to " + std::to_string(kNameBytesMax) + " bytes and no control characters"));
    return;
  }
  const auto [it, fresh] = names_.emplace(target.name, &at);
  if (!fresh) {
    const ConfigNode& first = *it->second;
    errors_.add(at.error("the name " + quoted(target.name) + " is used already at " + first.file + ":" +
                         std::to_string(first.line)));
    return;
  }
  const auto url = core::parse_url(target.url);
  if (!url) {
    errors_.add(nodes.url->error(url.error().message));
    return;
  }
  target.check = core::check_kind(*url);
  const CheckType& type = check_type(target.check);
  auto spec = type.parse(target, nodes, errors_);
  out_.push_back({.target = std::move(target),
                  .type = &type,
                  .spec = std::move(spec),
                  .net = std::move(net),
                  .written = at.kind == ConfigNode::Kind::kMap ? at : map_of(nodes)});
}

}  // namespace sonde::prober
