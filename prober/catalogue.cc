// Reading the catalogue files.
#include "prober/catalogue.h"

#include <algorithm>
#include <array>

#include "prober/config.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::MapReader;

constexpr std::array<std::string_view, 2> kPartitions = {"domestic", "overseas"};

/// A map node with one entry, as if it had been written where `value` stands.
ConfigNode map_of(std::string_view key, const ConfigNode& value) {
  ConfigNode key_node = value;
  key_node.kind = ConfigNode::Kind::kScalar;
  key_node.scalar = key;
  key_node.items.clear();
  key_node.entries.clear();
  ConfigNode map = key_node;
  map.kind = ConfigNode::Kind::kMap;
  map.scalar.clear();
  map.entries.push_back({std::move(key_node), value});
  return map;
}

std::string text_of(const ConfigNode* node, ConfigErrors& errors) {
  return node == nullptr ? std::string{} : core::read_string(*node, errors).value_or("");
}

std::optional<core::Partition> partition_of(const ConfigNode* node, ConfigErrors& errors) {
  if (node == nullptr) return std::nullopt;
  const auto text = core::read_choice(*node, kPartitions, errors);
  return text ? core::parse_partition(*text) : std::nullopt;
}

CatalogueEndpoint read_endpoint(const ConfigNode& node, std::string_view what, ConfigErrors& errors) {
  CatalogueEndpoint out;
  MapReader m{node, what, errors};
  out.service = text_of(m.key("service"), errors);
  out.name = text_of(m.key("name"), errors);
  if (const auto* url = m.required("url")) {
    out.url = text_of(url, errors);
    out.url_node = *url;
  }
  out.partition = partition_of(m.key("partition"), errors);
  const ConfigNode* status = m.key("status");
  const ConfigNode* rcode = m.key("rcode");
  if (status != nullptr) out.expect = map_of("status", *status);
  if (rcode != nullptr) out.expect = map_of("rcode", *rcode);
  if (status == nullptr && rcode == nullptr)
    errors.add(node.error(std::string{what} + " needs \"status\" or \"rcode\""));
  if (const auto* method = m.key("method")) out.request = map_of("method", *method);
  m.allow("sure");
  m.allow("operator");
  m.finish();
  return out;
}

const std::vector<ConfigNode>& items_of(const ConfigNode* node, ConfigErrors& errors) {
  static const std::vector<ConfigNode> kNone;
  if (node == nullptr) return kNone;
  if (node->kind != ConfigNode::Kind::kSequence) errors.add(node->error("expected a list"));
  return node->items;
}

CatalogueRegion read_region(const ConfigNode& node, const std::string& provider, ConfigErrors& errors) {
  CatalogueRegion out;
  MapReader m{node, "region", errors};
  out.name = text_of(m.required("name"), errors);
  m.allow("name_en");
  m.allow("name_zh");
  out.place.city = text_of(m.key("city"), errors);
  out.place.country = text_of(m.key("country"), errors);
  out.place.partition = partition_of(m.required("partition"), errors);
  if (const auto* n = m.key("lat")) out.place.lat = core::read_number(*n, -90, 90, errors);
  if (const auto* n = m.key("lon")) out.place.lon = core::read_number(*n, -180, 180, errors);
  static constexpr std::array<std::string_view, 3> kStatus = {"ga", "restricted", "announced"};
  if (const auto* n = m.key("status")) out.restricted = core::read_choice(*n, kStatus, errors).value_or("ga") != "ga";
  for (const ConfigNode& item : items_of(m.key("endpoints"), errors)) {
    CatalogueEndpoint e = read_endpoint(item, "endpoint", errors);
    e.name = provider + "/" + out.name + "/" + e.service;
    out.endpoints.push_back(std::move(e));
  }
  m.finish();
  return out;
}

CatalogueProvider read_provider(const ConfigNode& root, ConfigErrors& errors) {
  CatalogueProvider out;
  MapReader m{root, "catalogue file", errors};
  out.name = text_of(m.required("provider"), errors);
  m.allow("name_en");
  m.allow("name_zh");
  for (const ConfigNode& item : items_of(m.required("regions"), errors)) {
    out.regions.push_back(read_region(item, out.name, errors));
  }
  for (const ConfigNode& item : items_of(m.key("global"), errors)) {
    CatalogueEndpoint e = read_endpoint(item, "endpoint", errors);
    const bool domestic = e.partition == core::Partition::kDomestic;
    e.name = out.name + (domestic ? "/global-cn/" : "/global/") + e.service;
    out.global.push_back(std::move(e));
  }
  m.finish();
  return out;
}

}  // namespace

const CatalogueProvider* Catalogue::find(std::string_view provider) const {
  const auto it = std::ranges::find(providers, provider, &CatalogueProvider::name);
  return it == providers.end() ? nullptr : &*it;
}

Catalogue read_catalogue(const CatalogueSource& source, ConfigErrors& errors) {
  Catalogue out;
  for (const std::string& name : source.names()) {
    const auto text = source.find(name);
    if (!text || !name.ends_with(".yaml")) continue;
    const ConfigNode root = core::parse_yaml(*text, "targets/" + name, nullptr, errors);
    if (root.find("provider") != nullptr) {
      out.providers.push_back(read_provider(root, errors));
    } else if (const auto* controls = root.find("controls")) {
      for (const ConfigNode& item : items_of(controls, errors)) {
        CatalogueEndpoint e = read_endpoint(item, "control", errors);
        e.name = "control/" + e.name;
        out.controls.push_back(std::move(e));
      }
    }
  }
  return out;
}

}  // namespace sonde::prober
