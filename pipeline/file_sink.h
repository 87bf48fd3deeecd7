// Sinks that append lines to a file, which may be rotated, or to stdout.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "io/loop.h"
#include "pipeline/sink.h"

namespace sonde::pipeline {

/// When a file is put aside and a new one begun. Rotated files are called like it, with the time in UTC before the
/// extension, so that their names sort by age: results.lp → results-20251125T112620.123Z.lp
struct FileRotation {
  std::uint64_t bytes = 0;  // before it would grow past this; 0 = never by size
  core::Duration every{};   // once it is this old, at the next batch; 0 = never by age
  int keep = 0;             // rotated files that are kept, the oldest go; 0 = all
  bool gzip = false;        // rotated files are packed, a little at a time

  [[nodiscard]] bool on() const { return bytes > 0 || every > core::Duration{}; }
  bool operator==(const FileRotation&) const = default;
};

struct FileSinkOptions {
  std::string name;
  std::string path;
  FileRotation rotation;

  bool operator==(const FileSinkOptions&) const = default;
};

/// Appends to `path` and syncs each batch before it says done. The file is made when missing and opened again after an
/// error; a start goes on with what is there. At least once: a batch that failed half way (also for want of space:
/// kRetry) is cut off and written again from its start. With rotation by age the first line of each file is a comment
/// that says when it was begun. `loop` and `files` must outlive it.
[[nodiscard]] std::unique_ptr<Sink> make_file_sink(io::Loop& loop, io::Files& files, FileSinkOptions options);

/// Writes to stdout. A closed or full pipe is kRetry.
[[nodiscard]] std::unique_ptr<Sink> make_stdout_sink(std::string name);

}  // namespace sonde::pipeline
