// Findings that may be no more than symptoms of other findings: a wrong blame costs more than a late one.
#pragma once

#include <span>

#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// Lowers convictions to `leaning`, with the reason in `missing`, where
/// - an app began to fail together with something of its own cloud and with the same error: whoever stands behind a
///   load balancer shows its errors as his own;
/// - all that fails because of a finding also runs through a wider component that is convicted (in `findings`, or
///   already `convicted` before), and that can break it in this way: faults do not strike evenly.
/// `convicted`: components of open, convicted incidents with the mode in which they were last found.
void temper_symptoms(const Scene& scene, std::span<const Hypothesis> convicted, std::span<Finding> findings);

}  // namespace sonde::hub::judge
