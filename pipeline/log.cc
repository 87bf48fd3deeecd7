// Opening the log and taking records in.
#include "pipeline/log.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/check.h"
#include "core/clock_record.h"
#include "core/line_protocol.h"
#include "core/schema.h"
#include "pipeline/lines.h"
#include "pipeline/log_impl.h"

namespace sonde::pipeline {
namespace {

using core::Error;
using core::ErrorCode;

constexpr core::Duration kTick = std::chrono::seconds{5};
constexpr std::uint64_t kSegmentBytesMin = 16 * 1024;
/// A segment goes as a whole, so it must be a small part of the bound, and old records must not keep company with new.
constexpr std::uint64_t kSegmentsMin = 8;
constexpr std::int64_t kRollMsMin = 60'000;

std::int64_t to_ms(core::Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace

RecordClass class_of(const core::Record& record) {
  if (record.measurement == core::measurement::kProbe) return RecordClass::kB;
  for (const std::string_view state :
       {core::measurement::kVantage, core::measurement::kTarget, core::measurement::kVerdict,
        core::measurement::kIncident, core::measurement::kSonde, core::measurement::kGap,
        core::clock_record::kMeasurement}) {
    if (record.measurement == state) return RecordClass::kA;
  }
  return RecordClass::kC;
}

Result<std::unique_ptr<Log>> open_log(io::Loop& loop, io::Files& files, LogOptions options) {
  auto log = std::make_unique<LogImpl>(loop, files, std::move(options));
  if (auto opened = log->open(); !opened) return opened.error();
  return std::unique_ptr<Log>(std::move(log));
}

LogImpl::LogImpl(io::Loop& loop, io::Files& files, LogOptions options)
    : loop_(loop),
      files_(files),
      options_(std::move(options)),
      quarantine_(files, options_.directory + "/quarantine"),
      journal_(files, options_.directory + "/journal"),
      store_(files, options_.directory + "/cursors") {
  const std::uint64_t segment_bytes =
      std::max(kSegmentBytesMin, std::min(options_.segment_bytes, options_.bytes_max / kSegmentsMin));
  StreamHost& host = *this;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const auto record_class = static_cast<RecordClass>(i);
    streams_[i] = std::make_unique<ClassStream>(
        files_, host, quarantine_,
        ClassStream::Options{.directory = options_.directory + "/" + std::string{pipeline::name(record_class)},
                             .record_class = record_class,
                             .segment_bytes = segment_bytes,
                             .roll_after_ms = std::max(kRollMsMin, to_ms(options_.age_max) / 8)});
  }
}

LogImpl::~LogImpl() {
  try {
    if (!disk_ready_ && !degraded_.empty()) try_open();
    if (broken_off_) return;
    write_journal();
    try_disk();
    if (disk_ready_) commit();
    try_disk();  // a last time, where committing has just failed
  } catch (const std::bad_alloc&) {
    return;  // what is in no frame is in the journal, for the next process
  }
  for (const auto& c : cursors_) SONDE_CHECK(c->counters().balanced(), "everything lost is counted (RELIABILITY P15)");
}

Result<void> LogImpl::open() {
  tick_timer_ = loop_.after(kTick, [this] { tick(); });
  if (auto taken = take_directory(); !taken) {
    const bool forbidden = taken.error().code == ErrorCode::kBusy || taken.error().code == ErrorCode::kUnsupported;
    if (forbidden) return taken;
    use_memory_only(taken.error().message);
    return {};
  }
  auto found = look();
  if (found) {
    take_over(std::move(*found));
  } else if (found.error().code == ErrorCode::kUnsupported) {
    return found.error();
  } else {
    use_memory_only(found.error().message);
  }
  return {};
}

// The directory is there, ours alone, and of a format that we know.
Result<void> LogImpl::take_directory() {
  if (auto made = files_.make_directories(options_.directory); !made) return made;
  if (lock_ == nullptr) {
    auto lock = files_.lock(options_.directory + "/lock");
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
  }
  return check_versions();
}

// Before anything is changed: a newer format is left as it is.
Result<void> LogImpl::check_versions() {
  for (std::size_t i = 0; i < kClasses; ++i) {
    const std::string directory = options_.directory + "/" + std::string{pipeline::name(static_cast<RecordClass>(i))};
    if (auto known = check_stream_version(files_, directory); !known) return known;
  }
  return {};
}

void LogImpl::use_memory_only(const std::string& why) {
  spdlog::error("log: {}; records are kept in memory only until the disk works", why);
  ++disk_.failures;
  degraded_ = why;
  for (auto& s : streams_) s->set_memory_only(true);
  open_later();
}

Result<LogImpl::Found> LogImpl::look() {
  Found found;
  auto slot = store_.load();
  if (!slot) return slot.error();
  found.slot = std::move(*slot);
  auto journal = journal_.recover();
  if (!journal) return journal.error();
  found.journal = std::move(*journal);
  for (std::size_t i = 0; i < kClasses; ++i) {
    const auto record_class = static_cast<RecordClass>(i);
    auto recovered = recover_stream(files_, quarantine_,
                                    options_.directory + "/" + std::string{pipeline::name(record_class)}, record_class);
    if (!recovered) return recovered.error();
    // It is marked on disk by now: told here, or never, should another class be unreadable still.
    for (const FrameHeader& lost : recovered->new_damage) on_damage(record_class, lost);
    found.streams[i] = std::move(*recovered);
  }
  return found;
}

void LogImpl::take_over(Found found) {
  newest_stamp_ms_ = std::max(newest_stamp_ms_, found.slot.newest_stamp_ms);
  for (std::size_t i = 0; i < kClasses; ++i) {
    RecoveredStream& stream = found.streams[i];
    if (stream.bytes_cut > 0) {
      spdlog::warn("log: {} bytes of an unfinished write were cut from class {}", stream.bytes_cut,
                   pipeline::name(static_cast<RecordClass>(i)));
    }
    commit_number_ = std::max(commit_number_, stream.last_commit + 1);
    // A stamp that the clock had passed is not after the time at which its record was taken in.
    if (static_cast<RecordClass>(i) == RecordClass::kB) {
      for (const Segment& s : stream.segments) newest_stamp_ms_ = std::max(newest_stamp_ms_, s.last_ms);
    }
    streams_[i]->adopt(std::move(stream));
    streams_[i]->skip_to(found.journal.base[i]);
  }
  dormant_ = std::move(found.slot.states);
  disk_ready_ = true;
  quarantine_bytes_ = quarantine_.bytes();
  replay(std::move(found.journal));
}

// Records that a killed process had taken in and not yet put into frames. Those at the front may be in frames already:
// their sequence numbers tell.
void LogImpl::replay(JournalContents journal) {
  std::array<std::uint64_t, kClasses> skip{};
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (journal.base[i] > 0) skip[i] = streams_[i]->next_seq() - journal.base[i];
  }
  std::uint64_t replayed = 0;
  std::optional<Scoped<bool>> together{std::in_place, committing_, true};  // one frame for all, and the journal stays
  for (const JournalEntry& entry : journal.entries) {
    std::uint64_t& left_out = skip[static_cast<std::size_t>(entry.record_class)];
    const std::uint64_t skipped = std::min<std::uint64_t>(left_out, entry.count);
    left_out -= skipped;
    std::string_view lines = entry.lines;
    if (entry.record_class == RecordClass::kB) note_own_stamps(lines);
    for (std::uint64_t k = 0; k < skipped; ++k) lines.remove_prefix(first_line_bytes(lines));
    const auto count = static_cast<std::uint32_t>(entry.count - skipped);
    if (count > 0) take(lines, count, entry.record_class);
    replayed += count;
  }
  together.reset();
  record_gaps(damaged_, "damaged");  // told as soon as it is marked, should this process be killed at once
  if (replayed > 0) spdlog::info("log: {} records of a process that was killed were recovered", replayed);
  commit();
  skip_what_readers_had();
  if (!degraded_.empty()) return;
  const auto started = journal_.start(next_seqs(), commit_number_);
  journal_ready_ = static_cast<bool>(started);
  if (!started) spdlog::warn("log: {}; each record is written as a frame of its own", started.error().message);
}

// While the disk failed a reader got records from memory, and its place tells of numbers that nothing on disk bears.
// Only after the journal is put in: what it holds may be among them, and another reader may still need it.
void LogImpl::skip_what_readers_had() {
  bool any = false;
  for (std::size_t i = 0; i < kClasses; ++i) {
    for (const CursorState& state : dormant_) any = streams_[i]->skip_to(state.place[i]) || any;
  }
  record_gaps(damaged_, "damaged");
  if (any) commit();
}

bool LogImpl::append(const core::Record& record) {
  scratch_.clear();
  if (!core::encode_line(record, scratch_)) return refuse(record.measurement);
  const RecordClass record_class = class_of(record);
  if (record_class == RecordClass::kB) note_stamp(record.time);
  take(scratch_, 1, record_class);
  return true;
}

bool LogImpl::append(const core::ProbeResult& result) {
  scratch_.clear();
  if (!core::encode_line(result, scratch_)) return refuse(core::measurement::kProbe);
  note_stamp(result.slot);
  take(scratch_, 1, RecordClass::kB);
  return true;
}

// The journal does not tell our own records from those that others sent in: their tags do.
void LogImpl::note_own_stamps(std::string_view lines) {
  core::decode_lines(
      lines, core::Precision::kNanoseconds, {},
      [this](const core::Record& r) {
        const auto is_ours = [&r](const auto& tag) { return r.tag(tag.first) == tag.second; };
        if (class_of(r) == RecordClass::kB && std::ranges::all_of(options_.own_tags, is_ours)) note_stamp(r.time);
      },
      [](const core::LineError&) {});
}

void LogImpl::note_stamp(core::WallTime stamp) {
  newest_stamp_ms_ = std::max(newest_stamp_ms_, to_ms(stamp.time_since_epoch()));
}

bool LogImpl::refuse(std::string_view measurement) {
  if (++refused_ == 1) spdlog::error("log: a record '{}' cannot be written as a line", measurement);
  return false;
}

void LogImpl::append_lines(std::string_view lines, std::uint64_t records, RecordClass record_class) {
  std::string chunk;
  std::uint32_t count = 0;
  std::uint64_t total = 0;
  while (!lines.empty()) {
    const std::size_t bytes = first_line_bytes(lines);
    const std::string_view line = lines.substr(0, bytes);
    lines.remove_prefix(bytes);
    if (!is_record(line)) continue;
    if (count > 0 && chunk.size() + bytes > kFrameTextBytes) {
      take(chunk, count, record_class);
      chunk.clear();
      count = 0;
    }
    chunk += line;
    if (!chunk.ends_with('\n')) chunk += '\n';
    ++count;
    ++total;
  }
  if (count > 0) take(chunk, count, record_class);
  if (total != records) spdlog::warn("log: a text was said to hold {} records and holds {}", records, total);
}

void LogImpl::take(std::string_view lines, std::uint32_t count, RecordClass record_class) {
  const auto index = static_cast<std::size_t>(record_class);
  Window& window = windows_[index];
  // A gap record that making room adds in the middle of a write waits for the next frame.
  const bool may_write = writing_ == kClasses;
  const bool full = window.lines.size() + lines.size() > kFrameTextBytes;
  if (may_write && ((window.count > 0 && full) || (journal_ready_ && !journal_.has_room(lines.size()))))
    (void)write_frames();
  const std::int64_t now = now_ms();
  if (window.count == 0) window.first_ms = now;
  window.last_ms = std::max(window.first_ms, now);
  window.lines += lines;
  window.count += count;
  journal_window(index, lines, count);
  if (options_.commit_interval == core::Duration::zero() && may_write && !committing_) {
    commit();
  } else {
    arm_commit();
  }
}

void LogImpl::journal_window(std::size_t index, std::string_view lines, std::uint32_t count) {
  if (!degraded_.empty()) return;
  const auto record_class = static_cast<RecordClass>(index);
  if (!journal_ready_ || !journal_.add(record_class, count, windows_[index].last_ms, lines))
    return do_without_journal();
  if (!loop_.in_turn()) return write_journal();
  if (journal_step_) return;
  journal_step_ = loop_.at_turn_end([this] {
    journal_step_.reset();
    write_journal();
  });
}

void LogImpl::write_journal() {
  // While the disk fails memory has them; but what the journal takes all the same survives a kill.
  if (journal_.write() || !degraded_.empty()) return;
  do_without_journal();
}

// Without the journal only a frame survives a kill, and without that nothing does.
void LogImpl::do_without_journal() {
  if (committing_ || writing_ != kClasses) {
    frames_due_ = true;
    return;
  }
  if (const auto written = write_frames(); !written) degrade(written.error());
}

void LogImpl::on_durable(Callback<void(Result<void>)> done) {
  waiting_.push_back(std::move(done));
  arm_commit();
}

Result<void> LogImpl::flush() {
  commit();
  if (!degraded_.empty()) return Error{ErrorCode::kIo, "the log keeps records in memory only: " + degraded_};
  return {};
}

// Where that reader stands by what is on disk, whose state is taken from there; else at the first record that is kept.
CursorState LogImpl::place_of(const std::string& name) {
  const auto kept = std::ranges::find(dormant_, name, &CursorState::name);
  if (kept == dormant_.end()) {
    CursorState state{.name = name};
    for (std::size_t i = 0; i < kClasses; ++i) state.start[i] = state.place[i] = streams_[i]->kept_seq();
    return state;
  }
  CursorState state = std::move(*kept);
  dormant_.erase(kept);
  return state;
}

Cursor& LogImpl::cursor(const std::string& name) {
  const auto known = std::find_if(cursors_.begin(), cursors_.end(), [&](const auto& c) { return c->name() == name; });
  if (known != cursors_.end()) return **known;
  SONDE_CHECK(!name.empty() && name.size() <= kCursorNameBytesMax, "a cursor's name has 1 to 64 bytes");
  CursorState state = place_of(name);
  SONDE_CHECK(cursors_.size() < kCursorsMax, "too many cursors on one log");
  CursorHost& host = *this;
  cursors_.push_back(std::make_unique<LogCursor>(host, std::move(state)));
  if (cursors_.size() + dormant_.size() > kCursorsMax) {
    dormant_.erase(dormant_.begin());  // the oldest of those that nobody asks for makes place for a new one
  }
  cursors_dirty_ = true;
  arm_commit();
  return *cursors_.back();
}

std::vector<Cursor*> LogImpl::cursors() {
  std::vector<Cursor*> out;
  for (const auto& c : cursors_) out.push_back(c.get());
  return out;
}

std::uint64_t LogImpl::bytes_on_disk() const {
  std::uint64_t sum = quarantine_bytes_ + journal_.bytes_on_disk() + (disk_ready_ ? kCursorFileBytes : 0);
  for (const auto& s : streams_) sum += s->bytes_on_disk();
  return sum;
}

std::int64_t LogImpl::now_ms() const { return core::to_unix_ms(loop_.wall_now()); }

}  // namespace sonde::pipeline
