// Whose clock is known to be wrong, and so whose results say nothing about the round that they claim to be of
// (RELIABILITY P11). Told by the records `clock` that the hub writes (hub/clocks.h).
#pragma once

#include <cstdint>
#include <optional>

#include "core/record.h"

namespace sonde::hub::judge {

/// What the `clock` records of one vantage within one round say, in whatever order they came.
struct ClockNews {
  bool any_wrong = false;
  std::int64_t time_ms = -1;  // of the newest
  bool wrong = false;         // as the newest says
  std::int64_t ahead_ms = 0;  // the same; 0 where it is behind

  void add(const core::Record& record, std::int64_t time);
};

/// One vantage, round by round.
class ClockWatch {
 public:
  /// How long one record that says `wrong` holds; the hub repeats it every 10 s while the vantage writes. So whoever
  /// begins in the middle of a log knows within seconds, and nothing is held against a vantage that went away.
  static constexpr std::int64_t kHoldMs = 60'000;

  /// In the order of rounds, before wrong_at of that round is asked.
  void take(const ClockNews& news);
  /// Whether results of the round that begins at `begin_ms` are to be left out.
  [[nodiscard]] bool wrong_at(std::int64_t begin_ms) const { return begin_ms <= until_ms_; }

 private:
  std::int64_t until_ms_ = INT64_MIN;
  // What was measured while the clock was ahead bears times that come only later, also when it has been set right.
  std::int64_t stamped_until_ms_ = INT64_MIN;
};

}  // namespace sonde::hub::judge
