// The highest rate at which every slot has its record in the log, none failed and none is suspect. One thread probes;
// the server has the other core, so a figure is checks per second and core of the prober.
#include <algorithm>
#include <optional>
#include <string>

#include "tests/bench/benches.h"
#include "tests/bench/certificates.h"
#include "tests/bench/rigs.h"
#include "tests/support/temp_dir.h"

namespace sonde::bench {
namespace {

constexpr int kStepsMax = 7;

struct Ladder {
  Kind kind;
  std::size_t first;   // half of the target
  std::size_t target;  // DESIGN: what is to be held; 0 = none was set
};

constexpr Ladder kLadders[] = {{Kind::kDns, 15'000, 0},
                               {Kind::kTcp, 10'000, 20'000},
                               {Kind::kHttp, 7'500, 15'000},
                               {Kind::kHttpsEcdsa, 1'000, 2'000}};

PacedResult hold(const ServerProcess& server, const std::string& ca_file, std::size_t rate, int seconds) {
  const test::TempDir log;
  return run_paced({.url = server.url(),
                    .ca_file = ca_file,
                    .log_directory = log.path(),
                    .targets = rate,
                    .seconds = seconds,
                    .on_result = {}});
}

}  // namespace

bool capacity_bench(const Options& options, Report& report) {
  const test::TempDir files;
  const std::string ca_file = write_roots(files.path());
  const int seconds = options.length == Length::kShort ? 1 : options.length == Length::kNormal ? 10 : 60;
  report.say("Checks per second held for " + std::to_string(seconds) +
             " s: each slot has a good record in the log, and the loop was never more than 50 ms late.");
  bool ok = true;
  for (const Ladder& ladder : kLadders) {
    if (!wanted(options, ladder.kind)) continue;
    const ServerProcess server{ladder.kind};
    std::size_t held = 0;
    std::optional<PacedResult> best;
    // Up by half, or down by half until something holds; then between both.
    std::size_t rate = options.length == Length::kShort ? ladder.first / 50 : ladder.first;
    std::size_t failed = 0;
    const int steps = options.length == Length::kShort ? 1 : kStepsMax;
    for (int step = 0; step < steps; ++step) {
      const PacedResult result = hold(server, ca_file, rate, seconds);
      if (result.held()) {
        held = rate;
        best = result;
      } else {
        failed = rate;
        ok &= options.length != Length::kShort || result.records > 0;
      }
      if (failed == 0) {
        rate += rate / 2;
      } else if (held == 0) {
        rate /= 2;
      } else {
        rate = (held + failed) / 2;
        if (failed - held < held / 10) break;
      }
    }
    std::vector<Figure> figures{one("checks/s", static_cast<double>(held))};
    figures.push_back(ladder.target == 0 ? none("target") : one("target", static_cast<double>(ladder.target)));
    if (best) {
      figures.push_back(one("cpu us/check", best->cpu_seconds * 1e6 / static_cast<double>(best->records)));
      figures.push_back(one("latest start ms", best->late_max * 1e3));
    } else {
      figures.push_back(none("cpu us/check"));
      figures.push_back(none("latest start ms"));
    }
    report.row("capacity", name(ladder.kind), figures,
               failed == 0 ? "more may hold" : "did not hold " + std::to_string(failed) + "/s");
  }
  return ok;
}

}  // namespace sonde::bench
