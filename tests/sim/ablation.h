// What each gate is worth: the same faults with one gate off at a time.
#pragma once

#include <string>

#include "card.h"

namespace sonde::sim {

/// Switches the gate of that name off; false where there is none.
bool switch_off(hub::judge::JudgeOptions& judge, const std::string& gate);
/// posterior, evidence, bayes, twins, freshness, minimum, companions.
[[nodiscard]] const std::vector<std::string>& gate_names();

/// One line for all gates on, and one for each gate off: wrong and right class, precision, rounds, of each part.
/// Plays the card once per line. As text or as a Markdown table.
[[nodiscard]] std::string ablation(CardOptions options, bool markdown);

}  // namespace sonde::sim
