// Builds configuration nodes in code: what a module of blackbox_exporter says, said again in our own words, standing
// at the place in the file where the original stands, so that errors point there.
#pragma once

#include <string>
#include <string_view>

#include "core/config_node.h"

namespace sonde::prober::blackbox {

/// A text at the place of `at`. It never is a number or a boolean for a reader of texts; readers of those take it too.
[[nodiscard]] core::ConfigNode text_node(const core::ConfigNode& at, std::string_view text);
/// An empty map, an empty list.
[[nodiscard]] core::ConfigNode map_node(const core::ConfigNode& at);
[[nodiscard]] core::ConfigNode list_node(const core::ConfigNode& at);

/// Adds `key: value` to a map; the key stands where the value stands.
void put(core::ConfigNode& map, std::string_view key, core::ConfigNode value);
/// The map under `key`, made when it is missing. The reference lives until `map` is changed.
core::ConfigNode& sub_map(core::ConfigNode& map, std::string_view key, const core::ConfigNode& at);
/// The scalar as a list of one, a list as it is.
[[nodiscard]] core::ConfigNode as_list(const core::ConfigNode& node);

}  // namespace sonde::prober::blackbox
