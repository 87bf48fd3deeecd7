// Each fault of the small world: quiet, fault, quiet; the exact verdict and when.
#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

constexpr std::int64_t kOnset = 6;  // first failing round
constexpr std::int64_t kEnd = 16;   // first healthy round again
constexpr std::int64_t kRounds = 30;

bool during(std::int64_t round) { return round >= kOnset && round < kEnd; }

struct Expected {
  std::string key;
  BlameClass blame;
  std::int64_t rounds_max;  // failing rounds until conviction, at most
};

// One conviction, of the right component, in time, and closed in time; nothing else convicted or even leaning.
void expect_only(const std::vector<Seen>& seen, const Expected& expected) {
  SCOPED_TRACE(story(seen));
  const std::vector<Seen> convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty());
  for (const Seen& s : convicted) {
    EXPECT_EQ(s.event.component_key, expected.key);
    EXPECT_EQ(s.event.blame, expected.blame);
    EXPECT_EQ(s.event.id, convicted.front().event.id);
  }
  EXPECT_LE(convicted.front().round, kOnset + expected.rounds_max - 1);
  EXPECT_EQ(convicted.back().event.event, EventKind::kClosed);
  EXPECT_LE(convicted.back().round, kEnd + 5);
  EXPECT_TRUE(of_grade(seen, Grade::kLeaning).empty());
  for (const Seen& s : of_grade(seen, Grade::kInsufficient)) EXPECT_EQ(s.event.id, convicted.front().event.id);
}

TEST(Faults, AnAppThatAnswers503IsConvicted) {
  const auto seen =
      play(small_world(), kRounds, [](auto&, const core::Target& t, std::int64_t r) -> std::optional<core::Outcome> {
        if (during(r) && t.name == "checkout") return http_503();
        return std::nullopt;
      });
  expect_only(seen, {"app:checkout", BlameClass::kApp, 2});
  EXPECT_NE(seen.front().event.summary.en.find("HTTP 503 from 4 of 4 vantages"), std::string::npos) << story(seen);
}

TEST(Faults, ARegionThatStopsAnsweringIsConvictedAndItsAppsAreOnlyTouched) {
  const auto seen =
      play(small_world(), kRounds, [](auto&, const core::Target& t, std::int64_t r) -> std::optional<core::Outcome> {
        if (during(r) && t.provider == "cirrus" && t.region == "cn-east") return tcp_timeout();
        return std::nullopt;
      });
  expect_only(seen, {"region:cirrus/cn-east", BlameClass::kProvider, 2});
  EXPECT_EQ(seen.back().event.apps, std::vector<std::string>{"checkout"});
}

TEST(Faults, AnEmptyDnsAnswerForOneServiceOfOneRegionIsThatService) {
  const auto seen =
      play(small_world(), kRounds, [](auto&, const core::Target& t, std::int64_t r) -> std::optional<core::Outcome> {
        if (during(r) && t.name == "nimbus/sg-1/object-storage") return nodata();
        return std::nullopt;
      });
  expect_only(seen, {"service-region:nimbus/sg-1/object-storage", BlameClass::kProvider, 2});
  EXPECT_EQ(seen.back().event.mode, "dns");
}

TEST(Faults, ABorderThatDropsBothWaysIsConvicted) {
  const auto seen =
      play(small_world(), kRounds,
           [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> std::optional<core::Outcome> {
             if (during(r) && t.partition != v.partition) return tcp_timeout();
             return std::nullopt;
           });
  expect_only(seen, {"border:two-way", BlameClass::kPath, 3});
}

TEST(Faults, AVantageWithoutUplinkIsConvictedBecauseItsSiblingIsHealthy) {
  const auto seen =
      play(small_world(), kRounds,
           [](const core::Vantage& v, const core::Target&, std::int64_t r) -> std::optional<core::Outcome> {
             if (during(r) && v.name == "shanghai") return tcp_timeout();
             return std::nullopt;
           });
  expect_only(seen, {"vantage:shanghai", BlameClass::kVantage, 3});
}

TEST(Faults, AVantageThatSaysItHasNoRouteIsConvicted) {
  const auto seen =
      play(small_world(), kRounds,
           [](const core::Vantage& v, const core::Target&, std::int64_t r) -> std::optional<core::Outcome> {
             if (during(r) && v.name == "beijing") return core::failed(core::Stage::kTcp, core::Cause::kNoRoute);
             return std::nullopt;
           });
  expect_only(seen, {"vantage:beijing", BlameClass::kVantage, 3});
}

TEST(Faults, TheWholeTimelineConvictsEachInTurnAndNobodyElse) {
  const Rule timeline = [](const core::Vantage& v, const core::Target& t,
                           std::int64_t r) -> std::optional<core::Outcome> {
    if (r >= 5 && r < 11 && t.name == "checkout") return http_503();
    if (r >= 17 && r < 23 && t.provider == "stratus" && t.region == "us-east") return tcp_timeout();
    if (r >= 29 && r < 35 && t.name == "nimbus/sg-1/object-storage") return nodata();
    if (r >= 41 && r < 48 && t.partition != v.partition) return tcp_timeout();
    if (r >= 55 && r < 62 && v.name == "shanghai") return core::failed(core::Stage::kTcp, core::Cause::kTimeout);
    return std::nullopt;
  };
  const auto seen = play(small_world(), 75, timeline);
  std::vector<std::string> opened;
  for (const Seen& s : seen) {
    if (s.event.grade == Grade::kConvicted && (opened.empty() || opened.back() != s.event.component_key)) {
      opened.push_back(s.event.component_key);
    }
  }
  EXPECT_EQ(opened, (std::vector<std::string>{"app:checkout", "region:stratus/us-east",
                                              "service-region:nimbus/sg-1/object-storage", "border:two-way",
                                              "vantage:shanghai"}))
      << story(seen);
}

}  // namespace
}  // namespace sonde::hub::judge::test
