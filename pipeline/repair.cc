// Quarantine and marks.
#include "pipeline/repair.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::pipeline {
namespace {

constexpr std::size_t kCopiesMax = 64;
constexpr std::uint64_t kCopyBytesMax = 256 * 1024;

}  // namespace

bool Quarantine::keep(const io::File& file, FrameHome home, std::uint64_t offset, std::uint64_t end) {
  if (!files_.make_directories(directory_)) return false;
  const auto names = files_.list(directory_);
  if (!names || names->size() >= kCopiesMax) return false;
  const auto bytes = file.read_at(offset, static_cast<std::size_t>(std::min(end - offset, kCopyBytesMax)));
  if (!bytes) return false;
  const std::string path =
      fmt::format("{}/{}-{:016}-{}.bin", directory_, name(home.record_class), home.segment, offset);
  return static_cast<bool>(files_.replace(path, *bytes));
}

std::uint64_t Quarantine::bytes() {
  const auto names = files_.list(directory_);
  if (!names) return 0;
  std::uint64_t sum = 0;
  for (const std::string& name : *names) {
    const auto file = files_.open(directory_ + "/" + name, io::OpenMode::kReadOnly);
    if (!file) continue;
    const auto size = (*file)->size();
    if (size) sum += *size;
  }
  return sum;
}

bool mark_damage(io::File& file, const Damage& damage) {
  const std::uint64_t bytes = damage.end - damage.offset;
  if (bytes < kFrameHeaderBytes) return false;
  FrameHeader mark = damage.lost;
  mark.kind = FrameKind::kDamaged;
  mark.payload_bytes = static_cast<std::uint32_t>(bytes - kFrameHeaderBytes);
  mark.text_bytes = 0;
  mark.payload_crc = 0;
  if (!file.write_at(damage.offset, encode(mark, damage.home))) return false;
  return static_cast<bool>(file.sync());
}

}  // namespace sonde::pipeline
