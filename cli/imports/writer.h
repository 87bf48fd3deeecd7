// A file of targets as text.
#pragma once

#include <span>
#include <string>

#include "core/config_node.h"

namespace sonde::cli::imports {

/// `apps:` and each of `apps` below it, in block style. A `$` of a value is doubled, as our reader wants it, but for
/// nodes whose `written` holds the variables that are meant.
[[nodiscard]] std::string write_targets(std::span<const core::ConfigNode> apps);

}  // namespace sonde::cli::imports
