// blackbox_exporter's modules together with the Prometheus configuration that asks for them.
// Source: blackbox_exporter, CONFIGURATION.md and README.md; Prometheus, configuration.
#pragma once

#include <string_view>
#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/field_table.h"
#include "prober/blackbox/module.h"

namespace sonde::cli::imports {

/// Carries over the jobs of a prometheus.yml (parsed by core::parse_foreign_yaml) that ask a blackbox_exporter with
/// these modules. Files of file_sd_configs are read. Adds the names of the jobs' modules to `used`.
void import_prometheus(const core::ConfigNode& root, const prober::blackbox::Modules& modules,
                       std::set<std::string>& used, Targets& targets);

/// Says what of the modules that are used could not be carried over.
void note_modules(const prober::blackbox::Modules& modules, const std::set<std::string>& used, Notes& notes);

[[nodiscard]] std::vector<FieldTable> blackbox_tables();

}  // namespace sonde::cli::imports
