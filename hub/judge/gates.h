// From posterior to grade: a finding is convicted only if every gate holds. The prior may rank, only evidence convicts.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "hub/judge/judge.h"
#include "hub/judge/scene.h"
#include "hub/judge/search.h"

namespace sonde::hub::judge {

inline constexpr double kPosteriorMin = 0.85;
inline constexpr double kEvidenceMin = 13;     // nats against "healthy", to convict or lean
inline constexpr double kEvidenceMention = 5;  // nats, to say that something is wrong without saying who
inline constexpr double kBayesFactorMin = 3;   // nats (20:1) over the best rival of another class
inline constexpr double kTwinMin = 3;          // nats of error classes and companions that separate twins
inline constexpr double kFreshMin = 1.5;       // nats of one round alone
inline constexpr double kShortcutEvidence = 60;
inline constexpr double kShortcutPosterior = 0.97;
inline constexpr std::int64_t kTogether = 2;  // rounds between two onsets that count as one moment

/// Nats of one round alone (0 is the latest of each cell) for the component's best mode, over the cells that
/// `elsewhere` does not explain (by cell, may be empty). Nothing where none of its cells reports any more.
[[nodiscard]] std::optional<double> fresh_evidence(const Scene& scene, std::uint32_t component, RecentEvidence& recent,
                                                   std::size_t round, std::span<const float> elsewhere);

/// Examines every member of an explanation: posterior, rivals, twins, freshness, minimum evidence, grade.
[[nodiscard]] std::vector<Finding> examine(const Scene& scene, const Search& search, Window window,
                                           std::span<const Hypothesis> explanation, std::span<const Hypothesis> fixed,
                                           RecentEvidence& recent, const JudgeOptions& options);

}  // namespace sonde::hub::judge
