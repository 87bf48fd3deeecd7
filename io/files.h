// The file system as the log and the configuration see it. Simulation replaces it.
// Every status is handled: a short write, a failed fsync and a failed close are errors. Blocking calls, used for small
// bounded amounts on the loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sonde::io {

using core::Result;

/// An open file. Closing happens on destruction; close() reports.
class File {
 public:
  virtual ~File() = default;
  /// Appends all bytes at the end, or fails (some of them may then be there).
  virtual Result<void> append(std::string_view bytes) = 0;
  /// Writes all bytes at `offset`.
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  /// Reads up to `size` bytes at `offset`; fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::string> read_at(std::uint64_t offset, std::size_t size) const = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  /// Reserves blocks so that later appends up to `size` cannot hit a full disk (posix_fallocate(3) with KEEP_SIZE).
  virtual Result<void> reserve(std::uint64_t size) = 0;
  /// fdatasync(2).
  virtual Result<void> sync() = 0;
};

enum class OpenMode { kReadOnly, kReadWrite, kCreate /* read-write, made when missing, mode 0600 */ };

class Files {
 public:
  virtual ~Files() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// An exclusive lock on `path` (created) held while the returned object lives; kBusy names the holder's pid.
  [[nodiscard]] virtual Result<std::unique_ptr<File>> lock(const std::string& path) = 0;
  /// Names (not paths) in a directory, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<void> make_directories(const std::string& directory) = 0;  // mode 0700 for those it makes
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// fsync(2) of the directory itself: after create, rename and remove.
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  /// Bytes that an unprivileged process may still use on the file system of `directory`.
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
  /// Whether only the owner may read or write the file (no permission for group and others).
  [[nodiscard]] virtual Result<bool> is_private(const std::string& path) = 0;

  /// Whole small files. read_all refuses more than `bytes_max`. replace writes beside, syncs and renames.
  [[nodiscard]] Result<std::string> read_all(const std::string& path, std::size_t bytes_max);
  Result<void> replace(const std::string& path, std::string_view bytes);
};

/// The real file system.
[[nodiscard]] std::unique_ptr<Files> make_system_files();

}  // namespace sonde::io
