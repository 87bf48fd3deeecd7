// What `sonde check` says about its runs, other than the waterfall: JSON lines, a Nagios plugin's output, the table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/verbs.h"
#include "core/measurement.h"

namespace sonde::cli {

/// One run that has ended. The target must outlive it.
struct CheckResult {
  const core::Target* target = nullptr;
  core::WallTime started{};
  core::Measurement measurement;
};

/// A record as JSON: `time_ms`, then tags and fields under their own names.
[[nodiscard]] std::string json_line(const core::Record& record);

struct NagiosReport {
  std::string text;  // one line, with more lines for several targets
  int code = 0;      // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
};
/// Plugin output (Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data"): the worst comes
/// first; every phase that was reached is performance data, in seconds.
[[nodiscard]] NagiosReport nagios_report(std::span<const CheckResult> results, const NagiosThresholds& thresholds,
                                         const Terminal& t);

/// One line per target: status, name, time, cause; and how many of each.
[[nodiscard]] std::string summary_table(std::span<const CheckResult> results, const Terminal& t);

/// What a shell gets for these outcomes: a failure counts before what is not known.
[[nodiscard]] int exit_code_of(bool any_failed, bool any_unknown);

}  // namespace sonde::cli
