// Reading the catalogue files.
#include "prober/catalogue.h"

#include <algorithm>
#include <array>

#include "core/config_table.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::Key;
using core::KeyKind;
using core::KeyTable;
using core::TableReader;

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

// The catalogue is ours: its keys are explained in targets/README.md, not in the reference of the configuration.
constexpr std::array<std::string_view, 3> kStatuses = {"ga", "restricted", "announced"};
constexpr std::array<std::string_view, 2> kSure = {"sourced", "recalled"};
constexpr Key kPartitionKey{.name = "partition", .kind = KeyKind::kChoice, .choices = kPartitions};

constexpr std::array kEndpointKeys = {Key{.name = "service"},
                                      Key{.name = "name"},
                                      Key{.name = "url", .required = true},
                                      kPartitionKey,
                                      Key{.name = "status", .kind = KeyKind::kAny},
                                      Key{.name = "rcode"},
                                      Key{.name = "method"},
                                      Key{.name = "sure", .kind = KeyKind::kChoice, .choices = kSure},
                                      Key{.name = "operator"},
                                      Key{.name = "spare", .kind = KeyKind::kBool}};
constexpr KeyTable kEndpoint{.what = "endpoint", .keys = kEndpointKeys};

constexpr std::array kRegionKeys = {
    Key{.name = "name", .required = true},
    Key{.name = "name_en"},
    Key{.name = "name_zh"},
    Key{.name = "city"},
    Key{.name = "country"},
    Key{.name = "partition", .kind = KeyKind::kChoice, .choices = kPartitions, .required = true},
    Key{.name = "lat", .kind = KeyKind::kNumber, .min = -90, .max = 90},
    Key{.name = "lon", .kind = KeyKind::kNumber, .min = -180, .max = 180},
    Key{.name = "status", .kind = KeyKind::kChoice, .choices = kStatuses},
    Key{.name = "endpoints", .kind = KeyKind::kList, .of = &kEndpoint}};
constexpr KeyTable kRegion{.what = "region", .keys = kRegionKeys};

// For people who read the file: the program does not use them.
constexpr std::array kTermsKeys = {Key{.name = "url", .required = true},
                                   Key{.name = "sure", .kind = KeyKind::kChoice, .choices = kSure}};
constexpr KeyTable kTerms{.what = "terms", .keys = kTermsKeys};

constexpr std::array kProviderKeys = {Key{.name = "provider", .required = true},
                                      Key{.name = "name_en"},
                                      Key{.name = "name_zh"},
                                      Key{.name = "aliases", .kind = KeyKind::kTexts},
                                      Key{.name = "terms", .kind = KeyKind::kMap, .of = &kTerms},
                                      Key{.name = "regions", .kind = KeyKind::kList, .of = &kRegion, .required = true},
                                      Key{.name = "global", .kind = KeyKind::kList, .of = &kEndpoint}};
constexpr KeyTable kProvider{.what = "catalogue file", .keys = kProviderKeys};

constexpr std::array kControlsKeys = {
    Key{.name = "controls", .kind = KeyKind::kList, .of = &kEndpoint, .required = true}};
constexpr KeyTable kControls{.what = "catalogue file", .keys = kControlsKeys};

std::optional<core::Partition> partition_of(const TableReader& m) {
  const auto text = m.choice("partition");
  return text ? core::parse_partition(*text) : std::nullopt;
}

CatalogueEndpoint read_endpoint(const ConfigNode& node, ConfigErrors& errors) {
  CatalogueEndpoint out;
  const TableReader m{node, kEndpoint, errors};
  out.service = m.text("service").value_or("");
  out.name = m.text("name").value_or("");
  out.url = m.text("url").value_or("");
  if (const auto* url = m.node("url")) out.url_node = *url;
  out.partition = partition_of(m);
  out.sourced = m.choice("sure") == "sourced";
  out.spare = m.boolean("spare").value_or(false);
  const ConfigNode* status = m.node("status");
  const ConfigNode* rcode = m.node("rcode");
  if (status != nullptr) out.expect = map_of("status", *status);
  if (rcode != nullptr) out.expect = map_of("rcode", *rcode);
  if (status == nullptr && rcode == nullptr) {
    errors.add(node.error("endpoint needs \"status\" or \"rcode\"", "endpoint 缺少“status”或“rcode”"));
  }
  if (const auto* method = m.node("method")) out.request = map_of("method", *method);
  return out;
}

CatalogueRegion read_region(const ConfigNode& node, const std::string& provider, ConfigErrors& errors) {
  CatalogueRegion out;
  const TableReader m{node, kRegion, errors};
  out.name = m.text("name").value_or("");
  out.place.city = m.text("city").value_or("");
  out.place.country = m.text("country").value_or("");
  out.place.partition = partition_of(m);
  out.place.lat = m.number("lat");
  out.place.lon = m.number("lon");
  out.restricted = m.choice("status").value_or("ga") != "ga";
  for (const ConfigNode& item : m.list("endpoints")) {
    CatalogueEndpoint e = read_endpoint(item, errors);
    e.name = provider + "/" + out.name + "/" + e.service;
    out.endpoints.push_back(std::move(e));
  }
  return out;
}

CatalogueProvider read_provider(const ConfigNode& root, ConfigErrors& errors) {
  CatalogueProvider out;
  const TableReader m{root, kProvider, errors};
  out.name = m.text("provider").value_or("");
  out.aliases = m.texts("aliases");
  for (const ConfigNode& item : m.list("regions")) out.regions.push_back(read_region(item, out.name, errors));
  for (const ConfigNode& item : m.list("global")) {
    CatalogueEndpoint e = read_endpoint(item, errors);
    e.name = out.name + "/" + std::string{global_region(e)} + "/" + e.service;
    out.global.push_back(std::move(e));
  }
  return out;
}

}  // namespace

const CatalogueProvider* Catalogue::find(std::string_view provider) const {
  const auto it = std::ranges::find_if(providers, [provider](const CatalogueProvider& p) {
    return p.name == provider || std::ranges::find(p.aliases, provider) != p.aliases.end();
  });
  return it == providers.end() ? nullptr : &*it;
}

std::string_view global_region(const CatalogueEndpoint& e) {
  return e.partition == core::Partition::kDomestic ? "global-cn" : "global";
}

const Catalogue& CatalogueSource::read(ConfigErrors& errors) const {
  if (read_) return *read_;
  Catalogue& out = read_.emplace();
  for (const std::string& name : names()) {
    const auto text = find(name);
    if (!text || !name.ends_with(".yaml")) continue;
    const ConfigNode root = core::parse_yaml(*text, "targets/" + name, nullptr, errors);
    if (root.find("provider") != nullptr) {
      out.providers.push_back(read_provider(root, errors));
    } else if (root.find("controls") != nullptr) {
      const TableReader m{root, kControls, errors};
      for (const ConfigNode& item : m.list("controls")) {
        CatalogueEndpoint e = read_endpoint(item, errors);
        e.name = "control/" + e.name;
        out.controls.push_back(std::move(e));
      }
    }
  }
  return out;
}

}  // namespace sonde::prober
