// The files that a rotated file leaves behind: their names, their packing and their end.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"
#include "io/loop.h"

namespace sonde::pipeline {

class RotatedFiles {
 public:
  /// `path` is that of the file in use. `keep` 0 = all. `loop` and `files` must outlive it.
  RotatedFiles(io::Loop& loop, io::Files& files, const std::string& path, int keep, bool gzip);

  /// Takes up what an earlier process left: files not packed yet, and halves of packed ones. Once, before the rest.
  void resume();
  /// Renames the file in use to its name for `now`. Nothing else of it may be open for writing.
  core::Result<void> put_aside(core::WallTime now);
  /// All rotated files, packed or not, oldest first; names without the folder.
  [[nodiscard]] core::Result<std::vector<std::string>> list();

 private:
  [[nodiscard]] bool is_rotated(std::string_view name) const;
  [[nodiscard]] std::string in_folder(std::string_view name) const;
  void prune();
  void pack_next();
  void pack_some();
  core::Result<bool> pack_chunk();
  core::Result<void> packed();

  /// One file being packed.
  struct Packing {
    std::string name;
    std::unique_ptr<io::File> from;
    std::unique_ptr<io::File> to;
    std::uint64_t at = 0;
  };

  io::Loop& loop_;
  io::Files& files_;
  std::string folder_;
  std::string file_;       // name of the file in use
  std::string stem_;       // of it
  std::string extension_;  // of it, with its dot, or ""
  int keep_;
  bool gzip_;
  std::deque<std::string> to_pack_;
  std::unique_ptr<Packing> packing_;
  io::Handle step_;
};

}  // namespace sonde::pipeline
