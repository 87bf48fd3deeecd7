// What the judge must not say, and what it must not be moved by.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

bool during(std::int64_t round) { return round >= 6 && round < 18; }

bool names_candidate(const VerdictEvent& e, std::string_view key) {
  return std::ranges::find(e.candidates, key, &Candidate::key) != e.candidates.end();
}

std::string bytes(const std::vector<Seen>& all) {
  std::string text;
  for (const Seen& s : all) text += to_json(s.event) + "\n";
  return text;
}

const Rule kRegionDown = [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
  if (during(r) && t.provider == "cirrus" && t.region == "cn-east") return tcp_timeout();
  return std::nullopt;
};

TEST(Limits, OneVantageCannotTellARegionFromThePathToItAndNamesBoth) {
  World w = small_world();
  w.vantages = {w.vantages[2]};
  const auto seen = play(w, 24, kRegionDown);
  ASSERT_FALSE(seen.empty());
  for (const Seen& s : seen) {
    EXPECT_EQ(s.event.grade, Grade::kInsufficient) << story(seen);
    EXPECT_FALSE(s.event.blame.has_value());
    EXPECT_TRUE(s.event.component_key.empty());
    EXPECT_TRUE(names_candidate(s.event, "region:cirrus/cn-east")) << to_json(s.event);
    EXPECT_TRUE(names_candidate(s.event, "path:dt>cirrus/cn-east")) << to_json(s.event);
    EXPECT_FALSE(s.event.would_settle.empty());
  }
}

TEST(Limits, WithoutAReferenceInTheRegionItIsTheAppOrItsRegion) {
  World w = small_world();
  w.remove([](const core::Target& t) {
    return t.role == core::Role::kReference && t.provider == "nimbus" && t.region == "sg-1";
  });
  for (const core::Outcome& outcome :
       {http_503(), tcp_timeout(), core::failed(core::Stage::kTcp, core::Cause::kRefused)}) {
    const auto seen = play(w, 24, [&](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
      if (during(r) && t.name == "search") return outcome;
      return std::nullopt;
    });
    ASSERT_FALSE(seen.empty());
    for (const Seen& s : seen) {
      EXPECT_EQ(s.event.grade, Grade::kInsufficient) << story(seen);
      EXPECT_TRUE(names_candidate(s.event, "app:search"));
      EXPECT_TRUE(names_candidate(s.event, "region:nimbus/sg-1")) << to_json(s.event);
      EXPECT_EQ(s.event.side, Side::kFar);
    }
  }
}

// References are probed every third round, apps every round.
std::vector<Seen> play_slow_references(const Rule& rule) {
  World w = small_world();
  for (core::Target& t : w.targets) {
    if (t.role == core::Role::kReference) t.every = std::chrono::milliseconds{3 * kRoundMs};
  }
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 60; ++r) {
    std::vector<core::Record> all = round_of(w, r, rule);
    std::erase_if(all, [r](const core::Record& x) { return x.tag("role") == "reference" && r % 3 != 0; });
    rounds.push_back(std::move(all));
  }
  return play_records(w, rounds);
}

TEST(Limits, AStaleReferenceAcquitsNobodyAndAStaleFailureConvictsNobody) {
  // Until a reference has answered after the onset, the app is not guilty alone; and when the app is fine again, its
  // region's services, which nobody has asked since, are not accused of what is over.
  for (std::int64_t onset = 13; onset < 16; ++onset) {
    for (std::int64_t end = onset + 14; end < onset + 17; ++end) {
      const auto seen =
          play_slow_references([=](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
            if (r >= onset && r < end && t.provider == "cirrus" && t.region == "cn-east") return tcp_timeout();
            return std::nullopt;
          });
      SCOPED_TRACE(story(seen));
      const auto convicted = of_grade(seen, Grade::kConvicted);
      ASSERT_FALSE(convicted.empty());
      for (const Seen& s : convicted) EXPECT_EQ(s.event.component_key, "region:cirrus/cn-east");
      EXPECT_LE(convicted.front().round, onset + 6);
      EXPECT_EQ(convicted.back().event.event, EventKind::kClosed);
    }
  }
}

TEST(Limits, ASlowlyProbedServiceIsConvictedToo) {
  const auto seen = play_slow_references([](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r >= 12 && r < 40 && t.name == "nimbus/sg-1/object-storage") return http_503();
    return std::nullopt;
  });
  const auto convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty()) << story(seen);
  EXPECT_EQ(convicted.front().event.component_key, "service-region:nimbus/sg-1/object-storage");
  EXPECT_LE(convicted.front().round, 12 + 2 * 3);
}

TEST(Limits, AnAppThatFailsThirtyPercentOfTheTimeIsFound) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto seen =
        play(small_world(), 40, [seed](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
          if (r >= 6 && t.name == "portal" && dice(v.name, t.name, r, seed) < 0.3) return http_503();
          return std::nullopt;
        });
    const auto convicted = of_grade(seen, Grade::kConvicted);
    ASSERT_FALSE(convicted.empty()) << seed << "\n" << story(seen);
    for (const Seen& s : convicted) EXPECT_EQ(s.event.component_key, "app:portal") << story(seen);
    EXPECT_LE(convicted.front().round, 6 + 12) << seed << "\n" << story(seen);
    EXPECT_LT(convicted.back().event.severity, 0.6);
  }
}

TEST(Limits, TwoFaultsAtOnceAreTwoVerdicts) {
  const auto seen = play(small_world(), 30, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (during(r) && t.name == "portal") return http_503();
    if (during(r) && t.provider == "stratus" && t.region == "de-1") return tcp_timeout();
    return std::nullopt;
  });
  std::set<std::string> keys;
  for (const Seen& s : of_grade(seen, Grade::kConvicted)) keys.insert(s.event.component_key);
  EXPECT_EQ(keys, (std::set<std::string>{"app:portal", "region:stratus/de-1"})) << story(seen);
}

TEST(Limits, AFaultThatKeepsComingBackBecomesOneFlappingVerdict) {
  const auto seen = play(small_world(), 120, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r >= 6 && (r - 6) % 12 < 4 && t.name == "portal") return http_503();
    return std::nullopt;
  });
  const auto flapping = std::ranges::find_if(seen, [](const Seen& s) { return s.event.flapping; });
  ASSERT_NE(flapping, seen.end()) << story(seen);
  // From then on it stays one incident: the off-phases are shorter than its close delay.
  for (auto s = flapping; s != seen.end(); ++s) EXPECT_EQ(s->event.id, flapping->event.id) << story(seen);
  for (const Seen& s : seen) EXPECT_EQ(s.event.component_key, "app:portal");
}

TEST(Limits, TheOrderOfArrivalDoesNotMatter) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 26; ++r) rounds.push_back(round_of(w, r, kRegionDown));
  const std::string straight = bytes(play_records(w, rounds));
  ASSERT_FALSE(straight.empty());
  std::mt19937 random{7};
  for (int trial = 0; trial < 3; ++trial) {
    // A third of each round arrives one round late, within the watermark, and everything in a different order.
    std::vector<std::vector<core::Record>> shuffled(rounds.size() + 1);
    for (std::size_t r = 0; r < rounds.size(); ++r) {
      std::vector<core::Record> all = rounds[r];
      std::ranges::shuffle(all, random);
      for (std::size_t i = 0; i < all.size(); ++i) shuffled[i % 3 == 0 ? r + 1 : r].push_back(all[i]);
    }
    for (auto& list : shuffled) std::ranges::shuffle(list, random);
    Judge judge{options()};
    for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
    std::string text;
    for (std::size_t r = 0; r < shuffled.size(); ++r) {
      for (const core::Record& record : shuffled[r]) judge.observe(record);
      for (const VerdictEvent& e : judge.advance(end_of(static_cast<std::int64_t>(r)))) text += to_json(e) + "\n";
    }
    EXPECT_TRUE(text == straight) << text << "\nwanted:\n" << straight;
    EXPECT_EQ(judge.counters().late, 0U);
  }
}

TEST(Limits, AdvancingInOneLeapGivesTheSameAsRoundByRound) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 26; ++r) rounds.push_back(round_of(w, r, kRegionDown));
  Judge judge{options()};
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  for (const auto& round : rounds) {
    for (const core::Record& r : round) judge.observe(r);
  }
  std::string text;
  for (const VerdictEvent& e : judge.advance(end_of(26))) text += to_json(e) + "\n";
  EXPECT_EQ(text, bytes(play_records(w, rounds)));
}

TEST(Limits, ResultsThatArriveTwiceChangeNothing) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> once;
  std::vector<std::vector<core::Record>> twice;
  for (std::int64_t r = 0; r < 26; ++r) {
    once.push_back(round_of(w, r, kRegionDown));
    twice.push_back(once.back());
    twice.back().insert(twice.back().end(), once.back().begin(), once.back().end());
  }
  EXPECT_EQ(bytes(play_records(w, twice)), bytes(play_records(w, once)));
}

TEST(Limits, SuspectAndUnknownResultsAreNoEvidenceAboutTargets) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 24; ++r) {
    std::vector<core::Record> all =
        round_of(w, r, [](const core::Vantage&, const core::Target& t, std::int64_t round) -> Result {
          if (during(round) && t.name == "checkout") return http_503();
          if (during(round) && t.name == "portal") return core::failed(core::Stage::kTcp, core::Cause::kOverload);
          return std::nullopt;
        });
    for (core::Record& x : all) {
      if (x.tag("target") == "checkout") x = suspect(std::move(x), "lag");
    }
    rounds.push_back(std::move(all));
  }
  const auto seen = play_records(w, rounds);
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Limits, ARegionOfVantagesWithoutUplinkBlamesNoTarget) {
  // Suspect because of the uplink: evidence about the near side, never about what was asked for.
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 24; ++r) {
    std::vector<core::Record> all =
        round_of(w, r, [](const core::Vantage& v, const core::Target&, std::int64_t round) -> Result {
          if (during(round) && v.name == "frankfurt") return tcp_timeout();
          return std::nullopt;
        });
    for (core::Record& x : all) {
      if (during(r) && x.tag("vantage") == "frankfurt") x = suspect(std::move(x), "uplink");
    }
    rounds.push_back(std::move(all));
  }
  const auto seen = play_records(w, rounds);
  ASSERT_FALSE(seen.empty());
  for (const Seen& s : seen) {
    EXPECT_EQ(s.event.grade, Grade::kInsufficient) << story(seen);
    EXPECT_EQ(s.event.side, Side::kNear) << to_json(s.event);
    EXPECT_TRUE(names_candidate(s.event, "vantage:frankfurt"));
    EXPECT_TRUE(names_candidate(s.event, "isp:dt"));
  }
}

TEST(Limits, MissingDataIsNotFailure) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 24; ++r) {
    std::vector<core::Record> all = round_of(w, r, [](auto&, auto&, auto) { return std::nullopt; });
    std::erase_if(all, [r](const core::Record& x) {
      return (during(r) && x.tag("vantage") == "virginia") || (r > 8 && x.tag("provider") == "altus");
    });
    rounds.push_back(std::move(all));
  }
  const auto seen = play_records(w, rounds);
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Limits, WhatNeverWorkedIsKnownUnreachableAndNoFault) {
  const auto seen = play(small_world(), 30, [](const core::Vantage& v, const core::Target& t, std::int64_t) -> Result {
    if (t.name == "portal") return tcp_timeout();
    if (v.partition == core::Partition::kDomestic && t.provider == "stratus")
      return core::failed(core::Stage::kTls, core::Cause::kReset);
    return std::nullopt;
  });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Limits, WhatWorkedTheFirstTimeIsKnownToWork) {
  const auto seen = play(small_world(), 12, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r >= 1 && t.name == "checkout") return http_503();
    return std::nullopt;
  });
  const auto convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty()) << story(seen);
  EXPECT_EQ(convicted.front().event.component_key, "app:checkout");
}

TEST(Limits, OneLuckyRunDoesNotMakeABlockedPairHealthy) {
  const auto seen =
      play(small_world(), 30, [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
        if (r != 7 && v.partition == core::Partition::kDomestic && t.provider == "stratus") {
          return core::failed(core::Stage::kTls, core::Cause::kReset);
        }
        return std::nullopt;
      });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

// A catalogue entry whose healthy answer is recalled wrongly fails from everywhere and for ever.
TEST(Limits, AWrongExpectationOfAWholeRegionIsNoVerdict) {
  const auto seen = play(small_world(), 30, [](const core::Vantage&, const core::Target& t, std::int64_t) -> Result {
    if (t.role == core::Role::kReference && t.provider == "cirrus" && t.region == "cn-east") return http_503();
    return std::nullopt;
  });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Limits, ShortBurstsConvictNobody) {
  const auto seen =
      play(small_world(), 120, [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
        // One bad round now and then: a cell, a whole target, a whole vantage.
        if (r > 5 && dice(v.name, t.name, r, 3) < 0.01) return tcp_timeout();
        if (r % 11 == 7 && t.name == "search") return http_503();
        if (r % 17 == 9 && v.name == "beijing") return tcp_timeout();
        return std::nullopt;
      });
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

TEST(Limits, ATooManyRequestsAnswerIsNoFaultOfTheTarget) {
  const World w = small_world();
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 20; ++r) {
    std::vector<core::Record> all;
    for (const core::Vantage& v : w.vantages) {
      for (const core::Target& t : w.targets) {
        const bool limited = during(r) && t.name == "checkout";
        all.push_back(
            probe(v, t, kStartMs + r * kRoundMs + 100, limited ? Result{http_503()} : std::nullopt, limited ? 429 : 0));
      }
    }
    rounds.push_back(std::move(all));
  }
  const auto seen = play_records(w, rounds);
  EXPECT_TRUE(seen.empty()) << story(seen);
}

TEST(Limits, LateAndFutureRecordsAreCountedAndDropped) {
  const World w = small_world();
  Judge judge{options()};
  for (const core::Record& r : round_of(w, 0, [](auto&, auto&, auto) { return std::nullopt; })) judge.observe(r);
  (void)judge.advance(end_of(3));
  judge.observe(probe(w.vantages[0], w.targets[0], kStartMs + 500, std::nullopt));
  judge.observe(probe(w.vantages[0], w.targets[0], kStartMs + 86'400'000, std::nullopt));
  EXPECT_EQ(judge.counters().late, 1U);
  EXPECT_EQ(judge.counters().future, 1U);
}

}  // namespace
}  // namespace sonde::hub::judge::test
