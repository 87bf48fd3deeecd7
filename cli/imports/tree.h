// JSON and TOML as the same tree that YAML gives (core/config_node.h), each value with its line and column.
#pragma once

#include <string_view>

#include "core/config_node.h"

namespace sonde::cli::imports {

/// One JSON document. Not valid JSON, keys that stand twice and nesting deeper than 64 go to `errors`; the result is
/// then null.
[[nodiscard]] core::ConfigNode parse_json_tree(std::string_view text, std::string_view file,
                                               core::ConfigErrors& errors);
/// One TOML document (1.0). Errors as above. Texts are marked as quoted, all else is not.
[[nodiscard]] core::ConfigNode parse_toml_tree(std::string_view text, std::string_view file,
                                               core::ConfigErrors& errors);

}  // namespace sonde::cli::imports
