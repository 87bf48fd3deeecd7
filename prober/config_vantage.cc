// Reading `vantage`.
#include "prober/config_vantage.h"

#include "io/address.h"
#include "prober/config_keys.h"
#include "prober/config_net.h"
#include "prober/config_text.h"
#include "prober/detection_words.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

bool is_word_auto(const ConfigNode& node) { return node.kind == ConfigNode::Kind::kScalar && node.scalar == kAuto; }

/// `vantage: auto` is `vantage: {provider: auto}`.
ConfigNode as_map(const ConfigNode& node) {
  if (!is_word_auto(node)) return node;
  ConfigNode key = node;
  key.scalar = "provider";
  ConfigNode map = node;
  map.kind = ConfigNode::Kind::kMap;
  map.scalar.clear();
  map.entries.push_back({std::move(key), node});
  return map;
}

bool is_automatic(const ConfigNode& map) {
  const ConfigNode* provider = map.find("provider");
  return provider != nullptr && is_word_auto(*provider);
}

class VantageReader {
 public:
  VantageReader(const ConfigNode& map, const Places& places, const ConfigSources& sources, ConfigErrors& errors)
      : map_(map), m_(map, kVantageTable, errors), places_(places), sources_(sources), errors_(errors) {}

  NetSpec read(ProberConfig& out) {
    core::Vantage& v = out.vantage;
    if (auto name = m_.text("name")) v.name = std::move(*name);
    if (v.name.empty()) errors_.add(map_.error("a vantage needs a name", "观测点需要名称"));
    v.region = m_.text("region").value_or("");
    read_metadata();
    if (is_automatic(map_)) {
      take_detected(out);
    } else {
      v.provider = places_.provider(m_.text("provider").value_or(""));
    }
    if (const Place* place = places_.find(v.provider, v.region)) take_place(*place, v);
    take_written(v);
    NetSpec net = read_net(m_, {}, errors_);
    if (net.source) out.source = to_string(*net.source);
    net.source.reset();  // it is that of all clients: only another one is a target's own
    return net;
  }

 private:
  void read_metadata() {
    const auto address = m_.text("metadata");
    if (!address || io::parse_endpoint(*address, 80)) return;
    errors_.add(m_.node("metadata")
                    ->error("metadata is ADDRESS or ADDRESS:PORT, such as 169.254.169.254",
                            "metadata 应为 地址 或 地址:端口，例如 169.254.169.254"));
  }

  void take_detected(ProberConfig& out) {
    if (sources_.detection == nullptr) return;
    const DetectedPlace* place = sources_.detection->place();
    if (place == nullptr) return say_unknown(out);
    core::Vantage& v = out.vantage;
    v.provider = place->provider;
    if (v.region.empty()) v.region = place->region;
    const std::string_view address = sources_.detection->findings[*sources_.detection->found].service->address;
    const core::BilingualText where = words_of(*place);
    out.vantage_told = {where.en + ", told by the metadata service at " + std::string{address},
                        where.zh + "，由 " + std::string{address} + " 的元数据服务告知"};
    if (place->place || m_.node("partition") != nullptr) return;
    out.vantage_told.en += "; the catalogue does not know that region: write partition, it is taken for overseas";
    out.vantage_told.zh += "；目录中没有该区域：请写明 partition，目前按 overseas 处理";
  }

  void say_unknown(ProberConfig& out) {
    out.vantage_told = why_unknown(*sources_.detection, DetectOptions{}.timeout);
    if (!sources_.vantage_needed) return;
    errors_.add(
        map_.find("provider")
            ->error(
                "vantage is auto, but " + out.vantage_told.en +
                    "; write provider and region, such as {provider: aws, region: us-east-1}, or, on no cloud, "
                    "partition alone",
                "vantage 为 auto，但" + out.vantage_told.zh +
                    "；请写明 provider 和 region，例如 {provider: aws, region: us-east-1}；不在云上则只写 partition"));
  }

  static void take_place(const Place& place, core::Vantage& v) {
    v.partition = place.partition.value_or(core::Partition::kOverseas);
    v.country = place.country;
    v.city = place.city;
    v.lat = place.lat;
    v.lon = place.lon;
  }

  void take_written(core::Vantage& v) {
    if (const auto partition = m_.choice("partition")) v.partition = *core::parse_partition(*partition);
    v.isp = m_.text("isp").value_or("");
    if (auto city = m_.text("city")) v.city = std::move(*city);
    if (auto country = m_.text("country")) v.country = std::move(*country);
    if (const auto lat = m_.number("lat")) v.lat = lat;
    if (const auto lon = m_.number("lon")) v.lon = lon;
  }

  const ConfigNode& map_;
  TableReader m_;
  const Places& places_;
  const ConfigSources& sources_;
  ConfigErrors& errors_;
};

}  // namespace

std::optional<DetectOptions> read_detection(const ConfigNode& root) {
  const ConfigNode* node = root.find("vantage");
  if (node == nullptr) return std::nullopt;
  const ConfigNode map = as_map(*node);
  if (!is_automatic(map)) return std::nullopt;
  DetectOptions out;
  const ConfigNode* address = map.find("metadata");
  if (address != nullptr && io::parse_endpoint(address->scalar, 80)) out.address = address->scalar;
  return out;
}

NetSpec read_vantage(const ConfigNode* node, const Places& places, const ConfigSources& sources, ProberConfig& out,
                     ConfigErrors& errors) {
  out.vantage.version = sources.version;
  out.vantage.name = sources.host_name;
  if (node == nullptr) return {};
  const ConfigNode map = as_map(*node);
  return VantageReader{map, places, sources, errors}.read(out);
}

void check_vantage_region(const ConfigNode* node, const core::Vantage& vantage, const Places& places,
                          ConfigErrors& errors) {
  const ConfigNode* written = node == nullptr ? nullptr : node->find("region");
  if (written == nullptr || vantage.region.empty() || !places.is_of_catalogue(vantage.provider)) return;
  if (places.find(vantage.provider, vantage.region) != nullptr) return;
  const core::BilingualText close = places.nearest_region(vantage.provider, vantage.region);
  errors.add(written->error(vantage.provider + " has no region " + quoted(vantage.region) + close.en +
                                "; one that the catalogue does not have needs a reference of yours, or provider: auto",
                            vantage.provider + " 没有区域" + quoted_zh(vantage.region) + close.zh +
                                "；目录中没有的区域须自行写入 references，或写 provider: auto"));
}

}  // namespace sonde::prober
