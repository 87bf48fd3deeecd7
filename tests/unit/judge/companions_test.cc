// Companions in the judge: a resolver and its vantage sit on the same cells; another resolver tells them apart.
#include "hub/judge/companions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using core::CompanionAsk;
using core::CompanionKind;
using Result = std::optional<core::Outcome>;

core::Outcome servfail() { return core::failed(core::Stage::kDns, core::Cause::kServfail); }

/// Names fail at the vantage in Frankfurt, which has a resolver of its own.
World world() {
  World w = small_world();
  for (core::Vantage& v : w.vantages) v.resolver = v.name + "-dns";
  return w;
}
const std::string kVictim = small_world().vantages[2].name;

const Rule kNamesFail = [](const core::Vantage& v, const core::Target&, std::int64_t r) -> Result {
  if (r >= 12 && r < 40 && v.name == kVictim) return servfail();
  return std::nullopt;
};

/// How a companion ends; nothing = it is fine.
using Answer = std::function<std::optional<core::Outcome>(const CompanionAsk&, std::int64_t round)>;

struct Story {
  std::vector<Seen> seen;
  std::vector<std::pair<std::int64_t, CompanionAsk>> asks;  // with the round after which they came
  std::vector<core::Record> companions;
  [[nodiscard]] std::vector<std::string> convicted() const {
    std::vector<std::string> keys;
    for (const Seen& s : of_grade(seen, Grade::kConvicted)) keys.push_back(s.event.component_key);
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }
};

core::Record companion(const World& w, const CompanionAsk& ask, std::int64_t time_ms, const Result& outcome) {
  const auto v = std::ranges::find(w.vantages, ask.vantage, &core::Vantage::name);
  const auto t = std::ranges::find(w.targets, ask.target, &core::Target::name);
  EXPECT_TRUE(v != w.vantages.end() && t != w.targets.end());
  core::Record r = probe(*v, *t, time_ms, outcome);
  r.measurement = core::kCompanionMeasurement;
  r.add_tag(core::kCompanionTag, core::name(ask.kind));
  return r;
}

/// Plays live; what is asked after a round is answered in the next.
Story tell(const World& w, const Rule& rule, const Answer& answer, std::int64_t rounds = 40,
           JudgeOptions o = options()) {
  Judge judge{o};
  Story story;
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  std::vector<CompanionAsk> due;
  for (std::int64_t round = 0; round < rounds; ++round) {
    std::int64_t at = kStartMs + round * kRoundMs;
    for (const CompanionAsk& ask : due) {
      story.companions.push_back(companion(w, ask, ++at, answer(ask, round)));
      judge.observe(story.companions.back());
    }
    for (const core::Record& r : round_of(w, round, rule)) judge.observe(r);
    for (VerdictEvent& e : judge.advance(end_of(round))) story.seen.push_back({round, std::move(e)});
    due = judge.take_asks();
    for (const CompanionAsk& ask : due) story.asks.emplace_back(round, ask);
  }
  return story;
}

const Answer kAllFine = [](const CompanionAsk&, std::int64_t) -> Result { return std::nullopt; };

TEST(Companions, AnotherResolverThatAnswersConvictsTheResolver) {
  const Story alone = tell(world(), kNamesFail, kAllFine, 40, [] {
    JudgeOptions o = options();
    o.ask = false;
    return o;
  }());
  EXPECT_TRUE(alone.convicted().empty()) << story(alone.seen);
  EXPECT_TRUE(alone.asks.empty());
  const Story told = tell(world(), kNamesFail, kAllFine);
  EXPECT_EQ(told.convicted(), std::vector<std::string>{"resolver:" + kVictim + "-dns"}) << story(told.seen);
  const auto last = std::ranges::find_if(told.seen, [](const Seen& s) { return s.event.grade == Grade::kConvicted; });
  const bool cited = std::ranges::any_of(last->event.evidence, [](const Evidence& e) {
    return e.text.en.find("another resolver answers for") != std::string::npos;
  });
  EXPECT_TRUE(cited);
}

TEST(Companions, AnotherResolverThatFailsTooAcquitsTheResolver) {
  const Story told = tell(world(), kNamesFail, [](const CompanionAsk& ask, std::int64_t round) -> Result {
    if (ask.kind == CompanionKind::kSecondResolver && ask.vantage == kVictim && round >= 12) return servfail();
    return std::nullopt;
  });
  EXPECT_TRUE(told.convicted().empty()) << story(told.seen);
  for (const Seen& s : told.seen) {
    if (s.round < 20 || s.event.candidates.empty()) continue;
    EXPECT_EQ(s.event.candidates.front().key, "vantage:" + kVictim) << story(told.seen);
  }
}

TEST(Companions, AProberThatTakesItsUplinkForLostIsProvedWrong) {
  // All names fail, those of the controls too: the prober thinks that its uplink is gone. Hosts answer by address.
  World w = world();
  Judge judge{options()};
  std::vector<Seen> seen;
  std::vector<CompanionAsk> due;
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  for (std::int64_t round = 0; round < 36; ++round) {
    std::int64_t at = kStartMs + round * kRoundMs;
    for (const CompanionAsk& ask : due) judge.observe(suspect(companion(w, ask, ++at, std::nullopt), "uplink"));
    for (core::Record& r : round_of(w, round, kNamesFail)) {
      const bool lost = r.tag("vantage") == kVictim && r.integer("success") == 0;
      judge.observe(lost ? suspect(std::move(r), "uplink") : std::move(r));
    }
    for (VerdictEvent& e : judge.advance(end_of(round))) seen.push_back({round, std::move(e)});
    due = judge.take_asks();
  }
  const auto convicted = of_grade(seen, Grade::kConvicted);
  ASSERT_FALSE(convicted.empty()) << story(seen);
  for (const Seen& s : convicted) EXPECT_EQ(s.event.component_key, "resolver:" + kVictim + "-dns") << story(seen);
}

TEST(Companions, WhereNoOtherResolverMayBeAskedItsSilenceSaysNothing) {
  const Story told = tell(world(), kNamesFail, [](const CompanionAsk& ask, std::int64_t) -> Result {
    if (ask.kind == CompanionKind::kSecondResolver) return core::failed(core::Stage::kDns, core::Cause::kTimeout);
    return std::nullopt;
  });
  const Story unasked = tell(world(), kNamesFail, [](const CompanionAsk&, std::int64_t) -> Result {
    return core::failed(core::Stage::kDns, core::Cause::kNoResolver);  // the prober's own fault: no evidence at all
  });
  EXPECT_TRUE(told.convicted().empty());
  ASSERT_FALSE(told.seen.empty());
  EXPECT_EQ(told.seen.front().event.candidates.size(), unasked.seen.front().event.candidates.size());
  for (std::size_t i = 0; i < told.seen.front().event.candidates.size(); ++i) {
    EXPECT_EQ(told.seen.front().event.candidates[i].confidence, unasked.seen.front().event.candidates[i].confidence);
  }
}

TEST(Companions, HostsThatAreGoneByAddressTooKeepTheZoneFromBlame) {
  // The provider takes its own name servers along, as in October 2021; at first in part.
  const Rule zone = [](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
    const double share = r < 12 ? 0 : r < 16 ? 0.15 : 1;
    if (t.provider == "cirrus" && dice(v.name, t.name, r) < share) return servfail();
    return std::nullopt;
  };
  const auto zones_of = [](const Story& s) {
    return std::ranges::count_if(s.convicted(), [](const std::string& key) { return key.starts_with("zone:"); });
  };
  const Story reached = tell(world(), zone, kAllFine, 28);
  EXPECT_GT(zones_of(reached), 0) << story(reached.seen);
  const Story gone = tell(
      world(), zone,
      [](const CompanionAsk& ask, std::int64_t) -> Result {
        if (ask.kind == CompanionKind::kLastAddress) return tcp_timeout();
        return std::nullopt;
      },
      28);
  EXPECT_EQ(zones_of(gone), 0) << story(gone.seen);
}

TEST(Companions, AreAskedForSparingly) {
  const Story told = tell(world(), kNamesFail, kAllFine);
  std::map<std::pair<std::int64_t, std::string>, std::size_t> of_round;
  std::map<std::string, std::size_t> in_quiet;
  std::size_t in_doubt = 0;
  for (const auto& [round, ask] : told.asks) {
    const std::size_t asked = ++of_round[std::pair{round, ask.vantage}];
    EXPECT_LE(asked, 6U);
    if (ask.vantage == kVictim && round >= 12) {
      ++in_doubt;
    } else {
      EXPECT_EQ(ask.kind, CompanionKind::kSecondResolver);
      EXPECT_EQ(++in_quiet[ask.vantage], 1U);
    }
  }
  EXPECT_EQ(in_quiet.size(), world().vantages.size());
  EXPECT_GE(in_doubt, 3U);
}

TEST(Companions, TheOrderOfArrivalChangesNothing) {
  const World w = world();
  const Story told = tell(w, kNamesFail, kAllFine);
  std::vector<core::Record> all = topology(w, kStartMs);
  for (std::int64_t round = 0; round < 40; ++round) {
    std::ranges::move(round_of(w, round, kNamesFail), std::back_inserter(all));
  }
  std::ranges::copy(told.companions, std::back_inserter(all));
  std::ranges::copy(told.companions, std::back_inserter(all));  // twice changes nothing either
  const auto verdicts = [](const std::vector<core::Record>& records) {
    Judge judge{options()};
    for (const core::Record& r : records) judge.observe(r);
    std::string text;
    for (const VerdictEvent& e : judge.advance(end_of(41))) text += to_json(e) + '\n';
    return text;
  };
  const std::string forward = verdicts(all);
  EXPECT_NE(forward.find("\"convicted\""), std::string::npos);
  std::ranges::reverse(all);
  EXPECT_EQ(verdicts(all), forward);
}

}  // namespace
}  // namespace sonde::hub::judge::test
