// One way through all segments of a class from the outside: reads files, knows nothing of a running log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "io/files.h"
#include "pipeline/log_format.h"
#include "pipeline/log_survey.h"

namespace sonde::pipeline {

class ClassWalk {
 public:
  struct Frame {
    FrameHeader header;
    std::size_t segment = 0;  // index into segments()
    std::uint64_t offset = 0;
  };
  using Tell = std::function<void(Finding)>;

  /// `tell` gets what is found on the way. `files` must outlive it.
  ClassWalk(io::Files& files, const std::string& directory, RecordClass record_class, Tell tell)
      : files_(files),
        directory_(directory + "/" + std::string{name(record_class)}),
        class_(record_class),
        tell_(std::move(tell)) {}

  /// Lists the segments. A class without a folder has none. Error kUnsupported for a newer format.
  core::Result<void> open();
  /// The next frame, of any kind, in order of sequence numbers; nothing at the end. What was put twice by a failed sync
  /// comes once.
  [[nodiscard]] core::Result<std::optional<Frame>> next();
  /// The lines of a frame that next() returned last. Error kCorrupt when its payload is damaged.
  [[nodiscard]] core::Result<std::string> load(const Frame& frame) const;

  [[nodiscard]] const std::vector<SurveyedSegment>& segments() const { return segments_; }
  /// After the last record that was seen; 0 = none was.
  [[nodiscard]] std::uint64_t end_seq() const { return expected_; }

 private:
  core::Result<void> read_header(SurveyedSegment segment);
  core::Result<bool> open_segment();
  void end_segment();
  void tell(Finding::Kind kind, std::uint64_t offset, std::uint64_t end, std::uint64_t records = 0);
  void tell_missing(std::uint64_t up_to, std::uint64_t offset);
  [[nodiscard]] std::uint64_t limit() const;

  io::Files& files_;
  std::string directory_;
  RecordClass class_;
  Tell tell_;
  std::vector<SurveyedSegment> segments_;
  std::vector<std::uint64_t> first_seqs_;  // by their headers; 0 = damaged
  std::unique_ptr<io::File> file_;         // of segments_[at_]
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t expected_ = 0;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> region_;  // bytes without a frame, not told yet
};

}  // namespace sonde::pipeline
