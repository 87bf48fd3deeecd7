// The log: the one queue between sources and sinks. Append-only segments on disk with checksums, one cursor per reader.
// The prober's spool and the hub's write-ahead log are both this. Format: docs/log-format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/callback.h"
#include "core/probe_line.h"
#include "core/record.h"
#include "core/result.h"
#include "io/files.h"
#include "io/loop.h"

namespace sonde::pipeline {

using core::Callback;
using core::Duration;
using core::Result;

/// What is lost first when the log is bounded: C, then B, then A (RELIABILITY P6).
enum class RecordClass : std::uint8_t {
  kA = 0,  // state: vantage, target, verdict, incident, sonde, gap, clock
  kB = 1,  // results: probe
  kC = 2,  // diagnostics
};
[[nodiscard]] RecordClass class_of(const core::Record& record);

struct LogOptions {
  std::string directory;
  std::uint64_t segment_bytes = 8ULL * 1024 * 1024;
  std::uint64_t bytes_max = 1024ULL * 1024 * 1024;
  Duration age_max = std::chrono::hours{24 * 7};
  std::uint64_t free_bytes_min = 256ULL * 1024 * 1024;
  Duration commit_interval = std::chrono::milliseconds{200};  // group commit; zero = each append commits at once
  std::uint64_t memory_bytes_max = 16ULL * 1024 * 1024;       // kept in memory while the disk fails
  /// Tags of the records that the log itself writes (`gap`): what tells this log from others, such as the vantage.
  std::vector<std::pair<std::string, std::string>> own_tags;
  bool operator==(const LogOptions&) const = default;
};

/// Everything that was ever accepted is in one of these (RELIABILITY P15); per reader.
struct LogCounters {
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t pending = 0;
  std::uint64_t evicted = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t expired = 0;  // of the dead-lettered: older than the database keeps (RELIABILITY 1.5)

  /// accepted = delivered + pending + evicted + dead_lettered + quarantined. Anything else is a bug: a log that is
  /// destroyed with other books aborts, after all that it holds is on disk.
  [[nodiscard]] bool balanced() const {
    return accepted == delivered + pending + evicted + dead_lettered + quarantined;
  }
};

/// How the disk did, since the log was opened.
struct LogDisk {
  std::uint64_t failures = 0;  // how often it began to fail, at the opening too
  std::uint64_t tries = 0;     // how often it was tried again
  std::uint64_t returns = 0;   // how often it then worked
};

/// Records as text that one read returned: whole lines of line protocol with nanosecond timestamps.
struct LogBatch {
  std::string lines;
  std::uint64_t records = 0;
  std::uint64_t first = 0;  // sequence number of the first record
  std::uint64_t next = 0;   // sequence number after the last one: what commit() takes
};

/// One reader's place in the log. Lives as long as the log.
class Cursor {
 public:
  virtual ~Cursor() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// The records after those read last (not after those committed), up to `bytes_max` of text but at least one;
  /// empty when there is none yet. Only durable records are returned.
  [[nodiscard]] virtual Result<LogBatch> read(std::size_t bytes_max) = 0;
  /// Opens the live lane when the next record of read() was taken in more than `age` ago and newer frames are there.
  /// While it is open read_live() returns the newest records, from the newest frame of each class on, and read() only
  /// those before them. It closes by itself when read() has come to where it began, and by rewind(). Each lane is in
  /// order. True when it is open.
  virtual bool open_live(Duration age) = 0;
  /// As read(), from the live lane; empty when that is not open.
  [[nodiscard]] virtual Result<LogBatch> read_live(std::size_t bytes_max) = 0;
  /// Reads again from the first record that is not committed, in one lane.
  virtual void rewind() = 0;
  /// All records that were read before `next`, in the order of reading over both lanes, are done with: `dead_lettered`
  /// of them by giving up (`expired` of these because the other side keeps nothing that old), the others delivered.
  /// Kept on disk at the next group commit; a lost commit means sending again, never skipping.
  virtual void commit(std::uint64_t next, std::uint64_t dead_lettered = 0, std::uint64_t expired = 0) = 0;
  [[nodiscard]] virtual LogCounters counters() const = 0;
  /// Age of the oldest record that is not committed; zero when there is none.
  [[nodiscard]] virtual Duration oldest_pending() const = 0;
  /// Called (later) whenever durable records have become readable.
  virtual void on_readable(Callback<void()> f) = 0;
};

class Log {
 public:
  virtual ~Log() = default;
  /// Takes one record. It is written in this turn and durable after the next group commit. False when the record cannot
  /// be written as a line (see core::encode_line): a bug of the caller, counted and logged.
  virtual bool append(const core::Record& record) = 0;
  /// The same for the result of a run, without a Record in between.
  virtual bool append(const core::ProbeResult& result) = 0;
  /// Takes lines that are already line protocol with nanosecond timestamps (ingest).
  virtual void append_lines(std::string_view lines, std::uint64_t records, RecordClass record_class) = 0;
  /// `done` runs after everything appended so far is durable, or with the error that prevented it.
  virtual void on_durable(Callback<void(Result<void>)> done) = 0;
  /// Commits now.
  virtual Result<void> flush() = 0;
  /// No probe record of our own that this log ever took bears a later time, whatever process wrote it; zero when there
  /// was none. What others sent in (append_lines) bears the times of their clocks and does not count.
  /// What is stamped after it has an identity of its own (RELIABILITY P3), also where the clock went back meanwhile.
  [[nodiscard]] virtual core::WallTime newest_stamp() const = 0;
  /// The reader of that name; made at the log's first kept record when new, else at its kept place.
  [[nodiscard]] virtual Cursor& cursor(const std::string& name) = 0;
  [[nodiscard]] virtual std::vector<Cursor*> cursors() = 0;
  [[nodiscard]] virtual std::uint64_t bytes_on_disk() const = 0;
  /// "" while the disk works; else why the log keeps records in memory only.
  [[nodiscard]] virtual std::string degraded() const = 0;
  [[nodiscard]] virtual LogDisk disk() const { return {}; }
};

/// Opens or makes the log in `options.directory`. Errors: kBusy when another process holds it (its pid is named),
/// kUnsupported for a newer format. Damage is repaired by scan and never an error. A disk that does not work is none
/// either: records are kept in memory, it is tried again every 5 s and then less often, up to a minute, and once it
/// works they are put behind those that it holds.
[[nodiscard]] Result<std::unique_ptr<Log>> open_log(io::Loop& loop, io::Files& files, LogOptions options);

}  // namespace sonde::pipeline
