// What waits for a prober: for its own vantage, once, not too long and not too much.
#include "hub/asks.h"

#include <gtest/gtest.h>

namespace sonde::hub {
namespace {

using namespace std::chrono_literals;
using core::CompanionAsk;
using core::CompanionKind;

CompanionAsk ask(std::string vantage, std::string target) {
  return {std::move(vantage), std::move(target), CompanionKind::kLastAddress};
}

std::vector<std::string> targets(const std::vector<CompanionAsk>& asks) {
  std::vector<std::string> out;
  for (const CompanionAsk& a : asks) out.push_back(a.target);
  return out;
}

const core::MonoTime kNow{1000s};
using Names = std::vector<std::string>;

TEST(Asks, AreTakenOnceByTheirOwnVantage) {
  Asks asks{20s};
  asks.put(ask("a", "1"), kNow);
  asks.put(ask("b", "2"), kNow);
  asks.put(ask("a", "1"), kNow);  // twice is once
  EXPECT_TRUE(asks.take(Names{"c"}, kNow).empty());
  EXPECT_EQ(targets(asks.take(Names{"a", "c"}, kNow)), Names{"1"});
  EXPECT_TRUE(asks.take(Names{"a"}, kNow).empty());
  EXPECT_EQ(targets(asks.take(Names{"b"}, kNow + 20s)), Names{"2"});
}

TEST(Asks, AreForgottenWhenTheyAreOld) {
  Asks asks{20s};
  asks.put(ask("a", "1"), kNow);
  asks.put(ask("a", "2"), kNow + 15s);
  EXPECT_EQ(targets(asks.take(Names{"a"}, kNow + 21s)), Names{"2"});
}

TEST(Asks, OfAVantageThatNeverComesStayFew) {
  Asks asks{20s};
  for (int i = 0; i < 1000; ++i) asks.put(ask("a", std::to_string(i)), kNow);
  const auto taken = targets(asks.take(Names{"a"}, kNow));
  ASSERT_EQ(taken.size(), kAsksPerVantage);
  EXPECT_EQ(taken.back(), "999");
}

}  // namespace
}  // namespace sonde::hub
