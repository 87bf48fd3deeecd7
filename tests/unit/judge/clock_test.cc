// Probers whose clock is wrong are left out of the evidence, by what the hub wrote into the log (RELIABILITY P11).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "hub/judge/clock_watch.h"
#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

core::Record clock_record(std::string_view vantage, std::int64_t time_ms, bool wrong, std::int64_t ahead_ms) {
  core::Record r;
  r.measurement = "clock";
  r.time = core::from_unix_ms(time_ms);
  r.add_tag("vantage", vantage);
  r.add_field("ahead_ms", ahead_ms);
  r.add_field("error_ms", std::int64_t{20});
  r.add_field("wrong", std::int64_t{wrong ? 1 : 0});
  return r;
}

std::int64_t round_ms(std::int64_t round) { return kStartMs + round * kRoundMs; }
bool broken(std::int64_t round) { return round >= 20 && round < 34; }

/// From round 20 on `beijing` sees everything fail and nobody else does: its clock is set wrongly, say.
std::vector<std::vector<core::Record>> records(const World& w, bool told) {
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 48; ++r) {
    rounds.push_back(round_of(w, r, [](const core::Vantage& v, const core::Target&, std::int64_t round) {
      return v.name == "beijing" && broken(round) ? std::optional{tcp_timeout()} : std::nullopt;
    }));
    if (!told) continue;
    const bool wrong = broken(r);
    rounds.back().push_back(clock_record("beijing", round_ms(r) + 100, wrong, wrong ? 4000 : 3));
  }
  return rounds;
}

TEST(Clock, P11_AVantageWhoseClockIsWrongIsNoEvidence) {
  const World w = small_world();
  ASSERT_FALSE(play_records(w, records(w, false)).empty()) << "what it says would have been believed";
  const auto seen = play_records(w, records(w, true));
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Clock, P11_TheOthersGoOnBeingHeard) {
  const World w = small_world();
  const std::string app = std::ranges::find_if(w.targets, [](const auto& t) { return !t.app.empty(); })->app;
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 40; ++r) {
    rounds.push_back(round_of(w, r, [&app](const core::Vantage&, const core::Target& t, std::int64_t round) {
      return t.app == app && broken(round) ? std::optional{http_503()} : std::nullopt;
    }));
    rounds.back().push_back(clock_record("beijing", round_ms(r) + 100, true, -5000));
  }
  const auto seen = play_records(w, rounds);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().event.component_key, "app:" + app) << story(seen);
  EXPECT_EQ(seen.front().event.grade, Grade::kConvicted) << story(seen);
}

TEST(Clock, P11_HoursBehindIsNotSilent) {
  const World w = small_world();
  auto rounds = records(w, true);
  // Its results bear times of rounds that are over: nothing of it arrives in these.
  for (std::int64_t r = 0; r < 48; ++r) {
    if (!broken(r)) continue;
    std::erase_if(rounds[static_cast<std::size_t>(r)],
                  [](const core::Record& x) { return x.measurement == "probe" && x.tag("vantage") == "beijing"; });
  }
  const auto seen = play_records(w, rounds);
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Clock, P11_TheOrderOfArrivalWithinARoundDoesNotMatter) {
  const World w = small_world();
  auto first = records(w, true);
  auto last = first;
  for (auto& round : last) std::ranges::reverse(round);
  EXPECT_EQ(story(play_records(w, first)), story(play_records(w, last)));
}

ClockNews news(std::int64_t time_ms, bool wrong, std::int64_t ahead_ms) {
  ClockNews n;
  n.add(clock_record("v", time_ms, wrong, ahead_ms), time_ms);
  return n;
}

TEST(Clock, P11_OneRecordHoldsForAMinute) {
  ClockWatch watch;
  EXPECT_FALSE(watch.wrong_at(kStartMs));
  watch.take(news(kStartMs, true, -5000));
  EXPECT_TRUE(watch.wrong_at(kStartMs));
  EXPECT_TRUE(watch.wrong_at(kStartMs + 60'000));
  EXPECT_FALSE(watch.wrong_at(kStartMs + 60'001));
}

TEST(Clock, P11_WhatWasStampedAheadDoesNotCountLater) {
  ClockWatch watch;
  watch.take(news(kStartMs, true, 100'000));
  watch.take(news(kStartMs + 10'000, false, 0));
  EXPECT_TRUE(watch.wrong_at(kStartMs + 90'000)) << "results bear such times that were taken before it was set right";
  EXPECT_FALSE(watch.wrong_at(kStartMs + 110'000));
  ClockWatch behind;
  behind.take(news(kStartMs, true, -100'000));
  behind.take(news(kStartMs + 10'000, false, 0));
  EXPECT_FALSE(behind.wrong_at(kStartMs + 20'000));
}

TEST(Clock, P11_NumbersThatNoClockShowsAreBounded) {
  ClockWatch watch;
  watch.take(news(kStartMs, true, INT64_MAX));
  watch.take(news(kStartMs + 10'000, false, INT64_MIN));
  EXPECT_FALSE(watch.wrong_at(kStartMs + 24LL * 3'600'000)) << "one record may not silence a vantage for ever";
}

TEST(Clock, P11_TheNewestOfARoundCountsInWhateverOrder) {
  for (const bool swapped : {false, true}) {
    ClockNews n;
    const auto wrong = clock_record("v", kStartMs + 100, true, -5000);
    const auto right = clock_record("v", kStartMs + 9000, false, 0);
    for (const auto* r : swapped ? std::array{&right, &wrong} : std::array{&wrong, &right}) {
      n.add(*r, core::to_unix_ms(r->time));
    }
    ClockWatch watch;
    watch.take(n);
    EXPECT_TRUE(watch.wrong_at(kStartMs)) << "it was wrong for a part of the round";
    EXPECT_FALSE(watch.wrong_at(kStartMs + kRoundMs));
  }
}

}  // namespace
}  // namespace sonde::hub::judge::test
