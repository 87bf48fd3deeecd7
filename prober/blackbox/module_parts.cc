// What modules of several kinds share: families, source address, TLS, and Go's ways of writing times and sizes.
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/config_build.h"
#include "core/text.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"

namespace sonde::prober::blackbox {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

void refuse(const ConfigNode& node, const core::KeyTable& map, std::string_view module, ConfigErrors& errors) {
  if (node.kind != ConfigNode::Kind::kMap) return;
  for (const Refused& r : refused_keys()) {
    if (r.map != &map) continue;
    const ConfigNode* used = node.find(r.key);
    if (used == nullptr || (!r.harmless.empty() && used->scalar == r.harmless)) continue;
    errors.add(
        used->error(fmt::format("module {}: {}.{} is not served by Sonde; {}", module, map.what, r.key, r.instead),
                    fmt::format("模块 {}：Sonde 不支持 {}.{}；{}", module, map.what, r.key, r.zh)));
  }
}

void read_family(const TableReader& map, Module& module) {
  const bool ip4 = map.choice("preferred_ip_protocol").value_or("ip6") == "ip4";
  const bool fallback = map.boolean("ip_protocol_fallback").value_or(true);
  if (fallback) {
    module.net.family = ip4 ? NetSpec::Family::kAny : NetSpec::Family::kPreferIp6;
  } else {
    module.net.family = ip4 ? NetSpec::Family::kIp4 : NetSpec::Family::kIp6;
  }
}

void read_source(const TableReader& map, Module& module, ConfigErrors& errors) {
  const auto text = map.text("source_ip_address");
  if (!text) return;
  module.net.source = io::parse_address(*text);
  if (!module.net.source) {
    errors.add(map.node("source_ip_address")
                   ->error("source_ip_address is an address of this machine", "source_ip_address 是本机的地址"));
  }
}

void read_tls_config(const ConfigNode* node, Module& module, ConfigErrors& errors) {
  if (node == nullptr || node->kind == ConfigNode::Kind::kNull) return;
  const TableReader map{*node, kTlsConfigKeys, errors};
  if (map.boolean("insecure_skip_verify").value_or(false)) {
    put(module.tls, "verify", text_node(*map.node("insecure_skip_verify"), "false"));
  }
  for (const std::string_view key : {"ca_file", "cert_file", "key_file", "server_name"}) {
    if (const auto text = map.text(key); text && !text->empty()) put(module.tls, key, text_node(*map.node(key), *text));
  }
  for (const std::string_view key : {"min_version", "max_version"}) {
    const auto version = map.choice(key);
    if (!version) continue;
    put(module.tls, key, text_node(*map.node(key), fmt::format("{}.{}", (*version)[3], (*version)[4])));
  }
}

std::optional<std::int64_t> parse_go_bytes(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.ends_with('B')) unit.remove_suffix(1);
  if (unit.ends_with('i')) unit.remove_suffix(1);
  static constexpr std::string_view kUnits = "KMGT";
  double factor = 1;
  if (!unit.empty()) {
    const std::size_t power = kUnits.find(unit.front());
    if (power == std::string_view::npos || unit.size() > 1) return std::nullopt;
    factor = std::pow(1024.0, static_cast<double>(power + 1));
  }
  const double bytes = number * factor;
  if (bytes > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace sonde::prober::blackbox
