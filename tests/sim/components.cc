// Keys of pairs, and twins.
#include "components.h"

#include <algorithm>
#include <array>

namespace sonde::sim {
namespace {

std::vector<std::string> near_and_middle(const core::Vantage& v, const core::Target& t, const TargetFacts& facts) {
  std::vector<std::string> keys = {"vantage:" + v.name, "isp:" + v.isp};
  if (!v.provider.empty()) keys.push_back("host-region:" + v.provider + "/" + v.region);
  if (facts.named) keys.push_back("resolver:" + v.resolver);
  keys.push_back("corridor:" + v.country + ">" + t.country);
  if (t.role != core::Role::kControl) {
    keys.push_back("peering:" + v.isp + ">" + t.provider);
    keys.push_back("path:" + v.isp + ">" + t.provider + "/" + t.region);
    keys.push_back("edge:" + t.provider + "@" + v.country);
  }
  if (crosses(v, t)) {
    keys.push_back("border:" + std::string{core::name(v.partition)});
    keys.emplace_back("border:two-way");
    keys.push_back("border-isp:" + v.isp);
  }
  return keys;
}

std::vector<std::string> far(const core::Target& t) {
  std::vector<std::string> keys;
  if (!t.zone.empty()) keys.push_back("zone:" + t.zone);
  if (!t.dns_provider.empty()) keys.push_back("dns-provider:" + t.dns_provider);
  if (!t.issuer.empty()) keys.push_back("ca:" + t.issuer);
  if (t.role != core::Role::kReference) keys.push_back("endpoint:" + t.name);
  if (t.role == core::Role::kControl) return keys;
  keys.push_back("provider:" + t.provider);
  keys.push_back("region:" + t.provider + "/" + t.region);
  if (t.role == core::Role::kApp) {
    keys.push_back("app:" + t.app);
  } else {
    keys.push_back("service-region:" + t.provider + "/" + t.region + "/" + t.service);
    keys.push_back("service-global:" + t.provider + "/" + t.service);
  }
  return keys;
}

bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool is_path(std::string_view kind) {
  return is_one_of(kind, {"isp", "corridor", "peering", "path", "border", "border-isp"});
}
bool is_cloud(std::string_view kind) {
  return is_one_of(kind, {"provider", "region", "edge", "service-region", "service-global"});
}
bool is_app(std::string_view kind) { return is_one_of(kind, {"app", "endpoint"}); }
bool is_vantage(std::string_view kind) { return is_one_of(kind, {"vantage", "host-region"}); }

}  // namespace

bool can_show(std::string_view kind, Sight sight) {
  switch (sight) {
    case Sight::kDns:
      return is_one_of(kind, {"zone", "dns-provider", "resolver", "service-region", "service-global", "border"}) ||
             is_vantage(kind);
    case Sight::kTcp:
    case Sight::kTls:
    case Sight::kTransfer:
      return is_path(kind) || is_cloud(kind) || is_app(kind) || is_vantage(kind);
    case Sight::kCertificate:
      return is_app(kind) || is_vantage(kind) || is_one_of(kind, {"ca", "service-region", "service-global", "edge"});
    case Sight::kHttp:
      return is_cloud(kind) || is_app(kind);
    case Sight::kConnectSlow:
      return is_path(kind) || is_vantage(kind) || is_one_of(kind, {"edge", "provider", "region"});
    case Sight::kAnswerSlow:
      return is_app(kind) || is_cloud(kind) || is_vantage(kind);
    case Sight::kNear:
      return is_vantage(kind) || kind == "isp";
  }
  return false;
}

bool can_see(const TargetFacts& facts, Sight sight) {
  switch (sight) {
    case Sight::kDns:
      return facts.named;
    case Sight::kTls:
    case Sight::kCertificate:
      return facts.tls;
    case Sight::kTransfer:
    case Sight::kHttp:
    case Sight::kAnswerSlow:
      return facts.http;
    case Sight::kTcp:
    case Sight::kConnectSlow:
    case Sight::kNear:
      return true;
  }
  return true;
}

Components::Components(const World& world) : world_(world) {
  for (std::size_t v = 0; v < world.vantages.size(); ++v) {
    for (std::size_t t = 0; t < world.targets.size(); ++t) {
      std::vector<std::string> keys = near_and_middle(world.vantages[v], world.targets[t], world.facts[t]);
      std::ranges::move(far(world.targets[t]), std::back_inserter(keys));
      for (const std::string& key : keys) cells_[key].push_back(static_cast<std::uint32_t>(world.cell(v, t)));
    }
  }
}

const std::vector<std::uint32_t>& Components::cells(const std::string& key) const {
  static const std::vector<std::uint32_t> none;
  const auto it = cells_.find(key);
  return it == cells_.end() ? none : it->second;
}

std::vector<std::string> Components::of_kind(std::string_view kind) const {
  std::vector<std::string> keys;
  for (const auto& [key, cells] : cells_) {
    if (kind_of(key) == kind) keys.push_back(key);
  }
  return keys;
}

std::vector<std::uint32_t> Components::seeing(const std::string& key, Sight sight) const {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t cell : cells(key)) {
    if (can_see(world_.facts_of(cell), sight)) out.push_back(cell);
  }
  return out;
}

std::vector<std::string> Components::equivalent(const std::string& key, Sight sight) const {
  std::vector<std::string> twins;
  const std::vector<std::uint32_t> mine = seeing(key, sight);
  for (const auto& [other, cells] : cells_) {
    if (other == key || !can_show(kind_of(other), sight)) continue;
    if (seeing(other, sight) == mine) twins.push_back(other);
  }
  return twins;
}

}  // namespace sonde::sim
