// Opening is repairing (docs/log-format.md, "Opening"); what it did is the difference of two surveys.
#include "pipeline/log_repair.h"

#include <limits>
#include <utility>

#include "pipeline/log.h"

namespace sonde::pipeline {

core::Result<RepairReport> repair_log(io::Loop& loop, io::Files& files, const std::string& directory) {
  RepairReport report;
  auto before = survey_log(files, directory, true);
  if (!before) return before.error();
  report.before = std::move(*before);
  LogOptions options;
  options.directory = directory;
  options.bytes_max = std::numeric_limits<std::uint64_t>::max() / 2;
  options.age_max = std::chrono::hours{24 * 365 * 100};
  options.free_bytes_min = 0;
  {
    auto log = open_log(loop, files, std::move(options));
    if (!log) return log.error();
    // Damage is told by gap records in a turn of its own, before those who wait for durability are called.
    (*log)->on_durable([&loop](const core::Result<void>&) { loop.stop(); });
    loop.run();
    report.degraded = (*log)->degraded();
  }
  auto after = survey_log(files, directory, true);
  if (!after) return after.error();
  report.after = std::move(*after);
  return report;
}

}  // namespace sonde::pipeline
