// The log put together. Internal to pipeline/log*.cc; everybody else sees pipeline/log.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/class_stream.h"
#include "pipeline/cursor_store.h"
#include "pipeline/journal.h"
#include "pipeline/log.h"
#include "pipeline/log_cursor.h"
#include "pipeline/repair.h"

namespace sonde::pipeline {

/// Records that were lost, for one gap record.
struct Loss {
  std::uint64_t count = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;

  void add(std::uint64_t n, std::int64_t first, std::int64_t last);
};

/// Gives a variable its value back at the end, also when memory runs out in between.
template <typename T>
class Scoped {
 public:
  Scoped(T& variable, T value) : variable_(variable), before_(std::exchange(variable, value)) {}
  ~Scoped() { variable_ = before_; }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;

 private:
  T& variable_;
  T before_;
};

class LogImpl final : public Log, private StreamHost, private CursorHost {
 public:
  LogImpl(io::Loop& loop, io::Files& files, LogOptions options);
  ~LogImpl() override;

  /// Once, first. Errors are those of open_log; a disk that does not work makes a log in memory instead.
  core::Result<void> open();

  bool append(const core::Record& record) override;
  bool append(const core::ProbeResult& result) override;
  void append_lines(std::string_view lines, std::uint64_t records, RecordClass record_class) override;
  void on_durable(Callback<void(Result<void>)> done) override;
  Result<void> flush() override;
  [[nodiscard]] core::WallTime newest_stamp() const override {
    return core::WallTime{std::chrono::milliseconds{newest_stamp_ms_}};
  }
  [[nodiscard]] Cursor& cursor(const std::string& name) override;
  [[nodiscard]] std::vector<Cursor*> cursors() override;
  [[nodiscard]] std::uint64_t bytes_on_disk() const override;
  [[nodiscard]] std::string degraded() const override { return degraded_; }
  [[nodiscard]] LogDisk disk() const override { return disk_; }

 private:
  /// Records of one class that were taken in since the last frame; in the journal too.
  struct Window {
    std::string lines;
    std::uint32_t count = 0;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
  };
  struct Waiter {
    Callback<void(Result<void>)> done;
    Result<void> result;
  };
  /// How many of the oldest segments of each class are to go, and why.
  using Victims = std::array<std::size_t, kClasses>;

  /// What a disk was found to hold.
  struct Found {
    CursorSlot slot;
    JournalContents journal;
    std::array<RecoveredStream, kClasses> streams;
  };

  // log.cc
  core::Result<void> take_directory();
  core::Result<void> check_versions();
  core::Result<Found> look();
  void take_over(Found found);
  CursorState place_of(const std::string& name);
  void replay(JournalContents journal);
  void skip_what_readers_had();
  void note_stamp(core::WallTime stamp);
  void note_own_stamps(std::string_view lines);
  void use_memory_only(const std::string& why);
  bool refuse(std::string_view measurement);
  void take(std::string_view lines, std::uint32_t count, RecordClass record_class);
  void journal_window(std::size_t index, std::string_view lines, std::uint32_t count);
  void write_journal();
  void do_without_journal();

  class Moving;

  // log_reopen.cc
  void open_later();
  void try_open();
  void move_to_disk(Found found);

  // log_commit.cc
  void arm_commit();
  void commit();
  void commit_all();
  core::Result<void> write_all();
  core::Result<void> write_frames();
  void save_stamps_ahead();
  core::Result<void> sync_streams();
  void degrade(const core::Error& why);
  void try_disk();
  void try_journal();
  void settle_waiters(const core::Result<void>& result);
  void save_cursors();
  void announce();
  void announced();
  void tick();
  [[nodiscard]] NextSeqs next_seqs() const;

  // log_bounds.cc
  void trim();
  void keep_bounds();
  void keep_memory_bound();
  bool remove_oldest(std::size_t index);
  [[nodiscard]] Victims too_old() const;
  [[nodiscard]] std::uint64_t bytes_of(const Victims& victims) const;
  bool pick(Victims& victims, std::size_t busy) const;
  void note_eviction(std::size_t index, const Segment& segment, Loss& loss);
  void record_gap(std::size_t index, const Loss& loss, std::string_view cause);
  void record_gaps(std::array<Loss, kClasses>& losses, std::string_view cause);
  bool within_bounds(std::uint64_t more);
  bool evict_one(std::string_view cause);

  // StreamHost
  bool make_room(std::uint64_t bytes) override;
  bool free_some() override;
  void on_damage(RecordClass record_class, const FrameHeader& lost) override;
  // CursorHost
  ClassStream& stream(std::size_t index) override { return *streams_[index]; }
  [[nodiscard]] std::uint64_t window_count(std::size_t index) const override { return windows_[index].count; }
  [[nodiscard]] std::int64_t window_first_ms(std::size_t index) const override { return windows_[index].first_ms; }
  [[nodiscard]] std::int64_t now_ms() const override;
  [[nodiscard]] bool may_have_lanes() const override { return disk_ready_; }
  void on_commit() override;

  io::Loop& loop_;
  io::Files& files_;
  LogOptions options_;
  std::unique_ptr<io::File> lock_;
  Quarantine quarantine_;
  Journal journal_;
  CursorStore store_;
  std::array<std::unique_ptr<ClassStream>, kClasses> streams_;
  std::array<Window, kClasses> windows_;
  std::vector<CursorState> dormant_;  // kept on disk, not asked for in this process
  std::vector<std::unique_ptr<LogCursor>> cursors_;
  std::vector<Callback<void(Result<void>)>> waiting_;
  std::vector<Waiter> settled_;
  std::array<Loss, kClasses> damaged_;  // found, not yet recorded
  std::array<Loss, kClasses> memory_evicted_;
  std::string degraded_;
  std::string scratch_;
  std::uint64_t commit_number_ = 1;
  std::uint64_t quarantine_bytes_ = 0;
  std::uint64_t refused_ = 0;
  std::int64_t newest_stamp_ms_ = 0;
  std::int64_t last_gap_ms_ = 0;
  std::size_t writing_ = kClasses;  // the class whose stream is being written; kClasses = none
  core::MonoTime bounds_checked_{};
  LogDisk disk_;
  core::MonoTime open_again_{};  // while the disk could not be opened yet
  core::Duration open_pause_{};
  bool disk_ready_ = false;
  bool broken_off_ = false;  // memory ran out while records were moved to a disk that had come back
  bool journal_ready_ = false;
  bool cursors_dirty_ = false;
  bool committing_ = false;
  bool frames_due_ = false;  // a window holds what the journal does not
  io::Handle commit_timer_;
  io::Handle journal_step_;
  io::Handle announce_step_;
  io::Handle tick_timer_;
};

}  // namespace sonde::pipeline
