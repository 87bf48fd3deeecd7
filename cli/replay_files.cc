// Unpacking by magic number, then reading line by line.
#include "cli/replay_files.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "core/line_protocol.h"
#include "core/text.h"

namespace sonde::cli {
namespace {

constexpr std::size_t kPiece = 1 << 16;
constexpr std::size_t kBadLinesShown = 5;

struct Close {
  void operator()(std::FILE* f) const {
    if (f != stdin) std::fclose(f);
  }
};
struct FreeZstd {
  void operator()(ZSTD_DStream* s) const { ZSTD_freeDStream(s); }
};
struct EndInflate {
  void operator()(z_stream* s) const { inflateEnd(s); }
};

core::Error damaged(const std::string& path) {
  return {core::ErrorCode::kCorrupt, fmt::format("{} is damaged", shown(path)), fmt::format("{} 已损坏", shown(path))};
}

core::Result<std::string> read_raw(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file{path == "-" ? stdin : std::fopen(path.c_str(), "rbe")};
  const core::Error unreadable{core::ErrorCode::kNotFound, fmt::format("{} cannot be read", shown(path)),
                               fmt::format("无法读取 {}", shown(path))};
  if (!file) return unreadable;
  std::string bytes;
  std::string piece(kPiece, '\0');
  std::size_t got = 0;
  while ((got = std::fread(piece.data(), 1, piece.size(), file.get())) > 0) bytes.append(piece, 0, got);
  if (std::ferror(file.get()) != 0) return unreadable;
  return bytes;
}

core::Result<std::string> unpack_zstd(const std::string& bytes, const std::string& path) {
  const std::unique_ptr<ZSTD_DStream, FreeZstd> stream{ZSTD_createDStream()};
  std::string text;
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t left = 0;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return damaged(path);
    text.append(piece, 0, out.pos);
  }
  // What fitted the last piece exactly may have more behind it.
  while (left != 0) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0 || out.pos == 0) return damaged(path);
    text.append(piece, 0, out.pos);
  }
  return text;
}

core::Result<std::string> unpack_gzip(std::string& bytes, const std::string& path) {
  z_stream stream{};
  constexpr int kGzip = 16;
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) return damaged(path);
  const std::unique_ptr<z_stream, EndInflate> end{&stream};
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  std::string piece(kPiece, '\0');
  int state = Z_OK;
  while (stream.avail_in > 0 || state == Z_OK) {
    if (state == Z_STREAM_END) inflateReset(&stream);
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) return damaged(path);  // Z_BUF_ERROR: it ends in the middle
    text.append(piece, 0, piece.size() - stream.avail_out);
  }
  return text;
}

}  // namespace

core::Result<std::string> read_replay_file(const std::string& path) {
  core::Result<std::string> bytes = read_raw(path);
  if (!bytes) return bytes;
  if (bytes->starts_with("\x1f\x8b")) return unpack_gzip(*bytes, path);
  if (bytes->starts_with("\x28\xb5\x2f\xfd")) return unpack_zstd(*bytes, path);
  return bytes;
}

core::Result<std::vector<core::Record>> read_replay_records(const std::vector<std::string>& files,
                                                            const Terminal& err) {
  std::vector<core::Record> records;
  std::size_t bad_lines = 0;
  for (const std::string& path : files) {
    const core::Result<std::string> text = read_replay_file(path);
    if (!text) return text.error();
    core::decode_lines(
        *text, core::Precision::kNanoseconds, {}, [&records](core::Record r) { records.push_back(std::move(r)); },
        [&](const core::LineError& e) {
          if (bad_lines++ < kBadLinesShown) fmt::print(stderr, "{}:{}: {}\n", shown(path), e.line, e.message);
        });
  }
  if (bad_lines > 0) {
    const core::BilingualText said{fmt::format("{} lines could not be read and were left out", bad_lines),
                                   fmt::format("{} 行无法读取，已略过", bad_lines)};
    fmt::print(stderr, "{}\n", said.in(err.language));
  }
  std::ranges::stable_sort(records, {}, &core::Record::time);
  return records;
}

}  // namespace sonde::cli
