// All records of one class: its segments on disk, and the frames that are not durable yet.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"
#include "pipeline/repair.h"
#include "pipeline/stream_recovery.h"

namespace sonde::pipeline {

/// What a stream asks of the log around it.
class StreamHost {
 public:
  virtual ~StreamHost() = default;
  /// Before a segment of that size is made: true when the log's bounds allow it, after evicting what is needed.
  virtual bool make_room(std::uint64_t bytes) = 0;
  /// The disk is full: true when something was evicted and another try makes sense.
  virtual bool free_some() = 0;
  /// Records were found to be unreadable. May be called while reading; must not change streams before it returns.
  virtual void on_damage(RecordClass record_class, const FrameHeader& lost) = 0;
};

/// Records between two sequence numbers that no reader will get.
struct Lost {
  std::uint64_t evicted = 0;
  std::uint64_t damaged = 0;
};

/// A frame that is written, or waits to be, but is not durable.
struct PendingFrame {
  FrameHeader header;
  std::string payload;
  bool written = false;
};

class ClassStream {
 public:
  struct Options {
    std::string directory;
    RecordClass record_class = RecordClass::kA;
    std::uint64_t segment_bytes = 0;
    std::int64_t roll_after_ms = 0;  // a segment takes no more once its first record is that old
  };
  /// `files`, `host` and `quarantine` must outlive it.
  ClassStream(io::Files& files, StreamHost& host, Quarantine& quarantine, Options options);

  /// Takes over what a scan found.
  void adopt(RecoveredStream found);
  /// Others (cursors, journal) know the sequence numbers before `next` to be used: what is missing up to it becomes a
  /// hole. False when nothing is missing.
  bool skip_to(std::uint64_t next);

  /// What was taken in before there was a disk to adopt anything from: numbered from 1 on.
  struct Memory {
    std::deque<PendingFrame> pending;
    Holes holes;
    std::uint64_t next_seq = 1;
  };
  /// Gives that away and begins anew; only while it has no segment.
  [[nodiscard]] Memory take_memory();
  /// Puts it behind what there is now; its commits get numbers that much higher. Returns by how much its sequence
  /// numbers have grown.
  std::uint64_t put_behind(Memory memory, std::uint64_t commits);

  // ---- writing

  /// Takes records in; they get the next sequence numbers. Nothing is written before write().
  void add(std::string_view lines, FrameHeader described);
  /// Writes what is not written; the first error ends it.
  core::Result<void> write();
  /// Writes and syncs: after that all records are durable.
  core::Result<void> sync();
  /// After a failed write or sync, whose effect is unknown: what is not durable will go to a new segment.
  void abandon_segment();
  [[nodiscard]] bool dirty() const { return !pending_.empty(); }
  /// While the disk fails: frames stay in memory and are readable from there.
  void set_memory_only(bool on) { memory_only_ = on; }
  [[nodiscard]] std::uint64_t pending_bytes() const;
  /// Drops the oldest frame in memory that still has records; nothing when there is none.
  std::optional<FrameHeader> drop_oldest_pending();

  // ---- bounds

  [[nodiscard]] const std::deque<Segment>& segments() const { return segments_; }
  /// Removes the oldest segment, whatever is in it. The directory is synced by sync_directory().
  core::Result<void> remove_front();
  core::Result<void> sync_directory() { return files_.sync_directory(options_.directory); }
  [[nodiscard]] std::uint64_t bytes_on_disk() const;

  // ---- reading

  [[nodiscard]] RecordClass record_class() const { return options_.record_class; }
  /// First record that may still be read, the one after the last, and the end of what may be read now.
  [[nodiscard]] std::uint64_t kept_seq() const;
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }
  [[nodiscard]] std::uint64_t readable_end() const { return memory_only_ ? next_seq_ : durable_seq_; }
  /// First record of the newest frame that may be read, or where the next one begins when there is none.
  [[nodiscard]] std::uint64_t newest_seq() const;
  [[nodiscard]] const PendingFrame* pending_frame(std::uint64_t seq) const;
  [[nodiscard]] Lost lost_between(std::uint64_t from, std::uint64_t to) const;
  /// A reader found records missing from `lost.first_seq` on; `region` are the damaged bytes, where there are any.
  void report_damage(const Segment& segment, std::uint64_t offset, std::uint64_t end, FrameHeader lost);
  [[nodiscard]] io::Files& files() { return files_; }

 private:
  core::Result<void> put(PendingFrame& frame);
  core::Result<void> write_bytes(std::string_view bytes);
  core::Result<void> sync_active();
  core::Result<void> open_segment(const FrameHeader& first);
  core::Result<void> reserve(io::File& file);
  void close_active();
  bool active_takes(const FrameHeader& frame) const;
  void add_hole(FrameHeader lost, FrameKind kind);

  io::Files& files_;
  StreamHost& host_;
  Quarantine& quarantine_;
  Options options_;
  std::deque<Segment> segments_;
  std::unique_ptr<io::File> active_;  // of segments_.back(), while it takes more
  std::deque<PendingFrame> pending_;
  Holes holes_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t durable_seq_ = 1;
  std::uint64_t newest_durable_seq_ = 0;  // first record of the newest durable frame; 0 = none was seen
  std::uint64_t next_number_ = 1;
  bool memory_only_ = false;
};

}  // namespace sonde::pipeline
