// From scopes to component keys: two components are the same to an observer when the same pairs run through both.
#include "truth.h"

#include <algorithm>
#include <map>

#include "timeline_steps.h"

namespace sonde::world {
namespace {

using hub::judge::Truth;

using Pairs = std::vector<bool>;  // by vantage and target

std::vector<std::string> near_and_middle(const Vantage& v, const std::string& resolver, const Target& t) {
  std::vector<std::string> keys = {"vantage:" + v.name, "isp:" + v.isp, "host-region:" + v.provider + '/' + v.region,
                                   "resolver:" + resolver};
  // Controls carry no place.
  if (t.role != core::Role::kControl) {
    keys.push_back("corridor:" + v.place.country + '>' + t.place.country);
    keys.push_back("peering:" + v.isp + '>' + t.provider);
    keys.push_back("path:" + v.isp + '>' + t.provider + '/' + t.region);
    keys.push_back("edge:" + t.provider + '@' + v.place.country);
  }
  if (v.partition != t.partition) {
    keys.push_back("border:" + std::string{core::name(v.partition)});
    keys.emplace_back("border:two-way");
    keys.push_back("border-isp:" + v.isp);
  }
  return keys;
}

std::vector<std::string> far(const Target& t) {
  std::vector<std::string> keys = {"zone:" + zone_of(t)};
  if (!t.dns_provider.empty()) keys.push_back("dns-provider:" + t.dns_provider);
  if (!t.issuer.empty()) keys.push_back("ca:" + t.issuer);
  if (t.role != core::Role::kReference) keys.push_back("endpoint:" + t.name);
  if (t.role == core::Role::kControl) return keys;
  keys.push_back("provider:" + t.provider);
  keys.push_back("region:" + t.provider + '/' + t.region);
  if (t.role == core::Role::kApp) {
    keys.push_back("app:" + t.name);
  } else {
    keys.push_back("service-region:" + t.name);
    keys.push_back("service-global:" + t.provider + '/' + t.service);
  }
  return keys;
}

std::map<std::string, Pairs> components(const World& w, const Plan& plan) {
  std::map<std::string, Pairs> out;
  const std::size_t pairs = w.vantages.size() * w.targets.size();
  for (std::size_t v = 0; v < w.vantages.size(); ++v) {
    const std::string& shared = w.vantages[v].resolver;
    const std::string resolver = shared.empty() ? plan.resolver(v) + ':' + std::to_string(plan.dns_port()) : shared;
    for (std::size_t t = 0; t < w.targets.size(); ++t) {
      auto keys = near_and_middle(w.vantages[v], resolver, w.targets[t]);
      std::ranges::move(far(w.targets[t]), std::back_inserter(keys));
      for (const auto& key : keys) {
        Pairs& of = out[key];
        of.resize(pairs);
        of[v * w.targets.size() + t] = true;
      }
    }
  }
  return out;
}

Pairs touched(const World& w, const Fault& f) {
  Pairs out;
  for (const auto& v : w.vantages) {
    for (const auto& t : w.targets) {
      out.push_back(touches(f, v, t));
    }
  }
  return out;
}

// The kind of component that a scope means.
std::string_view meant(const Scope& s) {
  const bool near = !s.isp.empty() || !s.vantage.empty();
  if (!s.app.empty()) return "app:";
  if (!s.control.empty()) return "endpoint:";
  if (!s.service.empty()) return "service-region:";
  if (!s.service_global.empty()) return "service-global:";
  if (!s.zone.empty()) return "zone:";
  if (!s.dns_provider.empty()) return "dns-provider:";
  if (!s.issuer.empty()) return near ? "vantage:" : "ca:";
  if (!s.region.empty()) return near ? "path:" : "region:";
  if (!s.provider.empty() && !s.country.empty()) return "edge:";
  if (!s.provider.empty()) return near ? "peering:" : "provider:";
  if (!s.to_country.empty()) return "corridor:";
  if (!s.resolver.empty()) return "resolver:";
  if (s.border) return near ? "border-isp:" : "border:";
  return s.vantage.empty() ? "isp:" : "vantage:";
}

void name_component(const std::map<std::string, Pairs>& all, const World& w, const Fault& f, Truth& out) {
  const Pairs struck = touched(w, f);
  for (const auto& [key, pairs] : all) {
    if (pairs != struck) continue;
    if (out.component.empty() && key.starts_with(meant(f.scope))) {
      out.component = key;
    } else {
      out.equivalent.push_back(key);
    }
  }
  if (out.component.empty() && !out.equivalent.empty()) {
    out.component = out.equivalent.front();
    out.equivalent.erase(out.equivalent.begin());
  }
  // One crossing with three names (docs/verdicts.md).
  if (out.component == "border:two-way") {
    out.equivalent.insert(out.equivalent.end(), {"border:domestic", "border:overseas"});
  }
}

}  // namespace

std::vector<Truth> truth_of(const World& world, const Plan& plan, const HeadlessOptions& options) {
  std::vector<Truth> out;
  if (!options.timeline || world.timeline.empty()) return out;
  const auto all = components(world, plan);
  core::Duration offset{};
  for (int round = 1; offset < options.duration; ++round, offset += world.timeline_period) {
    for (const TimelineStep& step : timeline_steps(world)) {
      if (!step.begins || offset + step.at >= options.duration) continue;
      const TimelineEntry& e = world.timeline[step.entry];
      Truth t;
      t.id = round == 1 ? e.fault.name : e.fault.name + '#' + std::to_string(round);
      t.start = options.start + offset + e.at;
      t.end = std::min(t.start + e.length, options.start + options.duration);
      t.kind = info(e.fault.kind).name;
      t.percent = e.fault.percent;
      name_component(all, world, e.fault, t);
      out.push_back(std::move(t));
    }
    if (!options.repeat) break;
  }
  return out;
}

}  // namespace sonde::world
