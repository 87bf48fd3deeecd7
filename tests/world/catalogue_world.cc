// Entries of the catalogue as targets of a world.
#include "catalogue_world.h"

#include "core/text.h"
#include "io/files.h"
#include "prober/catalogue_folder.h"

namespace sonde::world {
namespace {

// https://HOST/PATH to its parts. The schema of the catalogue allows no port but 53 of dns, which is what a world has.
void set_url(Target& t, const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t path = std::min(url.find('/', scheme + 3), url.size());
  t.protocol = Protocol::kHttps;
  if (url.starts_with("http:")) t.protocol = Protocol::kHttp;
  if (url.starts_with("dns:")) t.protocol = Protocol::kDns;
  t.path = url.substr(path);
  t.host = url.substr(scheme + 3, path - scheme - 3);
  t.host = t.host.substr(0, t.host.find(':'));
}

Target target_of(const prober::CatalogueEndpoint& e, core::ConfigErrors& errors) {
  Target t;
  t.name = e.name;
  t.service = e.service;
  t.partition = e.partition.value_or(t.partition);
  set_url(t, e.url);
  t.statuses.clear();
  const core::ConfigNode* statuses = e.expect.find("status");
  for (const std::string& text :
       statuses == nullptr ? std::vector<std::string>{} : core::read_strings(*statuses, errors)) {
    t.statuses.push_back(std::stoi(text));
  }
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
