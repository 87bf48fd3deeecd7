// Where all readers stand, on disk: two slots written in turn, so that one is always whole.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline {

inline constexpr std::size_t kCursorsMax = 64;
inline constexpr std::size_t kCursorNameBytesMax = 64;
inline constexpr std::size_t kCursorSlotBytes = 16 * 1024;
inline constexpr std::size_t kCursorFileBytes = 2 * kCursorSlotBytes;

/// One reader's place and totals. In each class, records from `start` up to `place` are done with: delivered,
/// dead_lettered, evicted and quarantined sum up to their number.
struct CursorState {
  std::string name;
  std::array<std::uint64_t, kClasses> start{};
  std::array<std::uint64_t, kClasses> place{};
  std::uint64_t delivered = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t evicted = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t expired = 0;  // of the dead-lettered
};

/// What one slot holds.
struct CursorSlot {
  std::vector<CursorState> states;
  std::int64_t newest_stamp_ms = 0;  // no probe record bears a later time that the clock did not show when it came
};

class CursorStore {
 public:
  CursorStore(io::Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// The newest whole slot; empty when there is none (then everything is sent again). Error kUnsupported for a newer
  /// format.
  [[nodiscard]] core::Result<CursorSlot> load();
  /// Writes the other slot and syncs it.
  core::Result<void> save(const CursorSlot& slot);

 private:
  io::Files& files_;
  std::string path_;
  std::unique_ptr<io::File> file_;
  std::uint64_t generation_ = 0;
};

}  // namespace sonde::pipeline
