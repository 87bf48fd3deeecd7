// The shadow by simple thresholds: which side it blames, and what it does to the judge's confidence.
#include "hub/judge/shadow.h"

#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

struct Heard {
  JudgeCounters counters;
  std::vector<Seen> convicted;
};

Heard hear(const Rule& rule) {
  const World w = small_world();
  Judge judge{options()};
  Heard out;
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  for (std::int64_t round = 0; round < 24; ++round) {
    for (const core::Record& r : round_of(w, round, rule)) judge.observe(r);
    for (VerdictEvent& e : judge.advance(end_of(round))) {
      if (e.grade == Grade::kConvicted) out.convicted.push_back({round, std::move(e)});
    }
  }
  out.counters = judge.counters();
  return out;
}

bool during(std::int64_t round) { return round >= 6 && round < 18; }

TEST(Shadow, AgreesOnAnAppAndAVantageThatAreAllDown) {
  const Heard app = hear([](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    return during(r) && t.name == "portal" ? Result{http_503()} : std::nullopt;
  });
  const Heard vantage = hear([](const core::Vantage& v, const core::Target&, std::int64_t r) -> Result {
    return during(r) && v.name == "beijing" ? Result{tcp_timeout()} : std::nullopt;
  });
  for (const Heard* heard : {&app, &vantage}) {
    ASSERT_FALSE(heard->convicted.empty());
    EXPECT_GT(heard->counters.shadow_agreed, 5U);
    EXPECT_LT(heard->counters.shadow_disagreed, 4U) << "at its end, when not all have failed or recovered yet";
  }
}

TEST(Shadow, SeesNoMajorityInAFaultThatStrikesAThirdAndTheJudgeIsLessSure) {
  const auto region = [](double share) {
    return hear([share](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
      const bool struck =
          during(r) && t.provider == "cirrus" && t.region == "cn-east" && dice(v.name, t.name, r) < share;
      return struck ? Result{tcp_timeout()} : std::nullopt;
    });
  };
  const Heard whole = region(1);
  const Heard third = region(0.35);
  ASSERT_FALSE(whole.convicted.empty());
  EXPECT_EQ(whole.counters.shadow_disagreed, 0U);
  EXPECT_GT(third.counters.shadow_disagreed, 0U);
  for (const Seen& s : third.convicted) {
    EXPECT_LE(s.event.confidence.value_or(0), whole.convicted.front().event.confidence.value_or(0));
  }
}

TEST(Shadow, IsNotAskedWhereNobodyIsNamed) {
  const Heard quiet = hear([](const core::Vantage&, const core::Target&, std::int64_t) { return std::nullopt; });
  EXPECT_EQ(quiet.counters.shadow_agreed + quiet.counters.shadow_disagreed, 0U);
}

}  // namespace
}  // namespace sonde::hub::judge::test
