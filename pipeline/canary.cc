// What a canary bears, and how it is known again.
#include "pipeline/canary.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/line_protocol.h"
#include "core/schema.h"

namespace sonde::pipeline {
namespace {

// Field names end apart from each other: a database may put any text before them.
constexpr std::string_view kWhole = "whole";
constexpr std::string_view kFraction = "fraction";
constexpr std::string_view kWords = "words";

// The largest integer that a double holds, less the time: exact as an integer and as a float, and of this canary only.
constexpr std::int64_t kWholeMax = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t kWholeSpan = 1'000'000'000'000;

constexpr double kFractionValue = 0.1 + 0.2;  // 0.30000000000000004: shorter decimals lose it
constexpr double kFractionDoubt = 1e-15;
// What line protocol, JSON, CSV and encodings stumble over.
constexpr std::string_view kWordsValue = "a \"quoted\", comma=, \\ back, \xe6\x8e\xa2\xe9\x92\x88";

std::int64_t whole_at(core::WallTime time) { return kWholeMax - core::to_unix_ms(time) % kWholeSpan; }

std::string plain(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(
      out,
      [](char c) {
        const bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
                          c == '-' || static_cast<unsigned char>(c) >= 0x80;
        return !fine;
      },
      '_');
  return out;
}

double as_number(const core::FieldValue& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&value)) return *d;
  return std::nan("");
}

// By its time a point is ours whatever became of its value; by its value whatever became of its time.
void count_whole(const Canary& canary, const StoredValue& v, CanaryFate& fate) {
  const double number = as_number(v.value);
  for (const core::WallTime own : {canary.first, canary.second()}) {
    const bool kept = number == static_cast<double>(whole_at(own));
    if (v.time == own) ++(own == canary.first ? fate.first_copies : fate.second_copies);
    if (!kept) continue;
    if (v.time != own) fate.moved_to = v.time;
    fate.integer_kept = true;
    fate.integer_type_kept |= std::holds_alternative<std::int64_t>(v.value);
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Canary::tags() const {
  return {{"canary", "doctor"}, {"sink", sink}, {std::string{core::tag::kVantage}, vantage}};
}

std::string Canary::lines() const {
  std::string out;
  for (const core::WallTime time : {first, second()}) {
    core::Record r;
    r.measurement = kCanaryMeasurement;
    r.tags = tags();
    r.add_field(kWhole, whole_at(time));
    r.add_field(kFraction, kFractionValue);
    r.add_field(kWords, std::string{kWordsValue});
    r.time = time;
    SONDE_CHECK(core::encode_line(r, out), "a canary is a short line");
  }
  return out;
}

Canary canary_for(std::string_view vantage, std::string_view sink, core::WallTime now) {
  return {.vantage = plain(vantage), .sink = plain(sink), .first = core::from_unix_ms(core::to_unix_ms(now))};
}

CanaryFate read_fate(const Canary& canary, const std::vector<StoredValue>& values) {
  CanaryFate fate;
  for (const StoredValue& v : values) {
    if (v.name.ends_with(kWhole)) count_whole(canary, v, fate);
    if (v.time != canary.first && v.time != canary.second()) continue;
    if (v.name.ends_with(kFraction)) {
      const double number = as_number(v.value);
      fate.fraction_exactly |= number == kFractionValue;
      fate.fraction_kept |= std::abs(number - kFractionValue) < kFractionDoubt;
    }
    if (!v.name.ends_with(kWords)) continue;
    const auto* text = std::get_if<std::string>(&v.value);
    const bool kept = text != nullptr && *text == kWordsValue;
    fate.text = kept && fate.text != CanaryFate::Text::kChanged ? CanaryFate::Text::kKept : CanaryFate::Text::kChanged;
  }
  return fate;
}

}  // namespace sonde::pipeline
