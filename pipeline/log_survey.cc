// A survey of a log's files, and its records in order.
#include "pipeline/log_survey.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "pipeline/class_walk.h"
#include "pipeline/journal.h"
#include "pipeline/lines.h"
#include "pipeline/repair.h"

namespace sonde::pipeline {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

// A typing mistake must not look like an empty log.
Result<void> must_be_log(io::Files& files, const std::string& directory) {
  const auto names = files.list(directory);
  if (!names && names.error().code != ErrorCode::kNotFound) return names.error();
  for (const std::string_view own : {"a", "b", "c", "journal", "cursors"}) {
    if (names && std::find(names->begin(), names->end(), own) != names->end()) return {};
  }
  return Error{ErrorCode::kNotFound, fmt::format("there is no log in {}", directory),
               fmt::format("{} 中没有日志", directory)};
}

std::uint64_t file_bytes(io::Files& files, const std::string& path) {
  const auto file = files.open(path, io::OpenMode::kReadOnly);
  if (!file) return 0;
  const auto size = (*file)->size();
  return size ? *size : 0;
}

/// Entries of the journal that are in no frame, by class. The journal is read before the segments: what moves in
/// between is in both then, and never in none.
class JournalRest {
 public:
  explicit JournalRest(JournalContents contents) : contents_(std::move(contents)) {}

  /// `f(entry, records of its front that are in frames already)`, for a class whose frames end at `end_seq`.
  template <typename F>
  void each(std::size_t index, std::uint64_t end_seq, F f) const {
    std::uint64_t in_frames = end_seq > contents_.base[index] ? end_seq - contents_.base[index] : 0;
    for (const JournalEntry& entry : contents_.entries) {
      if (static_cast<std::size_t>(entry.record_class) != index) continue;
      const std::uint64_t skip = std::min<std::uint64_t>(in_frames, entry.count);
      in_frames -= skip;
      if (skip < entry.count) f(entry, skip);
    }
  }
  [[nodiscard]] std::uint64_t base(std::size_t index) const { return contents_.base[index]; }
  [[nodiscard]] bool readable() const { return contents_.base[0] != 0; }

 private:
  JournalContents contents_;
};

class Surveyor {
 public:
  Surveyor(io::Files& files, const std::string& directory, bool payloads)
      : files_(files), directory_(directory), payloads_(payloads) {}

  Result<LogSurvey> run();

 private:
  Result<void> readers();
  Result<void> walk(RecordClass record_class, const JournalRest& journal);
  void count_pending(std::size_t index, std::uint64_t first, std::uint64_t end);
  [[nodiscard]] bool whole(const ClassWalk& walk, const ClassWalk::Frame& frame) const;

  io::Files& files_;
  std::string directory_;
  bool payloads_;
  LogSurvey out_;
};

Result<LogSurvey> Surveyor::run() {
  if (auto known = must_be_log(files_, directory_); !known) return known.error();
  if (auto read = readers(); !read) return read.error();
  const std::string journal_path = directory_ + "/journal";
  auto contents = Journal{files_, journal_path}.recover();
  if (!contents) return contents.error();
  const JournalRest journal{std::move(*contents)};
  out_.journal_bytes = file_bytes(files_, journal_path);
  if (out_.journal_bytes > 0 && !journal.readable()) {
    out_.findings.push_back({.kind = Finding::Kind::kDamagedHeader, .path = journal_path});
  }
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (auto walked = walk(static_cast<RecordClass>(i), journal); !walked) return walked.error();
  }
  out_.quarantine_bytes = Quarantine{files_, directory_ + "/quarantine"}.bytes();
  return std::move(out_);
}

Result<void> Surveyor::readers() {
  const std::string path = directory_ + "/cursors";
  auto slot = CursorStore{files_, path}.load();
  if (!slot) return slot.error();
  const std::uint64_t bytes = file_bytes(files_, path);
  if (slot->states.empty() && slot->newest_stamp_ms == 0 && bytes > 0) {
    out_.findings.push_back({.kind = Finding::Kind::kDamagedHeader, .path = path, .end = bytes});
  }
  for (CursorState& state : slot->states) out_.readers.push_back({.state = std::move(state)});
  return {};
}

void Surveyor::count_pending(std::size_t index, std::uint64_t first, std::uint64_t end) {
  for (SurveyedReader& reader : out_.readers) {
    const std::uint64_t from = std::max(first, reader.state.place[index]);
    if (from < end) reader.pending += end - from;
  }
}

bool Surveyor::whole(const ClassWalk& walk, const ClassWalk::Frame& frame) const {
  if (!payloads_ || frame.header.kind != FrameKind::kRecords) return true;
  const auto lines = walk.load(frame);
  return lines && count_records(*lines) == frame.header.count;
}

Result<void> Surveyor::walk(RecordClass record_class, const JournalRest& journal) {
  const auto index = static_cast<std::size_t>(record_class);
  ClassWalk walk{files_, directory_, record_class, [this](Finding f) { out_.findings.push_back(std::move(f)); }};
  if (auto opened = walk.open(); !opened) return opened;
  while (true) {
    const auto found = walk.next();
    if (!found) return found.error();
    if (!*found) break;
    const ClassWalk::Frame& frame = **found;
    if (!whole(walk, frame)) {
      out_.findings.push_back({.kind = Finding::Kind::kDamagedPayload,
                               .path = walk.segments()[frame.segment].path,
                               .offset = frame.offset,
                               .end = frame.offset + frame.header.bytes(),
                               .records = frame.header.count});
    } else if (frame.header.kind == FrameKind::kRecords) {
      count_pending(index, frame.header.first_seq, frame.header.end_seq());
    }
  }
  std::uint64_t seq = std::max(walk.end_seq(), journal.base(index));
  journal.each(index, walk.end_seq(), [&](const JournalEntry& entry, std::uint64_t skip) {
    const std::uint64_t count = entry.count - skip;
    out_.journal_records += count;
    count_pending(index, seq, seq + count);
    seq += count;
  });
  out_.segments.insert(out_.segments.end(), walk.segments().begin(), walk.segments().end());
  return {};
}

// ---- reading

std::int64_t time_of(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const std::string_view digits = line.substr(line.rfind(' ') + 1);
  std::int64_t time = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), time);
  return time;
}

/// The frame at hand of a class that is read.
struct Reading {
  std::size_t index = 0;
  ClassWalk walk;
  std::optional<ClassWalk::Frame> frame;
};

class Reader {
 public:
  Reader(const LogFilter& filter, core::Callback<bool(std::string_view)> take)
      : filter_(filter), take_(std::move(take)) {}

  Result<LogReading> run(io::Files& files, const std::string& directory);

 private:
  Result<void> advance(Reading& reading);
  void hand_over(std::string_view text, std::uint64_t skip);

  const LogFilter& filter_;
  core::Callback<bool(std::string_view)> take_;
  LogReading out_;
  std::string chosen_;
};

// To the next frame that holds records.
Result<void> Reader::advance(Reading& reading) {
  while (true) {
    auto found = reading.walk.next();
    if (!found) return found.error();
    reading.frame = *found;
    if (!reading.frame || reading.frame->header.kind == FrameKind::kRecords) return {};
  }
}

void Reader::hand_over(std::string_view text, std::uint64_t skip) {
  chosen_.clear();
  while (!text.empty()) {
    const std::string_view line = text.substr(0, first_line_bytes(text));
    text.remove_prefix(line.size());
    if (skip > 0) {
      --skip;
      continue;
    }
    const std::int64_t time = time_of(line);
    if (time < filter_.from_ns || time >= filter_.to_ns) continue;
    chosen_ += line;
    if (!chosen_.ends_with('\n')) chosen_ += '\n';
    ++out_.records;
  }
  if (!chosen_.empty() && !take_(chosen_)) out_.stopped = true;
}

Result<LogReading> Reader::run(io::Files& files, const std::string& directory) {
  if (auto known = must_be_log(files, directory); !known) return known.error();
  auto contents = Journal{files, directory + "/journal"}.recover();
  if (!contents) return contents.error();
  const JournalRest journal{std::move(*contents)};
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (!filter_.classes[i]) continue;
    readings.push_back({.index = i,
                        .walk = ClassWalk{files, directory, static_cast<RecordClass>(i), [](const Finding&) {}},
                        .frame = {}});
    if (auto opened = readings.back().walk.open(); !opened) return opened.error();
    if (auto found = advance(readings.back()); !found) return found.error();
  }
  while (!out_.stopped) {
    Reading* first = nullptr;
    for (Reading& reading : readings) {
      const bool earlier =
          reading.frame && (first == nullptr || reading.frame->header.commit < first->frame->header.commit);
      if (earlier) first = &reading;
    }
    if (first == nullptr) break;
    const auto lines = first->walk.load(*first->frame);
    if (lines) {
      hand_over(*lines, 0);
    } else {
      out_.unreadable += first->frame->header.count;
    }
    if (auto found = advance(*first); !found) return found.error();
  }
  for (const Reading& reading : readings) {
    journal.each(reading.index, reading.walk.end_seq(), [this](const JournalEntry& entry, std::uint64_t skip) {
      if (!out_.stopped) hand_over(entry.lines, skip);
    });
  }
  return out_;
}

}  // namespace

Result<LogSurvey> survey_log(io::Files& files, const std::string& directory, bool payloads) {
  return Surveyor{files, directory, payloads}.run();
}

Result<LogReading> read_log(io::Files& files, const std::string& directory, const LogFilter& filter,
                            core::Callback<bool(std::string_view)> take) {
  return Reader{filter, std::move(take)}.run(files, directory);
}

}  // namespace sonde::pipeline
