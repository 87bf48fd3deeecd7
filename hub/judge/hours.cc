// Counts by hour of the day.
#include "hub/judge/hours.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sonde::hub::judge {
namespace {

constexpr double kShrink = 60;            // rounds that the rate of the whole day is worth
constexpr float kKeepADay = 0.90572366F;  // half-life of seven days
constexpr double kDaysMost = 10;          // with that half-life no hour ever counts for more days

std::size_t hour_of_day(std::int64_t number) {
  constexpr auto kDay = static_cast<std::int64_t>(kHoursOfDay);
  return static_cast<std::size_t>((number % kDay + kDay) % kDay);
}

}  // namespace

Hours::Hours(const HourOfRound& now, double good_rounds, std::uint16_t interval_rounds) : now_(now.number) {
  const double an_hour = std::max(1.0, now.rounds / static_cast<double>(interval_rounds));
  const double most = an_hour * kDaysMost;
  // Back in time, hour by hour, as far as they reach.
  for (std::int64_t back = 0; good_rounds > 0 && back < static_cast<std::int64_t>(kHoursOfDay * kDaysMost); ++back) {
    float& n = rounds_[hour_of_day(now_ - 1 - back)];
    n = static_cast<float>(std::min(most, static_cast<double>(n) + std::min(an_hour, good_rounds)));
    good_rounds -= an_hour;
  }
}

void Hours::add(const HourOfRound& now, const PerChannel& failed) {
  turn(now);
  rounds_now_ += 1;
  for (std::size_t c = 0; c < kChannels; ++c) failed_now_[c] += failed[c];
}

void Hours::turn(const HourOfRound& now) {
  if (now.number == now_) return;
  const std::size_t hour = hour_of_day(std::exchange(now_, now.number));
  if (rounds_now_ <= 0) return;
  rounds_[hour] = rounds_[hour] * kKeepADay + std::exchange(rounds_now_, 0.0F);
  for (std::size_t c = 0; c < kChannels; ++c) {
    const float failed = std::exchange(failed_now_[c], 0.0F);
    if (failed > 0 && !failed_[c]) failed_[c] = std::make_unique<OfDay>();
    if (failed_[c]) (*failed_[c])[hour] = (*failed_[c])[hour] * kKeepADay + failed;
  }
}

double Hours::rate(std::size_t channel, double all_day) const {
  const std::size_t hour = hour_of_day(now_);
  const double n = static_cast<double>(rounds_[hour]);
  const double k = failed_[channel] ? static_cast<double>((*failed_[channel])[hour]) : 0;
  return (k + kShrink * all_day) / (n + kShrink);
}

}  // namespace sonde::hub::judge
