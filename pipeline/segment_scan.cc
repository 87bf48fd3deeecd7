// Finds frames, and finds the way back to them behind damaged bytes.
#include "pipeline/segment_scan.h"

#include <algorithm>

#include "pipeline/byte_codec.h"

namespace sonde::pipeline {
namespace {

constexpr std::size_t kResyncChunk = 64 * 1024;

}  // namespace

core::Result<std::string> read_payload(const io::File& file, const FrameHeader& header, std::uint64_t offset) {
  auto payload = file.read_at(offset + kFrameHeaderBytes, header.payload_bytes);
  if (!payload) return payload.error();
  if (payload->size() != header.payload_bytes || crc32c(*payload) != header.payload_crc) {
    return core::Error{core::ErrorCode::kCorrupt, "a frame of the log does not match its checksum"};
  }
  return std::move(*payload);
}

core::Result<ScanItem> SegmentScanner::at(std::uint64_t offset) {
  ScanItem item{.kind = ScanItem::Kind::kEnd, .header = {}, .offset = offset, .end = offset};
  if (offset >= end_) return item;
  auto bytes = file_.read_at(offset, kFrameHeaderBytes);
  if (!bytes) return bytes.error();
  const auto header = decode_frame(*bytes, home_);
  if (!header) return resync(offset);
  item.header = *header;
  item.end = offset + header->bytes();
  item.kind = item.end > end_ ? ScanItem::Kind::kTorn : ScanItem::Kind::kFrame;
  if (item.kind == ScanItem::Kind::kTorn) item.end = end_;
  if (item.kind == ScanItem::Kind::kFrame && verify_ && header->kind == FrameKind::kRecords) {
    auto payload = read_payload(file_, *header, offset);
    if (!payload && payload.error().code != core::ErrorCode::kCorrupt) return payload.error();
    if (!payload) item.kind = ScanItem::Kind::kBadPayload;
  }
  return item;
}

core::Result<ScanItem> SegmentScanner::resync(std::uint64_t offset) {
  ScanItem item{.kind = ScanItem::Kind::kDamage, .header = {}, .offset = offset, .end = end_};
  std::uint64_t from = offset + 1;
  while (from < end_) {
    auto chunk = file_.read_at(from, static_cast<std::size_t>(std::min<std::uint64_t>(kResyncChunk, end_ - from)));
    if (!chunk) return chunk.error();
    if (chunk->size() < kFrameHeaderBytes) break;
    for (std::size_t mark = find_frame_mark(*chunk, 0); mark != std::string::npos;
         mark = find_frame_mark(*chunk, mark + 1)) {
      if (mark + kFrameHeaderBytes > chunk->size()) break;  // seen whole in the next chunk
      if (decode_frame(std::string_view{*chunk}.substr(mark, kFrameHeaderBytes), home_)) {
        item.end = from + mark;
        return item;
      }
    }
    if (from + chunk->size() >= end_) break;
    from += chunk->size() - (kFrameHeaderBytes - 1);
  }
  return item;
}

}  // namespace sonde::pipeline
