// The baselines say what their papers say, on pairs that fail by hand.
#include "baselines.h"

#include <gtest/gtest.h>

namespace sonde::sim {
namespace {

class Baselines : public testing::Test {
 protected:
  World world_ = make_world({}, std::chrono::seconds{30});
  Components components_{world_};

  [[nodiscard]] View failing(const std::string& key) const {
    View view{world_, components_, std::vector<bool>(world_.cells())};
    for (const std::uint32_t cell : components_.cells(key)) view.bad[cell] = true;
    return view;
  }
  static std::string says(std::string_view name, const View& view) {
    for (const Baseline& b : baselines()) {
      if (b.name.starts_with(name)) return b.blame(view);
    }
    return "no such baseline";
  }
};

TEST_F(Baselines, WithoutFailuresNobodyIsBlamed) {
  const View view{world_, components_, std::vector<bool>(world_.cells())};
  for (const Baseline& b : baselines()) EXPECT_EQ(b.blame(view), "") << b.name;
}

TEST_F(Baselines, ATargetThatFailsForAll) {
  const std::string app = components_.of_kind("app").front();
  EXPECT_EQ(says("naive", failing(app)), app);
  EXPECT_EQ(says("majority", failing(app)), app);
}

TEST_F(Baselines, AVantageThatReachesNothing) {
  const std::string vantage = components_.of_kind("vantage").front();
  EXPECT_EQ(says("majority", failing(vantage)), vantage);
  EXPECT_TRUE(says("naive", failing(vantage)).starts_with("app:") ||
              says("naive", failing(vantage)).starts_with("service-region:"))
      << "it only knows targets";
}

TEST_F(Baselines, ARegionThatFailsForAll) {
  const std::string region = components_.of_kind("region").front();
  EXPECT_EQ(says("BlameIt", failing(region)), region);
  EXPECT_EQ(says("SCORE", failing(region)), region);
  EXPECT_FALSE(says("naive", failing(region)).starts_with("region:")) << "it only knows targets";
}

TEST_F(Baselines, APathIsTheMiddle) {
  const std::string path = components_.of_kind("path").front();
  EXPECT_EQ(says("BlameIt", failing(path)), path);
}

TEST_F(Baselines, ScoreTakesTheWidestThatFailsInFourFifths) {
  // A provider but for one region: still more than 80 % of its pairs where it has many regions.
  const std::string provider = components_.of_kind("provider").front();
  View view = failing(provider);
  EXPECT_EQ(says("SCORE", view), provider);
  std::size_t left = components_.cells(provider).size() / 4;  // a quarter recovers
  for (const std::uint32_t cell : components_.cells(provider)) {
    if (left == 0) break;
    view.bad[cell] = false;
    --left;
  }
  EXPECT_NE(says("SCORE", view), provider);
}

TEST_F(Baselines, VotesGoToWhatMostFailingPairsShare) {
  const std::string border = "border:domestic";
  const std::string said = says("007", failing(border));
  std::size_t covered = 0;
  const View view = failing(border);
  for (const std::uint32_t cell : components_.cells(said)) covered += view.bad[cell] ? 1 : 0;
  EXPECT_EQ(covered, components_.cells(border).size()) << said << " covers every failing pair";
}

TEST(Tally, ForgetsAfterTenRoundsAndKnowsWhatAlwaysFailed) {
  Tally tally{2};
  for (int round = 0; round < 20; ++round) {
    tally.note(0, false);
    tally.note(1, true);  // since ever
    tally.round_over();
  }
  tally.trained();
  EXPECT_EQ(tally.bad(), (std::vector<bool>{false, false}));
  for (int round = 0; round < 2; ++round) {
    tally.note(0, true);
    tally.note(1, true);
    EXPECT_TRUE(round > 0 || !tally.bad()[0]) << "once is not enough";
    tally.round_over();
  }
  EXPECT_EQ(tally.bad(), (std::vector<bool>{true, false}));
  for (int round = 0; round < 10; ++round) {
    tally.note(0, false);
    tally.round_over();
  }
  EXPECT_FALSE(tally.bad()[0]);
}

}  // namespace
}  // namespace sonde::sim
