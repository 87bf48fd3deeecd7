// The card sums up what its trials found, whatever the number of threads, and says what it left out.
#include "card.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::sim {
namespace {

CardOptions small() {
  CardOptions o;
  o.shape.providers = 2;
  o.shape.regions = 3;
  o.shape.services = 2;
  o.shape.apps = 3;
  o.script.warm_up = 20;
  o.script.quiet = 12;
  o.kinds = {"app-5xx"};
  o.faults = 2;
  o.parts = {"27 vantages", "2 vantages"};
  return o;
}

TEST(Card, HasAPartForEachSetting) {
  CardOptions o = small();
  o.parts.clear();
  std::vector<std::string> names;
  for (const Part& p : parts_of(o)) names.push_back(p.name);
  EXPECT_EQ(names, (std::vector<std::string>{"27 vantages", "healthy", "two faults", "1 vantage", "no references",
                                             "2 vantages", "3 vantages", "5 vantages", "10 vantages"}));
  o.healthy_days = 0;
  o.parts = {"healthy", "1"};
  names.clear();
  for (const Part& p : parts_of(o)) names.push_back(p.name);
  EXPECT_EQ(names, (std::vector<std::string>{"1 vantage", "10 vantages"}))
      << "by the beginning, and nothing of no length";
}

TEST(Card, DoesNotDependOnThreads) {
  CardOptions o = small();
  const auto one = nlohmann::json::parse(to_json(make_card(o)));
  o.threads = 3;
  const auto three = nlohmann::json::parse(to_json(make_card(o)));
  EXPECT_EQ(one["parts"], three["parts"]);
  EXPECT_EQ(one["baselines"], three["baselines"]);
  EXPECT_EQ(one["parts"]["27 vantages"]["right_class"]["of"], 2);
  EXPECT_EQ(one["parts"]["2 vantages"]["right_class"]["of"], 1);
}

TEST(Card, ABudgetLeavesTrialsOutAndSaysSo) {
  CardOptions o = small();
  o.budget_seconds = 1e-9;
  const Card card = make_card(o);
  EXPECT_EQ(card.trials, 0);
  EXPECT_EQ(card.trials_left_out, 2);
  EXPECT_NE(to_text(card, false).find("Time was up: 2 of 2 trials were left out."), std::string::npos);
}

TEST(Card, MarkdownTablesHaveAHeadAndAsManyCellsInEveryRow) {
  const std::string text = to_text(make_card(small()), true);
  EXPECT_NE(text.find("| right class, all faults"), std::string::npos) << text;
  EXPECT_NE(text.find("|---|"), std::string::npos);
  std::size_t cells = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("|")) {
      cells = 0;
      continue;
    }
    const auto bars = static_cast<std::size_t>(std::ranges::count(line, '|'));
    EXPECT_TRUE(cells == 0 || bars == cells) << line;
    cells = bars;
  }
}

}  // namespace
}  // namespace sonde::sim
