// The usual at this hour of the day: what comes back every evening is no news, the same in the morning is.
#include "hub/judge/hours.h"

#include <cmath>

#include <gtest/gtest.h>

#include "hub/judge/cell.h"
#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

constexpr std::size_t kTcp = index(Channel::kTcp);
constexpr std::int64_t kRoundsAnHour = 120;
constexpr std::int64_t kRoundsADay = 24 * kRoundsAnHour;
const float kForget = static_cast<float>(std::exp2(-1.0 / (7.0 * kRoundsADay)));

HourOfRound hour_at(std::int64_t round) { return {round / kRoundsAnHour, kRoundsAnHour}; }
bool is_evening(std::int64_t round) { return hour_at(round).number % 24 >= 19 && hour_at(round).number % 24 < 23; }

// Lets the cell learn rounds [from, to); every twentieth run fails where `lossy` says.
template <typename Lossy>
void live(Cell& cell, std::int64_t from, std::int64_t to, Lossy lossy) {
  for (std::int64_t round = from; round < to; ++round) {
    turn_hour(cell, hour_at(round));
    decay(cell);
    Trials t;
    t.n[kTcp] = 1;
    t.k[kTcp] = round % 20 == 7 && lossy(round) ? 1 : 0;
    t.by_class[index(ErrorClass::kTcpTimeout)] = t.k[kTcp];
    add_round(cell, t);
    learn(cell, kForget, hour_at(round));
  }
}

TEST(Hours, LossOfEveryEveningIsUsualInTheEveningAndOnlyThen) {
  Cell cell;
  live(cell, 0, 5 * kRoundsADay + 20 * kRoundsAnHour, is_evening);
  const double evening = baseline(cell, Channel::kTcp);
  EXPECT_GT(evening, 0.03);
  EXPECT_LT(evening, 0.06);
  live(cell, 5 * kRoundsADay + 20 * kRoundsAnHour, 6 * kRoundsADay + 9 * kRoundsAnHour, is_evening);
  EXPECT_LT(baseline(cell, Channel::kTcp), 0.004) << "a clean morning";
}

TEST(Hours, AFaultDoesNotBecomeUsualWithinItsHour) {
  Cell cell;
  const std::int64_t morning = 3 * kRoundsADay + 9 * kRoundsAnHour;
  live(cell, 0, morning, [](auto) { return false; });
  live(cell, morning, morning + kRoundsAnHour - 1, [](auto) { return true; });
  EXPECT_LT(baseline(cell, Channel::kTcp), 0.002);
  EXPECT_NE(cell.history, nullptr);
}

TEST(Hours, ACellThatNeverFailedHasNone) {
  Cell cell;
  live(cell, 0, kRoundsADay, [](auto) { return false; });
  EXPECT_EQ(cell.history, nullptr);
  EXPECT_EQ(cell.detail, nullptr);
}

TEST(Hours, WhatWasForgottenIsUsualNoMore) {
  Cell cell;
  live(cell, 0, 5 * kRoundsADay, is_evening);
  live(cell, 5 * kRoundsADay, 26 * kRoundsADay + 20 * kRoundsAnHour, [](auto) { return false; });
  EXPECT_LT(baseline(cell, Channel::kTcp), 0.01) << "three half-lives later";
}

// Days of the small world in rounds of two minutes, with a path that loses a fifth of its connects every evening.
constexpr std::int64_t kStepMs = 120'000;
constexpr std::int64_t kStepsAnHour = 30;
constexpr std::int64_t kDaySteps = 24 * kStepsAnHour;
constexpr std::int64_t kMidnightMs = kStartMs / 86'400'000 * 86'400'000;

struct Day {
  bool evening_loss = true;
  std::int64_t fault_from = -1;  // step of the day from which the path is down, or loses as much, for an hour
  double fault = 0;
};

std::vector<VerdictEvent> live(Judge& judge, const World& w, std::int64_t day, const Day& how) {
  std::vector<VerdictEvent> said;
  for (std::int64_t step = 0; step < kDaySteps; ++step) {
    const std::int64_t begin = kMidnightMs + (day * kDaySteps + step) * kStepMs;
    const std::int64_t hour = step / kStepsAnHour;
    const bool fault = how.fault_from >= 0 && step >= how.fault_from && step < how.fault_from + kStepsAnHour;
    const double loss = std::max(how.evening_loss && hour >= 19 && hour < 23 ? 0.2 : 0.0, fault ? how.fault : 0.0);
    for (const core::Vantage& v : w.vantages) {
      for (const core::Target& t : w.targets) {
        const bool on_path = v.isp == w.vantages.front().isp && t.provider == "nimbus" && t.region == "sg-1";
        const bool lost = on_path && dice(v.name, t.name, day * kDaySteps + step) < loss;
        judge.observe(probe(v, t, begin + 1000, lost ? std::optional{tcp_timeout()} : std::nullopt));
      }
    }
    for (VerdictEvent& e : judge.advance(core::from_unix_ms(begin + 2 * kStepMs))) {
      if (e.event == EventKind::kOpened) said.push_back(std::move(e));
    }
  }
  return said;
}

TEST(Hours, TheJudgeIsUsedToTheEveningsAndStillHearsAFaultOnTopOfThem) {
  World w = small_world();
  for (core::Target& t : w.targets) t.every = std::chrono::milliseconds{kStepMs};
  Judge judge{{.round = std::chrono::milliseconds{kStepMs}}};
  for (const core::Record& r : topology(w, kMidnightMs)) judge.observe(r);
  std::size_t first = 0;
  for (std::int64_t day = 0; day < 4; ++day) first += live(judge, w, day, {}).size();
  EXPECT_GT(first, 0U) << "the first evenings are news";
  std::vector<VerdictEvent> usual = live(judge, w, 4, {});
  EXPECT_EQ(usual.size(), 0U) << (usual.empty() ? "" : usual.front().summary.en);
  EXPECT_GT(live(judge, w, 5, {.fault_from = 20 * kStepsAnHour, .fault = 1}).size(), 0U) << "down in the evening";
  EXPECT_GT(live(judge, w, 6, {.fault_from = 9 * kStepsAnHour, .fault = 0.2}).size(), 0U) << "evening's loss at nine";
}

}  // namespace
}  // namespace sonde::hub::judge::test
