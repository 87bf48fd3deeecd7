// The search against an exhaustive one on small cases, and the evidence of single cells.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "hub/judge/error_class.h"
#include "hub/judge/search.h"

namespace sonde::hub::judge {
namespace {

Trials trials(float n, float k) {
  Trials t;
  t.n[index(Channel::kTcp)] = n;
  t.k[index(Channel::kTcp)] = k;
  t.by_class[index(ErrorClass::kTcpTimeout)] = k;
  return t;
}

Cell cell(const Trials& t) {
  Cell c;
  detail_of(c).windows = {t, t};
  c.healthy = 0xFF;
  c.learned_channels = 0xFF;
  c.learned = 100;
  return c;
}

// Random small topologies of at most 12 components over 12 cells.
Topology random_topology(std::mt19937& random, std::size_t cells) {
  constexpr std::array kinds{Kind::kApp, Kind::kServiceRegion, Kind::kRegion, Kind::kPath, Kind::kIsp, Kind::kVantage};
  Topology t;
  t.of_cell.resize(cells);
  for (std::uint32_t c = 0; c < 12; ++c) {
    t.components.push_back({kinds[c % kinds.size()], std::to_string(100 + c)});
  }
  std::ranges::sort(t.components);
  for (std::uint32_t c = 0; c < 12; ++c) {
    std::vector<Member> members;
    for (std::uint32_t i = 0; i < cells; ++i) {
      if (random() % 3 == 0) members.push_back({i, false});
    }
    for (const Member& m : members) t.of_cell[m.cell].push_back(c);
    t.members.push_back(std::move(members));
  }
  t.bundles = make_bundles(t);
  return t;
}

// Best set of at most `left` hypotheses by exhaustive enumeration over components; modes are the best single ones that
// the search itself may use, so that the oracle stays small: only the tcp-capable mode of each kind matters here.
double best_total(const Search& search, const std::vector<Hypothesis>& all, std::size_t from, std::size_t left,
                  std::vector<Hypothesis>& chosen) {
  double best = search.total(chosen);
  if (left == 0) return best;
  for (std::size_t i = from; i < all.size(); ++i) {
    chosen.push_back(all[i]);
    best = std::max(best, best_total(search, all, i + 1, left - 1, chosen));
    chosen.pop_back();
  }
  return best;
}

TEST(Search, IsWithinATenthOfANatOfTheExhaustiveOptimumNearlyAlways) {
  std::mt19937 random{11};
  int close = 0;
  constexpr int kCases = 150;
  for (int trial = 0; trial < kCases; ++trial) {
    constexpr std::size_t kCells = 12;
    const Topology topology = random_topology(random, kCells);
    std::vector<Cell> cells;
    const std::uint32_t guilty = static_cast<std::uint32_t>(random() % 12);
    const std::uint32_t other = static_cast<std::uint32_t>(random() % 12);
    for (std::uint32_t i = 0; i < kCells; ++i) {
      bool fails = random() % 100 < 2;
      for (const std::uint32_t c : topology.of_cell[i])
        fails = fails || ((c == guilty || c == other) && random() % 100 < 95);
      cells.push_back(cell(trials(3.4F, fails ? 1.7F : 0)));
    }
    const EvidenceTable table{cells, Window::kFast};
    const Search search{topology, cells, table, Window::kFast, CompanionBook{}};
    std::vector<Hypothesis> all;
    for (std::uint32_t c = 0; c < 12; ++c) {
      const Hypothesis h = search.best_mode(c);
      if (search.score(h, {}).score > -1e8) all.push_back(h);
    }
    std::vector<Hypothesis> chosen;
    const double optimum = best_total(search, all, 0, 4, chosen);
    const std::vector<Hypothesis> found = search.solve({});
    if (search.total(found) >= optimum - 0.1) ++close;
    EXPECT_GT(search.total(found), optimum - 1) << "case " << trial;
  }
  // Random memberships are harder than a topology of regions and paths, where components nest.
  EXPECT_GE(close, kCases * 95 / 100);
}

TEST(Evidence, OneCellNeitherConvictsNorAcquits) {
  Baselines b;
  b.fill(4e-4);
  PerChannel n{};
  PerChannel k{};
  n[index(Channel::kTcp)] = 50;
  EvidenceRow healthy = cell_evidence(n, k, b);
  EXPECT_GT(healthy[static_cast<std::size_t>(Mode::kTcp)], -2.31F);
  EXPECT_LT(healthy[static_cast<std::size_t>(Mode::kTcp)], -1.0F);
  k[index(Channel::kTcp)] = 50;
  EXPECT_LT(cell_evidence(n, k, b)[static_cast<std::size_t>(Mode::kTcp)], 6.5F);
}

TEST(Evidence, AKnownUnreachableCellSaysNothing) {
  Baselines b;
  b.fill(0.995);
  PerChannel n{};
  PerChannel k{};
  n[index(Channel::kTcp)] = k[index(Channel::kTcp)] = 3;
  EXPECT_NEAR(static_cast<double>(cell_evidence(n, k, b)[static_cast<std::size_t>(Mode::kTcp)]), 0, 0.02);
}

TEST(Evidence, AFailureAtALayerAcquitsWhatLiesBelowIt) {
  Baselines b;
  b.fill(0.002);
  PerChannel n{};
  PerChannel k{};
  for (const Channel c : {Channel::kDns, Channel::kTcp, Channel::kTls, Channel::kTransfer, Channel::kHttp})
    n[index(c)] = 3;
  k[index(Channel::kHttp)] = 3;
  const EvidenceRow row = cell_evidence(n, k, b);
  EXPECT_GT(row[static_cast<std::size_t>(Mode::kHttp)], 5.0F);
  for (const Mode m : {Mode::kDns, Mode::kTcp, Mode::kTls, Mode::kLoss, Mode::kAll}) {
    EXPECT_LT(row[static_cast<std::size_t>(m)], -0.9F) << info(m).name;
  }
}

TEST(ErrorClasses, ARefusalPointsAtTheAppAndTheSumIsCapped) {
  PerClass refused{};
  refused[index(ErrorClass::kTcpRefused)] = 3;
  const double app = class_evidence(Kind::kApp, Mode::kTcp, error_counts(refused));
  EXPECT_GT(app, 0);
  EXPECT_LT(class_evidence(Kind::kRegion, Mode::kTcp, error_counts(refused)), 0);
  EXPECT_LT(class_evidence(Kind::kPath, Mode::kTcp, error_counts(refused)), 0);
  EXPECT_LT(cap_class_evidence(1000), 6.0001);
  EXPECT_NEAR(cap_class_evidence(0.1), 0.05, 1e-3);
}

TEST(Modes, NoPathKindHasAnHttpMode) {
  for (std::size_t k = 0; k < kKinds; ++k) {
    const Kind kind = static_cast<Kind>(k);
    if (info(kind).blame != BlameClass::kPath && info(kind).blame != BlameClass::kVantage) continue;
    for (const Mode m : modes_of(kind)) EXPECT_EQ(info(m).share[index(Channel::kHttp)], 0.0F) << info(kind).name;
  }
}

}  // namespace
}  // namespace sonde::hub::judge
