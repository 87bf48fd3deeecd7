// What the log's files look like: constants, headers, names. In prose: docs/log-format.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "pipeline/log.h"

namespace sonde::pipeline {

/// Raised when an older program could misread what a newer one writes. A higher one found is refused untouched.
inline constexpr std::uint16_t kLogFormatVersion = 1;

inline constexpr std::size_t kClasses = 3;
inline constexpr std::size_t kSegmentHeaderBytes = 48;
inline constexpr std::size_t kFrameHeaderBytes = 64;
/// Text of one frame before it is compressed; a single record may be longer, up to kFrameTextBytesLimit.
inline constexpr std::size_t kFrameTextBytes = 256 * 1024;
inline constexpr std::size_t kFrameTextBytesLimit = 32 * 1024 * 1024;

/// "a", "b", "c": directory and tag of a class.
[[nodiscard]] std::string_view name(RecordClass c);

enum class HeaderError { kNone, kDamaged, kNewer };

struct SegmentHeader {
  std::uint16_t version = kLogFormatVersion;
  RecordClass record_class = RecordClass::kA;
  std::uint64_t number = 0;     // order of the segments of a class; also the file's name
  std::uint64_t first_seq = 0;  // of the first record that may be in it
  std::int64_t created_ms = 0;
};
[[nodiscard]] std::string encode(const SegmentHeader& header);
/// kNewer only when the checksum is right: a flipped bit must not look like an upgrade.
[[nodiscard]] HeaderError decode(std::string_view bytes, SegmentHeader& header);

/// File name of a segment, and back.
[[nodiscard]] std::string segment_file_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> segment_number(std::string_view file_name);

enum class FrameKind : std::uint8_t {
  kRecords = 0,
  kDamaged = 1,  // stands where records were that could not be read any more
  kEvicted = 2,  // stands for records that were dropped from memory while the disk failed
};

/// In front of each frame. The payload of kRecords is one zstd frame of lines; that of the others is skipped.
struct FrameHeader {
  FrameKind kind = FrameKind::kRecords;
  std::uint32_t payload_bytes = 0;
  std::uint32_t text_bytes = 0;  // after decompression
  std::uint32_t count = 0;       // records
  std::uint64_t commit = 0;      // number of the group commit: orders frames of different classes
  std::uint64_t first_seq = 0;   // in the class
  std::int64_t first_ms = 0;     // wall clock when the first record was taken
  std::int64_t last_ms = 0;
  std::uint32_t payload_crc = 0;

  [[nodiscard]] std::uint64_t end_seq() const { return first_seq + count; }
  [[nodiscard]] std::uint64_t bytes() const { return kFrameHeaderBytes + std::uint64_t{payload_bytes}; }
};

/// Which segment a frame stands in: part of its checksum, so that bytes from elsewhere are never taken for a frame.
struct FrameHome {
  RecordClass record_class = RecordClass::kA;
  std::uint64_t segment = 0;
};
[[nodiscard]] std::string encode(const FrameHeader& header, FrameHome home);
/// Nothing when the bytes are not a whole valid header.
[[nodiscard]] std::optional<FrameHeader> decode_frame(std::string_view bytes, FrameHome home);
/// Offset of the first place in `bytes` at or after `from` where a frame could begin; npos when there is none.
/// The last bytes may be the beginning of a mark: search again with an overlap of kFrameHeaderBytes.
[[nodiscard]] std::size_t find_frame_mark(std::string_view bytes, std::size_t from);

/// One zstd frame, level 1 (PERFORMANCE: cheapest and nearly smallest).
[[nodiscard]] std::string compress(std::string_view text);
/// Error kCorrupt when it does not decode to exactly `text_bytes`.
[[nodiscard]] core::Result<std::string> decompress(std::string_view payload, std::size_t text_bytes);

}  // namespace sonde::pipeline
