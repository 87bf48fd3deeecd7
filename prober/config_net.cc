// From keys to NetSpec.
#include "prober/config_net.h"

#include <algorithm>
#include <utility>

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::Stage;
using core::TableReader;

constexpr std::size_t kInterfaceBytesMax = 15;  // IFNAMSIZ less the final zero, netdevice(7)

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= kInterfaceBytesMax && text.find_first_of("/ \t\n\r") == std::string_view::npos;
}

NetSpec::Family family_of(std::string_view name) {
  const auto it = std::ranges::find(kFamilies, name);
  return static_cast<NetSpec::Family>(it - kFamilies.begin());  // in the order of the enum
}

void read_timeouts(const ConfigNode& node, NetSpec& net, ConfigErrors& errors) {
  const TableReader map{node, kTimeouts, errors};
  constexpr std::array<std::pair<std::string_view, Stage>, 4> kStages = {
      {{"dns", Stage::kDns}, {"tcp", Stage::kTcp}, {"tls", Stage::kTls}, {"http", Stage::kHttp}}};
  for (const auto& [name, stage] : kStages) {
    if (const auto limit = map.duration(name)) net.stage_timeouts.at(static_cast<std::size_t>(stage)) = *limit;
  }
}

}  // namespace

NetSpec read_net(const TableReader& map, NetSpec defaults, ConfigErrors& errors) {
  NetSpec net = std::move(defaults);
  if (const auto family = map.choice("family")) net.family = family_of(*family);
  if (const auto addresses = map.choice("addresses")) net.all_addresses = *addresses == "all";
  if (const auto source = map.text("source")) {
    net.source = io::parse_address(*source);
    if (!net.source)
      errors.add(map.node("source")->error("source is an IPv4 or IPv6 address of this machine",
                                           "source 是本机的一个 IPv4 或 IPv6 地址"));
  }
  if (auto interface = map.text("interface")) {
    if (!is_interface_name(*interface)) {
      errors.add(map.node("interface")
                     ->error("interface is the name of a network interface, such as eth0",
                             "interface 是网络接口的名称，例如 eth0"));
    }
    net.interface = std::move(*interface);
  }
  if (const ConfigNode* node = map.node("timeouts")) read_timeouts(*node, net, errors);
  return net;
}

void read_net_resolver(const TableReader& map, NetSpec& net, ConfigErrors& errors) {
  const auto resolver = map.text("resolver");
  if (!resolver) return;
  net.resolver = io::parse_endpoint(*resolver, 53);
  if (net.resolver) return;
  errors.add(map.node("resolver")
                 ->error("resolver is ADDRESS or ADDRESS:PORT, such as 223.5.5.5 or [2400:3200::1]:53",
                         "resolver 的写法是 地址 或 地址:端口，例如 223.5.5.5 或 [2400:3200::1]:53"));
}

}  // namespace sonde::prober
