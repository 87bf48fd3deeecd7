// A verdict event as lines for a terminal: what, who, how sure, and the evidence.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "hub/judge/verdict.h"

namespace sonde::cli {

/// Several lines, each ending in '\n'.
[[nodiscard]] std::string verdict_text(const hub::judge::VerdictEvent& e, const Terminal& terminal);

}  // namespace sonde::cli
