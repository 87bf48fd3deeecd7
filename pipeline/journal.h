// What was taken in since the last frames were written: each record goes here in the same turn, so that a killed
// process loses none (RELIABILITY P1). Never synced: against power loss there is the group commit. All records of a
// turn go by one write: at some ten thousand records a second, one write each was a twentieth of what a check costs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline {

/// Sequence number that the next frame of each class begins with.
using NextSeqs = std::array<std::uint64_t, kClasses>;

struct JournalEntry {
  RecordClass record_class = RecordClass::kA;
  std::uint32_t count = 0;
  std::int64_t taken_ms = 0;
  std::string lines;
};

struct JournalContents {
  NextSeqs base{};  // zeros when there is no readable journal
  std::vector<JournalEntry> entries;
};

class Journal {
 public:
  Journal(io::Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// What an earlier process left. Error kUnsupported for a newer format; other damage only ends the entries.
  [[nodiscard]] core::Result<JournalContents> recover();
  /// Opens for writing and begins anew.
  core::Result<void> start(const NextSeqs& base, std::uint64_t generation);
  /// Forgets all entries: they are in frames now.
  core::Result<void> reset(const NextSeqs& base, std::uint64_t generation);
  /// Takes an entry that the next write() writes. Errors: nothing can be written just now.
  core::Result<void> add(RecordClass record_class, std::uint32_t count, std::int64_t taken_ms, std::string_view lines);
  /// Writes what was added since the last write(), if anything. After an error it is still to be written.
  core::Result<void> write();
  /// False when `lines` would make it outgrow its reserved blocks: frames are to be written first.
  [[nodiscard]] bool has_room(std::size_t line_bytes) const;
  [[nodiscard]] std::uint64_t bytes_on_disk() const;

 private:
  io::Files& files_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  std::uint64_t end_ = 0;
  std::string added_;  // entries that wait for write()
  std::uint64_t generation_ = 0;
  bool whole_ = false;  // the header on disk is that of generation_: else entries behind it would be read by nobody
};

}  // namespace sonde::pipeline
