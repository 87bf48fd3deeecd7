// Expectations that several kinds of check share, and the blemishes that follow from them.
#pragma once

#include <optional>
#include <string>

#include "prober/check.h"

namespace sonde::prober {

struct CommonExpect {
  std::optional<Duration> max_duration;  // longer is `slow`
  std::optional<int> cert_days;          // fewer days left is `expiring`
};

/// Reads `max_duration` and, where the check has certificates, `cert_days`.
[[nodiscard]] CommonExpect read_common(core::MapReader& expect, bool certificates, core::ConfigErrors& errors);

/// What a run that succeeded may be found wanting in; the first that applies makes it degraded:
/// an address that did not answer, a certificate near its end, slowness.
struct Blemishes {
  std::string address;  // Approach::blemish()
  std::optional<WallTime> cert_expiry;
  WallTime now{};
  Duration duration{};
};
void apply_blemishes(const CommonExpect& expect, const Blemishes& seen, core::Measurement& m);

/// Refuses a `request` map for checks that have nothing to choose.
void refuse_request(const SpecNodes& nodes, std::string_view check, core::ConfigErrors& errors);

}  // namespace sonde::prober
