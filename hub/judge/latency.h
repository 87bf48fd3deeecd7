// What is usual for a duration of one cell, and what is slow: connect time and the wait for the answer, in log space.
// Nobody sets a limit: each cell is compared with itself.
#pragma once

#include <cstdint>

namespace sonde::hub::judge {

/// Durations of one run in seconds; negative = not reached.
struct Durations {
  float connect = -1;
  float answer = -1;  // from the request to the first byte, less one round trip: the server's own time
};

/// Running location and spread of ln(seconds) of one duration of one cell. 24 bytes; all zero is "nothing known".
struct Usual {
  float location = 0;
  float spread = 0;                // mean absolute deviation
  float moved = 0;                 // location of the slow samples since `slow_since_ms`
  std::uint32_t seen = 0;          // samples learned, saturating
  std::int64_t slow_since_ms = 0;  // first of the slow samples without a usual one between; 0 = the latest was usual
};

/// How far above the usual a duration must be before it is slow: in ln (0.45 is half as much
/// again and a little) and in seconds. Routes change by less than that all day.
struct SlowRule {
  float log_min;
  float seconds_min;
};
inline constexpr SlowRule kConnectRule{0.45F, 0.030F};
inline constexpr SlowRule kAnswerRule{0.45F, 0.050F};

/// Samples before anything is called slow.
inline constexpr std::uint32_t kUsualSamples = 12;
/// A duration that stayed slow for this long without a break is the new usual: a route has changed, nothing is broken.
inline constexpr std::int64_t kNewUsualMs = 2LL * 3600 * 1000;

/// True if `seconds` is slow for this cell: above location + max(5 spreads, rule).
[[nodiscard]] bool is_slow(const Usual& u, float seconds, const SlowRule& rule);

/// True if the connect took longer than usual by a whole second: the first SYN went lost and was sent again
/// (RFC 6298 2: the initial timeout is 1 s).
[[nodiscard]] bool repeated_syn(const Usual& u, float seconds);

/// Learns one duration. `frozen`: the cell is under an open verdict, so only a move that lasts is learned.
/// Steps are clipped, so that a few outliers move nothing.
void learn(Usual& u, float seconds, const SlowRule& rule, std::int64_t time_ms, bool frozen);

}  // namespace sonde::hub::judge
