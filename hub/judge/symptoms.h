// Findings that may be no more than symptoms of other findings: a wrong blame costs more than a late one.
#pragma once

#include <span>

#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// A component that is convicted, with the mode in which it was found last.
struct Culprit {
  Hypothesis hypothesis;
  std::int64_t since_ms = 0;
};

/// Lowers convictions to `leaning`, with the reason in `missing`, where
/// - an app began to fail together with something of its own cloud and with the same error: whoever stands behind a
///   load balancer shows its errors as his own;
/// - all that fails because of a finding also runs through a wider component that is convicted (in `findings`, or
///   already `convicted` before), and that can break it in this way or began together with it: faults do not strike
///   evenly, and what is broken spills over.
void temper_symptoms(const Scene& scene, std::span<const Culprit> convicted, std::span<Finding> findings);

}  // namespace sonde::hub::judge
