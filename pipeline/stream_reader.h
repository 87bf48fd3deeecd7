// One reader's way through one class: from frame to frame, over holes and damage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/class_stream.h"

namespace sonde::pipeline {

/// A sequence number, and where its frame was last seen: only a hint, since segments go.
struct ReadPlace {
  std::uint64_t seq = 0;
  std::uint64_t segment = 0;  // its number; 0 = not known
  std::uint64_t offset = 0;
};

struct FoundFrame {
  FrameHeader header;
  std::uint64_t segment = 0;  // 0 = in memory
  std::uint64_t offset = 0;
};

/// `stream` must outlive it. Keeps one file open while it reads.
class StreamReader {
 public:
  explicit StreamReader(ClassStream& stream) : stream_(stream) {}

  /// The frame that holds the first readable record at or after `place`, which is moved to that record. Damage found on
  /// the way is reported to the stream and stepped over. Nothing when all has been read.
  [[nodiscard]] core::Result<std::optional<FoundFrame>> find(ReadPlace& place);
  /// The lines of a found frame. Error kCorrupt: call find() again; damage has been reported and `place` is behind it.
  [[nodiscard]] core::Result<std::string> load(const FoundFrame& frame, ReadPlace& place);

 private:
  enum class Step { kFound, kAgain, kNextSegment };
  core::Result<Step> step(const Segment& segment, ReadPlace& place, std::uint64_t& walked, FoundFrame& found);
  std::size_t locate(ReadPlace& place) const;
  core::Result<void> open(const Segment& segment);
  core::Result<void> skip_damage(const Segment& segment, std::uint64_t offset, std::uint64_t end, std::uint64_t walked);

  ClassStream& stream_;
  std::unique_ptr<io::File> file_;
  std::uint64_t file_segment_ = 0;
};

}  // namespace sonde::pipeline
