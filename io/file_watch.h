// Tells when files that were read have changed: what a file looked like when it was read is compared with what it looks
// like now. inotify(7) only says when it is worth looking; a slow poll looks too, for file systems that send no events
// (network mounts, events lost). So editors that write beside and rename, links that are switched over (as Kubernetes
// does with its config maps), and files that appear are all the same case.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "io/files.h"
#include "io/loop.h"

namespace sonde::io {

/// What a path looked like; another one means that it may hold something else.
struct FileStamp {
  bool there = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;  // of a folder: when a name in it came, went or changed
  bool operator==(const FileStamp&) const = default;
};
using FileStamps = std::map<std::string, FileStamp>;

/// stat(2) of `path`; links are followed.
[[nodiscard]] FileStamp stamp_of(const std::string& path);

struct FileWatchOptions {
  Duration quiet = std::chrono::milliseconds{300};  // a change is told once nothing has changed for so long
  Duration poll = std::chrono::seconds{10};
};

class FileWatch {
 public:
  virtual ~FileWatch() = default;
  /// Watches these from now on, and no others. A path that already looks different from its stamp has changed.
  virtual void watch(FileStamps stamps) = 0;
};

/// `on_change` is called each time something has changed, later and never from inside watch(); what it looks like then
/// is not told again. It must not destroy the watch. `loop` must outlive the watch.
[[nodiscard]] std::unique_ptr<FileWatch> make_file_watch(Loop& loop, FileWatchOptions options,
                                                         Callback<void()> on_change);

/// Hands everything on to `files` and remembers what was read: each path with its stamp from just before, and a digest
/// of all bytes. Reading a folder's names and asking for a path that is not there count too.
class StampedFiles final : public Files {
 public:
  explicit StampedFiles(Files& files) : files_(files) {}
  [[nodiscard]] const FileStamps& stamps() const { return stamps_; }
  /// Of the paths and bytes that were read, in their order. The same digest means the same input.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  [[nodiscard]] Result<std::unique_ptr<File>> lock(const std::string& path) override { return files_.lock(path); }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& directory) override { return files_.make_directories(directory); }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> rename(const std::string& from, const std::string& to) override { return files_.rename(from, to); }
  Result<void> sync_directory(const std::string& directory) override { return files_.sync_directory(directory); }
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& directory) override {
    return files_.free_bytes(directory);
  }
  [[nodiscard]] Result<bool> is_private(const std::string& path) override;

 private:
  void remember(const std::string& path);

  Files& files_;
  FileStamps stamps_;
  std::uint64_t digest_ = 0;
};

}  // namespace sonde::io
