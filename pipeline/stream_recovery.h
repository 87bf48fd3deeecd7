// Finds out what one class of the log holds when it is opened: by scanning its segments, repairing what is damaged.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"
#include "pipeline/repair.h"

namespace sonde::pipeline {

/// One segment file as it is known in memory.
struct Segment {
  std::string path;
  std::uint64_t number = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t end_seq = 0;   // after the last record in it, holes included
  std::uint64_t bytes = 0;     // that may be read: durable frames
  std::uint64_t written = 0;   // end of what was written
  std::uint64_t reserved = 0;  // blocks asked for; 0 once sealed
  std::int64_t first_ms = 0;   // wall clock of the first and last record; 0 while empty
  std::int64_t last_ms = 0;

  [[nodiscard]] std::uint64_t bytes_on_disk() const { return written > reserved ? written : reserved; }
};

/// Records that can no longer be read although their neighbours can.
struct Hole {
  std::uint64_t count = 0;
  FrameKind kind = FrameKind::kDamaged;
};
using Holes = std::map<std::uint64_t, Hole>;  // by first sequence number; never overlapping

struct RecoveredStream {
  std::deque<Segment> segments;
  Holes holes;
  std::uint64_t next_seq = 1;
  std::uint64_t next_number = 1;
  std::uint64_t last_commit = 0;
  std::uint64_t newest_seq = 0;         // first record of the last frame; 0 = there is none
  std::uint64_t bytes_cut = 0;          // of a torn tail
  std::vector<FrameHeader> new_damage;  // found now: first_seq, count, first_ms, last_ms
  bool last_is_writable = false;        // appending to the last segment may go on
};

/// Error kUnsupported when a segment of the class has a newer format. Reads only.
[[nodiscard]] core::Result<void> check_stream_version(io::Files& files, const std::string& directory);

/// Errors only when the directory itself cannot be read.
[[nodiscard]] core::Result<RecoveredStream> recover_stream(io::Files& files, Quarantine& quarantine,
                                                           const std::string& directory, RecordClass record_class);

}  // namespace sonde::pipeline
