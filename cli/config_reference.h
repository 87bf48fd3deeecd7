// The reference of all keys of the configuration as Markdown, made from the tables that read them. It is the second
// half of docs/configuration.md and docs/configuration.zh-CN.md; a test compares.
#pragma once

#include <string>

#include "core/text.h"

namespace sonde::cli {

/// One section with a table for each kind of map.
[[nodiscard]] std::string config_reference(core::Language language);

}  // namespace sonde::cli
