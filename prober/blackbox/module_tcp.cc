// The map `tcp` of a module.
#include "core/config_build.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"

namespace sonde::prober::blackbox {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

void read_tcp(const ConfigNode& node, Module& module, ConfigErrors& errors) {
  const TableReader map{node, kTcpKeys, errors};
  read_family(map, module);
  read_source(map, module, errors);
  module.over_tls = map.boolean("tls").value_or(false);
  read_tls_config(map.node("tls_config"), module, errors);
  const ConfigNode* talk = map.node("query_response");
  ConfigNode steps = list_node(talk != nullptr ? *talk : node);
  if (module.over_tls) {
    steps.items.push_back(map_node(*map.node("tls")));  // TLS before the first word
    put(steps.items.back(), "starttls", text_node(*map.node("tls"), "true"));
  }
  for (const ConfigNode& item : map.list("query_response")) {
    const TableReader step{item, kStepKeys, errors};
    refuse(item, kStepKeys, module.name, errors);
    ConfigNode out = map_node(item);
    if (const auto text = step.text("expect"); text && !text->empty()) {
      put(out, "expect", text_node(*step.node("expect"), *text));
      module.matches = true;
    }
    if (const auto text = step.text("send"); text && !text->empty()) {
      put(out, "send", text_node(*step.node("send"), *text + "\n"));
    }
    if (step.boolean("starttls").value_or(false)) {
      module.over_tls = true;
      put(out, "starttls", text_node(*step.node("starttls"), "true"));
    }
    if (!out.entries.empty()) steps.items.push_back(std::move(out));
  }
  if (!steps.items.empty()) put(module.expect, "steps", std::move(steps));
}

}  // namespace sonde::prober::blackbox
