// Vantages that report nothing any more: which of them say something, and what.
#include <gtest/gtest.h>

#include <algorithm>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

bool during(std::int64_t round) { return round >= 14 && round < 26; }

std::vector<Seen> play_without(const World& w, const std::function<bool(const core::Vantage&, std::int64_t)>& silent) {
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 40; ++r) {
    std::vector<core::Record> all = round_of(w, r, [](auto&, auto&, auto) { return std::nullopt; });
    std::erase_if(all, [&](const core::Record& x) {
      const auto v = std::ranges::find(w.vantages, x.tag("vantage"), &core::Vantage::name);
      return silent(*v, r);
    });
    rounds.push_back(std::move(all));
  }
  return play_records(w, rounds);
}

const core::Vantage& named(const World& w, std::string_view name) {
  return *std::ranges::find(w.vantages, name, &core::Vantage::name);
}

TEST(Silence, TwoVantagesOfOneIspThatFallSilentTogetherAreTheirIsp) {
  const World w = small_world();
  const std::string isp = named(w, "beijing").isp;
  const auto seen = play_without(w, [&](const core::Vantage& v, std::int64_t r) { return during(r) && v.isp == isp; });
  ASSERT_FALSE(seen.empty());
  const VerdictEvent& first = seen.front().event;
  EXPECT_EQ(first.grade, Grade::kConvicted) << story(seen);
  EXPECT_EQ(first.component_key, "isp:" + isp) << story(seen);
  EXPECT_EQ(first.mode, "silent");
  EXPECT_LE(seen.front().round, 14 + 2);
  EXPECT_TRUE(first.apps.empty()) << "who is not asked does not fail";
  EXPECT_EQ(seen.back().event.event, EventKind::kClosed) << story(seen);
  EXPECT_LE(seen.back().round, 26 + 6);
  for (const Seen& s : seen) EXPECT_EQ(s.event.id, first.id) << story(seen);
}

TEST(Silence, OneOfTwoOnAnIspIsProbablyTheVantageAndNeverAlerts) {
  const World w = small_world();
  const auto seen =
      play_without(w, [](const core::Vantage& v, std::int64_t r) { return during(r) && v.name == "beijing"; });
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().event.grade, Grade::kInsufficient) << story(seen);
  EXPECT_EQ(seen.front().event.candidates.front().key, "vantage:beijing");
  const auto leaning = of_grade(seen, Grade::kLeaning);
  ASSERT_FALSE(leaning.empty()) << story(seen);
  EXPECT_GE(leaning.front().round, 14 + 10);
  EXPECT_EQ(leaning.front().event.component_key, "vantage:beijing");
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty());
}

TEST(Silence, AVantageAloneOnItsIspNamesBoth) {
  const World w = small_world();
  const auto seen =
      play_without(w, [](const core::Vantage& v, std::int64_t r) { return during(r) && v.name == "virginia"; });
  ASSERT_FALSE(seen.empty());
  const VerdictEvent& first = seen.front().event;
  EXPECT_EQ(first.grade, Grade::kInsufficient) << story(seen);
  ASSERT_GE(first.candidates.size(), 2U);
  EXPECT_EQ(first.candidates[0].key, "vantage:virginia");
  EXPECT_EQ(first.candidates[1].key, "isp:" + named(w, "virginia").isp);
  EXPECT_NE(first.summary.en.find("No results from 1 vantage"), std::string::npos) << first.summary.en;
}

TEST(Silence, WhenNobodyReportsNobodyIsBlamed) {
  const auto seen = play_without(small_world(), [](const core::Vantage&, std::int64_t r) { return during(r); });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Silence, NetworksThatFallSilentInOneMomentMayBeTheCollector) {
  const auto seen = play_without(
      small_world(), [](const core::Vantage& v, std::int64_t r) { return during(r) && v.name != "virginia"; });
  EXPECT_FALSE(seen.empty());
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

TEST(Silence, OneMissingRoundMeansNothing) {
  const auto seen = play_without(
      small_world(), [](const core::Vantage& v, std::int64_t r) { return r > 12 && r % 4 == 0 && v.country == "CN"; });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

}  // namespace
}  // namespace sonde::hub::judge::test
