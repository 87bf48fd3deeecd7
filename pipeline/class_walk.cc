// Walking the segments of a class. The rules are those of recovery (stream_recovery.cc), which changes what it finds.
#include "pipeline/class_walk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/segment_scan.h"

namespace sonde::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

Result<void> ClassWalk::open() {
  const auto names = files_.list(directory_);
  if (!names && names.error().code == ErrorCode::kNotFound) return {};
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (!number) continue;
    if (auto read = read_header({.record_class = class_, .number = *number, .path = directory_ + "/" + name}); !read) {
      if (read.error().code == ErrorCode::kNotFound) continue;  // the running process has just removed it
      return read;
    }
  }
  return {};
}

Result<void> ClassWalk::read_header(SurveyedSegment segment) {
  const auto file = files_.open(segment.path, io::OpenMode::kReadOnly);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  segment.bytes = *size;
  const auto head = (*file)->read_at(0, kSegmentHeaderBytes);
  if (!head) return head.error();
  SegmentHeader header;
  const HeaderError error = decode(*head, header);
  if (error == HeaderError::kNewer) {
    return Error{
        ErrorCode::kUnsupported,
        fmt::format("{} has log format {}, but this program knows only up to {}", segment.path, header.version,
                    kLogFormatVersion),
        fmt::format("{} 的日志格式为 {}，而本程序最多只认识 {}", segment.path, header.version, kLogFormatVersion)};
  }
  const bool whole = error == HeaderError::kNone && header.number == segment.number && header.record_class == class_;
  segments_.push_back(std::move(segment));
  first_seqs_.push_back(whole ? header.first_seq : 0);
  return {};
}

void ClassWalk::tell(Finding::Kind kind, std::uint64_t offset, std::uint64_t end, std::uint64_t records) {
  tell_({.kind = kind, .path = segments_[at_].path, .offset = offset, .end = end, .records = records});
}

// Records between the last frame and `up_to` are not there; the open region, if there is one, is where they stood.
void ClassWalk::tell_missing(std::uint64_t up_to, std::uint64_t offset) {
  const std::uint64_t missing = expected_ != 0 && up_to > expected_ ? up_to - expected_ : 0;
  if (region_) {
    tell(Finding::Kind::kNoFrame, region_->first, region_->second, missing);
  } else if (missing > 0) {
    tell(Finding::Kind::kMissing, offset, offset, missing);
  }
  region_.reset();
  expected_ = std::max(expected_, up_to);
}

// Frames from here on were moved to the next segment by a failed sync.
std::uint64_t ClassWalk::limit() const {
  const bool known = at_ + 1 < segments_.size() && first_seqs_[at_ + 1] != 0;
  return known ? first_seqs_[at_ + 1] : std::numeric_limits<std::uint64_t>::max();
}

// False when the segment is no longer there.
Result<bool> ClassWalk::open_segment() {
  auto file = files_.open(segments_[at_].path, io::OpenMode::kReadOnly);
  if (!file && file.error().code == ErrorCode::kNotFound) return false;
  if (!file) return file.error();
  file_ = std::move(*file);
  const auto size = file_->size();
  if (!size) return size.error();
  segments_[at_].bytes = *size;
  offset_ = std::min<std::uint64_t>(kSegmentHeaderBytes, *size);
  if (first_seqs_[at_] != 0) {
    tell_missing(first_seqs_[at_], 0);
  } else {
    tell(Finding::Kind::kDamagedHeader, 0, offset_);
  }
  return true;
}

void ClassWalk::end_segment() {
  const bool known = at_ + 1 < segments_.size() && first_seqs_[at_ + 1] != 0;
  tell_missing(known ? first_seqs_[at_ + 1] : expected_, offset_);
  file_.reset();
  ++at_;
}

Result<std::optional<ClassWalk::Frame>> ClassWalk::next() {
  while (at_ < segments_.size()) {
    if (!file_) {
      auto opened = open_segment();
      if (!opened) return opened.error();
      if (!*opened) {
        ++at_;
        expected_ = 0;  // what is gone with it is not missing
        continue;
      }
    }
    SurveyedSegment& segment = segments_[at_];
    SegmentScanner scan{*file_, {class_, segment.number}, segment.bytes, false};
    const auto item = scan.at(offset_);
    if (!item) return item.error();
    const bool last = at_ + 1 == segments_.size();
    switch (item->kind) {
      case ScanItem::Kind::kEnd:
        end_segment();
        continue;
      case ScanItem::Kind::kDamage:
      case ScanItem::Kind::kTorn:
      case ScanItem::Kind::kBadPayload:
        if (last && item->end >= segment.bytes) {
          tell(Finding::Kind::kUnfinished, item->offset, item->end);
        } else {
          region_ = {item->offset, item->end};
        }
        offset_ = item->end;
        continue;
      case ScanItem::Kind::kFrame:
        break;
    }
    const FrameHeader& header = item->header;
    if (header.first_seq >= limit()) {
      end_segment();
      continue;
    }
    tell_missing(header.first_seq, item->offset);
    offset_ = item->end;
    if (header.first_seq < expected_ && expected_ != 0 && header.end_seq() <= expected_ && header.count > 0) continue;
    expected_ = std::max(expected_, header.end_seq());
    (header.kind == FrameKind::kRecords ? segment.records : segment.lost) += header.count;
    if (header.count > 0 && header.last_ms != 0) {
      if (segment.first_ms == 0) segment.first_ms = header.first_ms;
      segment.last_ms = std::max(segment.last_ms, header.last_ms);
    }
    return std::optional{Frame{.header = header, .segment = at_, .offset = item->offset}};
  }
  return std::optional<Frame>{};
}

Result<std::string> ClassWalk::load(const Frame& frame) const {
  const auto payload = read_payload(*file_, frame.header, frame.offset);
  if (!payload) return payload.error();
  return decompress(*payload, frame.header.text_bytes);
}

}  // namespace sonde::pipeline
