// Uptime Kuma's backup ("Export" of version 1): monitorList, proxyList, notificationList.
// Source: server/model/monitor.js (toJSON and the checks) of Uptime Kuma 1.23, and its settings page for backups.
#pragma once

#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/field_table.h"

namespace sonde::cli::imports {

/// Carries over an export that has been parsed (tree.h): the whole file, or its monitorList alone.
void import_uptime_kuma(const core::ConfigNode& root, Targets& targets);
[[nodiscard]] std::vector<FieldTable> uptime_kuma_tables();

}  // namespace sonde::cli::imports
