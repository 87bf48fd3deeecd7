// Walks the frames of one segment file, over damage and on.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline {

/// What stands at an offset.
struct ScanItem {
  enum class Kind {
    kFrame,       // a valid header, and its payload is inside the segment
    kBadPayload,  // a valid header whose payload does not match its checksum (only when payloads are verified)
    kDamage,      // no frame; `end` is where the next valid one begins, or the end of the segment
    kTorn,        // a valid header whose payload runs past the end of the segment
    kEnd,
  };
  Kind kind = Kind::kEnd;
  FrameHeader header;  // of kFrame, kBadPayload and kTorn
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
};

/// `file` must outlive it. Errors are those of the file.
class SegmentScanner {
 public:
  SegmentScanner(const io::File& file, FrameHome home, std::uint64_t end, bool verify)
      : file_(file), home_(home), end_(end), verify_(verify) {}

  [[nodiscard]] core::Result<ScanItem> at(std::uint64_t offset);

 private:
  core::Result<ScanItem> resync(std::uint64_t offset);

  const io::File& file_;
  FrameHome home_;
  std::uint64_t end_;
  bool verify_;
};

/// Reads a payload and checks it. Error kCorrupt when it does not match.
[[nodiscard]] core::Result<std::string> read_payload(const io::File& file, const FrameHeader& header,
                                                     std::uint64_t offset);

}  // namespace sonde::pipeline
