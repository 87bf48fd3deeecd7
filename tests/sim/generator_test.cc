// The generator makes what it says: a world of the right shape, noise of the right size, faults that look to a prober
// as they would; and the same again from the same seed.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/line_protocol.h"
#include "core/schema.h"
#include "player.h"
#include "trial.h"

namespace sonde::sim {
namespace {

constexpr core::Duration kEvery = std::chrono::seconds{30};

/// Everything that a script yields: runs always, records and their lines where they are asked for.
class Collector final : public Audience {
 public:
  void record(const core::Record& r) override {
    if (keep_records && r.measurement == core::measurement::kProbe) records.push_back(r);
    if (keep_text) core::encode_line(r, text);
  }
  void run(std::size_t cell, std::int64_t at_ms, const Seen& seen) override { runs.push_back({cell, at_ms, seen}); }
  void round_over(std::int64_t /*end_ms*/) override {}

  struct Run {
    std::size_t cell;
    std::int64_t at_ms;
    Seen seen;
  };
  bool keep_records = false;
  bool keep_text = false;
  std::vector<core::Record> records;
  std::vector<Run> runs;
  std::string text;
};

Noise no_noise() {
  Noise n;
  n.loss = n.blocked = n.flaky = n.lost_results = n.late_results = n.twice = 0;
  n.gaps_per_day = n.bursts_per_day = n.skew_seconds = n.drift = n.routes_per_day = 0;
  return n;
}

struct Played {
  World world;
  Script script;
  Collector heard;
};

struct Keep {
  bool records = false;
  bool text = false;
};

Played play(std::vector<std::string> kinds, const Noise& noise, int healthy_rounds = 0, Keep keep = {},
            std::uint64_t seed = 7) {
  Played out;
  out.heard.keep_records = keep.records;
  out.heard.keep_text = keep.text;
  out.world = make_world({}, kEvery);
  const Components components{out.world};
  ScriptOptions o;
  o.seed = seed;
  o.warm_up = 3;
  o.quiet = 2;
  o.kinds = std::move(kinds);
  o.healthy_rounds = healthy_rounds;
  o.bursts_per_day = noise.bursts_per_day;
  o.manner.flapping = 0;
  o.manner.ramp_max = 1;
  out.script = make_script(out.world, components, o);
  Player{out.world, out.script, noise, seed}.play(out.heard);
  return out;
}

/// Failing runs in the fault's full strength, by "stage cause".
std::map<std::string, int> failures(const Played& p, int* fine = nullptr) {
  std::map<std::string, int> out;
  const Fault& f = p.script.faults.at(0);
  for (const Collector::Run& r : p.heard.runs) {
    if (r.at_ms < f.start_ms + f.ramp_ms || r.at_ms >= f.end_ms || f.share[r.cell] <= 0) continue;
    if (r.seen.ok()) {
      if (fine != nullptr) ++*fine;
      continue;
    }
    ++out[std::string{core::name(r.seen.stage)} + " " + std::string{core::name(r.seen.cause)}];
  }
  return out;
}

TEST(World, IsAsLargeAsItSays) {
  for (const std::string& name : topology_names()) {
    SCOPED_TRACE(name);
    const World w = make_world({.topology = name}, kEvery);
    EXPECT_EQ(w.vantages.size(), 27U);
    std::map<std::string, std::set<std::string>> cities;
    std::set<std::string> overseas;
    std::set<std::string> names;
    for (const core::Vantage& v : w.vantages) {
      names.insert(v.name);
      if (v.partition == core::Partition::kDomestic) cities[v.isp].insert(v.city);
      if (v.partition == core::Partition::kOverseas && v.country != "HK" && v.country != "SG") overseas.insert(v.isp);
    }
    EXPECT_EQ(names.size(), 27U) << "names are unique";
    for (const char* isp : {"ct", "cu", "cm"}) EXPECT_EQ(cities[isp].size(), 3U) << isp;
    EXPECT_GE(overseas.size(), 8U);
    std::set<std::string> providers, regions, apps, dns, issuers, targets;
    int dependent = 0;
    for (const core::Target& t : w.targets) {
      targets.insert(t.name);
      EXPECT_TRUE(core::parse_url(t.url)) << t.url;
      if (!t.dns_provider.empty()) dns.insert(t.dns_provider);
      if (!t.issuer.empty()) issuers.insert(t.issuer);
      if (t.role == core::Role::kReference) {
        providers.insert(t.provider);
        regions.insert(t.provider + "/" + t.region);
      }
      if (t.role == core::Role::kApp) apps.insert(t.app);
      dependent += t.depends_on.empty() ? 0 : 1;
    }
    EXPECT_EQ(targets.size(), w.targets.size());
    EXPECT_EQ(providers.size(), 6U);
    EXPECT_EQ(regions.size(), 19U);
    EXPECT_EQ(apps.size(), 18U);
    EXPECT_LE(dns.size(), 5U);
    EXPECT_LE(issuers.size(), 3U);
    EXPECT_GE(dependent, 2);
  }
}

TEST(World, FewerVantagesAreDrawnFromBothPartitions) {
  const World two = make_world({.vantages = 2, .seed = 5}, kEvery);
  ASSERT_EQ(two.vantages.size(), 2U);
  EXPECT_NE(two.vantages[0].partition, two.vantages[1].partition);
  const World bare = make_world({.references = false}, kEvery);
  EXPECT_TRUE(std::ranges::none_of(bare.targets, [](const auto& t) { return t.role == core::Role::kReference; }));
}

TEST(Components, TheOnlyVantageOfAnIspCannotBeToldFromIt) {
  const World w = make_world({}, kEvery);
  const Components all{w};
  std::map<std::string, int> of_isp;
  for (const core::Vantage& v : w.vantages) ++of_isp[v.isp];
  int alone = 0;
  for (const core::Vantage& v : w.vantages) {
    const std::vector<std::string> twins = all.equivalent("vantage:" + v.name, Sight::kTcp);
    const bool is_twin = std::ranges::find(twins, "isp:" + v.isp) != twins.end();
    EXPECT_EQ(is_twin, of_isp[v.isp] == 1) << v.name;
    alone += is_twin ? 1 : 0;
  }
  EXPECT_GE(alone, 4);
}

TEST(Components, AnAppIsNotItsZoneBecauseEachFailsInItsOwnWay) {
  const World w = make_world({}, kEvery);
  const Components all{w};
  for (const std::string& app : all.of_kind("app")) {
    for (const std::string& twin : all.equivalent(app, Sight::kHttp)) EXPECT_NE(kind_of(twin), "zone");
  }
}

TEST(Player, TheSameSeedGivesTheSameBytesAndAnotherOneDoesNot) {
  const std::vector<std::string> kinds = {"region-30"};
  const Played a = play(kinds, {}, 0, {.text = true});
  EXPECT_FALSE(a.heard.text.empty());
  EXPECT_TRUE(a.heard.text == play(kinds, {}, 0, {.text = true}).heard.text);
  EXPECT_FALSE(a.heard.text == play(kinds, {}, 0, {.text = true}, 8).heard.text);
}

TEST(Player, WithoutNoiseAndFaultsEverythingIsFine) {
  const Played p = play({}, no_noise(), 5, {.records = true});
  EXPECT_EQ(p.heard.records.size(), p.world.cells() * static_cast<std::size_t>(p.script.rounds));
  for (const core::Record& r : p.heard.records) {
    ASSERT_EQ(r.integer(core::field::kSuccess.name), 1);
    ASSERT_EQ(r.integer(core::field::kSuspect.name), 0);
    ASSERT_GT(r.number(core::field::kConnectSeconds.name).value_or(0), 0);
  }
}

TEST(Player, NoiseIsOfTheSizeThatIsWritten) {
  Noise noise;
  noise.bursts_per_day = 0;
  const Played p = play({}, noise, 200);
  std::map<bool, std::pair<double, double>> crossing;  // failures, runs
  for (const Collector::Run& r : p.heard.runs) {
    auto& [failed, all] = crossing[crosses(p.world.vantage_of(r.cell), p.world.target_of(r.cell))];
    failed += r.seen.ok() ? 0 : 1;
    ++all;
  }
  // 0.4–1.6 % across the border, up to six times that in the evening, 1.5 % of the pairs blocked; else a tenth.
  EXPECT_GT(crossing[true].first / crossing[true].second, 0.01);
  EXPECT_LT(crossing[true].first / crossing[true].second, 0.12);
  EXPECT_GT(crossing[false].first / crossing[false].second, 0.0004);
  EXPECT_LT(crossing[false].first / crossing[false].second, 0.006);
  const double expected = static_cast<double>(p.world.cells()) * static_cast<double>(p.script.rounds);
  EXPECT_NEAR(static_cast<double>(p.heard.runs.size()) / expected, 0.965, 0.01) << "3 % lost, and gaps";
}

TEST(Faults, AnAppThatAnswersBadlyFailsInHttpForEverybody) {
  int fine = 0;
  const auto seen = failures(play({"app-5xx"}, no_noise()), &fine);
  int http = 0;
  int all = 0;
  for (const auto& [what, n] : seen) {
    http += what.starts_with("http status") ? n : 0;
    all += n;
  }
  EXPECT_GT(http * 10, all * 5);
  EXPECT_GT(all, fine / 3);
  EXPECT_FALSE(seen.contains("dns timeout"));
}

TEST(Faults, WhatThePathDoesIsNeverAnAnswer) {
  for (const char* kind : {"border-reset", "border-loss", "isp", "peering", "path", "border-isp"}) {
    SCOPED_TRACE(kind);
    for (const auto& [what, n] : failures(play({kind}, no_noise()))) {
      EXPECT_FALSE(what.starts_with("http status")) << what;
      EXPECT_NE(what, "http content_mismatch");
    }
  }
}

TEST(Faults, NamesFailInDnsAndNowhereElse) {
  for (const char* kind : {"zone", "dns-provider", "resolver", "service-dns", "vantage-dns", "border-dns"}) {
    SCOPED_TRACE(kind);
    const auto seen = failures(play({kind}, no_noise()));
    EXPECT_FALSE(seen.empty());
    for (const auto& [what, n] : seen) EXPECT_TRUE(what.starts_with("dns ")) << what;
  }
}

TEST(Faults, AProberWithoutUplinkSaysSoAsTheRealOneDoes) {
  const Played p = play({"vantage-all"}, no_noise(), 0, {.records = true});
  const Fault& f = p.script.faults.at(0);
  std::map<std::string, int> why;
  int others = 0;
  for (const core::Record& r : p.heard.records) {
    const bool during =
        core::to_unix_ms(r.time) > f.start_ms + 2 * p.script.round_ms && core::to_unix_ms(r.time) < f.end_ms;
    if (!during) continue;
    const bool struck = "vantage:" + std::string{r.tag(core::tag::kVantage)} == f.truth.component;
    const std::string_view doubt = r.text(core::field::kSuspectWhy.name).value_or("");
    if (struck) ++why[std::string{doubt}];
    if (!struck) others += doubt.empty() ? 0 : 1;
  }
  EXPECT_GT(why["uplink"], 20);
  EXPECT_EQ(why[""], 0);
  EXPECT_EQ(others, 0);
}

TEST(Faults, EveryKindHasAPlaceAndTouchesWhatItsTruthNames) {
  const World w = make_world({}, kEvery);
  const Components all{w};
  int on_model = 0;
  for (const FaultKind& kind : fault_kinds()) {
    SCOPED_TRACE(kind.name);
    on_model += kind.off_model ? 0 : 1;
    const std::vector<std::string> places = places_for(kind, w, all);
    ASSERT_FALSE(places.empty());
    Rng rng{3};
    const Fault f = make_fault(kind, places.front(), 1'000'000, {}, w, all, rng);
    EXPECT_GT(f.truth.percent, 1);
    if (kind.off_model) continue;
    EXPECT_EQ(f.truth.component, places.front());
    const auto& cells = all.cells(places.front());
    for (std::uint32_t c = 0; c < w.cells(); ++c) {
      EXPECT_TRUE(f.share[c] <= 0 || std::ranges::binary_search(cells, c));
    }
  }
  EXPECT_EQ(on_model, 33);
}

TEST(Script, LeavesTimeBetweenFaultsAndRepeatsNoComponentSoon) {
  const World w = make_world({}, kEvery);
  const Components all{w};
  ScriptOptions o;
  for (const FaultKind& kind : fault_kinds()) o.kinds.emplace_back(kind.name);
  o.bursts_per_day = 0;
  const Script s = make_script(w, all, o);
  EXPECT_EQ(s.faults.size(), fault_kinds().size());
  for (std::size_t i = 1; i < s.faults.size(); ++i) {
    EXPECT_GE(s.faults[i].start_ms - s.faults[i - 1].end_ms, o.quiet * s.round_ms);
  }
  o.bursts_per_day = 50;
  o.healthy_rounds = 2880;
  const Script noisy = make_script(w, all, o);
  EXPECT_GT(std::ranges::count_if(noisy.faults, [](const Fault& f) { return f.truth.optional; }), 50);
}

TEST(Trial, TheSameSpecGivesTheSameScore) {
  TrialSpec spec;
  spec.shape.regions = 8;
  spec.shape.apps = 6;
  spec.script.kinds = {"app-5xx", "region-net"};
  spec.script.warm_up = 30;
  spec.baselines = true;
  const TrialResult a = run_trial(spec);
  const TrialResult b = run_trial(spec);
  EXPECT_EQ(a.story, b.story);
  ASSERT_EQ(a.judged.faults.size(), 2U);
  EXPECT_EQ(a.results, b.results);
  EXPECT_EQ(a.baselines.size(), 6U);
}

}  // namespace
}  // namespace sonde::sim
