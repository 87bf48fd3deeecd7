// Slots of the cursor file.
#include "pipeline/cursor_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "pipeline/byte_codec.h"

namespace sonde::pipeline {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::string_view kMagic{"SONDECUR", 8};
constexpr std::size_t kSlotHeadBytes = 8 + 2 + 2 + 4 + 8;
static_assert(kSlotHeadBytes + 8 + 4 + kCursorsMax * (1 + kCursorNameBytesMax + (2 * kClasses + 5) * 8) <=
              kCursorSlotBytes);

struct Slot {
  std::uint64_t generation = 0;
  CursorSlot content;
};

std::string encode_slot(std::uint64_t generation, const CursorSlot& slot) {
  std::string body;
  for (const CursorState& state : slot.states) {
    put_number(body, static_cast<std::uint8_t>(state.name.size()));
    body += state.name;
    for (const std::uint64_t seq : state.start) put_number(body, seq);
    for (const std::uint64_t seq : state.place) put_number(body, seq);
    for (const std::uint64_t n : {state.delivered, state.dead_lettered, state.evicted, state.quarantined}) {
      put_number(body, n);
    }
  }
  put_number(body, static_cast<std::uint64_t>(slot.newest_stamp_ms));
  // Behind all else: who does not know these passes them over, and they are zero where they are missing.
  for (const CursorState& state : slot.states) put_number(body, state.expired);
  std::string out{kMagic};
  put_number(out, kLogFormatVersion);
  put_number(out, static_cast<std::uint16_t>(slot.states.size()));
  put_number(out, static_cast<std::uint32_t>(body.size()));
  put_number(out, generation);
  out += body;
  put_number(out, crc32c(out));
  return out;
}

CursorState read_state(ByteReader& in) {
  CursorState state;
  state.name = std::string{in.bytes(in.number<std::uint8_t>())};
  for (std::uint64_t& seq : state.start) seq = in.number<std::uint64_t>();
  for (std::uint64_t& seq : state.place) seq = in.number<std::uint64_t>();
  for (std::uint64_t* n : {&state.delivered, &state.dead_lettered, &state.evicted, &state.quarantined}) {
    *n = in.number<std::uint64_t>();
  }
  return state;
}

/// Its totals sum up to what lies between `start` and `place`.
bool is_whole(const CursorState& s) {
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (s.place[i] < s.start[i]) return false;
    done += s.place[i] - s.start[i];
  }
  return done == s.delivered + s.dead_lettered + s.evicted + s.quarantined;
}

// kNewer only behind a right checksum.
HeaderError decode_slot(std::string_view bytes, Slot& slot) {
  ByteReader in{bytes};
  if (in.bytes(kMagic.size()) != kMagic) return HeaderError::kDamaged;
  const auto version = in.number<std::uint16_t>();
  const auto count = in.number<std::uint16_t>();
  const auto length = in.number<std::uint32_t>();
  slot.generation = in.number<std::uint64_t>();
  const std::string_view body = in.bytes(length);
  const auto crc = in.number<std::uint32_t>();
  if (!in.ok() || crc != crc32c(bytes.substr(0, kSlotHeadBytes + length))) return HeaderError::kDamaged;
  if (version > kLogFormatVersion) return HeaderError::kNewer;
  ByteReader states{body};
  for (std::uint16_t i = 0; i < count; ++i) slot.content.states.push_back(read_state(states));
  slot.content.newest_stamp_ms = static_cast<std::int64_t>(states.number<std::uint64_t>());
  if (!states.ok()) return HeaderError::kDamaged;
  for (CursorState& state : slot.content.states) {
    const auto expired = states.number<std::uint64_t>();
    if (states.ok()) state.expired = std::min(expired, state.dead_lettered);
  }
  return HeaderError::kNone;
}

}  // namespace

Result<CursorSlot> CursorStore::load() {
  auto file = files_.open(path_, io::OpenMode::kReadOnly);
  if (!file) {
    if (file.error().code == ErrorCode::kNotFound) return CursorSlot{};
    return file.error();
  }
  std::optional<Slot> newest;
  for (std::uint64_t i = 0; i < 2; ++i) {
    const auto bytes = (*file)->read_at(i * kCursorSlotBytes, kCursorSlotBytes);
    if (!bytes) return bytes.error();
    Slot slot;
    const HeaderError error = decode_slot(*bytes, slot);
    if (error == HeaderError::kNewer) {
      return Error{ErrorCode::kUnsupported, path_ + " was written by a newer version of this program"};
    }
    if (error == HeaderError::kNone && (!newest || slot.generation > newest->generation)) newest = std::move(slot);
  }
  if (!newest) return CursorSlot{};
  generation_ = newest->generation;
  // The books of such a reader could never sum up again (RELIABILITY P15); without a place it is sent everything again.
  std::erase_if(newest->content.states, [](const CursorState& s) { return !is_whole(s); });
  return std::move(newest->content);
}

Result<void> CursorStore::save(const CursorSlot& slot) {
  SONDE_CHECK(slot.states.size() <= kCursorsMax, "too many cursors for a slot");
  const bool fresh = file_ == nullptr;
  if (fresh) {
    auto file = files_.open(path_, io::OpenMode::kCreate);
    if (!file) return file.error();
    file_ = std::move(*file);
  }
  const std::uint64_t generation = generation_ + 1;
  if (auto written = file_->write_at(generation % 2 * kCursorSlotBytes, encode_slot(generation, slot)); !written) {
    return written;
  }
  if (auto synced = file_->sync(); !synced) {
    file_.reset();  // what a failed sync left is unknown: the next one gets a new descriptor
    return synced;
  }
  if (fresh) {
    const std::string directory = path_.substr(0, path_.rfind('/'));
    if (auto synced = files_.sync_directory(directory); !synced) return synced;
  }
  generation_ = generation;
  return {};
}

}  // namespace sonde::pipeline
