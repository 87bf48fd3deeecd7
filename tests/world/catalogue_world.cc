// Entries of the catalogue as targets of a world.
#include "catalogue_world.h"

#include "core/target.h"
#include "io/files.h"
#include "prober/catalogue_folder.h"

namespace sonde::world {
namespace {

void set_url(Target& t, const prober::CatalogueEndpoint& e, core::ConfigErrors& errors) {
  const auto url = core::parse_url(e.url);
  if (!url) return errors.add(e.url_node.error(url.error()));
  const bool http = url->scheme == "http";
  const bool dns = url->scheme == "dns";
  if ((!http && !dns && url->scheme != "https") || url->port != (dns ? 53 : http ? 80 : 443)) {
    errors.add(e.url_node.error("a world serves https, http and dns at their well-known ports"));
  }
  t.protocol = dns ? Protocol::kDns : http ? Protocol::kHttp : Protocol::kHttps;
  t.host = url->host;
  t.path = url->path;
}

Target target_of(const prober::CatalogueEndpoint& e, core::ConfigErrors& errors) {
  Target t;
  t.name = e.name;
  t.service = e.service;
  t.partition = e.partition.value_or(t.partition);
  set_url(t, e, errors);
  if (t.protocol == Protocol::kDns) return t;
  t.statuses.clear();
  const core::ConfigNode* statuses = e.expect.find("status");
  for (const core::ConfigNode& n : statuses == nullptr ? std::vector<core::ConfigNode>{} : statuses->items) {
    if (const auto status = core::read_integer(n, 100, 599, errors)) t.statuses.push_back(static_cast<int>(*status));
  }
  if (t.statuses.empty()) errors.add(e.url_node.error("a world answers the first of a list of statuses"));
  return t;
}

}  // namespace

CatalogueWorld read_catalogue_world(const core::ConfigNode& node, core::ConfigErrors& errors) {
  CatalogueWorld out;
  const auto folder = core::read_path(node, errors);
  if (!folder) return out;
  const auto files = io::make_system_files();
  const auto source = prober::open_catalogue(*files, *folder);
  if (!source) return errors.add(node.error(source.error())), out;
  const prober::Catalogue& catalogue = (*source)->read(errors);
  for (const auto& p : catalogue.providers) {
    for (const auto& r : p.regions) {
      const Region region{.provider = p.name,
                          .name = r.name,
                          .partition = r.place.partition.value_or(core::Partition::kOverseas),
                          .place = {r.place.city, r.place.country, r.place.lat.value_or(0), r.place.lon.value_or(0)}};
      if (r.place.lat) out.regions.push_back(region);
      for (const auto& e : r.endpoints) {
        Target t = target_of(e, errors);
        t.provider = region.provider;
        t.region = region.name;
        t.partition = region.partition;
        t.place = region.place;
        out.targets.push_back(std::move(t));
      }
    }
    for (const auto& e : p.global) {
      Target t = target_of(e, errors);
      t.provider = p.name;
      t.region = prober::global_region(e);
      out.targets.push_back(std::move(t));
    }
  }
  for (const auto& e : catalogue.controls) {
    Target t = target_of(e, errors);
    t.role = core::Role::kControl;
    out.targets.push_back(std::move(t));
  }
  return out;
}

}  // namespace sonde::world
