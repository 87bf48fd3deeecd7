// The shadow: whom simple thresholds would blame for the same failures. No baselines, layers, windows or priors: who
// fails now, counted. It convicts nobody; where it points to another side than the judge, the judge is less sure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// Confidence of what the shadow does not agree with, times this: measured (docs/verdicts.md, "Limits").
inline constexpr double kShadowDoubt = 0.97;

/// One round. Costs one walk over the cells.
class Shadow {
 public:
  explicit Shadow(const Scene& scene);

  /// Most vantages fail at the targets of the finding: far. Else, most targets fail at its vantages: near. Else middle.
  /// Nothing where none of its cells fails at the moment.
  [[nodiscard]] std::optional<Side> blames(const Finding& finding) const;

 private:
  struct Count {
    std::uint32_t cells = 0;
    std::uint32_t failing = 0;
    [[nodiscard]] double share() const { return cells == 0 ? 0 : static_cast<double>(failing) / cells; }
  };
  const Scene& scene_;
  std::vector<Count> vantages_;
  std::vector<Count> targets_;
};

}  // namespace sonde::hub::judge
