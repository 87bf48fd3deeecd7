// Vantages that report nothing any more. Missing results are no failure of any target, but several vantages of one
// network that fall silent together are a sign of that network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// What is known of one vantage's reports. Rounds are numbered as the judge numbers them.
struct Presence {
  std::int64_t last_round = -1;   // latest round with any result of it; -1 = never
  std::uint32_t rounds_seen = 0;  // rounds with results, saturating
  std::uint16_t interval = 0;     // rounds between two of its results: the shortest of its cells; 0 = not known
};

/// Findings about silence at the end of `round`, at most one per component, in the order of components. A vantage is
/// silent when it reported for at least ten rounds and then for two of its intervals nothing came at all.
/// An ISP or a host region is convicted if at least two vantages of it fell silent within two rounds, none of it
/// reports, others do, and nobody else fell silent in that moment. A single vantage is `leaning` when it has been
/// silent for ten rounds and another one on its ISP reports, else `insufficient`. When no vantage is left that reports,
/// nothing is found: it may as well be the collector.
[[nodiscard]] std::vector<Finding> silence_findings(const Scene& scene, std::span<const Presence> presences,
                                                    std::int64_t round);

}  // namespace sonde::hub::judge
