// Faults from a file or from the control API, read strictly.
#include <algorithm>

#include "active_faults.h"
#include "fault.h"
#include "map_reader.h"
#include "model.h"

namespace sonde::world {
namespace {

using core::ConfigErrors;
using core::ConfigNode;

struct Named {
  std::string_view key;
  std::string Scope::*member;
  std::vector<std::string> names;  // what may stand there
};

std::vector<Named> scope_names(const World& w) {
  std::vector<Named> all = {{"app", &Scope::app, {}},
                            {"control", &Scope::control, {}},
                            {"service", &Scope::service, {}},
                            {"region", &Scope::region, {}},
                            {"provider", &Scope::provider, {}},
                            {"isp", &Scope::isp, {}},
                            {"vantage", &Scope::vantage, {}},
                            {"service_global", &Scope::service_global, {}},
                            {"zone", &Scope::zone, {}},
                            {"dns_provider", &Scope::dns_provider, {}},
                            {"issuer", &Scope::issuer, {}},
                            {"to_country", &Scope::to_country, {}},
                            {"country", &Scope::country, {}},
                            {"resolver", &Scope::resolver, {}},
                            {"from", &Scope::from, {"domestic", "overseas"}}};
  for (const auto& t : w.targets) {
    if (t.role == core::Role::kApp) all[0].names.push_back(t.name);
    if (t.role == core::Role::kControl) all[1].names.push_back(t.name.substr(t.name.find('/') + 1));
    all[8].names.push_back(zone_of(t));
    if (!t.dns_provider.empty()) all[9].names.push_back(t.dns_provider);
    all[10].names.push_back(issuer_of(t));
    all[11].names.push_back(t.place.country);
    if (t.role != core::Role::kReference) continue;
    all[7].names.push_back(t.provider + '/' + t.service);
    all[2].names.push_back(t.name);
    all[3].names.push_back(t.provider + '/' + t.region);
    all[4].names.push_back(t.provider);
  }
  for (const auto& v : w.vantages) {
    all[5].names.push_back(v.isp);
    all[6].names.push_back(v.name);
    all[12].names.push_back(v.place.country);
    if (!v.resolver.empty()) all[13].names.push_back(v.resolver);
  }
  for (auto& n : all) {
    std::sort(n.names.begin(), n.names.end());
    n.names.erase(std::unique(n.names.begin(), n.names.end()), n.names.end());
  }
  return all;
}

Scope read_scope(const ConfigNode& node, const World& world, ConfigErrors& errors) {
  Scope scope;
  MapReader map(node, "on", errors);
  for (const auto& named : scope_names(world)) {
    const ConfigNode* value = map.key(named.key);
    if (value == nullptr) continue;
    const std::vector<std::string_view> allowed(named.names.begin(), named.names.end());
    if (auto name = core::read_choice(*value, allowed, errors)) scope.*named.member = *name;
  }
  if (const ConfigNode* border = map.key("border")) scope.border = core::read_bool(*border, errors).value_or(false);
  map.finish();
  return scope;
}

bool touches_something(const Fault& f, const World& w) {
  return std::ranges::any_of(w.vantages, [&](const Vantage& v) {
    return std::ranges::any_of(w.targets, [&](const Target& t) { return touches(f, v, t); });
  });
}

Kind read_kind(const ConfigNode& node, ConfigErrors& errors) {
  std::vector<std::string_view> names;
  for (const auto& k : all_kinds()) names.push_back(k.name);
  const auto name = core::read_choice(node, names, errors);
  for (const auto& k : all_kinds()) {
    if (name && k.name == *name) return k.kind;
  }
  return Kind::kBlackHole;
}

void read_clock(MapReader& map, const ConfigNode& node, Fault& f, ConfigErrors& errors) {
  const core::Duration most = std::chrono::hours{24 * 366};
  const ConfigNode* ahead = map.key("ahead");
  const ConfigNode* behind = map.key("behind");
  if (ahead != nullptr) f.clock = core::read_duration(*ahead, core::Duration{1}, most, errors).value_or(f.clock);
  if (behind != nullptr) f.clock = -core::read_duration(*behind, core::Duration{1}, most, errors).value_or(f.clock);
  if (f.kind != Kind::kClock && (ahead != nullptr || behind != nullptr)) {
    errors.add(node.error("`ahead` and `behind` belong to the kind clock only"));
  } else if (f.kind == Kind::kClock && (ahead == nullptr) == (behind == nullptr)) {
    errors.add(node.error("the kind clock needs `ahead` or `behind`, such as ahead: 90s"));
  }
}

}  // namespace

Fault read_fault(const ConfigNode& node, const World& world, ConfigErrors& errors) {
  Fault f;
  const std::size_t errors_before = errors.all().size();
  MapReader map(node, "fault", errors);
  if (const auto* n = map.required("on")) f.scope = read_scope(*n, world, errors);
  if (const auto* n = map.required("kind")) f.kind = read_kind(*n, errors);
  if (const auto* n = map.key("percent")) f.percent = core::read_number(*n, 0.1, 100, errors).value_or(100);
  if (const auto* n = map.key("hold")) {
    f.hold = core::read_duration(*n, kSlotLength, std::chrono::hours{1}, errors).value_or(f.hold);
    if (info(f.kind).layer != Layer::kListener) {
      errors.add(n->error("`hold` belongs to the kinds uplink, black_hole and refuse only"));
    }
  }
  if (const auto* n = map.key("status")) {
    f.status = static_cast<int>(core::read_integer(*n, 100, 599, errors).value_or(503));
    if (f.kind != Kind::kHttpStatus) errors.add(n->error("`status` belongs to kind http_status only"));
  }
  if (const auto* n = map.key("delay")) {
    f.delay = core::read_duration(*n, core::Duration{}, std::chrono::minutes{10}, errors).value_or(f.delay);
    if (f.kind != Kind::kHttpSlow && f.kind != Kind::kPathSlow) {
      errors.add(n->error("`delay` belongs to the kinds http_slow and path_slow only"));
    }
  }
  if (const auto* n = map.key("grows")) {
    f.grows = core::read_duration(*n, kSlotLength, std::chrono::hours{24}, errors).value_or(f.grows);
    if (f.kind != Kind::kHttpSlow && f.kind != Kind::kPathSlow) {
      errors.add(n->error("`grows` belongs to the kinds http_slow and path_slow only"));
    }
  }
  if (const auto* n = map.key("flap")) {
    f.flap = core::read_duration(*n, kSlotLength, std::chrono::hours{1}, errors).value_or(f.flap);
  }
  read_clock(map, node, f, errors);
  map.finish();
  if (errors.all().size() != errors_before) return f;
  if (!f.scope.has_target_condition() && !f.scope.has_vantage_condition()) {
    errors.add(
        node.error("`on` needs at least one condition, such as app, service, region, provider, border, isp or "
                   "vantage"));
  } else if (is_of_vantage(f.kind) && (f.scope.has_target_condition() || f.scope.border)) {
    errors.add(node.error("an uplink or a clock belongs to a vantage or an isp: no other condition fits"));
  } else if (!touches_something(f, world)) {
    errors.add(node.error("this fault can touch nothing in this world"));
  }
  return f;
}

}  // namespace sonde::world
