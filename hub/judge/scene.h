// What the gates and the wording look at: the world as it stands at the end of a round, and one finding in it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/target.h"
#include "core/text.h"
#include "hub/judge/cell.h"
#include "hub/judge/companions.h"
#include "hub/judge/search.h"
#include "hub/judge/topology.h"
#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

/// References only; lives for one round.
struct Scene {
  std::span<const core::Vantage> vantages;
  std::span<const KnownTarget> targets;
  std::span<const Cell> cells;
  const Topology& topology;
  const CompanionBook& companions;
  std::int64_t round_ms;      // length of a round
  std::int64_t round_end_ms;  // of the round that was just closed

  [[nodiscard]] const core::Vantage& vantage(std::uint32_t cell) const { return vantages[cells[cell].vantage]; }
  [[nodiscard]] const KnownTarget& known(std::uint32_t cell) const { return targets[cells[cell].target]; }
  [[nodiscard]] const core::Target& target(std::uint32_t cell) const { return known(cell).target; }
  /// The vantage's ISP, or its own name where the ISP is not known: an unknown ISP is nobody else's.
  [[nodiscard]] const std::string& isp(std::uint32_t cell) const;
};

/// A member of the explanation, with all that the grade and the words are made of.
struct Finding {
  Hypothesis hypothesis;
  Component component;
  double evidence = 0;  // nats against "healthy", priors removed
  double class_posterior = 0;
  double component_posterior = 0;
  double bayes_factor = 0;  // nats over the best rival of another class, priors removed
  std::vector<Candidate> candidates;
  std::vector<Component> twins;         // of other classes, on the same cells, able to fail like this
  bool twins_apart = true;              // the classes of the errors separate it from all of them
  Channel dominant = Channel::kTcp;     // where most of the failures sit
  std::vector<std::uint32_t> failing;   // direct cells that fail because of it
  std::vector<std::uint32_t> affected;  // further cells that only depend on it
  std::int64_t since_ms = 0;
  double severity = 0;
  int fresh_rounds_of_3 = 0;
  int fresh_rounds_of_5 = 0;
  double fresh_now = 0;               // nats of the latest round alone
  bool shared_cause = false;          // three or more like it began together: a common cause that is not in the model
  std::optional<bool> shadow_agrees;  // simple thresholds blame the same side (shadow.h); nothing: not asked
  bool minimum_met = false;
  std::vector<core::BilingualText> missing;  // what the minimum evidence lacks
  Grade grade = Grade::kInsufficient;
  bool reportable = false;  // fresh and strong enough to be mentioned at all
};

/// Cells that were seen healthy after the fault had begun: only those can acquit anybody.
class Contrast {
 public:
  Contrast(const Scene& scene, std::int64_t since_ms) : scene_(scene), after_ms_(since_ms + scene.round_ms / 2) {}

  /// The latest result is a success from at least half a round after the onset.
  [[nodiscard]] bool healthy(std::uint32_t cell) const {
    const Cell& c = scene_.cells[cell];
    return c.last_good_ms >= after_ms_ && c.last_good_ms > c.last_fail_ms;
  }

  /// Healthy cells for which `wanted(cell)` holds, in the order of cells.
  template <typename Wanted>
  [[nodiscard]] std::vector<std::uint32_t> healthy_where(Wanted wanted) const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < scene_.cells.size(); ++i) {
      if (healthy(i) && wanted(i)) found.push_back(i);
    }
    return found;
  }
  template <typename Wanted>
  [[nodiscard]] bool any(Wanted wanted) const {
    for (std::uint32_t i = 0; i < scene_.cells.size(); ++i) {
      if (healthy(i) && wanted(i)) return true;
    }
    return false;
  }

 private:
  const Scene& scene_;
  std::int64_t after_ms_;
};

/// Who and what fails in a finding.
struct FailingSet {
  std::set<std::uint32_t> vantages;
  std::set<std::uint32_t> targets;
  std::set<std::string> isps;
  std::set<std::string> providers;  // of the targets
  std::set<std::string> places;     // provider/region of the targets
  std::set<std::string> countries;  // of the vantages
  std::set<std::string> zones;
  std::set<std::string> resolvers;
};
[[nodiscard]] FailingSet failing_set(const Scene& scene, std::span<const std::uint32_t> cells);

/// The cell failed in one of its last three rounds, at a channel that has been seen healthy.
[[nodiscard]] bool failed_lately(const Scene& scene, std::uint32_t cell);

/// The resolver that a cell's lookups go through; unknown ones count as the vantage's ISP.
[[nodiscard]] std::string resolver_of(const Scene& scene, std::uint32_t cell);

}  // namespace sonde::hub::judge
