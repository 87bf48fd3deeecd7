// What /probe answers: metrics under blackbox_exporter's names, and with debug=true how they came about.
#pragma once

#include <string>

#include "core/measurement.h"
#include "prober/blackbox/module.h"

namespace sonde::prober::blackbox {

/// One run of a module and its result.
struct Answered {
  const Module& module;
  const core::Target& target;
  const core::Measurement& measurement;
};

/// Prometheus text, without labels but those that blackbox_exporter has.
[[nodiscard]] std::string metrics_text(const Answered& run);
/// The trace for debug=true: outcome, facts, metrics, the module as it stands in the file without its secrets.
[[nodiscard]] std::string debug_text(const Answered& run);

}  // namespace sonde::prober::blackbox
