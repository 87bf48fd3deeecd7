// Reading frames in order.
#include "pipeline/stream_reader.h"

#include <algorithm>

#include "pipeline/segment_scan.h"

namespace sonde::pipeline {

using core::Result;

Result<std::optional<FoundFrame>> StreamReader::find(ReadPlace& place) {
  while (true) {
    if (place.seq < stream_.kept_seq()) place = {.seq = stream_.kept_seq()};
    if (place.seq >= stream_.readable_end()) return std::optional<FoundFrame>{};
    const std::size_t index = locate(place);
    if (index == stream_.segments().size()) {
      const PendingFrame* frame = stream_.pending_frame(place.seq);
      if (frame == nullptr) return std::optional<FoundFrame>{};
      place = {.seq = std::max(place.seq, frame->header.first_seq)};
      if (frame->header.kind == FrameKind::kRecords) return std::optional{FoundFrame{.header = frame->header}};
      place.seq = frame->header.end_seq();
      continue;
    }
    const Segment segment = stream_.segments()[index];  // a copy: reporting damage may change the stream later
    if (auto opened = open(segment); !opened) return opened.error();
    std::uint64_t walked = place.offset == kSegmentHeaderBytes ? segment.first_seq : place.seq;
    FoundFrame found;
    Step next = Step::kAgain;
    while (next == Step::kAgain) {
      auto stepped = step(segment, place, walked, found);
      if (!stepped) return stepped.error();
      next = *stepped;
    }
    if (next == Step::kFound) return std::optional{found};
    place.seq = std::max(place.seq, segment.end_seq);
    place.segment = 0;
  }
}

// Index of the segment that holds place.seq, with the place set into it; the number of segments for one in memory.
std::size_t StreamReader::locate(ReadPlace& place) const {
  const auto& segments = stream_.segments();
  if (place.segment != 0) {
    const auto it = std::lower_bound(segments.begin(), segments.end(), place.segment,
                                     [](const Segment& s, std::uint64_t n) { return s.number < n; });
    if (it != segments.end() && it->number == place.segment && place.seq < it->end_seq && place.offset < it->bytes) {
      return static_cast<std::size_t>(it - segments.begin());
    }
  }
  const auto it = std::upper_bound(segments.begin(), segments.end(), place.seq,
                                   [](std::uint64_t seq, const Segment& s) { return seq < s.end_seq; });
  if (it == segments.end() || it->bytes <= kSegmentHeaderBytes) return segments.size();
  place.segment = it->number;
  place.offset = kSegmentHeaderBytes;
  return static_cast<std::size_t>(it - segments.begin());
}

Result<void> StreamReader::open(const Segment& segment) {
  if (file_ != nullptr && file_segment_ == segment.number) return {};
  file_.reset();
  auto file = stream_.files().open(segment.path, io::OpenMode::kReadOnly);
  if (!file) return file.error();
  file_ = std::move(*file);
  file_segment_ = segment.number;
  return {};
}

Result<StreamReader::Step> StreamReader::step(const Segment& segment, ReadPlace& place, std::uint64_t& walked,
                                              FoundFrame& found) {
  SegmentScanner scan{*file_, {stream_.record_class(), segment.number}, segment.bytes, false};
  const auto item = scan.at(place.offset);
  if (!item) return item.error();
  switch (item->kind) {
    case ScanItem::Kind::kEnd:
      if (walked < segment.end_seq && walked < stream_.readable_end()) {
        if (auto ok = skip_damage(segment, item->offset, item->offset, walked); !ok) return ok.error();
      }
      return Step::kNextSegment;
    case ScanItem::Kind::kDamage:
    case ScanItem::Kind::kTorn:
    case ScanItem::Kind::kBadPayload:
      if (auto ok = skip_damage(segment, item->offset, item->end, walked); !ok) return ok.error();
      place.offset = item->end;
      return Step::kAgain;
    case ScanItem::Kind::kFrame:
      break;
  }
  const FrameHeader& header = item->header;
  if (header.first_seq > walked) {  // a frame is missing without a trace
    if (auto ok = skip_damage(segment, item->offset, item->offset, walked); !ok) return ok.error();
  }
  walked = std::max(walked, header.end_seq());
  if (header.kind != FrameKind::kRecords || header.end_seq() <= place.seq) {
    if (header.kind != FrameKind::kRecords) place.seq = std::max(place.seq, header.end_seq());
    place.offset = item->end;
    return Step::kAgain;
  }
  place.seq = std::max(place.seq, header.first_seq);
  found = {.header = header, .segment = segment.number, .offset = item->offset};
  return Step::kFound;
}

// What is missing between `walked` and the frame at `end` (or the end of the segment) stood in [offset, end).
Result<void> StreamReader::skip_damage(const Segment& segment, std::uint64_t offset, std::uint64_t end,
                                       std::uint64_t walked) {
  std::uint64_t next_seq = std::min(segment.end_seq, stream_.readable_end());
  if (end < segment.bytes) {
    SegmentScanner scan{*file_, {stream_.record_class(), segment.number}, segment.bytes, false};
    const auto next = scan.at(end);
    if (!next) return next.error();
    next_seq = next->header.first_seq;
  }
  FrameHeader lost;
  lost.first_seq = walked;
  lost.count = next_seq > walked ? static_cast<std::uint32_t>(next_seq - walked) : 0;
  lost.first_ms = segment.first_ms;
  lost.last_ms = segment.last_ms;
  stream_.report_damage(segment, offset, end, lost);
  return {};
}

Result<std::string> StreamReader::load(const FoundFrame& frame, ReadPlace& place) {
  const core::Error gone{core::ErrorCode::kCorrupt, "the frame is no longer where it was found"};
  if (frame.segment == 0) {
    const PendingFrame* pending = stream_.pending_frame(frame.header.first_seq);
    if (pending == nullptr || pending->header.kind != FrameKind::kRecords) return gone;
    return decompress(pending->payload, pending->header.text_bytes);
  }
  if (file_ == nullptr || file_segment_ != frame.segment) return gone;
  auto payload = read_payload(*file_, frame.header, frame.offset);
  if (!payload && payload.error().code != core::ErrorCode::kCorrupt) return payload.error();
  auto lines = payload ? decompress(*payload, frame.header.text_bytes) : Result<std::string>{payload.error()};
  if (lines) return lines;
  const auto& segments = stream_.segments();
  const auto it =
      std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.number == frame.segment; });
  if (it != segments.end()) {
    const Segment segment = *it;  // NOLINT(performance-unnecessary-copy-initialization): the call changes the list
    stream_.report_damage(segment, frame.offset, frame.offset + frame.header.bytes(), frame.header);
  }
  // Moved on here too: on a disk that takes no marks the frame would be found again for ever.
  place = {.seq = frame.header.end_seq(), .segment = frame.segment, .offset = frame.offset + frame.header.bytes()};
  return lines;
}

}  // namespace sonde::pipeline
