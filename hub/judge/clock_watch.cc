// From clock records to rounds that do not count.
#include "hub/judge/clock_watch.h"

#include <algorithm>
#include <tuple>

#include "core/clock_record.h"

namespace sonde::hub::judge {
namespace {
constexpr std::int64_t kAheadMaxMs = 3'600'000;
}

void ClockNews::add(const core::Record& record, std::int64_t time) {
  const bool says_wrong = record.integer(core::clock_record::kWrong).value_or(0) != 0;
  // Whoever may write may write any number; the hub asks those to wait whose clocks are further ahead.
  const std::int64_t ahead =
      std::clamp<std::int64_t>(record.integer(core::clock_record::kAheadMs).value_or(0), 0, kAheadMaxMs);
  any_wrong |= says_wrong;
  if (std::tie(time, says_wrong, ahead) <= std::tie(time_ms, wrong, ahead_ms)) return;
  time_ms = time;
  wrong = says_wrong;
  ahead_ms = ahead;
}

void ClockWatch::take(const ClockNews& news) {
  if (news.wrong) {
    until_ms_ = news.time_ms + kHoldMs;
    stamped_until_ms_ = news.time_ms + news.ahead_ms;
    until_ms_ = std::max(until_ms_, stamped_until_ms_);
    return;
  }
  // Right again: the round in which it still was not is the last one, or that of its latest stamps.
  const bool held = news.time_ms <= until_ms_;
  if (held || news.any_wrong) until_ms_ = std::max(news.time_ms, stamped_until_ms_);
}

}  // namespace sonde::hub::judge
