// Nodes made in code.
#include "core/config_build.h"

#include <utility>

namespace sonde::core {

namespace {

ConfigNode node_at(const ConfigNode& at, ConfigNode::Kind kind) {
  ConfigNode out;
  out.kind = kind;
  out.file = at.file;
  out.line = at.line;
  out.column = at.column;
  return out;
}

}  // namespace

ConfigNode text_node(const ConfigNode& at, std::string_view text) {
  ConfigNode out = node_at(at, ConfigNode::Kind::kScalar);
  out.scalar = text;
  return out;
}

ConfigNode map_node(const ConfigNode& at) { return node_at(at, ConfigNode::Kind::kMap); }

ConfigNode list_node(const ConfigNode& at) { return node_at(at, ConfigNode::Kind::kSequence); }

void put(ConfigNode& map, std::string_view key, ConfigNode value) {
  ConfigNode name = text_node(value, key);
  map.entries.push_back({std::move(name), std::move(value)});
}

ConfigNode& sub_map(ConfigNode& map, std::string_view key, const ConfigNode& at) {
  for (auto& entry : map.entries) {
    if (entry.key.scalar == key) return entry.value;
  }
  put(map, key, map_node(at));
  return map.entries.back().value;
}

ConfigNode as_list(const ConfigNode& node) {
  if (node.kind == ConfigNode::Kind::kSequence) return node;
  ConfigNode out = list_node(node);
  out.items.push_back(node);
  return out;
}

}  // namespace sonde::core
