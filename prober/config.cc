// The prober's configuration sections.
#include "prober/config.h"

#include "io/address.h"
#include "prober/catalogue.h"
#include "prober/checks/checks.h"
#include "prober/config_keys.h"
#include "prober/config_net.h"
#include "prober/config_targets.h"
#include "prober/config_text.h"
#include "prober/config_vantage.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

class Reader {
 public:
  Reader(const ConfigSources& sources, ConfigErrors& errors) : sources_(sources), errors_(errors) {}

  ProberConfig read(const TableReader& root) {
    const Catalogue& catalogue = sources_.catalogue.read(errors_);
    TargetsReader targets{sources_, catalogue, errors_};
    ProberConfig out;
    const ConfigNode* vantage = root.node("vantage");
    targets.set_net_defaults(read_vantage(vantage, targets.places(), sources_, out, errors_));
    read_resolver(root, out);
    if (const auto* n = root.node("tls"))
      out.ca_file = TableReader{*n, kTlsTable, errors_}.path("ca_file").value_or("");
    if (const auto* n = root.node("policy")) read_policy(*n, out);
    out.runs_in_flight_max = static_cast<std::size_t>(root.integer("runs_in_flight").value_or(512));
    out.handshakes_in_flight_max = static_cast<std::size_t>(root.integer("handshakes_in_flight").value_or(32));
    out.companions = root.boolean("companions").value_or(true);
    read_second_resolver(root, out);
    if (const auto canary = root.text("captive_canary")) read_canary(*canary, *root.node("captive_canary"), out);
    targets.collect_lists(root);
    if (root.node("targets") != nullptr) {
      targets.collect_targets(root.list("targets"));
    } else if (!targets.has_references()) {
      targets.collect_default();
    }
    out.targets = targets.build(out.vantage);
    check_vantage_region(vantage, out.vantage, targets.places(), errors_);
    return out;
  }

 private:
  void read_resolver(const TableReader& root, ProberConfig& out) {
    const ConfigNode* node = root.node("resolver");
    out.hosts_file = root.path("hosts_file").value_or(std::string{node == nullptr ? kSystemHosts : ""});
    if (node == nullptr) return;
    out.resolver = root.text("resolver").value_or("");
    if (!io::parse_endpoint(out.resolver, 53)) {
      errors_.add(node->error("resolver is ADDRESS or ADDRESS:PORT, such as 223.5.5.5 or [2400:3200::1]:53",
                              "resolver 应为 地址 或 地址:端口，例如 223.5.5.5 或 [2400:3200::1]:53"));
    }
    out.vantage.resolver = out.resolver;
  }

  void read_second_resolver(const TableReader& root, ProberConfig& out) {
    out.second_resolver = root.text("second_resolver").value_or("");
    if (out.second_resolver.empty() || out.second_resolver == "none" || io::parse_endpoint(out.second_resolver, 53)) {
      return;
    }
    errors_.add(root.node("second_resolver")
                    ->error("second_resolver is ADDRESS, ADDRESS:PORT or none, such as 223.5.5.5",
                            "second_resolver 应为 地址、地址:端口 或 none，例如 223.5.5.5"));
  }

  void read_canary(const std::string& text, const ConfigNode& node, ProberConfig& out) {
    out.captive_canary = io::parse_endpoint(text, 80);
    if (out.captive_canary && io::AddressPolicy{}.denied(out.captive_canary->address) == "documentation") return;
    errors_.add(node.error("captive_canary is an address that is reserved for documentation, such as 192.0.2.1:80",
                           "captive_canary 是文档保留地址，例如 192.0.2.1:80"));
  }

  void read_policy(const ConfigNode& node, ProberConfig& out) {
    const TableReader m{node, kPolicyTable, errors_};
    io::AddressPolicy policy;
    out.allow = m.texts("allow");
    for (const std::string& range : out.allow) {
      if (policy.allow(range)) continue;
      errors_.add(m.node("allow")->error(quoted(range) + " is no address range; write 10.0.0.0/8 or fd00::/8",
                                         quoted_zh(range) + "不是地址段；请写作 10.0.0.0/8 或 fd00::/8"));
    }
  }

  const ConfigSources& sources_;
  ConfigErrors& errors_;
};

}  // namespace

ProberConfig read_prober_config(const TableReader& root, const ConfigSources& sources, ConfigErrors& errors) {
  return Reader{sources, errors}.read(root);
}

TargetEntry target_from_url(std::string_view url, Duration timeout, const SpecNodes& nodes, ConfigErrors& errors) {
  TargetEntry entry;
  const auto parsed = core::parse_url(url);
  if (!parsed) {
    errors.add({std::string{}, 0, 0, parsed.error().message, parsed.error().zh});
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
  if (!errors.empty()) {
    const core::ConfigError& first = errors.all().front();
    return core::Error{core::ErrorCode::kInvalid, first.message, first.zh};
  }
  return entry;
}

}  // namespace sonde::prober
