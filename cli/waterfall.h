// One result drawn for a terminal: the stages of the run under each other on one time axis, with the facts that matter,
// and below it what failed, why, and what to do next.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "core/measurement.h"
#include "core/time.h"

namespace sonde::cli {

/// Several lines, each ending in '\n'. `now` is for the days that a certificate has left.
[[nodiscard]] std::string draw_waterfall(const core::Target& target, const core::Measurement& m, core::WallTime now,
                                         const Terminal& terminal);

/// The lines below the stages alone: cause, detail, whose side it is, and advice. "" for a run that went well.
[[nodiscard]] std::string draw_verdict(const core::Measurement& m, const Terminal& terminal);

/// "● fail  checkout  https://..." in colour: how every list of results begins a line.
[[nodiscard]] std::string status_mark(core::Status status, const Terminal& terminal);

}  // namespace sonde::cli
