// A canary: two points of a measurement of its own, written to a database three times and looked for afterwards. What
// comes back says what the database makes of everything else that it is sent (RELIABILITY P2, P3). Pure: no I/O here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/time.h"

namespace sonde::pipeline {

inline constexpr std::string_view kCanaryMeasurement = "sonde_canary";
inline constexpr int kCanaryWrites = 3;

/// The points differ by 1 ms, the finest step of Sonde's stamps, and each bears an integer that no other canary has.
struct Canary {
  std::string vantage;  // only letters, digits, '.', '-', '_' and what is beyond ASCII: see canary_for
  std::string sink;
  core::WallTime first{};  // whole milliseconds; the second point is 1 ms later

  [[nodiscard]] core::WallTime second() const { return first + std::chrono::milliseconds{1}; }
  /// Both points as line protocol.
  [[nodiscard]] std::string lines() const;
  /// The tags of its series, the same in every run so that no run leaves a series of its own.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> tags() const;
};

/// A canary stamped `now`. Characters that some query language would have to quote become '_' in its tags.
[[nodiscard]] Canary canary_for(std::string_view vantage, std::string_view sink, core::WallTime now);

/// One value that a database gave back: one sample, or one field of a row.
struct StoredValue {
  std::string name;  // of the field, or of the series that it became
  core::WallTime time{};
  core::FieldValue value;
};

/// What became of a canary.
struct CanaryFate {
  int first_copies = 0;  // how often each point was found
  int second_copies = 0;
  std::optional<core::WallTime> moved_to;  // a point was found at another time than its own
  bool integer_kept = false;               // exactly, though perhaps as a float
  bool integer_type_kept = false;
  bool fraction_kept = false;     // to 15 digits: VictoriaMetrics keeps no more
  bool fraction_exactly = false;  // all 17
  enum class Text { kAbsent, kKept, kChanged };
  Text text = Text::kAbsent;

  [[nodiscard]] bool found() const { return first_copies > 0 || second_copies > 0 || moved_to; }
};

/// Values of other canaries are passed over.
[[nodiscard]] CanaryFate read_fate(const Canary& canary, const std::vector<StoredValue>& values);

}  // namespace sonde::pipeline
