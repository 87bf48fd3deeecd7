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

/// Keys that tables of `expect` share.
inline constexpr core::Key kMaxDurationKey{.name = "max_duration",
                                           .kind = core::KeyKind::kDuration,
                                           .min = 1,
                                           .max = 300'000,
                                           .en = "a run that takes longer is degraded (slow)",
                                           .zh = "超过这个时间的探测记为降级（slow）"};
inline constexpr core::Key kCertDaysKey{.name = "cert_days",
                                        .kind = core::KeyKind::kInteger,
                                        .min = 0,
                                        .max = 3650,
                                        .en = "a certificate of the chain with fewer days left is degraded (expiring)",
                                        .zh = "证书链中任一证书剩余天数少于此值时记为降级（expiring）"};

/// Reads those of the shared keys that the table has.
[[nodiscard]] CommonExpect read_common(const core::TableReader& expect, const core::KeyTable& table);

/// What a run that succeeded may be found wanting in; the first that applies makes it degraded:
/// an address that did not answer, what the TLS session minds, a certificate near its end, slowness.
struct Blemishes {
  std::string address;                 // Approach::blemish()
  const io::TlsResult* tls = nullptr;  // null without TLS
  std::optional<WallTime> cert_expiry;
  WallTime now{};
  Duration duration{};
};
void apply_blemishes(const CommonExpect& expect, const Blemishes& seen, core::Measurement& m);

/// Refuses a `request` map for checks that have nothing to choose.
void refuse_request(const SpecNodes& nodes, std::string_view check, core::ConfigErrors& errors);
/// Refuses a `tls` map for checks that speak no TLS.
void refuse_tls(const SpecNodes& nodes, std::string_view check, core::ConfigErrors& errors);

}  // namespace sonde::prober
