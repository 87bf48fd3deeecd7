// Writing side of a class: frames into segments, segments one after another.
#include "pipeline/class_stream.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "pipeline/byte_codec.h"

namespace sonde::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

ClassStream::ClassStream(io::Files& files, StreamHost& host, Quarantine& quarantine, Options options)
    : files_(files), host_(host), quarantine_(quarantine), options_(std::move(options)) {}

void ClassStream::adopt(RecoveredStream found) {
  segments_ = std::move(found.segments);
  holes_ = std::move(found.holes);
  next_seq_ = durable_seq_ = found.next_seq;
  next_number_ = found.next_number;
  newest_durable_seq_ = found.newest_seq;
  if (!segments_.empty() && found.last_is_writable && segments_.back().bytes < options_.segment_bytes) {
    auto file = files_.open(segments_.back().path, io::OpenMode::kReadWrite);
    // Without its blocks reserved, appending could meet a full disk in the middle: then a new segment is better.
    if (file && (*file)->reserve(options_.segment_bytes)) {
      active_ = std::move(*file);
      segments_.back().reserved = options_.segment_bytes;
    }
  }
}

bool ClassStream::skip_to(std::uint64_t next) {
  if (next <= next_seq_) return false;
  if (segments_.empty() && pending_.empty()) {  // everything was delivered and removed, or is gone: cursors tell which
    next_seq_ = durable_seq_ = next;
    return true;
  }
  FrameHeader lost;
  lost.first_seq = next_seq_;
  lost.count = static_cast<std::uint32_t>(next - next_seq_);
  lost.first_ms = lost.last_ms = segments_.empty() ? pending_.back().header.last_ms : segments_.back().last_ms;
  lost.kind = FrameKind::kDamaged;
  pending_.push_back({.header = lost, .payload = {}, .written = false});
  next_seq_ = next;
  add_hole(lost, FrameKind::kDamaged);
  host_.on_damage(options_.record_class, lost);
  return true;
}

ClassStream::Memory ClassStream::take_memory() {
  SONDE_CHECK(segments_.empty() && active_ == nullptr, "a stream that has segments is on disk already");
  Memory memory{.pending = std::exchange(pending_, {}),
                .holes = std::exchange(holes_, {}),
                .next_seq = std::exchange(next_seq_, 1)};
  durable_seq_ = 1;
  memory_only_ = false;
  return memory;
}

std::uint64_t ClassStream::put_behind(Memory memory, std::uint64_t commits) {
  const std::uint64_t shift = next_seq_ - 1;
  for (PendingFrame& frame : memory.pending) {
    frame.header.first_seq += shift;
    frame.header.commit += commits;
    pending_.push_back(std::move(frame));
  }
  for (const auto& [first, hole] : memory.holes) holes_.emplace(first + shift, hole);
  next_seq_ = memory.next_seq + shift;
  return shift;
}

void ClassStream::add(std::string_view lines, FrameHeader described) {
  PendingFrame frame;
  frame.header = described;
  frame.header.kind = FrameKind::kRecords;
  frame.header.first_seq = next_seq_;
  frame.payload = compress(lines);
  frame.header.payload_bytes = static_cast<std::uint32_t>(frame.payload.size());
  frame.header.text_bytes = static_cast<std::uint32_t>(lines.size());
  frame.header.payload_crc = crc32c(frame.payload);
  pending_.push_back(std::move(frame));
  next_seq_ += described.count;
}

Result<void> ClassStream::write() {
  while (true) {
    // Looked up anew each time: making room may add a gap record behind, and sealing takes durable frames away in
    // front.
    const auto next = std::partition_point(pending_.begin(), pending_.end(), [](const auto& f) { return f.written; });
    if (next == pending_.end()) return {};
    if (auto put_in = put(*next); !put_in) return put_in;
  }
}

Result<void> ClassStream::sync() {
  if (auto written = write(); !written) return written;
  return sync_active();
}

Result<void> ClassStream::put(PendingFrame& frame) {
  if (active_ != nullptr && !active_takes(frame.header)) {
    // A segment is sealed only when all of it is durable: recovery looks for torn ends in the last one alone.
    if (auto synced = sync_active(); !synced) return synced;
    close_active();
    // sync_active() drops written frames only and a deque keeps its other elements where they are: `frame` is valid.
  }
  if (active_ == nullptr) {
    if (auto opened = open_segment(frame.header); !opened) return opened;
  }
  Segment& s = segments_.back();
  const FrameHome home{options_.record_class, s.number};
  if (auto written = write_bytes(encode(frame.header, home) + frame.payload); !written) return written;
  s.written += frame.header.bytes();
  s.end_seq = frame.header.end_seq();
  if (s.first_ms == 0) s.first_ms = frame.header.first_ms;
  s.last_ms = std::max(s.last_ms, frame.header.last_ms);
  frame.written = true;
  return {};
}

Result<void> ClassStream::write_bytes(std::string_view bytes) {
  while (true) {
    auto written = active_->write_at(segments_.back().written, bytes);
    if (written || written.error().code != ErrorCode::kNoSpace) return written;
    const std::uint64_t number = segments_.back().number;
    if (!host_.free_some()) return written;
    SONDE_CHECK(active_ != nullptr && segments_.back().number == number, "the segment being written was evicted");
  }
}

Result<void> ClassStream::sync_active() {
  if (active_ == nullptr) return {};
  if (std::none_of(pending_.begin(), pending_.end(), [](const PendingFrame& f) { return f.written; })) return {};
  if (auto synced = active_->sync(); !synced) return synced;
  Segment& s = segments_.back();
  s.bytes = s.written;
  while (!pending_.empty() && pending_.front().written) {
    durable_seq_ = pending_.front().header.end_seq();
    newest_durable_seq_ = pending_.front().header.first_seq;
    pending_.pop_front();
  }
  return {};
}

bool ClassStream::active_takes(const FrameHeader& frame) const {
  const Segment& s = segments_.back();
  if (s.written <= kSegmentHeaderBytes) return true;
  if (s.written + frame.bytes() > options_.segment_bytes) return false;
  return s.first_ms == 0 || frame.last_ms - s.first_ms < options_.roll_after_ms;
}

Result<void> ClassStream::open_segment(const FrameHeader& first) {
  if (!host_.make_room(options_.segment_bytes)) {
    return Error{ErrorCode::kNoSpace, "the log has reached its bounds and has nothing left to evict"};
  }
  if (auto made = files_.make_directories(options_.directory); !made) return made;
  Segment s;
  s.number = next_number_++;
  s.path = options_.directory + "/" + segment_file_name(s.number);
  s.first_seq = s.end_seq = first.first_seq;
  auto file = files_.open(s.path, io::OpenMode::kCreate);
  if (!file) return file.error();
  const auto prepare = [&]() -> Result<void> {
    if (auto reserved = reserve(**file); !reserved) return reserved;
    const std::string header = encode(SegmentHeader{.record_class = options_.record_class,
                                                    .number = s.number,
                                                    .first_seq = s.first_seq,
                                                    .created_ms = first.first_ms});
    if (auto written = (*file)->write_at(0, header); !written) return written;
    return sync_directory();
  };
  if (auto prepared = prepare(); !prepared) {
    (void)files_.remove(s.path);  // an empty segment does no harm, should it stay
    return prepared;
  }
  s.written = s.bytes = kSegmentHeaderBytes;
  s.reserved = options_.segment_bytes;
  segments_.push_back(std::move(s));
  active_ = std::move(*file);
  return {};
}

// Blocks are taken before a record is: a full disk is met here and not half-way through a frame.
Result<void> ClassStream::reserve(io::File& file) {
  while (true) {
    auto reserved = file.reserve(options_.segment_bytes);
    // A file system that cannot reserve still takes writes.
    if (reserved || reserved.error().code != ErrorCode::kNoSpace) return {};
    if (!host_.free_some()) return reserved;
  }
}

void ClassStream::close_active() {
  if (active_ == nullptr) return;
  // Gives the blocks back that were reserved and not used; failing costs only their space until the segment goes.
  if (active_->truncate(segments_.back().written)) segments_.back().reserved = 0;
  active_.reset();
}

void ClassStream::abandon_segment() {
  for (PendingFrame& frame : pending_) frame.written = false;
  if (active_ == nullptr) return;
  Segment& s = segments_.back();
  s.written = s.bytes;
  s.end_seq = std::max(s.first_seq, durable_seq_);
  close_active();
  if (s.bytes > kSegmentHeaderBytes) return;
  // Nothing in it is durable, maybe not even its name.
  (void)files_.remove(s.path);
  segments_.pop_back();
}

std::uint64_t ClassStream::pending_bytes() const {
  std::uint64_t sum = 0;
  for (const PendingFrame& frame : pending_) sum += frame.header.bytes();
  return sum;
}

std::optional<FrameHeader> ClassStream::drop_oldest_pending() {
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    PendingFrame& frame = pending_[i];
    if (frame.written || frame.header.kind != FrameKind::kRecords) continue;
    const FrameHeader dropped = frame.header;
    frame.header.kind = FrameKind::kEvicted;
    frame.header.payload_bytes = frame.header.text_bytes = frame.header.payload_crc = 0;
    frame.payload = {};
    add_hole(dropped, FrameKind::kEvicted);
    if (i > 0 && pending_[i - 1].header.kind == FrameKind::kEvicted && !pending_[i - 1].written) {
      pending_[i - 1].header.count += dropped.count;  // marks melt together, or they would fill the memory in turn
      pending_[i - 1].header.last_ms = dropped.last_ms;
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return dropped;
  }
  return std::nullopt;
}

Result<void> ClassStream::remove_front() {
  SONDE_CHECK(!segments_.empty(), "there is no segment to remove");
  if (auto removed = files_.remove(segments_.front().path); !removed && removed.error().code != ErrorCode::kNotFound) {
    return removed;
  }
  if (segments_.size() == 1) active_.reset();
  segments_.pop_front();
  const std::uint64_t kept = kept_seq();
  while (!holes_.empty() && holes_.begin()->first + holes_.begin()->second.count <= kept) holes_.erase(holes_.begin());
  return {};
}

std::uint64_t ClassStream::bytes_on_disk() const {
  std::uint64_t sum = 0;
  for (const Segment& s : segments_) sum += s.bytes_on_disk();
  return sum;
}

}  // namespace sonde::pipeline
