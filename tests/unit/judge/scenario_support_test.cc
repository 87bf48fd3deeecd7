// The scenario builder itself (it lives here because test folders build only *_test.cc files).
#include "scenario.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "core/schema.h"

namespace sonde::hub::judge::test {

core::Vantage& World::add_vantage(std::string name, std::string isp, std::string country) {
  core::Vantage& v = vantages.emplace_back();
  v.name = std::move(name);
  v.isp = std::move(isp);
  v.country = std::move(country);
  v.partition = v.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
  v.resolver = "dns-" + v.name;
  return v;
}

core::Target& World::add_target(std::string name, core::Role role, std::string provider, std::string region,
                                std::string country) {
  core::Target& t = targets.emplace_back();
  t.name = std::move(name);
  t.role = role;
  t.check = core::CheckKind::kHttp;
  t.provider = std::move(provider);
  t.region = std::move(region);
  t.country = std::move(country);
  t.partition = t.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
  t.every = std::chrono::milliseconds{kRoundMs};
  t.url = "https://" + t.name + ".example/";
  std::ranges::replace(t.url, '/', '.');
  t.url.replace(0, 8, "https://");
  if (role == core::Role::kApp) t.app = t.name;
  return t;
}

core::Target& World::target(std::string_view name) { return *std::ranges::find(targets, name, &core::Target::name); }

void World::remove(const std::function<bool(const core::Target&)>& gone) { std::erase_if(targets, gone); }

World small_world() {
  World w;
  w.add_vantage("shanghai", "ct", "CN");
  w.add_vantage("beijing", "ct", "CN");
  w.add_vantage("frankfurt", "dt", "DE");
  w.add_vantage("virginia", "cogent", "US");
  const std::vector<std::tuple<std::string, std::string, std::string>> regions{
      {"cirrus", "cn-east", "CN"}, {"cirrus", "us-west", "US"},  {"nimbus", "cn-north", "CN"}, {"nimbus", "sg-1", "SG"},
      {"stratus", "de-1", "DE"},   {"stratus", "us-east", "US"}, {"altus", "cn-south", "CN"},  {"altus", "eu-1", "DE"}};
  for (const auto& [provider, region, country] : regions) {
    for (const std::string service : {"compute-api", "object-storage"}) {
      core::Target& t =
          w.add_target(provider + "/" + region + "/" + service, core::Role::kReference, provider, region, country);
      t.service = service;
      t.zone = provider + ".example";
    }
  }
  w.add_target("checkout", core::Role::kApp, "cirrus", "cn-east", "CN").depends_on = {"cirrus/cn-east/object-storage"};
  w.add_target("search", core::Role::kApp, "nimbus", "sg-1", "SG");
  w.add_target("billing", core::Role::kApp, "stratus", "us-east", "US").depends_on = {"stratus/de-1/object-storage"};
  w.add_target("portal", core::Role::kApp, "altus", "cn-south", "CN");
  for (const char* app : {"checkout", "search", "billing", "portal"}) w.target(app).zone = "shop.example";
  w.add_target("control-cn", core::Role::kControl, "", "", "CN").zone = "neutral-cn.example";
  w.add_target("control-world", core::Role::kControl, "", "", "US").zone = "neutral-world.example";
  return w;
}

core::Record probe(const core::Vantage& v, const core::Target& t, std::int64_t time_ms,
                   const std::optional<core::Outcome>& outcome, int http_status) {
  core::Measurement m;
  m.family = "ip4";
  m.outcome = outcome.value_or(core::Outcome{});
  const bool tls = t.url.starts_with("https");
  if (m.outcome.stage > core::Stage::kDns) m.set(core::field::kResolveSeconds, 0.002);
  if (m.outcome.stage > core::Stage::kTcp) m.set(core::field::kConnectSeconds, 0.010);
  if (m.outcome.stage > core::Stage::kTls && tls) m.set(core::field::kTlsSeconds, 0.020);
  if (m.outcome.cause == core::Cause::kStatus) m.set(core::field::kHttpStatusCode, std::int64_t{http_status});
  m.set(core::field::kDurationSeconds, 0.05);
  return core::to_record(m, v, t, core::from_unix_ms(time_ms));
}

core::Record suspect(core::Record r, std::string_view why) {
  r.add_field(core::field::kSuspect.name, std::int64_t{1});
  r.add_field(core::field::kSuspectWhy.name, std::string{why});
  return r;
}

std::vector<core::Record> topology(const World& w, std::int64_t time_ms) {
  std::vector<core::Record> all;
  for (const core::Vantage& v : w.vantages) all.push_back(core::to_record(v, core::from_unix_ms(time_ms)));
  for (const core::Target& t : w.targets) all.push_back(core::to_record(t, core::from_unix_ms(time_ms)));
  return all;
}

std::vector<core::Record> round_of(const World& w, std::int64_t round, const Rule& rule) {
  std::vector<core::Record> all;
  for (const core::Vantage& v : w.vantages) {
    for (const core::Target& t : w.targets) {
      const auto phase = static_cast<std::int64_t>(dice(v.name, t.name, 0, 99) * static_cast<double>(kRoundMs));
      all.push_back(probe(v, t, kStartMs + round * kRoundMs + phase, rule(v, t, round)));
    }
  }
  return all;
}

core::WallTime end_of(std::int64_t round) { return core::from_unix_ms(kStartMs + (round + 1) * kRoundMs); }

JudgeOptions options() {
  JudgeOptions o;
  o.round = std::chrono::milliseconds{kRoundMs};
  return o;
}

std::vector<Seen> play(const World& w, std::int64_t rounds, const Rule& rule, JudgeOptions o) {
  if (o.round != options().round) o.round = options().round;
  Judge judge{o};
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  std::vector<Seen> seen;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (const core::Record& r : round_of(w, round, rule)) judge.observe(r);
    for (VerdictEvent& e : judge.advance(end_of(round) + std::chrono::milliseconds{kRoundMs})) {
      seen.push_back({round, std::move(e)});
    }
  }
  return seen;
}

std::vector<Seen> play_records(const World& w, const std::vector<std::vector<core::Record>>& rounds) {
  Judge judge{options()};
  for (const core::Record& r : topology(w, kStartMs)) judge.observe(r);
  std::vector<Seen> seen;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    for (const core::Record& r : rounds[i]) judge.observe(r);
    const auto round = static_cast<std::int64_t>(i);
    for (VerdictEvent& e : judge.advance(end_of(round) + std::chrono::milliseconds{kRoundMs}))
      seen.push_back({round, std::move(e)});
  }
  return seen;
}

std::vector<Seen> of_grade(const std::vector<Seen>& all, Grade g) {
  std::vector<Seen> some;
  std::ranges::copy_if(all, std::back_inserter(some), [g](const Seen& s) { return s.event.grade == g; });
  return some;
}

std::string story(const std::vector<Seen>& all) {
  std::ostringstream out;
  for (const Seen& s : all) {
    out << s.round << " " << name(s.event.event) << " " << name(s.event.grade) << " " << s.event.component_key << " "
        << s.event.mode << " conf=" << s.event.confidence.value_or(-1) << " | " << s.event.summary.en << " ["
        << s.event.id << "]\n";
  }
  return out.str();
}

double dice(std::string_view vantage, std::string_view target, std::int64_t round, std::uint64_t seed) {
  std::uint64_t h = 0x9E3779B97F4A7C15ULL * (seed + 1) + static_cast<std::uint64_t>(round) * 0xBF58476D1CE4E5B9ULL;
  for (const char c : std::string{vantage} + "|" + std::string{target})
    h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  h ^= h >> 31;
  h *= 0x94D049BB133111EBULL;
  h ^= h >> 29;
  return static_cast<double>(h >> 11) / 9007199254740992.0;
}

TEST(Scenario, TheSmallWorldIsQuietWithoutFaults) {
  const std::vector<Seen> seen = play(small_world(), 12, [](auto&, auto&, auto) { return std::nullopt; });
  EXPECT_TRUE(seen.empty()) << story(seen);
}

}  // namespace sonde::hub::judge::test
