// What is done about damaged bytes of a segment: a copy goes to quarantine, and a mark in their place says how many
// records stood there, so that they are counted once and never searched again.
#pragma once

#include <cstdint>
#include <string>

#include "io/files.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline {

/// Copies of damaged regions, at most 64 of 256 KiB. In `<log>/quarantine/CLASS-SEGMENT-OFFSET.bin`.
class Quarantine {
 public:
  Quarantine(io::Files& files, std::string directory) : files_(files), directory_(std::move(directory)) {}
  /// Copies [offset, end) of `file`. False when there was no room or the disk refused; the caller goes on all the same.
  bool keep(const io::File& file, FrameHome home, std::uint64_t offset, std::uint64_t end);
  /// Bytes that the copies take.
  [[nodiscard]] std::uint64_t bytes();

 private:
  io::Files& files_;
  std::string directory_;
};

/// Damaged bytes [offset, end) of a segment in whose place `lost.count` records from `lost.first_seq` on are missing.
struct Damage {
  FrameHome home;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  FrameHeader lost;  // first_seq, count, first_ms, last_ms
};

/// Puts the mark over the damaged bytes. False when they are too few for a mark or the disk refuses: then the same
/// damage is found and counted again after a restart.
bool mark_damage(io::File& file, const Damage& damage);

}  // namespace sonde::pipeline
