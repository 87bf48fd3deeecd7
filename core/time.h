// Two kinds of time that never convert into each other.
// MonoTime is for durations and deadlines; WallTime only stamps a result. Neither type can read a clock:
// clocks live in io/loop.h and are passed in.
#pragma once

#include <chrono>
#include <cstdint>

namespace sonde::core {

using Duration = std::chrono::nanoseconds;

/// Tag clocks: they name a time line and have no now().
struct MonoTimeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoTimeline, Duration>;
  static constexpr bool is_steady = true;
};
struct WallTimeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallTimeline, Duration>;
  static constexpr bool is_steady = false;
};

/// A point on the monotonic clock of this process (CLOCK_MONOTONIC). Its zero means nothing.
using MonoTime = MonoTimeline::time_point;

/// Nanoseconds since the Unix epoch, UTC.
using WallTime = WallTimeline::time_point;

[[nodiscard]] constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
[[nodiscard]] constexpr Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}
[[nodiscard]] constexpr std::int64_t to_unix_ns(WallTime t) { return t.time_since_epoch().count(); }
[[nodiscard]] constexpr std::int64_t to_unix_ms(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
[[nodiscard]] constexpr WallTime from_unix_ns(std::int64_t ns) { return WallTime{Duration{ns}}; }
[[nodiscard]] constexpr WallTime from_unix_ms(std::int64_t ms) { return WallTime{std::chrono::milliseconds{ms}}; }

}  // namespace sonde::core
