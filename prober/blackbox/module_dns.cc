// The map `dns` of a module.
#include <array>
#include <utility>

#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"
#include "prober/blackbox/node_builder.h"

namespace sonde::prober::blackbox {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

void read_validators(const TableReader& map, std::string_view key, std::string_view section, Module& module,
                     ConfigErrors& errors) {
  const ConfigNode* node = map.node(key);
  if (node == nullptr || node->kind == ConfigNode::Kind::kNull) return;
  const TableReader rules{*node, kValidatorKeys, errors};
  ConfigNode out = map_node(*node);
  const std::array<std::pair<std::string_view, std::string_view>, 4> names = {
      {{"fail_if_matches_regexp", "fail_if_matches"},
       {"fail_if_all_match_regexp", "fail_if_all_match"},
       {"fail_if_not_matches_regexp", "fail_if_not_matches"},
       {"fail_if_none_matches_regexp", "fail_if_none_matches"}}};
  for (const auto& [theirs, ours] : names) {
    if (const ConfigNode* list = rules.node(theirs); list != nullptr && list->kind != ConfigNode::Kind::kNull) {
      put(out, ours, as_list(*list));
    }
  }
  if (!out.entries.empty()) put(module.expect, section, std::move(out));
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
    errors.add(map.node("transport_protocol")->error("dns_over_tls needs transport_protocol: tcp"));
  }
  read_tls_config(map.node("tls_config"), module, errors);
  put(module.request, "transport", text_node(node, module.over_tls ? "dot" : transport));
  put(module.request, "type", text_node(node, map.text("query_type").value_or("ANY")));
  put(module.request, "class", text_node(node, map.text("query_class").value_or("IN")));
  put(module.request, "recursion", text_node(node, map.boolean("recursion_desired").value_or(true) ? "true" : "false"));
  const ConfigNode* rcodes = map.node("valid_rcodes");
  const bool any = rcodes != nullptr && (rcodes->kind == ConfigNode::Kind::kScalar || !rcodes->items.empty());
  put(module.expect, "rcode", any ? as_list(*rcodes) : as_list(text_node(node, "NOERROR")));
  read_validators(map, "validate_answer_rrs", "answer_matches", module, errors);
  read_validators(map, "validate_authority_rrs", "authority_matches", module, errors);
  read_validators(map, "validate_additional_rrs", "additional_matches", module, errors);
}

}  // namespace sonde::prober::blackbox
