// Headers of the log's files as bytes, and back.
#include "pipeline/log_format.h"

#include <zstd.h>

#include <charconv>

#include <fmt/format.h>

#include "core/check.h"
#include "pipeline/byte_codec.h"

namespace sonde::pipeline {
namespace {

constexpr std::string_view kSegmentMagic{"SONDELOG", 8};
// Neither UTF-8 nor without a NUL: no text that a record may hold contains it, so none can pass for a frame.
constexpr std::string_view kFrameMagic{"\xf7\x00\xffSND\xfe\n", 8};
constexpr std::string_view kFileSuffix = ".log";
constexpr std::size_t kFileDigits = 16;
constexpr int kCompressionLevel = 1;

std::uint32_t home_crc(FrameHome home) {
  std::string bytes;
  put_number(bytes, static_cast<std::uint8_t>(home.record_class));
  put_number(bytes, home.segment);
  return crc32c(bytes);
}

}  // namespace

std::string_view name(RecordClass c) {
  switch (c) {
    case RecordClass::kA:
      return "a";
    case RecordClass::kB:
      return "b";
    case RecordClass::kC:
      return "c";
  }
  return "";
}

std::string encode(const SegmentHeader& header) {
  std::string out{kSegmentMagic};
  put_number(out, header.version);
  put_number(out, static_cast<std::uint8_t>(header.record_class));
  put_number(out, std::uint8_t{0});
  put_number(out, header.number);
  put_number(out, header.first_seq);
  put_number(out, static_cast<std::uint64_t>(header.created_ms));
  out.append(kSegmentHeaderBytes - 4 - out.size(), '\0');
  put_number(out, crc32c(out));
  return out;
}

HeaderError decode(std::string_view bytes, SegmentHeader& header) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) return HeaderError::kDamaged;
  ByteReader tail{bytes.substr(kSegmentHeaderBytes - 4)};
  if (tail.number<std::uint32_t>() != crc32c(bytes.substr(0, kSegmentHeaderBytes - 4))) return HeaderError::kDamaged;
  ByteReader in{bytes.substr(kSegmentMagic.size())};
  header.version = in.number<std::uint16_t>();
  if (header.version > kLogFormatVersion) return HeaderError::kNewer;
  header.record_class = static_cast<RecordClass>(in.number<std::uint8_t>());
  (void)in.number<std::uint8_t>();
  header.number = in.number<std::uint64_t>();
  header.first_seq = in.number<std::uint64_t>();
  header.created_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  return HeaderError::kNone;
}

std::string segment_file_name(std::uint64_t number) { return fmt::format("{:016}{}", number, kFileSuffix); }

std::optional<std::uint64_t> segment_number(std::string_view file_name) {
  if (file_name.size() != kFileDigits + kFileSuffix.size() || !file_name.ends_with(kFileSuffix)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = file_name.data() + kFileDigits;
  const auto [at, error] = std::from_chars(file_name.data(), end, number);
  if (error != std::errc{} || at != end) return std::nullopt;
  return number;
}

std::string encode(const FrameHeader& header, FrameHome home) {
  std::string out{kFrameMagic};
  put_number(out, static_cast<std::uint8_t>(header.kind));
  out.append(3, '\0');
  put_number(out, header.payload_bytes);
  put_number(out, header.text_bytes);
  put_number(out, header.count);
  put_number(out, header.commit);
  put_number(out, header.first_seq);
  put_number(out, static_cast<std::uint64_t>(header.first_ms));
  put_number(out, static_cast<std::uint64_t>(header.last_ms));
  put_number(out, header.payload_crc);
  put_number(out, crc32c(out, home_crc(home)));
  SONDE_CHECK(out.size() == kFrameHeaderBytes, "a frame header has a fixed size");
  return out;
}

std::optional<FrameHeader> decode_frame(std::string_view bytes, FrameHome home) {
  if (bytes.size() < kFrameHeaderBytes || !bytes.starts_with(kFrameMagic)) return std::nullopt;
  ByteReader tail{bytes.substr(kFrameHeaderBytes - 4)};
  if (tail.number<std::uint32_t>() != crc32c(bytes.substr(0, kFrameHeaderBytes - 4), home_crc(home))) {
    return std::nullopt;
  }
  ByteReader in{bytes.substr(kFrameMagic.size())};
  FrameHeader h;
  h.kind = static_cast<FrameKind>(in.number<std::uint8_t>());
  (void)in.bytes(3);
  h.payload_bytes = in.number<std::uint32_t>();
  h.text_bytes = in.number<std::uint32_t>();
  h.count = in.number<std::uint32_t>();
  h.commit = in.number<std::uint64_t>();
  h.first_seq = in.number<std::uint64_t>();
  h.first_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  h.last_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  h.payload_crc = in.number<std::uint32_t>();
  if (h.kind > FrameKind::kEvicted || h.text_bytes > kFrameTextBytesLimit) return std::nullopt;
  return h;
}

std::size_t find_frame_mark(std::string_view bytes, std::size_t from) { return bytes.find(kFrameMagic, from); }

std::string compress(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t n = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kCompressionLevel);
  SONDE_CHECK(ZSTD_isError(n) == 0, "zstd compresses into a buffer of its own bound");
  out.resize(n);
  return out;
}

core::Result<std::string> decompress(std::string_view payload, std::size_t text_bytes) {
  std::string out(text_bytes, '\0');
  const std::size_t n = ZSTD_decompress(out.data(), out.size(), payload.data(), payload.size());
  if (ZSTD_isError(n) != 0 || n != text_bytes) {
    return core::Error{core::ErrorCode::kCorrupt, "a frame of the log does not decompress"};
  }
  return out;
}

}  // namespace sonde::pipeline
