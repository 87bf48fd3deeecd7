// One result drawn for a terminal: the stages of the run under each other on one time axis, with the facts that matter.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "core/measurement.h"
#include "core/time.h"

namespace sonde::cli {

/// Several lines, each ending in '\n'. `now` is for the days that a certificate has left.
[[nodiscard]] std::string draw_waterfall(const core::Target& target, const core::Measurement& m, core::WallTime now,
                                         const Terminal& terminal);

}  // namespace sonde::cli
