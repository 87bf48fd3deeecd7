// Many faults of many kinds in the small world, with background noise: nobody innocent is ever convicted, and most of
// the guilty are, soon. The generator knows nothing of the judge's modes and tables.
#include <algorithm>
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

struct Fault {
  std::string kind;
  std::vector<std::string> right;  // component keys that may be convicted
  std::function<bool(const core::Vantage&, const core::Target&)> hits;
  std::function<core::Outcome(double dice)> outcome;
  double severity = 1;
};

core::Outcome mixed_network(double d) {
  if (d < 0.8) return tcp_timeout();
  if (d < 0.9) return core::failed(core::Stage::kTcp, core::Cause::kReset);
  return core::failed(core::Stage::kTls, core::Cause::kTimeout);
}
core::Outcome mixed_server(double d) {
  if (d < 0.7) return http_503();
  if (d < 0.85) return core::failed(core::Stage::kHttp, core::Cause::kTimeout);
  return core::failed(core::Stage::kTcp, core::Cause::kTimeout);
}

std::vector<Fault> faults() {
  using core::Target;
  using core::Vantage;
  const auto named = [](std::string n) { return [n](const Vantage&, const Target& t) { return t.name == n; }; };
  const auto region = [](std::string p, std::string r) {
    return [p, r](const Vantage&, const Target& t) { return t.provider == p && t.region == r; };
  };
  const auto always = [](core::Outcome o) { return [o](double) { return o; }; };
  return {
      {"app 5xx", {"app:checkout"}, named("checkout"), mixed_server},
      {"app refused", {"app:search"}, named("search"), always(core::failed(core::Stage::kTcp, core::Cause::kRefused))},
      {"app certificate",
       {"app:portal"},
       named("portal"),
       always(core::failed(core::Stage::kTls, core::Cause::kExpired))},
      {"app 40 %", {"app:portal"}, named("portal"), mixed_server, 0.4},
      {"region", {"region:cirrus/cn-east"}, region("cirrus", "cn-east"), mixed_network},
      {"region abroad", {"region:stratus/us-east"}, region("stratus", "us-east"), mixed_network},
      {"region 50 %", {"region:stratus/us-east"}, region("stratus", "us-east"), mixed_network, 0.5},
      {"service 5xx", {"service-region:nimbus/sg-1/object-storage"}, named("nimbus/sg-1/object-storage"), mixed_server},
      {"service dns", {"service-region:altus/eu-1/compute-api"}, named("altus/eu-1/compute-api"), always(nodata())},
      {"provider",
       {"provider:nimbus"},
       [](const Vantage&, const Target& t) { return t.provider == "nimbus"; },
       mixed_server},
      {"zone",
       {"zone:cirrus.example"},
       [](const Vantage&, const Target& t) { return t.zone == "cirrus.example"; },
       always(core::failed(core::Stage::kDns, core::Cause::kServfail))},
      {"border",
       {"border:two-way"},
       [](const Vantage& v, const Target& t) { return t.partition != v.partition; },
       mixed_network},
      {"border 60 %",
       {"border:two-way"},
       [](const Vantage& v, const Target& t) { return t.partition != v.partition; },
       mixed_network,
       0.6},
      {"vantage",
       {"vantage:shanghai"},
       [](const Vantage& v, const Target&) { return v.name == "shanghai"; },
       [](double d) { return d < 0.3 ? core::failed(core::Stage::kDns, core::Cause::kTimeout) : mixed_network(d); }},
      {"isp", {"isp:ct"}, [](const Vantage& v, const Target&) { return v.isp == "ct"; }, mixed_network},
      {"lonely vantage", {}, [](const Vantage& v, const Target&) { return v.name == "virginia"; }, mixed_network},
  };
}

struct Score {
  int runs = 0;
  int right = 0;
  int wrong = 0;
  std::vector<std::int64_t> rounds;
};

TEST(Sweep, NobodyInnocentIsConvictedAndMostOfTheGuiltyAreSoon) {
#ifdef NDEBUG
  constexpr std::uint64_t kSeeds = 6;
#else
  constexpr std::uint64_t kSeeds = 2;  // the whole sweep takes over a minute with sanitizers
#endif
  const World w = small_world();
  std::map<std::string, Score> scores;
  int wrong = 0;
  int right = 0;
  int expected = 0;
  for (const Fault& f : faults()) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const std::int64_t onset = 6 + static_cast<std::int64_t>(seed % 3);
      const std::int64_t end = onset + 12;
      // The fault begins and ends in the middle of a round: cells late in the round notice first.
      const auto seen = play(w, end + 14, [&](const core::Vantage& v, const core::Target& t, std::int64_t r) -> Result {
        const double phase = dice(v.name, t.name, 0, 99);
        const bool on = (r > onset || (r == onset && phase > 0.5)) && (r < end || (r == end && phase < 0.4));
        if (on && f.hits(v, t) && dice(v.name, t.name, r, seed) < f.severity)
          return f.outcome(dice(v.name, t.name, r, seed + 50));
        const double loss = t.partition != v.partition ? 0.008 : 0.001;
        if (dice(v.name, t.name, r, seed + 100) < loss) return tcp_timeout();
        return std::nullopt;
      });
      Score& score = scores[f.kind];
      ++score.runs;
      bool hit = false;
      for (const Seen& s : of_grade(seen, Grade::kConvicted)) {
        if (s.event.event == EventKind::kClosed) continue;
        if (std::ranges::find(f.right, s.event.component_key) == f.right.end()) {
          ++wrong;
          ++score.wrong;
          ADD_FAILURE() << f.kind << " seed " << seed << "\n" << story(seen);
        } else if (!hit) {
          hit = true;
          score.rounds.push_back(s.round - onset);
        }
      }
      score.right += hit ? 1 : 0;
      right += hit ? 1 : 0;
      expected += f.right.empty() ? 0 : 1;
      if (!hit && !f.right.empty()) std::cout << "not convicted: " << f.kind << " seed " << seed << "\n" << story(seen);
    }
  }
  for (auto& [kind, s] : scores) {
    std::ranges::sort(s.rounds);
    std::cout << kind << ": " << s.right << "/" << s.runs << " convicted, wrong " << s.wrong;
    if (!s.rounds.empty()) std::cout << ", rounds p50 " << s.rounds[s.rounds.size() / 2] << " max " << s.rounds.back();
    std::cout << "\n";
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(right * 100, expected * 90);
}

}  // namespace
}  // namespace sonde::hub::judge::test
