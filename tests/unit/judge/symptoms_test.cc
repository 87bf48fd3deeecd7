// One cause that shows at several components is told as one verdict.
#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

bool during(std::int64_t round) { return round >= 8 && round < 20; }

void expect_convicted_only(const std::vector<Seen>& seen, const std::string& key) {
  const auto convicted = of_grade(seen, Grade::kConvicted);
  EXPECT_FALSE(convicted.empty()) << story(seen);
  for (const Seen& s : convicted) EXPECT_EQ(s.event.component_key, key) << story(seen);
}

TEST(Symptoms, AnAppIsNotConvictedWhileItsDependencyFailsInPart) {
  const auto seen =
      play(small_world(), 34, [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
        if (!during(r)) return std::nullopt;
        const bool struck = t.provider == "cirrus" && t.region == "cn-east" && t.role == core::Role::kReference;
        if (struck && dice(v.name, t.name, r, 2) < 0.5) return tcp_timeout();
        if (t.name == "checkout") return http_503();
        return std::nullopt;
      });
  for (const Seen& s : of_grade(seen, Grade::kConvicted))
    EXPECT_NE(s.event.component_key, "app:checkout") << story(seen);
}

TEST(Symptoms, AnAppThatFailsTogetherWithItsCloudAndInTheSameWayIsNotConvicted) {
  // "search" is not declared to depend on anything; nimbus' queue answers 404 everywhere, and so does "search".
  const auto not_found = core::failed(core::Stage::kHttp, core::Cause::kStatus, "404");
  const World w = small_world();
  const std::string service = [&] {
    for (const core::Target& t : w.targets) {
      if (t.provider == "nimbus" && t.role == core::Role::kReference && t.region != "sg-1") return t.service;
    }
    return std::string{};
  }();
  ASSERT_FALSE(service.empty());
  const auto rule = [&](bool together) {
    return [&, together](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
      if (during(r) && t.provider == "nimbus" && t.service == service) return not_found;
      if (during(together ? r : r - 6) && t.name == "search") return not_found;
      return std::nullopt;
    };
  };
  const auto seen = play(w, 40, rule(true));
  expect_convicted_only(seen, "service-global:nimbus/" + service);
  const auto apart = play(w, 40, rule(false));
  bool app = false;
  for (const Seen& s : of_grade(apart, Grade::kConvicted)) app |= s.event.component_key == "app:search";
  EXPECT_TRUE(app) << "a fault of its own, later, is its own\n" << story(apart);
}

TEST(Symptoms, OneRegionOfAServiceIsNotConvictedWhileAnotherFailsInPart) {
  const World w = small_world();
  const auto seen = play(w, 30, [&](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
    if (!during(r) || t.provider != "nimbus" || t.service != "object-storage") return std::nullopt;
    // Elsewhere one of the four vantages at a time.
    const bool struck = t.region == "sg-1" || v.name == w.vantages[static_cast<std::size_t>(r % 4)].name;
    return struck ? Result{http_503()} : std::nullopt;
  });
  EXPECT_FALSE(seen.empty());
  for (const Seen& s : of_grade(seen, Grade::kConvicted)) {
    EXPECT_FALSE(s.event.component_key.starts_with("service-region:")) << story(seen);
  }
}

TEST(Symptoms, WhatRunsThroughAConvictedRegionIsNotConvictedBesideIt) {
  // The region is lost in part, and at first not at all for an app there.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto seen =
        play(small_world(), 34, [&](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
          if (!during(r) || t.provider != "nimbus" || t.region != "sg-1") return std::nullopt;
          if (t.name == "search")
            return r > 11 ? Result{core::failed(core::Stage::kTls, core::Cause::kTimeout)} : std::nullopt;
          return dice(v.name, t.name, r, seed) < 0.6 ? Result{tcp_timeout()} : std::nullopt;
        });
    for (const Seen& s : of_grade(seen, Grade::kConvicted)) {
      EXPECT_FALSE(s.event.component_key.starts_with("app:")) << "seed " << seed << "\n" << story(seen);
    }
  }
}

TEST(Symptoms, TwoAppsThatBeginToFailAlikeHaveACauseThatIsNotAmongTheComponents) {
  const auto rule = [](bool together) {
    return [together](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
      if (during(r) && t.name == "search") return http_503();
      if (during(together ? r : r - 5) && t.name == "portal") return http_503();
      return std::nullopt;
    };
  };
  const auto seen = play(small_world(), 34, rule(true));
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
  const auto leaning = of_grade(seen, Grade::kLeaning);
  ASSERT_FALSE(leaning.empty()) << story(seen);
  EXPECT_LE(leaning.front().event.confidence.value_or(1), 0.5);
  EXPECT_FALSE(of_grade(play(small_world(), 34, rule(false)), Grade::kConvicted).empty()) << "one after the other";
}

TEST(Symptoms, AnAppWhoseCauseWasSharedIsNotConvictedWhenTheOtherRecoversFirst) {
  const auto seen = play(small_world(), 40, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (t.name == "search" && r >= 8 && r < 32) return http_503();
    if (t.name == "portal" && r >= 8 && r < 14) return http_503();
    return std::nullopt;
  });
  EXPECT_FALSE(seen.empty());
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

TEST(Symptoms, AVantageIsNotConvictedWhileItsSiblingFailsNearlyAsOften) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto seen =
        play(small_world(), 34, [&](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
          if (!during(r) || v.partition != core::Partition::kDomestic) return std::nullopt;
          return dice(v.name, t.name, r, seed) < (v.name == "shanghai" ? 0.5 : 0.3) ? Result{tcp_timeout()}
                                                                                    : std::nullopt;
        });
    EXPECT_FALSE(seen.empty());
    for (const Seen& s : of_grade(seen, Grade::kConvicted)) {
      EXPECT_NE(s.event.blame, BlameClass::kVantage) << "seed " << seed << "\n" << story(seen);
    }
  }
}

TEST(Symptoms, AnEdgeIsNotConvictedWhileTheWayToOthersFailsToo) {
  World w = small_world();
  for (core::Vantage& v : w.vantages) {
    if (v.name == "beijing") v.isp = "cu";
  }
  const auto rule = [&](double others) {
    return [&w, others](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
      if (!during(r) || v.partition != core::Partition::kDomestic || t.partition == v.partition) return std::nullopt;
      const double share = t.provider == "stratus" ? 0.9 : others;
      return dice(v.name, t.name, r, 5) < share ? Result{tcp_timeout()} : std::nullopt;
    };
  };
  const auto convicted = [&](const std::vector<Seen>& seen) {
    std::vector<std::string> edges;
    for (const Seen& s : of_grade(seen, Grade::kConvicted)) {
      if (s.event.component_key.starts_with("edge:")) edges.push_back(s.event.component_key);
    }
    return edges;
  };
  const auto alone = play(w, 34, rule(0));
  EXPECT_FALSE(convicted(alone).empty()) << "alone it is\n" << story(alone);
  EXPECT_TRUE(convicted(play(w, 34, rule(0.3))).empty());
}

TEST(Symptoms, WhatOneSideOfTheBorderSeesIsNotTheServicesFault) {
  const auto filtered = core::failed(core::Stage::kTls, core::Cause::kReset);
  const auto seen =
      play(small_world(), 34, [&](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
        const bool service = t.provider == "nimbus" && t.region == "sg-1" && t.service == "object-storage";
        if (during(r) && service && v.partition == core::Partition::kDomestic) return filtered;
        return std::nullopt;
      });
  EXPECT_FALSE(seen.empty());
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

}  // namespace
}  // namespace sonde::hub::judge::test
