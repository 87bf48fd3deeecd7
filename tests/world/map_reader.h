// Reads the maps of world.yaml key by key. Nothing is generated from a world's keys, so they need no tables.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"

namespace sonde::world {

/// Usage: MapReader m{node, "target", errors}; if (auto* n = m.key("url")) ...; m.finish();
class MapReader {
 public:
  MapReader(const core::ConfigNode& node, std::string_view what, core::ConfigErrors& errors)
      : node_(node), what_(what), errors_(errors) {
    if (node.kind != core::ConfigNode::Kind::kMap) errors.add(node.error(what_ + ": expected a map of settings"));
  }

  /// The value of `key`, or null pointer where it is absent.
  [[nodiscard]] const core::ConfigNode* key(std::string_view key) {
    known_.push_back(key);
    return node_.find(key);
  }
  /// As `key`, but absence is an error.
  [[nodiscard]] const core::ConfigNode* required(std::string_view name) {
    const core::ConfigNode* value = key(name);
    if (value == nullptr && node_.kind == core::ConfigNode::Kind::kMap) {
      errors_.add(node_.error(what_ + " needs \"" + std::string{name} + "\""));
    }
    return value;
  }
  /// Call once, at the end: keys that nobody asked for become errors.
  void finish() {
    for (const auto& [key, value] : node_.entries) {
      if (std::ranges::find(known_, key.scalar) != known_.end()) continue;
      errors_.add(
          key.error(what_ + ": unknown key \"" + key.scalar + "\"" + core::did_you_mean(key.scalar, known_).en));
    }
  }

 private:
  const core::ConfigNode& node_;
  std::string what_;
  core::ConfigErrors& errors_;
  std::vector<std::string_view> known_;  // keys are literals
};

}  // namespace sonde::world
