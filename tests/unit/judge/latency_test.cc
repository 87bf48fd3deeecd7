// Slowness against what is usual: of one duration, and of components that are slow without failing.
#include "hub/judge/latency.h"

#include <gtest/gtest.h>

#include "core/schema.h"
#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

constexpr std::int64_t kStepMs = 10'000;

Usual taught(float seconds, int samples, std::int64_t from_ms = 0) {
  Usual u;
  for (int i = 0; i < samples; ++i) {
    // A tenth of jitter, to and fro.
    learn(u, seconds * (i % 2 == 0 ? 1.05F : 0.95F), kConnectRule, from_ms + i * kStepMs, false);
  }
  return u;
}

TEST(Latency, NothingIsSlowUntilTheUsualIsKnown) {
  EXPECT_FALSE(is_slow(taught(0.1F, 5), 10, kConnectRule));
  EXPECT_FALSE(is_slow(Usual{}, 10, kConnectRule));
}

TEST(Latency, SlowIsFarAboveTheUsualAndFarEnoughInSeconds) {
  const Usual u = taught(0.1F, 100);
  EXPECT_FALSE(is_slow(u, 0.11F, kConnectRule)) << "within the jitter";
  EXPECT_TRUE(is_slow(u, 0.25F, kConnectRule));
  const Usual near = taught(0.002F, 100);
  EXPECT_FALSE(is_slow(near, 0.015F, kConnectRule)) << "seven times as long, and nobody notices 13 ms";
  EXPECT_TRUE(is_slow(near, 0.05F, kConnectRule));
}

TEST(Latency, AFewOutliersMoveNothing) {
  Usual u = taught(0.1F, 100);
  for (int i = 0; i < 5; ++i) learn(u, 3, kConnectRule, 1'000'000 + i * kStepMs, false);
  EXPECT_TRUE(is_slow(u, 0.25F, kConnectRule));
  EXPECT_FALSE(is_slow(u, 0.105F, kConnectRule));
}

TEST(Latency, UnderAVerdictNothingIsLearnedButAMoveThatLastsTwoHoursIs) {
  Usual u = taught(0.1F, 100);
  std::int64_t t = 1'000'000;
  const std::int64_t started = t;
  for (; t - started < kNewUsualMs - kStepMs; t += kStepMs) {
    learn(u, 0.3F, kConnectRule, t, true);
    ASSERT_TRUE(is_slow(u, 0.3F, kConnectRule));
  }
  for (int i = 0; i < 3; ++i) learn(u, 0.3F, kConnectRule, t += kStepMs, true);
  EXPECT_FALSE(is_slow(u, 0.3F, kConnectRule));
  EXPECT_TRUE(is_slow(u, 0.9F, kConnectRule));
}

TEST(Latency, AnInterruptedSlownessIsNoMove) {
  Usual u = taught(0.1F, 100);
  for (int i = 0; i < 2000; ++i) learn(u, i % 50 == 49 ? 0.1F : 0.3F, kConnectRule, 1'000'000 + i * kStepMs, true);
  EXPECT_TRUE(is_slow(u, 0.3F, kConnectRule));
}

TEST(Latency, ADriftIsFollowedWithoutAWord) {
  Usual u = taught(0.1F, 100);
  float seconds = 0.1F;
  for (int i = 0; i < 3000; ++i) {
    seconds *= 1.0005F;
    const float now = seconds * (i % 2 == 0 ? 1.05F : 0.95F);
    ASSERT_FALSE(is_slow(u, now, kConnectRule)) << i << " " << now;
    learn(u, now, kConnectRule, 1'000'000 + i * kStepMs, false);
  }
  EXPECT_GT(seconds, 0.4F);
}

TEST(Latency, ASynThatWasSentAgainIsSeenByItsSecond) {
  const Usual u = taught(0.1F, 100);
  EXPECT_TRUE(repeated_syn(u, 1.1F));
  EXPECT_FALSE(repeated_syn(u, 0.6F));
}

// One run with its durations; `slow_connect`, `slow_answer` in seconds on top of the usual.
core::Record timed(const core::Vantage& v, const core::Target& t, std::int64_t round, float slow_connect,
                   float slow_answer) {
  const double jitter = 1 + 0.1 * dice(v.name, t.name, round, 5);
  core::Record r = probe(v, t, kStartMs + round * kRoundMs + 500, std::nullopt);
  std::erase_if(r.fields, [](const auto& f) { return f.first == core::field::kConnectSeconds.name; });
  const double connect = 0.05 * jitter + static_cast<double>(slow_connect);
  r.add_field(core::field::kConnectSeconds.name, connect);
  r.add_field(core::field::kProcessingSeconds.name, connect + 0.04 * jitter + static_cast<double>(slow_answer));
  return r;
}

std::vector<Seen> play_timed(
    const std::function<std::pair<float, float>(const core::Vantage&, const core::Target&, std::int64_t)>& slowness) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 60; ++r) {
    std::vector<core::Record> all;
    for (const core::Vantage& v : w.vantages) {
      for (const core::Target& t : w.targets) {
        const auto [connect, answer] = slowness(v, t, r);
        all.push_back(timed(v, t, r, connect, answer));
      }
    }
    rounds.push_back(std::move(all));
  }
  return play_records(w, rounds);
}

bool slow_now(std::int64_t r) { return r >= 30 && r < 45; }

TEST(Latency, AnAppThatAnswersLateIsConvictedWithoutAnyLimit) {
  const auto seen = play_timed([](const core::Vantage&, const core::Target& t, std::int64_t r) {
    return std::pair{0.0F, slow_now(r) && t.name == "search" ? 0.6F : 0.0F};
  });
  const auto convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty()) << story(seen);
  for (const Seen& s : convicted) EXPECT_EQ(s.event.component_key, "app:search") << story(seen);
  EXPECT_EQ(convicted.front().event.mode, "answer-slow");
  EXPECT_LE(convicted.front().round, 33);
  EXPECT_NE(convicted.front().event.summary.en.find("longer than usual"), std::string::npos);
  EXPECT_EQ(convicted.back().event.event, EventKind::kClosed);
}

TEST(Latency, ALongerWayAcrossTheBorderIsThePathAndNobodyElse) {
  const auto seen = play_timed([](const core::Vantage& v, const core::Target& t, std::int64_t r) {
    const bool crosses = (v.country == "CN") != (t.country == "CN");
    return std::pair{slow_now(r) && crosses ? 0.2F : 0.0F, 0.0F};
  });
  const auto convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty()) << story(seen);
  for (const Seen& s : convicted) EXPECT_EQ(s.event.blame, BlameClass::kPath) << story(seen);
  EXPECT_EQ(convicted.front().event.mode, "connect-slow");
}

TEST(Latency, JitterAloneConvictsNobody) {
  const auto seen = play_timed([](const core::Vantage& v, const core::Target& t, std::int64_t r) {
    return std::pair{dice(v.name, t.name, r, 8) < 0.02 ? 0.3F : 0.0F, dice(v.name, t.name, r, 9) < 0.02 ? 0.5F : 0.0F};
  });
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

}  // namespace
}  // namespace sonde::hub::judge::test
