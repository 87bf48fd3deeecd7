// Builds configuration nodes in code: what the file of another program says, said again in our own words, standing at
// the place in the file where the original stands, so that errors point there.
#pragma once

#include <string>
#include <string_view>

#include "core/config_node.h"

namespace sonde::core {

/// A text at the place of `at`. It never is a number or a boolean for a reader of texts; readers of those take it too.
[[nodiscard]] ConfigNode text_node(const ConfigNode& at, std::string_view text);
/// An empty map, an empty list.
[[nodiscard]] ConfigNode map_node(const ConfigNode& at);
[[nodiscard]] ConfigNode list_node(const ConfigNode& at);

/// Adds `key: value` to a map; the key stands where the value stands.
void put(ConfigNode& map, std::string_view key, ConfigNode value);
/// The map under `key`, made when it is missing. The reference lives until `map` is changed.
ConfigNode& sub_map(ConfigNode& map, std::string_view key, const ConfigNode& at);
/// The scalar as a list of one, a list as it is.
[[nodiscard]] ConfigNode as_list(const ConfigNode& node);

}  // namespace sonde::core
