// The judge alone: results a second through one core, the time of a tick with few and many failing cells, and bytes
// per cell. Processor time of this thread; the records are made outside of what is measured.
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/measurement.h"
#include "core/target.h"
#include "hub/judge/judge.h"
#include "tests/bench/benches.h"

namespace sonde::bench {
namespace {

constexpr std::int64_t kStartMs = 1'764'000'000'000;
constexpr std::int64_t kRoundMs = 30'000;
constexpr std::int64_t kWarmUp = 4;  // rounds until every layer was seen healthy and the topology stands
constexpr std::array kCountries{"CN", "DE", "US", "SG", "JP"};

struct Fleet {
  std::vector<core::Vantage> vantages;
  std::vector<core::Target> targets;
  [[nodiscard]] std::size_t cells() const { return vantages.size() * targets.size(); }
};

Fleet fleet_of(std::size_t vantages, std::size_t targets) {
  Fleet f;
  for (std::size_t i = 0; i < vantages; ++i) {
    core::Vantage& v = f.vantages.emplace_back();
    v.name = fmt::format("v{}", i);
    v.isp = fmt::format("isp{}", i / 3);
    v.country = kCountries[i % kCountries.size()];
    v.partition = v.country == "CN" ? core::Partition::kDomestic : core::Partition::kOverseas;
    v.resolver = "resolver of " + v.isp;
  }
  for (std::size_t i = 0; i < targets; ++i) {
    core::Target& t = f.targets.emplace_back();
    t.name = fmt::format("t{}", i);
    t.role = i % 3 == 0 ? core::Role::kApp : core::Role::kReference;
    t.app = t.role == core::Role::kApp ? t.name : "";
    t.provider = fmt::format("p{}", i % 8);
    t.region = fmt::format("r{}", i % 80);
    t.country = kCountries[i % kCountries.size()];
    t.service = fmt::format("s{}", i / 80 % 4);
    t.zone = t.provider + ".example";
    t.url = fmt::format("https://{}.{}/", t.name, t.zone);
    t.check = core::CheckKind::kHttp;
    t.every = std::chrono::milliseconds{kRoundMs};
  }
  return f;
}

core::Record result_of(const core::Vantage& v, const core::Target& t, std::int64_t time_ms, bool fails) {
  core::Measurement m;
  m.family = "ip4";
  m.outcome = fails ? core::failed(core::Stage::kTcp, core::Cause::kTimeout) : core::Outcome{};
  m.set(core::field::kResolveSeconds, 0.002);
  if (!fails) {
    m.set(core::field::kConnectSeconds, 0.050);
    m.set(core::field::kTlsSeconds, 0.060);
    m.set(core::field::kProcessingSeconds, 0.070);
  }
  return core::to_record(m, v, t, core::from_unix_ms(time_ms));
}

// Deterministic, and other cells in each round.
bool strikes(std::size_t cell, std::int64_t round, double share) {
  const std::uint64_t h = (cell * 0x9E3779B97F4A7C15ULL) ^ (static_cast<std::uint64_t>(round) * 0xBF58476D1CE4E5B9ULL);
  return static_cast<double>((h ^ (h >> 29)) % 100'000) < share * 100'000;
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double resident_bytes() {
  malloc_trim(0);
  std::ifstream in{"/proc/self/statm"};
  double size = 0;
  double resident = 0;
  in >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Round {
  double observe = 0;  // seconds
  double tick = 0;
};

Round play(hub::judge::Judge& judge, const Fleet& f, std::int64_t round, double share) {
  Round spent;
  std::vector<core::Record> batch;
  std::size_t cell = 0;
  for (const core::Vantage& v : f.vantages) {
    batch.clear();
    for (const core::Target& t : f.targets) {
      const auto phase = static_cast<std::int64_t>(cell * 7919 % static_cast<std::size_t>(kRoundMs));
      batch.push_back(result_of(v, t, kStartMs + round * kRoundMs + phase, strikes(cell, round, share)));
      ++cell;
    }
    const double start = cpu_seconds();
    for (const core::Record& r : batch) judge.observe(r);
    spent.observe += cpu_seconds() - start;
  }
  const double start = cpu_seconds();
  (void)judge.advance(core::from_unix_ms(kStartMs + (round + 2) * kRoundMs));
  spent.tick = cpu_seconds() - start;
  return spent;
}

void measure(const Fleet& f, int rounds, Report& report) {
  const double before = resident_bytes();
  hub::judge::Judge judge{{.round = std::chrono::milliseconds{kRoundMs}}};
  const auto tell = [&](const core::Record& r) { judge.observe(r); };
  for (const core::Vantage& v : f.vantages) tell(core::to_record(v, core::from_unix_ms(kStartMs)));
  for (const core::Target& t : f.targets) tell(core::to_record(t, core::from_unix_ms(kStartMs)));
  std::int64_t round = 0;
  for (; round < kWarmUp; ++round) (void)play(judge, f, round, 0);
  const double per_cell = (resident_bytes() - before) / static_cast<double>(f.cells());
  std::vector<double> rates;
  std::array<std::vector<double>, 3> ticks;  // none, 1 % and 10 % of the cells fail
  for (int i = 0; i < rounds; ++i) {
    const Round quiet = play(judge, f, round++, 0);
    rates.push_back(static_cast<double>(f.cells()) / (quiet.observe + quiet.tick));
    ticks[0].push_back(quiet.tick * 1e3);
  }
  for (int i = 0; i < rounds; ++i) ticks[1].push_back(play(judge, f, round++, 0.01).tick * 1e3);
  for (int i = 0; i < rounds; ++i) ticks[2].push_back(play(judge, f, round++, 0.1).tick * 1e3);
  report.row("judge", fmt::format("{} cells", f.cells()),
             {{"results/s", spread_of(rates)},
              {"quiet tick ms", spread_of(ticks[0])},
              {"1 % failing ms", spread_of(ticks[1])},
              {"10 % failing ms", spread_of(ticks[2])},
              one("bytes/cell", per_cell)});
}

}  // namespace

bool judge_bench(const Options& options, Report& report) {
  report.say("\nThe judge alone, processor time of one core; stray failures of other cells in each round.");
  if (options.length == Length::kShort) {
    measure(fleet_of(10, 200), 2, report);
    return true;
  }
  measure(fleet_of(30, 1000), 5, report);
  measure(fleet_of(100, 1000), 3, report);
  // A million cells; all of them report in every round.
  if (options.length == Length::kLong) measure(fleet_of(200, 5000), 3, report);
  return true;
}

}  // namespace sonde::bench
