// Small text helpers for people-facing messages: nearest name, durations and sizes as words, languages.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/time.h"

namespace sonde::core {

/// The languages Sonde speaks.
enum class Language { kEnglish, kChinese };

/// A text in both languages.
struct BilingualText {
  std::string en;
  std::string zh;
  [[nodiscard]] const std::string& in(Language l) const { return l == Language::kChinese ? zh : en; }
};

/// `zh`, `zh_CN.UTF-8`, `zh-Hans` → Chinese; all else English.
[[nodiscard]] Language parse_language(std::string_view text);

/// The name closest to `wrong` by edit distance, if one is close enough to be meant (distance <= 1 + length / 4).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string_view> names);

/// "; did you mean "x"?" where a name is close enough, else empty texts.
[[nodiscard]] BilingualText did_you_mean(std::string_view wrong, std::span<const std::string_view> names);

/// "10s", "250ms", "1.5m" → Duration. Units ns us ms s m h d. Nothing on anything else.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
/// "1m30s", "500ms", "1.5s", as Go writes durations; "0" needs no unit.
[[nodiscard]] std::optional<Duration> parse_go_duration(std::string_view text);
/// Shortest exact form: 1500ms → "1.5s", 60s → "1m".
[[nodiscard]] std::string format_duration(Duration d);
/// "4096", "64KiB", "8MiB", "2GiB" → bytes. Nothing on anything else.
[[nodiscard]] std::optional<std::int64_t> parse_bytes(std::string_view text);
/// Shortest exact form: 65536 → "64KiB".
[[nodiscard]] std::string format_bytes(std::int64_t bytes);
/// For people: three significant digits: "1.23 ms", "45.6 s".
[[nodiscard]] std::string human_duration(Duration d);

/// A to Z as a to z; all other bytes as they are.
[[nodiscard]] std::string lower_ascii(std::string_view text);

/// "2025-11-24T10:00:00Z" (UTC, whole seconds).
[[nodiscard]] std::string format_utc(WallTime t);
/// The other way: "2025-11-24T10:00:00Z" (RFC 3339 in UTC), with a fraction of up to nine digits, or "2025-11-24" for
/// midnight. Nothing on anything else, an offset, a leap second and a year outside of 1970 to 2261 included.
[[nodiscard]] std::optional<WallTime> parse_utc(std::string_view text);

/// Shell-style match: `*` any run of characters, `?` one; everything else literal. Linear time.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

/// Columns that `text` takes on a terminal: East Asian wide characters take two, combining ones none.
[[nodiscard]] int display_width(std::string_view text);

}  // namespace sonde::core
