// A judge's score in words.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "hub/judge/score.h"

namespace sonde::cli {

/// A table of all metrics with their intervals, several lines.
[[nodiscard]] std::string score_text(const hub::judge::Score& score, const Terminal& terminal);

}  // namespace sonde::cli
