// What must hold whatever the numbers: contrast never strengthens a guilty twin, without references no app stands
// alone, and a verdict rests on the cells that it cites.
#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "hub/judge/search.h"
#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;
using Pair = std::pair<std::string, std::string>;  // vantage, target

bool during(std::int64_t round) { return round >= 6; }

Cell cell(float n, float k) {
  Cell c;
  Trials t;
  for (const Channel channel : {Channel::kDns, Channel::kTcp}) t.n[index(channel)] = n;
  t.k[index(Channel::kTcp)] = k;
  t.by_class[index(ErrorClass::kTcpTimeout)] = k;
  detail_of(c).windows = {t, t};
  c.healthy = c.learned_channels = 0xFF;
  c.learned = 1000;
  return c;
}

// Nats of an app over a path that sits on the same failing cells, with so many healthy cells that only the app has.
double app_over_path(const std::vector<Cell>& failing, const std::vector<Cell>& healthy, std::size_t contrast) {
  std::vector<Cell> cells;
  Topology t;
  t.components = {{Kind::kApp, "a"}, {Kind::kPath, "p"}};
  t.members.resize(2);
  const auto add = [&](const Cell& like, std::vector<std::uint32_t> of) {
    Cell& c = cells.emplace_back();
    c.healthy = like.healthy;
    c.learned = like.learned;
    c.learned_channels = like.learned_channels;
    detail_of(c) = *like.detail;
    for (const std::uint32_t component : of)
      t.members[component].push_back({static_cast<std::uint32_t>(cells.size() - 1), false});
    t.of_cell.push_back(std::move(of));
  };
  for (const Cell& c : failing) add(c, {0, 1});
  for (std::size_t i = 0; i < contrast; ++i) add(healthy[i], {0});
  t.bundles = make_bundles(t);
  const EvidenceTable table{cells, Window::kFast};
  const CompanionBook nothing_said;
  const Search search{t, cells, table, Window::kFast, nothing_said};
  return search.score({0, Mode::kTcp}, {}).evidence - search.score({1, Mode::kTcp}, {}).evidence;
}

TEST(Properties, AHealthyContrastNeverStrengthensTheTwinItRunsThrough) {
  std::mt19937 random{3};
  for (int trial = 0; trial < 100; ++trial) {
    const auto number = [&](float least, float most) {
      return std::uniform_real_distribution<float>{least, most}(random);
    };
    std::vector<Cell> failing;
    std::vector<Cell> healthy;
    for (std::size_t i = 0; i < 2 + random() % 6; ++i) failing.push_back(cell(number(2, 3.4F), number(0.5F, 2)));
    for (int i = 0; i < 6; ++i) healthy.push_back(cell(number(0.5F, 17), 0));
    double before = app_over_path(failing, healthy, 0);
    const double first = before;
    for (std::size_t contrast = 1; contrast <= healthy.size(); ++contrast) {
      const double now = app_over_path(failing, healthy, contrast);
      EXPECT_LE(now, before + 1e-9) << "trial " << trial;
      before = now;
    }
    EXPECT_LT(before, first - 1) << "six healthy cells say something";
  }
}

TEST(Properties, WithoutReferencesNoAppIsBlamedForItsRegion) {
  World w = small_world();
  w.remove([](const core::Target& t) { return t.role == core::Role::kReference; });
  for (const core::Target& guilty : small_world().targets) {
    if (guilty.role != core::Role::kApp) continue;
    for (const core::Outcome& outcome :
         {http_503(), tcp_timeout(), nodata(), core::failed(core::Stage::kTcp, core::Cause::kRefused),
          core::failed(core::Stage::kTls, core::Cause::kReset)}) {
      const auto seen = play(w, 24, [&](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
        const bool there = t.provider == guilty.provider && t.region == guilty.region;
        return during(r) && there ? Result{outcome} : std::nullopt;
      });
      EXPECT_FALSE(seen.empty()) << guilty.name;
      for (const Seen& s : seen) EXPECT_NE(s.event.grade, Grade::kConvicted) << guilty.name << "\n" << story(seen);
    }
  }
}

struct Made {
  std::string key;
  Rule rule;
};

std::vector<Made> made_faults() {
  const auto when = [](auto hits, core::Outcome outcome) -> Rule {
    return [hits, outcome](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
      return during(r) && hits(v, t) ? Result{outcome} : std::nullopt;
    };
  };
  return {
      {"app:checkout", when([](auto&, auto& t) { return t.name == "checkout"; }, http_503())},
      {"region:cirrus/cn-east",
       when([](auto&, auto& t) { return t.provider == "cirrus" && t.region == "cn-east"; }, tcp_timeout())},
      {"service-region:altus/eu-1/compute-api",
       when([](auto&, auto& t) { return t.name == "altus/eu-1/compute-api"; }, nodata())},
      // By its layer (503 over a good connection) it would need no contrast, and cite none.
      {"provider:nimbus", when([](auto&, auto& t) { return t.provider == "nimbus"; }, tcp_timeout())},
      {"border:two-way", when([](auto& v, auto& t) { return v.partition != t.partition; }, tcp_timeout())},
      {"vantage:shanghai", when([](auto& v, auto&) { return v.name == "shanghai"; }, tcp_timeout())},
  };
}

std::vector<Seen> play_without(const World& w, const Rule& rule, const std::set<Pair>& gone) {
  std::vector<std::vector<core::Record>> rounds;
  for (std::int64_t r = 0; r < 16; ++r) {
    rounds.push_back(round_of(w, r, rule));
    std::erase_if(rounds.back(), [&](const core::Record& x) {
      return gone.contains({std::string{x.tag("vantage")}, std::string{x.tag("target")}});
    });
  }
  return play_records(w, rounds);
}

const VerdictEvent* conviction(const std::vector<Seen>& seen) {
  const auto it = std::ranges::find(seen, Grade::kConvicted, [](const Seen& s) { return s.event.grade; });
  return it == seen.end() ? nullptr : &it->event;
}

// Takes away what the verdict cites, again and again. Returns after how many times it fell; -1 if it never did.
int falls_after(const World& w, const Made& fault, bool cited_successes) {
  std::set<Pair> gone;
  for (int times = 0; times < 60; ++times) {
    const std::vector<Seen> seen = play_without(w, fault.rule, gone);
    const VerdictEvent* e = conviction(seen);
    if (e == nullptr || e->component_key != fault.key) return times;
    const std::size_t before = gone.size();
    for (const Evidence& item : e->evidence) {
      for (const EvidenceCell& c : item.cells) {
        if ((c.stage == "done") == cited_successes) gone.insert({c.vantage, c.target});
      }
    }
    if (gone.size() == before) return -1;  // it stands, and nothing is cited for it
  }
  return -1;
}

TEST(Properties, AVerdictFallsWithTheCellsThatItCites) {
  const World w = small_world();
  for (const Made& fault : made_faults()) {
    for (const bool successes : {true, false}) {
      const int times = falls_after(w, fault, successes);
      EXPECT_GT(times, 0) << fault.key << (successes ? " without what acquits others" : " without its failures");
    }
  }
}

}  // namespace
}  // namespace sonde::hub::judge::test
