// `vantage` of the configuration: what is written, and what the metadata services told where it says `auto`.
#pragma once

#include <optional>

#include "core/config_table.h"
#include "prober/config.h"
#include "prober/config_places.h"
#include "prober/vantage_detect.h"

namespace sonde::prober {

/// How the metadata services are to be asked, where `vantage` is `auto` or its provider is; else nothing. Looks at
/// nothing else and reports no mistakes: read_prober_config does.
[[nodiscard]] std::optional<DetectOptions> read_detection(const core::ConfigNode& root);

/// Reads `vantage`; `node` may be null. What is written goes before what was detected, and that before the catalogue.
/// `out` gets vantage, source and vantage_told; returned is how targets are reached that do not say it themselves.
[[nodiscard]] NetSpec read_vantage(const core::ConfigNode* node, const Places& places, const ConfigSources& sources,
                                   ProberConfig& out, core::ConfigErrors& errors);

/// A region that is written down and that its provider of the catalogue does not have is a mistake. After the
/// references of the user are known, which may name regions of their own.
void check_vantage_region(const core::ConfigNode* node, const core::Vantage& vantage, const Places& places,
                          core::ConfigErrors& errors);

}  // namespace sonde::prober
