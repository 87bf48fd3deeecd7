// What the class of an error says about which kind of component failed, such as "refused: the host is alive".
#pragma once

#include <vector>

#include "hub/judge/channels.h"
#include "hub/judge/component.h"
#include "hub/judge/modes.h"

namespace sonde::hub::judge {

struct ErrorCount {
  ErrorClass error;
  float weight;
};
/// The classes that occur, in order.
using ErrorCounts = std::vector<ErrorCount>;
[[nodiscard]] ErrorCounts error_counts(const PerClass& failures);

/// Sum over the failures of ln(q_kind / q_0), over the channels that the mode can fail at; nats, not yet capped.
[[nodiscard]] double class_evidence(Kind kind, Mode mode, const ErrorCounts& failures);

/// The cells of a fault share its cause, so their classes are one draw and not many: caps the sum at ±6 nats,
/// smoothly (E·tanh(em / 2E), E = 6).
[[nodiscard]] double cap_class_evidence(double sum);

}  // namespace sonde::hub::judge
