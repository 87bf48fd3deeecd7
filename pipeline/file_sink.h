// Sinks that append lines to a file or to stdout.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/sink.h"

namespace sonde::pipeline {

/// Appends to `path` and syncs each batch before it says done. The file is made when missing and opened again after an
/// error. At least once: a batch that failed half way is written again from its start.
[[nodiscard]] std::unique_ptr<Sink> make_file_sink(io::Files& files, std::string name, std::string path);

/// Writes to stdout. A closed or full pipe is kRetry.
[[nodiscard]] std::unique_ptr<Sink> make_stdout_sink(std::string name);

}  // namespace sonde::pipeline
