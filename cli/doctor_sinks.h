// What `sonde doctor` says of a sink.
#pragma once

#include <vector>

#include "cli/diagnosis.h"
#include "pipeline/file_sink.h"
#include "pipeline/influx_examination.h"

namespace sonde::cli {

/// The words for what was found out about a database. Pure.
[[nodiscard]] std::vector<Diagnosis> diagnose_influx(const pipeline::InfluxOptions& options,
                                                     const pipeline::InfluxExamination& found);

/// Writes a canary beside the file, through the same sink, and removes it; the file itself is only looked at, because a
/// running process may be appending to it. `loop` and `files` are used at once.
[[nodiscard]] std::vector<Diagnosis> examine_file(io::Loop& loop, io::Files& files,
                                                  const pipeline::FileSinkOptions& options, std::string_view vantage);

/// Standard output gives nothing back.
[[nodiscard]] Diagnosis diagnose_stdout(std::string_view name);

}  // namespace sonde::cli
