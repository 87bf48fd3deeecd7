// The parts of sonde_bench. Each is bounded in time, prints its rows, and returns false when something did not work at
// all (never because it was slow: figures are for people to judge).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/bench/bench_servers.h"
#include "tests/bench/report.h"

namespace sonde::bench {

enum class Length {
  kShort,   // about a second each: shows that it works
  kNormal,  // what docs/performance.md records
  kLong,    // capacity held for a minute
};

struct Options {
  Length length = Length::kNormal;
  std::vector<std::string> only;  // kinds by the beginning of their name; empty = all
  std::string sonde;              // the program that `memory` runs; empty = the one beside this in the build
  std::size_t in_flight = 16;
};

[[nodiscard]] bool wanted(const Options& options, Kind kind);

/// CPU per check: ours, the bare loop's, blackbox's, in interleaved rounds.
bool checks_bench(const Options& options, Report& report);
/// Resident memory of `sonde run`.
bool memory_bench(const Options& options, Report& report);
/// Reported minus true time against a server with an exactly known delay.
bool fidelity_bench(const Options& options, Report& report);
/// Nanoseconds per line: encoding, decoding, and the copy that bounds them.
bool line_bench(const Options& options, Report& report);
/// The judge alone: results a second, milliseconds a tick, bytes a cell.
bool judge_bench(const Options& options, Report& report);
/// The highest rate of checks that loses and delays nothing.
bool capacity_bench(const Options& options, Report& report);

/// Does one thing `count` times and nothing else, for counting instructions from outside: encode, parse, dns or http.
/// False for a name that is none of these, or when checks fail.
bool repeat(const std::string& what, std::size_t count);

}  // namespace sonde::bench
