// The demo's world and timeline (tests/world/small.yaml) as the judge sees it, with all that a real prober adds:
// vantages that live in the clouds, local resolvers, dependants that break, results that say "uplink".
#include <algorithm>

#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

core::Vantage& place(core::Vantage& v, std::string provider, std::string region, std::string resolver) {
  v.provider = std::move(provider);
  v.region = std::move(region);
  v.resolver = std::move(resolver);
  return v;
}

World demo_world() {
  World w;
  place(w.add_vantage("shanghai-ct", "ct", "CN"), "cirrus", "cn-east", "127.1.0.53:5353");
  place(w.add_vantage("beijing-ct", "ct", "CN"), "stratus", "cn-north", "127.2.0.53:5353");
  place(w.add_vantage("frankfurt-dt", "dt", "DE"), "cirrus", "eu-central", "127.3.0.53:5353");
  place(w.add_vantage("virginia-cogent", "cogent", "US"), "nimbus", "us-east", "127.4.0.53:5353");
  const std::vector<std::array<std::string, 4>> regions{
      {"cirrus", "cn-east", "CN", "Shanghai"},    {"cirrus", "eu-central", "DE", "Frankfurt"},
      {"stratus", "cn-north", "CN", "Beijing"},   {"stratus", "ap-southeast", "SG", "Singapore"},
      {"nimbus", "us-east", "US", "Ashburn"},     {"nimbus", "eu-west", "GB", "London"},
      {"cumulus", "cn-south", "CN", "Guangzhou"}, {"cumulus", "ap-northeast", "JP", "Tokyo"}};
  for (const auto& [provider, region, country, city] : regions) {
    for (const std::string service : {"object-storage", "compute-api"}) {
      const std::string name = provider + "/" + region + "/" + service;
      core::Target& t = w.add_target(name, core::Role::kReference, provider, region, country);
      t.service = service;
      t.city = city;
      t.url = "https://" + service + "." + region + "." + provider + ".test:8443/";
    }
  }
  const auto app = [&w](const std::string& name, std::string provider, std::string region, std::string country,
                        std::vector<std::string> needs) {
    core::Target& t = w.add_target(name, core::Role::kApp, std::move(provider), std::move(region), std::move(country));
    t.depends_on = std::move(needs);
    t.url = "https://" + name + ".shop.test:8443/";
  };
  app("checkout", "nimbus", "us-east", "US", {"nimbus/us-east/compute-api"});
  app("search", "cirrus", "eu-central", "DE", {"cirrus/eu-central/compute-api"});
  app("orders-db", "cumulus", "cn-south", "CN", {});
  w.target("orders-db").check = core::CheckKind::kTcp;
  w.target("orders-db").url = "tcp://orders-db.shop.test:5432";
  app("media", "stratus", "cn-north", "CN", {"stratus/cn-north/object-storage"});
  for (const auto& [name, country] :
       {std::pair{"domestic-1", "CN"}, {"domestic-2", "CN"}, {"overseas-1", "DE"}, {"overseas-2", "US"}}) {
    w.add_target(name, core::Role::kControl, "", "", country).url =
        std::string{"https://"} + name + ".control.test:8443/";
  }
  return w;
}

// Rounds of 2 s as in the demo's timeline: each fault lasts 20 rounds, with 15 quiet ones between.
Result demo_fault(const core::Vantage& v, const core::Target& t, std::int64_t r) {
  const double phase = dice(v.name, t.name, 0, 99);
  const auto on = [&](std::int64_t from) {
    return (r > from || (r == from && phase > 0.4)) && (r < from + 20 || (r == from + 20 && phase < 0.3));
  };
  if (on(15) && t.name == "checkout") return http_503();
  if (on(50) && t.provider == "cirrus" && t.region == "eu-central") return tcp_timeout();
  if (on(85) && t.name == "stratus/cn-north/object-storage") return nodata();
  if (on(85) && t.name == "media") return http_503();
  if (on(120) && t.partition != v.partition) return tcp_timeout();
  if (on(155) && v.name == "beijing-ct") return core::failed(core::Stage::kDns, core::Cause::kTimeout);
  return std::nullopt;
}

// Plays the demo; the prober that lost its uplink says so once both controls of its partition have failed.
std::vector<Seen> play_demo(bool self_watch) {
  const World w = demo_world();
  Judge judge{options()};
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  std::vector<Seen> seen;
  for (std::int64_t round = 0; round < 195; ++round) {
    for (core::Record& r : round_of(w, round, demo_fault)) {
      const bool gone = round > 155 && round <= 175 && r.tag("vantage") == "beijing-ct" && r.text("status") == "fail";
      judge.observe(gone && self_watch ? suspect(std::move(r), "uplink") : r);
    }
    for (VerdictEvent& e : judge.advance(end_of(round) + std::chrono::milliseconds{kRoundMs}))
      seen.push_back({round, std::move(e)});
  }
  return seen;
}

TEST(Demo, EachFaultOfTheTimelineIsConvictedInTimeAndNobodyElse) {
  const std::vector<Seen> seen = play_demo(true);
  SCOPED_TRACE(story(seen));
  const std::vector<std::pair<std::int64_t, std::string>> wanted{{15, "app:checkout"},
                                                                 {50, "region:cirrus/eu-central"},
                                                                 {85, "service-region:stratus/cn-north/object-storage"},
                                                                 {120, "border:two-way"},
                                                                 {155, "vantage:beijing-ct"}};
  std::vector<std::string> keys;
  for (const auto& [onset, key] : wanted) {
    std::vector<Seen> of;
    std::ranges::copy_if(seen, std::back_inserter(of), [&](const Seen& s) { return s.event.component_key == key; });
    ASSERT_FALSE(of.empty()) << key;
    EXPECT_LE(of.front().round, onset + 3) << key;
    EXPECT_EQ(of.back().event.event, EventKind::kClosed) << key;
    EXPECT_LE(of.back().round, onset + 20 + 6) << key;
    for (const Seen& s : of) EXPECT_EQ(s.event.grade, Grade::kConvicted) << key;
    keys.push_back(key);
  }
  for (const Seen& s : seen) {
    EXPECT_TRUE(s.event.component_key.empty() || std::ranges::find(keys, s.event.component_key) != keys.end());
  }
}

TEST(Demo, ADependantThatBreaksIsTouchedAndNotBlamed) {
  for (const Seen& s : play_demo(true)) {
    if (s.event.component_kind != "service-region") continue;
    EXPECT_EQ(s.event.apps, std::vector<std::string>{"media"});
  }
}

TEST(Demo, WithoutSelfWatchAVantageIsNotToldFromItsOwnResolver) {
  for (const Seen& s : play_demo(false)) {
    if (s.round < 155 || s.event.since < end_of(153)) continue;
    EXPECT_EQ(s.event.grade, Grade::kInsufficient) << to_json(s.event);
    EXPECT_EQ(s.event.side, Side::kNear);
  }
}

}  // namespace
}  // namespace sonde::hub::judge::test
