// Recovery by scan. What is not there between two frames that are is known by their sequence numbers.
#include "pipeline/stream_recovery.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "pipeline/segment_scan.h"

namespace sonde::pipeline {
namespace {

/// A read that fails once says little of the disk, and what is given up here is lost.
constexpr int kReadTries = 3;

struct Found {
  Segment segment;
  std::unique_ptr<io::File> file;
  std::optional<std::uint64_t> first_seq;  // of its header; nothing when that is damaged
  std::uint64_t size = 0;
};

/// Walks all segments of a class in order.
class Recovery {
 public:
  Recovery(Quarantine& quarantine, RecordClass record_class) : quarantine_(quarantine), class_(record_class) {}

  void take(Found& found, std::optional<std::uint64_t> limit, bool last);
  RecoveredStream finish();

 private:
  /// Bytes without a frame, whose missing records are known once the next frame is.
  struct Region {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
  };

  bool step(Found& found, const ScanItem& item, std::optional<std::uint64_t> limit, bool last);
  void accept(Found& found, const FrameHeader& header);
  void lose(Found& found, std::optional<Region> region, FrameHeader lost);
  void lose_before(Found& found, std::uint64_t seq);
  void lose_behind(Found& found, std::uint64_t limit);
  void repair_header(Found& found);
  void cut(Found& found, std::uint64_t offset);

  Quarantine& quarantine_;
  RecordClass class_;
  RecoveredStream out_;
  std::optional<std::uint64_t> expected_;
  std::optional<Region> open_region_;
};

// Records from `expected_` up to `seq` are missing; the open region, if there is one, is where they stood.
void Recovery::lose_before(Found& found, std::uint64_t seq) {
  if (!expected_) expected_ = seq;
  const bool missing = seq > *expected_;
  if (!missing && !open_region_) return;
  FrameHeader lost;
  lost.first_seq = *expected_;
  lost.count = missing ? static_cast<std::uint32_t>(std::min<std::uint64_t>(seq - *expected_, UINT32_MAX)) : 0;
  lost.first_ms = lost.last_ms = found.segment.last_ms;
  lose(found, open_region_, lost);
  open_region_.reset();
}

void Recovery::lose(Found& found, std::optional<Region> region, FrameHeader lost) {
  if (region) {
    const FrameHome home{class_, found.segment.number};
    if (region->end > region->offset) quarantine_.keep(*found.file, home, region->offset, region->end);
    // At the end of a file there is always room for the mark: the file grows.
    const std::uint64_t end =
        region->end == found.size ? std::max(region->end, region->offset + kFrameHeaderBytes) : region->end;
    if (mark_damage(*found.file, {.home = home, .offset = region->offset, .end = end, .lost = lost})) {
      found.size = std::max(found.size, end);
    }
  }
  if (lost.count == 0) return;
  out_.holes[lost.first_seq] = {.count = lost.count, .kind = FrameKind::kDamaged};
  out_.new_damage.push_back(lost);
  expected_ = lost.end_seq();
  found.segment.end_seq = *expected_;
}

void Recovery::accept(Found& found, const FrameHeader& header) {
  lose_before(found, header.first_seq);
  if (header.first_seq < *expected_) return;  // written twice, when a failed sync moved it to a new segment
  expected_ = header.end_seq();
  out_.last_commit = std::max(out_.last_commit, header.commit);
  if (header.kind == FrameKind::kRecords) out_.newest_seq = header.first_seq;
  if (header.kind != FrameKind::kRecords && header.count > 0) {
    out_.holes[header.first_seq] = {.count = header.count, .kind = header.kind};
  }
  Segment& s = found.segment;
  s.end_seq = *expected_;
  if (header.count == 0 || header.last_ms == 0) return;
  if (s.first_ms == 0) s.first_ms = header.first_ms;
  s.last_ms = std::max(s.last_ms, header.last_ms);
}

// A torn tail: never durable, or its file was cut. What of it is not zeros is kept for a look.
void Recovery::cut(Found& found, std::uint64_t offset) {
  out_.bytes_cut += found.size - offset;
  quarantine_.keep(*found.file, {class_, found.segment.number}, offset, found.size);
  if (!found.file->truncate(offset)) return;  // found again next time; appending goes to a new segment then
  found.size = offset;
}

// False when the segment has no more to give.
bool Recovery::step(Found& found, const ScanItem& item, std::optional<std::uint64_t> limit, bool last) {
  switch (item.kind) {
    case ScanItem::Kind::kFrame:
      if (limit && item.header.first_seq >= *limit) return false;  // moved to the next segment
      accept(found, item.header);
      return true;
    case ScanItem::Kind::kBadPayload:
      if (limit && item.header.first_seq >= *limit) return false;
      lose_before(found, item.header.first_seq);
      if (item.header.first_seq >= *expected_) lose(found, Region{item.offset, item.end}, item.header);
      return true;
    case ScanItem::Kind::kDamage:
    case ScanItem::Kind::kTorn:
      if (last && item.end == found.size) {
        cut(found, item.offset);
        return false;
      }
      open_region_ = {item.offset, item.end};
      return true;
    case ScanItem::Kind::kEnd:
      return false;
  }
  return false;
}

void Recovery::take(Found& found, std::optional<std::uint64_t> limit, bool last) {
  Segment& s = found.segment;
  s.first_seq = s.end_seq = expected_.value_or(found.first_seq.value_or(0));
  if (found.first_seq) lose_before(found, *found.first_seq);
  SegmentScanner scan{*found.file, {class_, s.number}, found.size, last};
  std::uint64_t offset = std::min<std::uint64_t>(kSegmentHeaderBytes, found.size);
  bool readable = true;
  while (true) {
    auto item = scan.at(offset);
    for (int tries = 1; !item && tries < kReadTries; ++tries) item = scan.at(offset);
    readable = item.has_value();
    if (!readable || !step(found, *item, limit, last)) break;
    offset = item->end;
    if (s.first_seq == 0 && expected_) s.first_seq = item->header.first_seq;
  }
  s.written = s.bytes = std::min(offset, found.size);
  if (limit && readable) lose_behind(found, *limit);
  open_region_.reset();
  if (s.first_seq == 0) s.first_seq = s.end_seq = expected_.value_or(1);
  if (!found.first_seq && readable) repair_header(found);
  if (last) out_.last_is_writable = readable && s.written == found.size;
  out_.segments.push_back(s);
}

// Records between the last frame of a segment and the first of the next one are missing: the mark goes to its end.
void Recovery::lose_behind(Found& found, std::uint64_t limit) {
  if (!open_region_ && limit > expected_.value_or(limit)) open_region_ = {found.segment.bytes, found.segment.bytes};
  lose_before(found, limit);
  found.segment.written = found.segment.bytes = std::max(found.segment.bytes, found.size);
}

void Recovery::repair_header(Found& found) {
  Segment& s = found.segment;
  const std::string header =
      encode(SegmentHeader{.record_class = class_, .number = s.number, .first_seq = s.first_seq, .created_ms = 0});
  if (!found.file->write_at(0, header) || !found.file->sync()) return;
  found.size = std::max<std::uint64_t>(found.size, kSegmentHeaderBytes);
  s.written = s.bytes = std::max<std::uint64_t>(s.bytes, kSegmentHeaderBytes);
}

RecoveredStream Recovery::finish() {
  out_.next_seq = expected_.value_or(1);
  if (!out_.segments.empty()) out_.next_number = out_.segments.back().number + 1;
  return std::move(out_);
}

core::Result<std::vector<Found>> find_segments(io::Files& files, const std::string& directory, io::OpenMode mode) {
  std::vector<Found> out;
  const auto names = files.list(directory);
  if (!names && names.error().code == core::ErrorCode::kNotFound) return out;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (!number) continue;
    Found found;
    found.segment.path = directory + "/" + name;
    found.segment.number = *number;
    auto file = files.open(found.segment.path, mode);
    if (!file) return file.error();
    found.file = std::move(*file);
    const auto size = found.file->size();
    if (!size) return size.error();
    found.size = *size;
    const auto head = found.file->read_at(0, kSegmentHeaderBytes);
    if (!head) return head.error();
    SegmentHeader header;
    const HeaderError error = decode(*head, header);
    if (error == HeaderError::kNewer) {
      return core::Error{core::ErrorCode::kUnsupported,
                         fmt::format("{} has log format {}, but this program knows only up to {}: use the newer "
                                     "program, or another directory",
                                     found.segment.path, header.version, kLogFormatVersion)};
    }
    if (error == HeaderError::kNone && header.number == *number) found.first_seq = header.first_seq;
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace

core::Result<void> check_stream_version(io::Files& files, const std::string& directory) {
  const auto found = find_segments(files, directory, io::OpenMode::kReadOnly);
  if (!found && found.error().code == core::ErrorCode::kUnsupported) return found.error();
  return {};
}

core::Result<RecoveredStream> recover_stream(io::Files& files, Quarantine& quarantine, const std::string& directory,
                                             RecordClass record_class) {
  auto found = find_segments(files, directory, io::OpenMode::kReadWrite);
  if (!found) return found.error();
  Recovery recovery{quarantine, record_class};
  for (std::size_t i = 0; i < found->size(); ++i) {
    const bool last = i + 1 == found->size();
    recovery.take((*found)[i], last ? std::nullopt : (*found)[i + 1].first_seq, last);
  }
  return recovery.finish();
}

}  // namespace sonde::pipeline
