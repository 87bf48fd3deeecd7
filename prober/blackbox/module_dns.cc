// The map `dns` of a module.
#include <array>
#include <string>
#include <utility>

#include "core/config_build.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"

namespace sonde::prober::blackbox {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

/// blackbox_exporter's four ways of matching the records of a section, in the words of expect.
void read_validators(const TableReader& map, std::string_view key, const std::string& section, Module& module,
                     ConfigErrors& errors) {
  const ConfigNode* node = map.node(key);
  if (node == nullptr || node->kind == ConfigNode::Kind::kNull) return;
  const TableReader rules{*node, kValidatorKeys, errors};
  const std::array<std::pair<std::string_view, std::string_view>, 4> names = {
      {{"fail_if_matches_regexp", "_not_matches"},
       {"fail_if_all_match_regexp", "_matches_or_empty"},  // what it does, in spite of its name
       {"fail_if_not_matches_regexp", "_matches"},
       {"fail_if_none_matches_regexp", "_matches_any"}}};
  for (const auto& [theirs, ours] : names) {
    const ConfigNode* list = rules.node(theirs);
    if (list == nullptr || list->kind == ConfigNode::Kind::kNull) continue;
    put(module.expect, section + std::string{ours}, as_list(*list));
  }
}

}  // namespace

void read_dns(const ConfigNode& node, Module& module, ConfigErrors& errors) {
  const TableReader map{node, kDnsKeys, errors};
  read_family(map, module);
  read_source(map, module, errors);
  module.query_name = map.text("query_name").value_or("");
  const std::string transport = map.choice("transport_protocol").value_or("udp");
  module.over_tls = map.boolean("dns_over_tls").value_or(false);
  if (module.over_tls && transport == "udp" && map.node("transport_protocol") != nullptr) {
    errors.add(map.node("transport_protocol")
                   ->error("dns_over_tls needs transport_protocol: tcp", "dns_over_tls 需要 transport_protocol: tcp"));
  }
  read_tls_config(map.node("tls_config"), module, errors);
  put(module.request, "transport", text_node(node, module.over_tls ? "dot" : transport));
  put(module.request, "type", text_node(node, map.text("query_type").value_or("ANY")));
  put(module.request, "class", text_node(node, map.text("query_class").value_or("IN")));
  put(module.request, "recursion", text_node(node, map.boolean("recursion_desired").value_or(true) ? "true" : "false"));
  // One plain query and its first answer, as blackbox_exporter asks.
  put(module.request, "edns", text_node(node, "false"));
  if (transport == "udp" && !module.over_tls) put(module.request, "linger", text_node(node, "0s"));
  const ConfigNode* rcodes = map.node("valid_rcodes");
  const bool any = rcodes != nullptr && (rcodes->kind == ConfigNode::Kind::kScalar || !rcodes->items.empty());
  put(module.expect, "rcode", any ? as_list(*rcodes) : as_list(text_node(node, "NOERROR")));
  read_validators(map, "validate_answer_rrs", "answer", module, errors);
  read_validators(map, "validate_authority_rrs", "authority", module, errors);
  read_validators(map, "validate_additional_rrs", "additional", module, errors);
}

}  // namespace sonde::prober::blackbox
