// The real file system. Source: open(2), pwrite(2), fdatasync(2), fallocate(2), flock(2), rename(2).
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <system_error>

#include "io/files.h"
#include "io/unique_fd.h"

namespace sonde::io {
namespace {

using core::Error;
using core::ErrorCode;

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::kNoSpace;
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    case EWOULDBLOCK:
    case EBUSY:
      return ErrorCode::kBusy;
    default:
      return ErrorCode::kIo;
  }
}

/// "cannot WHAT PATH: REASON"
Error failed(const char* what, const std::string& path, int error) {
  return {code_of(error), std::string("cannot ") + what + " " + path + ": " + std::generic_category().message(error)};
}

/// Calls a system function again while a signal interrupts it.
template <typename F>
auto retrying(F f) {
  auto result = f();
  while (result == -1 && errno == EINTR) result = f();
  return result;
}

Result<off_t> to_offset(std::uint64_t value, const std::string& path) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return failed("reach", path, EFBIG);
  return static_cast<off_t>(value);
}

class SystemFile final : public File {
 public:
  SystemFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    // Not O_APPEND: with it pwrite(2) ignores its offset on Linux.
    auto end = size();
    if (!end) return end.error();
    return write_at(*end, bytes);
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      auto at = to_offset(offset, path_);
      if (!at) return at.error();
      const ssize_t n = retrying([&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), *at); });
      if (n < 0) return failed("write", path_, errno);
      // Zero bytes written without an error would loop for ever.
      if (n == 0) return failed("write", path_, EIO);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  [[nodiscard]] Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      auto at = to_offset(offset + have, path_);
      if (!at) return at.error();
      const ssize_t n = retrying([&] { return ::pread(fd_.get(), bytes.data() + have, size - have, *at); });
      if (n < 0) return failed("read", path_, errno);
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
  }

  [[nodiscard]] Result<std::uint64_t> size() const override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return failed("look at", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    auto length = to_offset(size, path_);
    if (!length) return length.error();
    if (retrying([&] { return ::ftruncate(fd_.get(), *length); }) != 0) return failed("truncate", path_, errno);
    return {};
  }

  Result<void> reserve(std::uint64_t size) override {
    auto length = to_offset(size, path_);
    if (!length) return length.error();
    if (*length == 0) return {};
    // fallocate(2) itself: posix_fallocate(3) would change the size, and where the file system cannot reserve it
    // writes zeros over what another process may just be appending.
    if (retrying([&] { return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, *length); }) != 0) {
      return failed("reserve space for", path_, errno);
    }
    return {};
  }

  Result<void> sync() override {
    if (retrying([&] { return ::fdatasync(fd_.get()); }) != 0) return failed("sync", path_, errno);
    return {};
  }

 private:
  UniqueFd fd_;
  std::string path_;
};

class SystemFiles final : public Files {
 public:
  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    auto fd = open_fd(path, flags_of(mode), "open");
    if (!fd) return fd.error();
    return std::unique_ptr<File>(std::make_unique<SystemFile>(std::move(*fd), path));
  }
  [[nodiscard]] Result<std::unique_ptr<File>> lock(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& directory) override;
  Result<void> remove(const std::string& path) override {
    // remove(3) would take a directory too; a directory here is a mistake.
    if (::unlink(path.c_str()) != 0) return failed("remove", path, errno);
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from + " to " + to, errno);
    return {};
  }
  Result<void> sync_directory(const std::string& directory) override {
    auto fd = open_fd(directory, O_RDONLY | O_DIRECTORY, "open");
    if (!fd) return fd.error();
    if (retrying([&] { return ::fsync(fd->get()); }) != 0) return failed("sync", directory, errno);
    return {};
  }
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& directory) override {
    struct statvfs info {};
    if (retrying([&] { return ::statvfs(directory.c_str(), &info); }) != 0) {
      return failed("look at the file system of", directory, errno);
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }

  [[nodiscard]] Result<bool> is_private(const std::string& path) override {
    struct stat info {};
    if (retrying([&] { return ::stat(path.c_str(), &info); }) != 0) return failed("look at", path, errno);
    return (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  }

 private:
  static int flags_of(OpenMode mode) {
    switch (mode) {
      case OpenMode::kReadOnly:
        return O_RDONLY;
      case OpenMode::kReadWrite:
        return O_RDWR;
      case OpenMode::kCreate:
        return O_RDWR | O_CREAT;
    }
    return O_RDONLY;
  }
  static Result<UniqueFd> open_fd(const std::string& path, int flags, const char* what) {
    UniqueFd fd{retrying([&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); })};
    if (!fd) return failed(what, path, errno);
    return fd;
  }
};

Result<std::unique_ptr<File>> SystemFiles::lock(const std::string& path) {
  auto fd = open_fd(path, O_RDWR | O_CREAT, "open the lock file");
  if (!fd) return fd.error();
  const bool locked = retrying([&] { return ::flock(fd->get(), LOCK_EX | LOCK_NB); }) == 0;
  const int error = errno;
  auto file = std::make_unique<SystemFile>(std::move(*fd), path);
  if (!locked) {
    if (error != EWOULDBLOCK) return failed("lock", path, error);
    auto holder = file->read_at(0, 20);
    std::string pid;
    if (holder) pid = holder->substr(0, holder->find_first_not_of("0123456789"));
    return Error{ErrorCode::kBusy, path + " is locked by " + (pid.empty() ? "another process" : "process " + pid)};
  }
  // The pid only informs: the lock is flock's and goes with the process, so a stale pid never blocks.
  if (auto cut = file->truncate(0); !cut) return cut.error();
  if (auto written = file->append(std::to_string(::getpid()) + "\n"); !written) return written.error();
  return std::unique_ptr<File>(std::move(file));
}

Result<std::vector<std::string>> SystemFiles::list(const std::string& directory) {
  struct CloseDirectory {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  const std::unique_ptr<DIR, CloseDirectory> stream(::opendir(directory.c_str()));
  if (stream == nullptr) return failed("list", directory, errno);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return failed("list", directory, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> SystemFiles::make_directories(const std::string& directory) {
  std::size_t end = 0;
  while (end != std::string::npos) {
    end = directory.find('/', end + 1);
    const std::string part = directory.substr(0, end);
    if (::mkdir(part.c_str(), S_IRWXU) == 0) {
      // A new directory is only there after a crash once its parent is synced.
      const std::size_t slash = part.rfind('/');
      const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : part.substr(0, slash);
      if (auto synced = sync_directory(parent); !synced) return synced;
      continue;
    }
    // Some parts may exist and still refuse mkdir with another error (read-only, no permission): what counts is
    // whether a directory is there.
    const int error = errno;
    struct stat info {};
    if (::stat(part.c_str(), &info) != 0) return failed("make the directory", part, error);
    if (!S_ISDIR(info.st_mode)) return Error{ErrorCode::kIo, part + " is not a directory"};
  }
  return {};
}

}  // namespace

std::unique_ptr<Files> make_system_files() { return std::make_unique<SystemFiles>(); }

}  // namespace sonde::io
