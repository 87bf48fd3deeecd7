// Each gate earns its keep: with it off, a case that must not be convicted is.
#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

bool during(std::int64_t round) { return round >= 6 && round < 18; }

std::size_t convictions(const std::vector<Seen>& seen) { return of_grade(seen, Grade::kConvicted).size(); }

World one_vantage() {
  World w = small_world();
  w.vantages = {w.vantages[2]};
  return w;
}

const Rule kRegionDown = [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
  if (during(r) && t.provider == "cirrus" && t.region == "cn-east") return tcp_timeout();
  return std::nullopt;
};

TEST(Gates, TwinRuleKeepsOneVantageFromSplittingRegionAndPathByPriors) {
  JudgeOptions o = options();
  o.gate_minimum_evidence = false;
  o.gate_bayes_factor = false;
  o.gate_posterior = false;
  EXPECT_EQ(convictions(play(one_vantage(), 24, kRegionDown, o)), 0U);
  o.gate_twins = false;
  EXPECT_GT(convictions(play(one_vantage(), 24, kRegionDown, o)), 0U);
}

TEST(Gates, BayesFactorKeepsPriorsFromConvicting) {
  // From one vantage, the app and one service of its region fail: region, path, and app with service all fit.
  const Rule rule = kRegionDown;
  JudgeOptions o = options();
  o.gate_minimum_evidence = false;
  o.gate_twins = false;
  o.gate_posterior = false;
  EXPECT_EQ(convictions(play(one_vantage(), 24, rule, o)), 0U);
  o.gate_bayes_factor = false;
  EXPECT_GT(convictions(play(one_vantage(), 24, rule, o)), 0U);
}

TEST(Gates, MinimumEvidenceKeepsTheAppSafeWhileItsDependencyIsUnwatched) {
  World w = small_world();
  w.target("billing").depends_on = {"stratus/us-east/queue", "stratus/us-east/compute-api"};
  const Rule rule = [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (during(r) && t.name == "billing") return core::failed(core::Stage::kTcp, core::Cause::kTimeout);
    return std::nullopt;
  };
  JudgeOptions o = options();
  EXPECT_EQ(convictions(play(w, 24, rule, o)), 0U) << story(play(w, 24, rule, o));
  o.gate_minimum_evidence = false;
  EXPECT_GT(convictions(play(w, 24, rule, o)), 0U);
}

TEST(Gates, FreshnessKeepsASingleBadRoundFromConvicting) {
  const Rule rule = [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r == 8 && t.name == "portal") return http_503();
    return std::nullopt;
  };
  JudgeOptions o = options();
  EXPECT_EQ(convictions(play(small_world(), 24, rule, o)), 0U);
  o.gate_freshness = false;
  o.gate_minimum_evidence = false;
  EXPECT_GT(convictions(play(small_world(), 24, rule, o)), 0U);
}

TEST(Gates, EvidenceKeepsAFewStrayFailuresFromConvicting) {
  // Two of four vantages fail twice: something, but far from certain.
  const Rule rule = [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
    const bool asks = v.name == "beijing" || v.name == "virginia";
    if (r >= 6 && r <= 7 && t.name == "portal" && asks) return tcp_timeout();
    return std::nullopt;
  };
  JudgeOptions o = options();
  EXPECT_EQ(convictions(play(small_world(), 20, rule, o)), 0U);
  o.gate_evidence = false;
  o.gate_posterior = false;
  EXPECT_GT(convictions(play(small_world(), 20, rule, o)), 0U) << story(play(small_world(), 20, rule, o));
}

TEST(Gates, PosteriorKeepsTheClassOpenWhileRivalsAreAsLikely) {
  JudgeOptions o = options();
  o.gate_minimum_evidence = false;
  o.gate_twins = false;
  o.gate_bayes_factor = false;
  const std::size_t with = convictions(play(one_vantage(), 24, kRegionDown, o));
  o.gate_posterior = false;
  const std::size_t without = convictions(play(one_vantage(), 24, kRegionDown, o));
  EXPECT_EQ(with, 0U);
  EXPECT_GT(without, 0U);
}

}  // namespace
}  // namespace sonde::hub::judge::test
