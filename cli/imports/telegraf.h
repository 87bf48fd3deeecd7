// Telegraf's inputs http_response, dns_query and net_response.
// Source: the README and sample.conf of each plugin, and docs/CONFIGURATION.md, of Telegraf 1.30 and later.
#pragma once

#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/field_table.h"

namespace sonde::cli::imports {

/// Carries over a telegraf.conf that has been parsed (tree.h).
void import_telegraf(const core::ConfigNode& root, Targets& targets);
[[nodiscard]] std::vector<FieldTable> telegraf_tables();

}  // namespace sonde::cli::imports
