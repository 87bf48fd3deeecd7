// A header that says which generation the entries belong to, then entries. Entries of an older generation that still
// stand behind the newer ones do not match its checksum.
#include "pipeline/journal.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/byte_codec.h"

namespace sonde::pipeline {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::string_view kMagic{"SONDEJNL", 8};
constexpr std::size_t kHeaderBytes = 8 + 2 + 6 + 8 + 3 * 8 + 4;
constexpr std::size_t kEntryHeaderBytes = 4 + 1 + 4 + 8 + 4;
constexpr std::uint64_t kReservedBytes = 320 * 1024;  // one full frame's text and its entries' heads
constexpr std::uint64_t kJournalBytesMax = 64 * 1024 * 1024;
constexpr std::size_t kKeptBytes = 64 * 1024;  // of memory between writes: a turn of a prober has less

std::string encode_header(const NextSeqs& base, std::uint64_t generation) {
  std::string out{kMagic};
  put_number(out, kLogFormatVersion);
  out.append(6, '\0');
  put_number(out, generation);
  for (const std::uint64_t seq : base) put_number(out, seq);
  put_number(out, crc32c(out));
  return out;
}

// The checksum of an entry covers the generation too.
std::uint32_t entry_crc(std::uint64_t generation, std::string_view head, std::string_view lines) {
  std::string seed;
  put_number(seed, generation);
  return crc32c(lines, crc32c(head, crc32c(seed)));
}

void read_entries(std::string_view bytes, std::uint64_t generation, JournalContents& out) {
  while (true) {
    ByteReader in{bytes};
    const auto length = in.number<std::uint32_t>();
    JournalEntry entry;
    const auto record_class = in.number<std::uint8_t>();
    entry.count = in.number<std::uint32_t>();
    entry.taken_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
    const auto crc = in.number<std::uint32_t>();
    const std::string_view lines = in.bytes(length);
    if (!in.ok() || record_class >= kClasses) return;
    if (entry_crc(generation, bytes.substr(0, kEntryHeaderBytes - 4), lines) != crc) return;
    entry.record_class = static_cast<RecordClass>(record_class);
    entry.lines = std::string{lines};
    out.entries.push_back(std::move(entry));
    bytes = in.left();
  }
}

}  // namespace

Result<JournalContents> Journal::recover() {
  JournalContents out;
  auto file = files_.open(path_, io::OpenMode::kReadOnly);
  if (!file) {
    if (file.error().code == ErrorCode::kNotFound) return out;
    return file.error();
  }
  const auto size = (*file)->size();
  if (!size) return size.error();
  const auto bytes = (*file)->read_at(0, static_cast<std::size_t>(std::min(*size, kJournalBytesMax)));
  if (!bytes) return bytes.error();
  const std::string_view all = *bytes;
  if (all.size() < kHeaderBytes || !all.starts_with(kMagic)) return out;
  ByteReader tail{all.substr(kHeaderBytes - 4)};
  if (tail.number<std::uint32_t>() != crc32c(all.substr(0, kHeaderBytes - 4))) return out;
  ByteReader in{all.substr(kMagic.size())};
  const auto version = in.number<std::uint16_t>();
  if (version > kLogFormatVersion) {
    return Error{ErrorCode::kUnsupported, fmt::format("{} has log format {}, but this program knows only up to {}",
                                                      path_, version, kLogFormatVersion)};
  }
  (void)in.bytes(6);
  const auto generation = in.number<std::uint64_t>();
  for (std::uint64_t& seq : out.base) seq = in.number<std::uint64_t>();
  read_entries(all.substr(kHeaderBytes), generation, out);
  return out;
}

Result<void> Journal::start(const NextSeqs& base, std::uint64_t generation) {
  auto file = files_.open(path_, io::OpenMode::kCreate);
  if (!file) return file.error();
  file_ = std::move(*file);
  (void)file_->reserve(kReservedBytes);  // without it a full disk only makes frames be written earlier
  return reset(base, generation);
}

Result<void> Journal::reset(const NextSeqs& base, std::uint64_t generation) {
  if (file_ == nullptr) return Error{ErrorCode::kIo, "the journal is not open"};
  const std::string header = encode_header(base, generation);
  generation_ = generation;
  end_ = kHeaderBytes;
  added_.clear();
  auto written = file_->write_at(0, header);
  whole_ = static_cast<bool>(written);
  return written;
}

bool Journal::has_room(std::size_t line_bytes) const {
  return end_ + added_.size() + kEntryHeaderBytes + line_bytes <= kReservedBytes;
}

std::uint64_t Journal::bytes_on_disk() const { return file_ == nullptr ? 0 : std::max(end_, kReservedBytes); }

Result<void> Journal::add(RecordClass record_class, std::uint32_t count, std::int64_t taken_ms,
                          std::string_view lines) {
  if (file_ == nullptr) return Error{ErrorCode::kIo, "the journal is not open"};
  if (!whole_) return Error{ErrorCode::kIo, "the journal's header could not be written"};
  const std::size_t head = added_.size();
  added_.reserve(head + kEntryHeaderBytes + lines.size());  // from here on nothing can fail: no entry is there by half
  put_number(added_, static_cast<std::uint32_t>(lines.size()));
  put_number(added_, static_cast<std::uint8_t>(record_class));
  put_number(added_, count);
  put_number(added_, static_cast<std::uint64_t>(taken_ms));
  put_number(added_, entry_crc(generation_, std::string_view{added_}.substr(head), lines));
  added_ += lines;
  return {};
}

Result<void> Journal::write() {
  if (added_.empty()) return {};
  if (auto written = file_->write_at(end_, added_); !written) return written;
  end_ += added_.size();
  added_.clear();
  if (added_.capacity() > kKeptBytes) added_.shrink_to_fit();
  return {};
}

}  // namespace sonde::pipeline
