// The minimum evidence of each verdict: what must have been seen, and which contrast, whatever the posterior says.
#pragma once

#include <vector>

#include "core/text.h"
#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// What is missing before the finding may be convicted; empty means the minimum is met. Each text says in plain words
/// what would fill the gap. docs/verdicts.md has the table.
[[nodiscard]] std::vector<core::BilingualText> missing_evidence(const Scene& scene, const Finding& finding);

}  // namespace sonde::hub::judge
