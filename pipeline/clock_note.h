// How two processes compare their wall clocks over the writes that go between them anyway (RELIABILITY P11): each write
// says what its sender's clock shows, each answer what the receiver's does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace sonde::pipeline {

/// On a write, a ClockNote as text (names in lower case, as requests and answers are asked for them). Not `Date` (RFC
/// 9110 6.6.1): it has whole seconds, and a second is what matters.
inline constexpr std::string_view kClockHeader = "sonde-clock";
/// On the answer: the receiver's wall clock as it was sent, Unix ms.
inline constexpr std::string_view kNowHeader = "sonde-now";

/// What the sender of a write knows of the two clocks.
struct ClockNote {
  /// The receiver's clock, as its last answer said, and how long ago that answer came, by the monotonic clock.
  struct Heard {
    core::WallTime said{};
    core::Duration ago{};
    bool operator==(const Heard&) const = default;
  };
  std::string vantage;    // whose clock it is
  core::WallTime sent{};  // what it showed when the request was made
  std::optional<Heard> heard;
  bool operator==(const ClockNote&) const = default;
};

/// How far a clock is ahead of another: somewhere in between, however long messages took. `most` is not known before
/// something went the other way.
struct ClockOffset {
  core::Duration least{};
  std::optional<core::Duration> most;
};

/// "sent=1764000000000, heard=1764000000123, ago=980, vantage=hangzhou-1", times in ms; the name percent-encoded.
[[nodiscard]] std::string to_header(const ClockNote& note);
/// Nothing where it is not such a text, holds an empty name, or times that no clock shows (before 1970, after 2255).
[[nodiscard]] std::optional<ClockNote> read_clock_note(std::string_view header);

/// A time of kNowHeader; the same bounds.
[[nodiscard]] std::optional<core::WallTime> read_now(std::string_view header);
[[nodiscard]] std::string to_now_header(core::WallTime now);

/// How far the sender's clock is ahead of the receiver's, which shows `received`. A message arrives after it was sent:
/// the request bounds it from below, the answer before it from above. A slow request only widens the bounds.
[[nodiscard]] ClockOffset offset_of(const ClockNote& note, core::WallTime received);

}  // namespace sonde::pipeline
