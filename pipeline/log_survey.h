// Looks at the files of a log without a lock and without changing anything, also beside the process that writes them:
// for `sonde log ls|verify|cat|export`. Format: docs/log-format.md.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "core/result.h"
#include "io/files.h"
#include "pipeline/cursor_store.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline {

struct SurveyedSegment {
  RecordClass record_class = RecordClass::kA;
  std::uint64_t number = 0;
  std::string path;
  std::uint64_t bytes = 0;    // length of the file
  std::uint64_t records = 0;  // that can be read, as far as headers tell
  std::uint64_t lost = 0;     // that marks say stood here
  std::int64_t first_ms = 0;  // wall clock when the first and last record were taken in; 0 = there is none
  std::int64_t last_ms = 0;
};

struct SurveyedReader {
  CursorState state;
  std::uint64_t pending = 0;  // records that are there and that it has not taken
};

/// Bytes [offset, end) of a file that are not what they should be.
struct Finding {
  enum class Kind {
    kDamagedHeader,   // of a segment, the journal or the cursors
    kNoFrame,         // bytes where a frame should begin
    kDamagedPayload,  // a frame whose records cannot be read
    kMissing,         // sequence numbers that nothing tells about
    kUnfinished,      // a write that a kill or a running process left at the end of the last segment: no damage
  };
  Kind kind = Kind::kNoFrame;
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::uint64_t records = 0;  // known to be lost by it; 0 = none, or not known
};
[[nodiscard]] inline bool is_damage(const Finding& f) { return f.kind != Finding::Kind::kUnfinished; }

struct LogSurvey {
  std::vector<SurveyedSegment> segments;  // class by class, oldest first
  std::vector<SurveyedReader> readers;
  std::vector<Finding> findings;
  std::uint64_t journal_records = 0;  // taken in and in no frame yet
  std::uint64_t journal_bytes = 0;
  std::uint64_t quarantine_bytes = 0;
};

/// Walks all frames; with `payloads` also what is in them. Errors: kNotFound where no log is, kUnsupported for a newer
/// format, kIo.
[[nodiscard]] core::Result<LogSurvey> survey_log(io::Files& files, const std::string& directory, bool payloads);

/// Which records of a log to read.
struct LogFilter {
  std::array<bool, kClasses> classes{true, true, true};
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();  // of a record's own time; this one included
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();    // not included
};

struct LogReading {
  std::uint64_t records = 0;
  std::uint64_t unreadable = 0;  // records of damaged frames that were passed over
  bool stopped = false;          // `take` did not want more
};

/// Hands the records over as lines of line protocol, in the order in which readers get them, a frame at a time; then
/// what is only in the journal. `take` says whether to go on. Errors as survey_log.
[[nodiscard]] core::Result<LogReading> read_log(io::Files& files, const std::string& directory, const LogFilter& filter,
                                                core::Callback<bool(std::string_view)> take);

}  // namespace sonde::pipeline
