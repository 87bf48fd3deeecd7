// Text helpers for messages that people read.
#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "core/sanitize.h"

namespace sonde::core {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array kUnits{Unit{"ns", 1},
                            Unit{"us", 1'000},
                            Unit{"ms", 1'000'000},
                            Unit{"s", 1'000'000'000},
                            Unit{"m", 60'000'000'000},
                            Unit{"h", 3'600'000'000'000},
                            Unit{"d", 86'400'000'000'000}};

struct ByteUnit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array kByteUnits{ByteUnit{"KiB", 1LL << 10}, ByteUnit{"MiB", 1LL << 20}, ByteUnit{"GiB", 1LL << 30},
                                ByteUnit{"TiB", 1LL << 40}, ByteUnit{"B", 1}};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

// Blocks that Unicode's EastAsianWidth.txt (15.0) lists as wide or full-width, joined to few ranges. wcwidth(3) would
// depend on the process locale, which a daemon leaves at "C".
bool is_wide(std::uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0x303E) || (c >= 0x3041 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
         (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) ||
         (c >= 0x1F900 && c <= 0x1F9FF) || (c >= 0x20000 && c <= 0x3FFFD);
}

bool is_combining(std::uint32_t c) { return (c >= 0x0300 && c <= 0x036F) || (c >= 0x200B && c <= 0x200D); }

}  // namespace

Language parse_language(std::string_view text) {
  const bool chinese =
      text.starts_with("zh") && (text.size() == 2 || text[2] == '_' || text[2] == '-' || text[2] == '.');
  return chinese ? Language::kChinese : Language::kEnglish;
}

std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string_view> names) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 2 + wrong.size() / 4;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(wrong, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

BilingualText did_you_mean(std::string_view wrong, std::span<const std::string_view> names) {
  const auto close = nearest(wrong, names);
  if (!close) return {};
  return {fmt::format("; did you mean \"{}\"?", *close), fmt::format("；是否想写“{}”？", *close)};
}

std::optional<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  const auto it = std::ranges::find(kUnits, unit, &Unit::name);
  if (it == kUnits.end()) return std::nullopt;
  const double ns = number * static_cast<double>(it->ns);
  if (ns > 9.2e18) return std::nullopt;
  return Duration{std::llround(ns)};
}

std::optional<Duration> parse_go_duration(std::string_view text) {
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;
  Duration sum{};
  while (!text.empty()) {
    const std::size_t unit_at = text.find_first_not_of("0123456789.");
    if (unit_at == 0 || unit_at == std::string_view::npos) return std::nullopt;
    std::size_t unit_end = text.find_first_of("0123456789.", unit_at);
    unit_end = std::min(unit_end, text.size());
    const auto part = parse_duration(text.substr(0, unit_end));
    if (!part || *part > Duration::max() - sum) return std::nullopt;
    sum += *part;
    text.remove_prefix(unit_end);
  }
  return sum;
}

std::string format_duration(Duration d) {
  if (d.count() == 0) return "0s";
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    if (d.count() % unit->ns == 0) return fmt::format("{}{}", d.count() / unit->ns, unit->name);
  }
  return fmt::format("{}ns", d.count());
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t scale = 1;
  for (const ByteUnit& unit : kByteUnits) {
    if (text.ends_with(unit.name)) {
      text.remove_suffix(unit.name.size());
      scale = unit.bytes;
      break;
    }
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < 0 || number > INT64_MAX / scale) return std::nullopt;
  return number * scale;
}

std::string format_bytes(std::int64_t bytes) {
  for (const ByteUnit& unit : {kByteUnits[3], kByteUnits[2], kByteUnits[1], kByteUnits[0]}) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return fmt::format("{}", bytes);
}

std::string human_duration(Duration d) {
  const auto ns = static_cast<double>(d.count());
  const auto with_unit = [](double value, std::string_view unit) {
    const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return fmt::format("{:.{}f} {}", value, decimals, unit);
  };
  if (ns < 1e3) return with_unit(ns, "ns");
  if (ns < 1e6) return with_unit(ns / 1e3, "µs");
  if (ns < 1e9) return with_unit(ns / 1e6, "ms");
  return with_unit(ns / 1e9, "s");
}

std::string format_utc(WallTime t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch());
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const std::chrono::hh_mm_ss time{seconds - days};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::optional<WallTime> parse_utc(std::string_view text) {
  // Takes exactly so many digits, as a number below `below`.
  const auto number = [&text](std::size_t digits, int below) -> std::optional<int> {
    int value = 0;
    if (text.size() < digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || end != text.data() + digits || value < 0 || value >= below) return std::nullopt;
    text.remove_prefix(digits);
    return value;
  };
  const auto mark = [&text](char c) {
    const bool there = text.starts_with(c);
    if (there) text.remove_prefix(1);
    return there;
  };
  constexpr int kYearEnd = 2262;  // where 64 bits of nanoseconds end
  const auto year = number(4, kYearEnd);
  const auto month = mark('-') ? number(2, 13) : std::nullopt;
  const auto day = mark('-') ? number(2, 32) : std::nullopt;
  if (!year || *year < 1970 || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const WallTime midnight{std::chrono::duration_cast<Duration>(std::chrono::sys_days{date}.time_since_epoch())};
  if (text.empty()) return midnight;
  const auto hour = mark('T') ? number(2, 24) : std::nullopt;
  const auto minute = mark(':') ? number(2, 60) : std::nullopt;
  const auto second = mark(':') ? number(2, 60) : std::nullopt;
  if (!hour || !minute || !second) return std::nullopt;
  Duration fraction{};
  if (mark('.')) {
    Duration unit = std::chrono::milliseconds{100};
    do {
      const auto digit = number(1, 10);
      if (!digit || unit == Duration{}) return std::nullopt;
      fraction += *digit * unit;
      unit /= 10;
    } while (!text.empty() && text.front() != 'Z');
  }
  if (text != "Z") return std::nullopt;
  return midnight + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
         fraction;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string lower_ascii(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

int display_width(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_sequence(text), 1);
    const std::uint32_t code = code_point(text.substr(0, length));
    text.remove_prefix(length);
    columns += is_combining(code) ? 0 : is_wide(code) ? 2 : 1;
  }
  return columns;
}

}  // namespace sonde::core
