// Resolving names of clouds, regions and services.
#include "prober/config_places.h"

#include "prober/config_text.h"

namespace sonde::prober {
namespace {

constexpr std::string_view kGlobal = "global";

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto at = text.find('/');
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text = text.substr(at + 1);
  }
}

std::string joined(const auto& names, std::string_view between) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += between;
    out += name;
  }
  return out;
}

core::Error unknown(std::string en, std::string zh) {
  return {core::ErrorCode::kInvalid, std::move(en), std::move(zh)};
}

std::vector<std::string_view> keys(const auto& map) {
  std::vector<std::string_view> out;
  for (const auto& [name, value] : map) out.push_back(name);
  return out;
}

}  // namespace

Places::Places(const Catalogue& catalogue) {
  for (const CatalogueProvider& p : catalogue.providers) {
    Regions& regions = providers_[p.name];
    of_catalogue_.insert(p.name);
    for (const std::string& alias : p.aliases) aliases_.emplace(alias, p.name);
    for (const CatalogueRegion& r : p.regions) {
      Region& region = regions[r.name];
      region.place = r.place;
      for (const CatalogueEndpoint& e : r.endpoints) region.services.insert(e.service);
    }
    for (const CatalogueEndpoint& e : p.global) {
      Region& region = regions[std::string{global_region(e)}];
      region.place.partition = e.partition;
      region.services.insert(e.service);
    }
  }
}

void Places::add(const core::Target& t) {
  Region& region = providers_[t.provider][t.region];
  region.place = {t.partition, t.country, t.city, t.lat, t.lon};
  region.services.insert(t.service);
}

std::string Places::provider(std::string_view name) const {
  const auto it = aliases_.find(name);
  return it == aliases_.end() ? std::string{name} : it->second;
}

const Place* Places::find(std::string_view provider, std::string_view region) const {
  const auto p = providers_.find(provider);
  if (p == providers_.end()) return nullptr;
  const auto r = p->second.find(region);
  return r == p->second.end() ? nullptr : &r->second.place;
}

core::BilingualText Places::nearest_region(std::string_view provider, std::string_view region) const {
  const auto p = providers_.find(provider);
  return p == providers_.end() ? core::BilingualText{} : did_you_mean(region, keys(p->second));
}

core::Result<PlaceName> Places::region(std::string_view text) const {
  const auto parts = split(text);
  if (parts.size() == 1) return region_alone(parts[0]);
  if (parts.size() == 2) return region_of(parts[0], parts[1]);
  return unknown(quoted(text) + " is not PROVIDER/REGION, such as aws/us-east-1",
                 quoted_zh(text) + "应写作 云/区域，例如 aws/us-east-1");
}

core::Result<PlaceName> Places::service(std::string_view text) const {
  const auto parts = split(text);
  const bool alone = parts.size() == 2 && !owners(parts[0]).empty();
  if ((parts.size() != 3 && !alone) || parts.back().empty()) {
    return unknown(quoted(text) + " is not PROVIDER/REGION/SERVICE, such as aws/us-east-1/object-storage",
                   quoted_zh(text) + "应写作 云/区域/服务，例如 aws/us-east-1/object-storage");
  }
  auto found = alone ? region_alone(parts[0]) : region_of(parts[0], parts[1]);
  if (!found) return found;
  const auto& services = providers_.find(found->provider)->second.find(found->region)->second.services;
  if (services.contains(parts.back())) {
    found->service = parts.back();
    return found;
  }
  const std::string where = found->region_name();
  const core::BilingualText close = did_you_mean(parts.back(), services);
  const std::string all = joined(services, ", ");
  return unknown(where + " has no service " + quoted(parts.back()) + close.en + "; it has " +
                     (all.empty() ? "none" : all) + "; another one needs a reference of yours",
                 where + " 没有服务" + quoted_zh(parts.back()) + close.zh + "；现有：" + (all.empty() ? "无" : all) +
                     "；其他服务须自行写入 references");
}

core::Result<PlaceName> Places::region_of(std::string_view provider, std::string_view region) const {
  const std::string name = this->provider(provider);
  const auto p = providers_.find(name);
  if (p == providers_.end()) {
    auto known = keys(providers_);
    for (const auto& [alias, owner] : aliases_) known.push_back(alias);
    const core::BilingualText close = did_you_mean(provider, known);
    return unknown("no provider " + quoted(provider) + " is known" + close.en,
                   "没有已知的云" + quoted_zh(provider) + close.zh);
  }
  const auto r = p->second.find(region);
  if (r != p->second.end()) return PlaceName{name, r->first, {}, r->second.place};
  const core::BilingualText close = nearest_region(name, region);
  return unknown(name + " has no region " + quoted(region) + close.en,
                 name + " 没有区域" + quoted_zh(region) + close.zh);
}

core::Result<PlaceName> Places::region_alone(std::string_view region) const {
  const std::vector<std::string> owned_by = owners(region);
  if (owned_by.size() == 1) return region_of(owned_by[0], region);
  if (!owned_by.empty()) {
    const std::string example = owned_by[0] + "/" + std::string{region};
    return unknown(quoted(region) + " is a region of " + joined(owned_by, ", ") + ": say of which, such as " + example,
                   quoted_zh(region) + "是多个云的区域（" + joined(owned_by, "、") + "）：请写明，例如 " + example);
  }
  std::set<std::string_view> regions;
  for (const auto& [name, of_provider] : providers_) {
    for (const auto& [known, place] : of_provider) regions.insert(known);
  }
  const core::BilingualText close = did_you_mean(region, regions);
  return unknown(
      "no region " + quoted(region) + " is known" + close.en + "; write PROVIDER/REGION, such as aws/us-east-1",
      "没有已知的区域" + quoted_zh(region) + close.zh + "；请写作 云/区域，例如 aws/us-east-1");
}

/// Providers that have a region of that name. Nobody means `global` without saying whose.
std::vector<std::string> Places::owners(std::string_view region) const {
  std::vector<std::string> out;
  if (region.starts_with(kGlobal)) return out;
  for (const auto& [name, regions] : providers_) {
    if (regions.contains(region)) out.push_back(name);
  }
  return out;
}

}  // namespace sonde::prober
