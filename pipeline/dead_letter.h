// The bounded file of lines that a server refused: one JSON object per line, with the server's words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "io/files.h"

namespace sonde::pipeline {

class DeadLetterFile {
 public:
  /// An empty path keeps nothing. When the file passes half of `bytes_max` it becomes PATH.1, replacing the older one.
  DeadLetterFile(io::Files& files, std::string path, std::uint64_t bytes_max)
      : files_(files), path_(std::move(path)), bytes_max_(bytes_max) {}

  struct Letter {
    core::WallTime time{};
    std::string_view sink;
    std::string_view reason;
    std::string_view line;
  };
  /// Appends and syncs.
  core::Result<void> add(const Letter& letter);

 private:
  io::Files& files_;
  std::string path_;
  std::uint64_t bytes_max_;
};

}  // namespace sonde::pipeline
