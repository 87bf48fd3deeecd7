// What is usual for a cell at this hour of the day. Only cells that have failed have one of these: a cell that never
// fails is the same all day.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "hub/judge/channels.h"

namespace sonde::hub::judge {

inline constexpr std::size_t kHoursOfDay = 24;

/// The hour that a round begins in.
struct HourOfRound {
  std::int64_t number = 0;  // hours since 1970, UTC; what comes back every day comes back whatever the time zone
  double rounds = 120;      // that an hour has
};

/// Rounds and failures by hour of the day, of the days before: what an hour brings is added when it is over, so that
/// a fault does not become usual while it lasts. Half-life 7 days, by each hour's own days.
class Hours {
 public:
  /// `good_rounds`: rounds without a failure that were learned before this began, one in `interval_rounds` rounds.
  Hours(const HourOfRound& now, double good_rounds, std::uint16_t interval_rounds);

  /// Adds one round to the running hour; `failed`: share of the trials at each channel.
  void add(const HourOfRound& now, const PerChannel& failed);
  /// Another hour may have begun.
  void turn(const HourOfRound& now);

  /// Rate of failures in this hour of the day, shrunk to `all_day`, which is worth 60 rounds: (k + 60 g) / (n + 60).
  [[nodiscard]] double rate(std::size_t channel, double all_day) const;

 private:
  using OfDay = std::array<float, kHoursOfDay>;

  std::int64_t now_;
  OfDay rounds_{};
  std::array<std::unique_ptr<OfDay>, kChannels> failed_;  // for channels that have failed
  float rounds_now_ = 0;
  PerChannel failed_now_{};
};

}  // namespace sonde::hub::judge
