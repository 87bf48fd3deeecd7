// The prober's configuration sections.
#include "prober/config.h"

#include <algorithm>
#include <array>

#include "io/address.h"
#include "prober/catalogue.h"
#include "prober/checks/checks.h"
#include "prober/config_net.h"
#include "prober/config_targets.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::MapReader;

constexpr std::array<std::string_view, 2> kPartitions = {"domestic", "overseas"};

class Reader {
 public:
  Reader(const ConfigSources& sources, ConfigErrors& errors) : sources_(sources), errors_(errors) {}

  ProberConfig read(MapReader& root, std::string_view config_file) {
    const Catalogue catalogue = read_catalogue(sources_.catalogue, errors_);
    const auto slash = config_file.rfind('/');
    TargetsReader targets{
        sources_, catalogue,
        slash == std::string_view::npos ? "." : std::string{config_file.substr(0, std::max(slash, std::size_t{1}))},
        errors_};
    ProberConfig out;
    read_vantage(root.key("vantage"), targets, out);
    read_resolver(root.key("resolver"), out);
    if (const auto* n = root.key("tls")) read_tls(*n, out);
    if (const auto* n = root.key("policy")) read_policy(*n, out);
    if (const auto* n = root.key("runs_in_flight")) {
      out.runs_in_flight_max = static_cast<std::size_t>(core::read_integer(*n, 1, 20'000, errors_).value_or(512));
    }
    if (const auto* n = root.key("handshakes_in_flight")) {
      out.handshakes_in_flight_max = static_cast<std::size_t>(core::read_integer(*n, 1, 20'000, errors_).value_or(32));
    }
    if (const auto* n = root.key("captive_canary")) read_canary(*n, out);
    targets.collect_lists(root);
    if (const auto* n = root.key("targets")) {
      targets.collect_targets(*n);
    } else if (!targets.has_references()) {
      targets.collect_default();
    }
    out.targets = targets.build(out.vantage.partition);
    return out;
  }

 private:
  std::string text(const ConfigNode* node) {
    return node == nullptr ? std::string{} : core::read_string(*node, errors_).value_or("");
  }

  void read_vantage(const ConfigNode* node, TargetsReader& targets, ProberConfig& out) {
    core::Vantage& v = out.vantage;
    v.version = sources_.version;
    v.name = sources_.host_name;
    if (node == nullptr) return;
    MapReader m{*node, "vantage", errors_};
    if (const auto* n = m.key("name")) v.name = text(n);
    if (v.name.empty()) errors_.add(node->error("a vantage needs a name"));
    v.provider = text(m.key("provider"));
    v.region = text(m.key("region"));
    if (const Place* place = targets.place_of(v.provider, v.region)) {
      v.partition = place->partition.value_or(core::Partition::kOverseas);
      v.country = place->country;
      v.city = place->city;
      v.lat = place->lat;
      v.lon = place->lon;
    }
    if (const auto* n = m.key("partition")) {
      if (const auto p = core::read_choice(*n, kPartitions, errors_)) v.partition = *core::parse_partition(*p);
    }
    v.isp = text(m.key("isp"));
    if (const auto* n = m.key("city")) v.city = text(n);
    if (const auto* n = m.key("country")) v.country = text(n);
    if (const auto* n = m.key("lat")) v.lat = core::read_number(*n, -90, 90, errors_);
    if (const auto* n = m.key("lon")) v.lon = core::read_number(*n, -180, 180, errors_);
    const ConfigNode part = net_part(m, false);
    NetSpec net = read_net(core::TableReader{part, kNetTable, errors_}, {}, errors_);
    if (net.source) out.source = to_string(*net.source);
    net.source.reset();  // it is that of all clients: only another one is a target's own
    targets.set_net_defaults(std::move(net));
    m.finish();
  }

  void read_resolver(const ConfigNode* node, ProberConfig& out) {
    if (node == nullptr) return;
    out.resolver = text(node);
    if (!io::parse_endpoint(out.resolver, 53)) {
      errors_.add(node->error("resolver is ADDRESS or ADDRESS:PORT, such as 223.5.5.5 or [2400:3200::1]:53"));
    }
    out.vantage.resolver = out.resolver;
  }

  void read_canary(const ConfigNode& node, ProberConfig& out) {
    out.captive_canary = io::parse_endpoint(text(&node), 80);
    if (out.captive_canary && io::AddressPolicy{}.denied(out.captive_canary->address) == "documentation") return;
    errors_.add(node.error("captive_canary is an address that is reserved for documentation, such as 192.0.2.1:80",
                           "captive_canary 是文档保留地址，例如 192.0.2.1:80"));
  }

  void read_tls(const ConfigNode& node, ProberConfig& out) {
    MapReader m{node, "tls", errors_};
    out.ca_file = text(m.key("ca_file"));
    m.finish();
  }

  void read_policy(const ConfigNode& node, ProberConfig& out) {
    MapReader m{node, "policy", errors_};
    if (const auto* n = m.key("allow")) {
      io::AddressPolicy policy;
      for (std::string& range : core::read_strings(*n, errors_)) {
        if (!policy.allow(range))
          errors_.add(n->error("\"" + range + "\" is no address range; write 10.0.0.0/8 or fd00::/8"));
        out.allow.push_back(std::move(range));
      }
    }
    m.finish();
  }

  const ConfigSources& sources_;
  ConfigErrors& errors_;
};

}  // namespace

ProberConfig read_prober_config(MapReader& root, std::string_view config_file, const ConfigSources& sources,
                                ConfigErrors& errors) {
  return Reader{sources, errors}.read(root, config_file);
}

TargetEntry target_from_url(std::string_view url, Duration timeout, const SpecNodes& nodes, ConfigErrors& errors) {
  TargetEntry entry;
  const auto parsed = core::parse_url(url);
  if (!parsed) {
    errors.add({std::string{}, 0, 0, parsed.error().message});
    return entry;
  }
  entry.target.name = url;
  entry.target.url = url;
  entry.target.app = url;
  entry.target.check = core::check_kind(*parsed);
  entry.target.timeout = timeout;
  entry.target.every = 2 * timeout;
  entry.type = &check_type(entry.target.check);
  entry.spec = entry.type->parse(entry.target, nodes, errors);
  entry.written = map_of(nodes);
  return entry;
}

core::Result<TargetEntry> target_from_url(std::string_view url, Duration timeout) {
  ConfigErrors errors;
  TargetEntry entry = target_from_url(url, timeout, {}, errors);
  if (!errors.empty()) return core::Error{core::ErrorCode::kInvalid, errors.all().front().message};
  return entry;
}

}  // namespace sonde::prober
