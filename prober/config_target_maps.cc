// Reading one target map: app, reference or control.
#include <algorithm>

#include "core/text.h"
#include "prober/checks/checks.h"
#include "prober/config_keys.h"
#include "prober/config_net.h"
#include "prober/config_targets.h"
#include "prober/config_text.h"

namespace sonde::prober {
namespace {

using core::ConfigNode;
using core::TableReader;

constexpr std::size_t kNameBytesMax = 120;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void take_place(const Place& place, core::Target& t) {
  t.partition = place.partition;
  t.country = place.country;
  t.city = place.city;
  t.lat = place.lat;
  t.lon = place.lon;
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

Duration default_timeout(Duration every) { return std::min<Duration>(std::chrono::seconds{5}, every * 4 / 5); }

void TargetsReader::read_place(const TableReader& m, core::Target& t) {
  if (const auto partition = m.choice("partition")) t.partition = core::parse_partition(*partition);
  if (auto country = m.text("country")) t.country = std::move(*country);
  if (auto city = m.text("city")) t.city = std::move(*city);
  if (const auto lat = m.number("lat")) t.lat = lat;
  if (const auto lon = m.number("lon")) t.lon = lon;
}

void TargetsReader::read_pace(const TableReader& m, core::Target& t, Duration every) {
  t.every = std::chrono::floor<std::chrono::milliseconds>(m.duration("every").value_or(every));
  // The default follows a short interval; a timeout that is written down must fit by itself.
  t.timeout = m.duration("timeout").value_or(default_timeout(t.every));
  if (t.timeout < t.every) return;
  const ConfigNode* timeout = m.node("timeout");
  const std::string long_text = core::format_duration(t.timeout);
  const std::string every_text = core::format_duration(t.every);
  errors_.add((timeout != nullptr ? *timeout : m.whole())
                  .error("timeout (" + long_text + ") must be shorter than every (" + every_text + ")",
                         "timeout（" + long_text + "）必须短于 every（" + every_text + "）"));
}

SpecNodes TargetsReader::spec_nodes(const TableReader& m) {
  return {.url = m.node("url"),
          .expect = m.node("expect"),
          .request = m.node("request"),
          .tls = m.node("tls"),
          .files = &sources_.files};
}

void TargetsReader::add_reference(const ConfigNode& node) {
  const TableReader m{node, kReferenceTable, errors_};
  core::Target t;
  t.role = core::Role::kReference;
  t.name = m.text("name").value_or("");
  t.url = m.text("url").value_or("");
  t.provider = places_.provider(m.text("provider").value_or(""));
  t.region = m.text("region").value_or("");
  t.service = m.text("service").value_or("");
  if (t.name.empty()) t.name = t.provider + "/" + t.region + "/" + t.service;
  if (const Place* place = places_.find(t.provider, t.region)) take_place(*place, t);
  read_place(m, t);
  read_pace(m, t, kReferenceEvery);
  if (t.url.empty() || t.provider.empty() || t.region.empty() || t.service.empty()) return;
  places_.add(t);
  add(std::move(t), read_reach(m), node, spec_nodes(m));
}

void TargetsReader::add_control(const ConfigNode& node) {
  const TableReader m{node, kControlTable, errors_};
  core::Target t;
  t.role = core::Role::kControl;
  t.name = m.text("name").value_or("");
  if (!t.name.empty() && !t.name.starts_with("control/")) t.name = "control/" + t.name;
  t.url = m.text("url").value_or("");
  read_place(m, t);
  if (!t.partition && m.node("partition") == nullptr) {
    errors_.add(node.error("control needs \"partition\": it is proof only in its own one",
                           "control 缺少“partition”：它只在自己的分区内有证明力"));
  }
  read_pace(m, t, kReferenceEvery);
  if (!t.url.empty() && !t.name.empty()) add(std::move(t), read_reach(m), node, spec_nodes(m));
}

void TargetsReader::add_app(const ConfigNode& node) {
  const TableReader m{node, kAppTable, errors_};
  core::Target t;
  t.role = core::Role::kApp;
  t.name = m.text("name").value_or("");
  t.url = m.text("url").value_or("");
  t.app = m.text("app").value_or("");
  if (t.app.empty()) t.app = t.name;
  t.zone = m.text("zone").value_or("");
  t.dns_provider = m.text("dns_provider").value_or("");
  t.issuer = m.text("issuer").value_or("");
  t.service = m.text("service").value_or("");
  read_hosting(m, t);
  read_place(m, t);
  read_pace(m, t, kAppEvery);
  for (auto& [label, value] : m.text_map("labels")) t.labels[label] = std::move(value);
  if (!t.url.empty() && !t.name.empty()) add(std::move(t), read_reach(m), node, spec_nodes(m));
}

void TargetsReader::read_hosting(const TableReader& m, core::Target& t) {
  if (const auto hosted_on = m.text("hosted_on")) {
    if (const auto name = places_.region(*hosted_on)) {
      t.provider = name->provider;
      t.region = name->region;
      take_place(name->place, t);
      needed_regions_.insert(name->region_name());
    } else {
      errors_.add(m.node("hosted_on")->error(name.error()));
    }
  }
  for (const std::string& item : m.texts("depends_on")) {
    if (const auto name = places_.service(item)) {
      t.depends_on.push_back(name->service_name());
      needed_regions_.insert(name->region_name());
      needed_services_.insert(name->service_name());
    } else {
      errors_.add(m.node("depends_on")->error(name.error()));
    }
  }
}

/// How the target is reached: what its map says, else the defaults.
NetSpec TargetsReader::read_reach(const TableReader& m) {
  NetSpec net = read_net(m, net_defaults_, errors_);
  read_net_resolver(m, net, errors_);
  return net;
}

void TargetsReader::add(core::Target target, NetSpec net, const ConfigNode& at, const SpecNodes& nodes) {
  if (!is_name(target.name)) {
    const std::string most = std::to_string(kNameBytesMax);
    errors_.add(at.error("a name has 1 to " + most + " bytes and no control characters",
                         "名称为 1 到 " + most + " 字节，且不含控制字符"));
    return;
  }
  const auto [it, fresh] = names_.emplace(target.name, &at);
  if (!fresh) {
    const std::string first = it->second->file + ":" + std::to_string(it->second->line);
    errors_.add(at.error("the name " + quoted(target.name) + " is used already at " + first,
                         "名称" + quoted_zh(target.name) + "已在 " + first + " 使用"));
    return;
  }
  const auto url = core::parse_url(target.url);
  if (!url) {
    errors_.add(nodes.url->error(url.error()));
    return;
  }
  target.check = core::check_kind(*url);
  const CheckType& type = check_type(target.check);
  auto spec = type.parse(target, nodes, errors_);
  out_.push_back({.target = std::move(target), .type = &type, .spec = std::move(spec), .net = std::move(net)});
  if (sources_.keep_written) out_.back().written = at.kind == ConfigNode::Kind::kMap ? at : map_of(nodes);
}

}  // namespace sonde::prober
