// The two headers, and the arithmetic of two clocks.
#include "pipeline/clock_note.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "core/percent.h"
#include "pipeline/influx_wire.h"

namespace sonde::pipeline {
namespace {

constexpr std::int64_t kTimeMsMax = 9'000'000'000'000;  // in nanoseconds it still fits
constexpr std::size_t kNameBytesMax = 1024;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  if (!whole || value < 0 || value > kTimeMsMax) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Parts {
  std::optional<std::int64_t> sent;
  std::optional<std::int64_t> heard;
  std::optional<std::int64_t> ago;
  std::string_view vantage;
};

// Unknown keys are passed over: a later version may say more.
Parts split(std::string_view header) {
  Parts parts;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view one = trimmed(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view key = one.substr(0, equals);
    const std::string_view value = one.substr(std::min(equals + 1, one.size()));
    if (key == "sent") parts.sent = number(value);
    if (key == "heard") parts.heard = number(value);
    if (key == "ago") parts.ago = number(value);
    if (key == "vantage") parts.vantage = value;
  }
  return parts;
}

}  // namespace

std::string to_header(const ClockNote& note) {
  std::string text = fmt::format("sent={}", core::to_unix_ms(note.sent));
  if (note.heard) {
    text += fmt::format(", heard={}, ago={}", core::to_unix_ms(note.heard->said),
                        std::chrono::floor<std::chrono::milliseconds>(note.heard->ago).count());
  }
  return text + ", vantage=" + core::percent_encode(note.vantage);
}

std::optional<ClockNote> read_clock_note(std::string_view header) {
  const Parts parts = split(header);
  if (!parts.sent || parts.vantage.empty() || parts.vantage.size() > kNameBytesMax) return std::nullopt;
  auto vantage = core::percent_decode(parts.vantage, false);
  if (!vantage) return std::nullopt;
  ClockNote note{.vantage = std::move(*vantage), .sent = core::from_unix_ms(*parts.sent), .heard = {}};
  if (parts.heard && parts.ago) {
    note.heard = {.said = core::from_unix_ms(*parts.heard), .ago = std::chrono::milliseconds{*parts.ago}};
  }
  return note;
}

std::optional<core::WallTime> read_now(std::string_view header) {
  const auto ms = number(trimmed(header));
  return ms ? std::optional{core::from_unix_ms(*ms)} : std::nullopt;
}

std::string to_now_header(core::WallTime now) { return fmt::format("{}", core::to_unix_ms(now)); }

ClockOffset offset_of(const ClockNote& note, core::WallTime received) {
  ClockOffset offset{.least = note.sent - received, .most = {}};
  if (note.heard) offset.most = (note.sent - note.heard->ago) - note.heard->said;
  return offset;
}

}  // namespace sonde::pipeline
