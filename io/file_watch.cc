// Watching files. Source: inotify(7), stat(2).
#include "io/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "io/unique_fd.h"

namespace sonde::io {
namespace {

// IN_MODIFY is left out: a file that is being written is not worth reading yet.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void mix(std::uint64_t& digest, std::string_view bytes) {
  digest = (digest * 1'000'003) ^ std::hash<std::string_view>{}(bytes);
}

class SystemFileWatch final : public FileWatch {
 public:
  SystemFileWatch(Loop& loop, FileWatchOptions options, Callback<void()> on_change)
      : loop_(loop),
        options_(options),
        on_change_(std::move(on_change)),
        inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (inotify_) readable_ = loop_.watch(inotify_.get(), Interest::kRead, [this] { on_events(); });
    arm_poll();
  }

  void watch(FileStamps stamps) override {
    known_ = std::move(stamps);
    seen_ = known_;
    watch_folders();
    if (look() != known_) expect_quiet();
  }

 private:
  // A file is watched by its folder: the file itself may be replaced. Without inotify (limits of the system) the poll
  // is enough.
  void watch_folders() {
    if (!inotify_) return;
    std::set<std::string> folders;
    for (const auto& [path, stamp] : known_) {
      folders.insert(folder_of(path));
      folders.insert(path);  // IN_ONLYDIR: refused where it is no folder
    }
    std::set<int> watches;
    for (const std::string& folder : folders) {
      const int number = ::inotify_add_watch(inotify_.get(), folder.c_str(), kEvents);
      if (number >= 0) watches.insert(number);
    }
    for (const int old : watches_) {
      if (!watches.contains(old)) ::inotify_rm_watch(inotify_.get(), old);
    }
    watches_ = std::move(watches);
  }

  // What the events say does not matter: looking decides.
  void on_events() {
    std::array<char, 16 * 1024> buffer;
    for (int round = 0; round < 64; ++round) {  // the rest in the next turn
      if (::read(inotify_.get(), buffer.data(), buffer.size()) <= 0) break;
    }
    if (look() != known_) expect_quiet();
  }

  void arm_poll() {
    poll_ = loop_.after(options_.poll, [this] {
      arm_poll();
      if (!quiet_ && look() != known_) expect_quiet();
    });
  }

  [[nodiscard]] FileStamps look() const {
    FileStamps now;
    for (const auto& [path, stamp] : known_) now.emplace(path, stamp_of(path));
    return now;
  }

  // Told once two looks, `quiet` apart, agree: what is still being written would only give mistakes.
  void expect_quiet() {
    seen_ = look();
    quiet_ = loop_.after(options_.quiet, [this] { on_quiet(); });
  }

  void on_quiet() {
    quiet_.reset();
    FileStamps now = look();
    if (now != seen_) return expect_quiet();
    if (now == known_) return;  // back to what it was
    known_ = std::move(now);
    watch_folders();  // one of them may be new
    on_change_();
  }

  Loop& loop_;
  FileWatchOptions options_;
  Callback<void()> on_change_;
  UniqueFd inotify_;
  Handle readable_;
  Handle poll_;
  Handle quiet_;
  std::set<int> watches_;
  FileStamps known_;  // as it was read, or as it was last told
  FileStamps seen_;   // at the last look
};

class StampedFile final : public File {
 public:
  StampedFile(std::unique_ptr<File> file, std::uint64_t& digest) : file_(std::move(file)), digest_(digest) {}
  Result<void> append(std::string_view bytes) override { return file_->append(bytes); }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return file_->write_at(offset, bytes);
  }
  [[nodiscard]] Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override {
    auto bytes = file_->read_at(offset, size);
    mix(digest_, bytes ? *bytes : bytes.error().message);
    return bytes;
  }
  [[nodiscard]] Result<std::uint64_t> size() const override { return file_->size(); }
  Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
  Result<void> reserve(std::uint64_t size) override { return file_->reserve(size); }
  Result<void> sync() override { return file_->sync(); }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t& digest_;  // of the StampedFiles, which outlives its files
};

}  // namespace

FileStamp stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {.there = true,
          .device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::unique_ptr<FileWatch> make_file_watch(Loop& loop, FileWatchOptions options, Callback<void()> on_change) {
  return std::make_unique<SystemFileWatch>(loop, options, std::move(on_change));
}

void StampedFiles::remember(const std::string& path) {
  stamps_.try_emplace(path, stamp_of(path));  // the first look counts: what came later may not have been read
  mix(digest_, path);
}

Result<std::unique_ptr<File>> StampedFiles::open(const std::string& path, OpenMode mode) {
  if (mode != OpenMode::kReadOnly) return files_.open(path, mode);
  remember(path);
  auto file = files_.open(path, mode);
  if (!file) {
    mix(digest_, file.error().message);
    return file;
  }
  return std::unique_ptr<File>{std::make_unique<StampedFile>(std::move(*file), digest_)};
}

Result<std::vector<std::string>> StampedFiles::list(const std::string& directory) {
  remember(directory);
  return files_.list(directory);  // names that matter are opened next
}

Result<bool> StampedFiles::is_private(const std::string& path) {
  remember(path);
  auto alone = files_.is_private(path);
  mix(digest_, alone && *alone ? "private" : "shared");
  return alone;
}

}  // namespace sonde::io
