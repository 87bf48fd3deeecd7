// Gatus's config.yaml: its endpoints.
// Source: README.md, config/endpoint/{endpoint,condition,placeholder}.go and client/config.go of Gatus 5.
#pragma once

#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/field_table.h"

namespace sonde::cli::imports {

/// Carries over a configuration that has been parsed (core::parse_foreign_yaml).
void import_gatus(const core::ConfigNode& root, Targets& targets);
[[nodiscard]] std::vector<FieldTable> gatus_tables();

}  // namespace sonde::cli::imports
