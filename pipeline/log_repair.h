// Repairs a log that no process has open, by opening it: for `sonde log repair`.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "io/loop.h"
#include "pipeline/log_survey.h"

namespace sonde::pipeline {

struct RepairReport {
  LogSurvey before;
  LogSurvey after;
  std::string degraded;  // why the disk could not be written; empty when it could
};

/// Looks, opens the log without bounds (nothing is evicted), waits until what opening did is durable, closes, and looks
/// again. Errors: kBusy when a process holds it (its pid is named), kNotFound where no log is, kUnsupported, kIo.
/// Runs `loop`.
[[nodiscard]] core::Result<RepairReport> repair_log(io::Loop& loop, io::Files& files, const std::string& directory);

}  // namespace sonde::pipeline
