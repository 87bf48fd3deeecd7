// A file system in memory that can fail, fill up, tear a write and lose power, as a real one can.
// What is not synced is lost in crash(): bytes need sync() of their file, names need sync_directory() of their
// directory (a new file whose directory was not synced is gone, a removed or renamed one is back).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"

namespace sonde::test {

enum class FileOperation {
  kOpen,
  kLock,
  kList,
  kMakeDirectories,
  kRemove,
  kRename,
  kSyncDirectory,
  kFreeBytes,
  kIsPrivate,
  kAppend,
  kWriteAt,
  kReadAt,
  kSize,
  kTruncate,
  kReserve,
  kSync,
};

class SimFiles final : public io::Files {
 public:
  SimFiles();
  ~SimFiles() override;
  SimFiles(const SimFiles&) = delete;
  SimFiles& operator=(const SimFiles&) = delete;

  // Files. Open files may outlive neither this object nor a crash (then they only fail).
  [[nodiscard]] io::Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;
  [[nodiscard]] io::Result<std::unique_ptr<io::File>> lock(const std::string& path) override;
  [[nodiscard]] io::Result<std::vector<std::string>> list(const std::string& directory) override;
  io::Result<void> make_directories(const std::string& directory) override;
  io::Result<void> remove(const std::string& path) override;
  io::Result<void> rename(const std::string& from, const std::string& to) override;
  io::Result<void> sync_directory(const std::string& directory) override;
  [[nodiscard]] io::Result<std::uint64_t> free_bytes(const std::string& directory) override;
  /// Every simulated file is the owner's alone, unless share() was called for it.
  [[nodiscard]] io::Result<bool> is_private(const std::string& path) override;

  // Failures. Operations are counted from 1 over everything that the code under test calls.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  /// Operation number `n` (counted from 1 since construction) fails once. A write then still leaves its first
  /// `torn_bytes` bytes.
  void fail_at(std::uint64_t n, core::ErrorCode code = core::ErrorCode::kIo, std::size_t torn_bytes = 0);
  /// Every operation from number `n` on fails: the power is gone; follow with crash().
  void fail_from(std::uint64_t n, std::size_t torn_bytes = 0);
  /// The next `times` operations of that kind fail.
  void fail_next(FileOperation operation, core::ErrorCode code = core::ErrorCode::kIo, int times = 1);
  /// How many operations of that kind there were.
  [[nodiscard]] std::uint64_t count(FileOperation operation) const;
  /// `times` operations of that kind fail, from its `n`-th on (counted from 1 since construction).
  void fail_nth(FileOperation operation, std::uint64_t n, core::ErrorCode code, int times = 1);
  /// How many failures there were.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  /// Takes all planned failures back.
  void heal();
  /// Bytes of all files together (reserved ones count) beyond which writes are cut short with kNoSpace.
  /// Without a limit, free_bytes() says 1 TiB.
  void set_capacity(std::optional<std::uint64_t> bytes) { capacity_ = bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const;

  /// The machine loses power and starts again: everything not synced is gone, open files fail, locks are free,
  /// planned failures are taken back.
  void crash();
  /// As crash(), but the disk had written some of what was not synced already: each unsynced write is kept,
  /// dropped or torn, and of the unsynced changes of names the first few are kept, in order, as `seed` decides.
  void crash_torn(std::uint64_t seed);

  // Looking in, and damage. Not counted as operations.
  [[nodiscard]] bool exists(const std::string& path) const;
  /// All files there are now.
  [[nodiscard]] std::vector<std::string> paths() const;
  /// What a reader would see now; empty when there is no such file.
  [[nodiscard]] std::string contents(const std::string& path) const;
  /// Makes or replaces a file, durable at once, directories included.
  void set_contents(const std::string& path, std::string_view bytes);
  /// Lets others read the file of that name: is_private() then says no.
  void share(const std::string& path) { shared_.insert(path); }
  /// Flips the bits of `mask` in one byte, on disk and in memory. Aborts when there is no such byte.
  void corrupt(const std::string& path, std::uint64_t offset, unsigned char mask = 0xff);

 private:
  friend class SimFile;
  /// One write or truncation since the last sync.
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> truncate_to;
  };
  struct Node {
    std::string live;
    std::string durable;
    std::vector<Change> unsynced;
    std::uint64_t reserved = 0;
    bool locked = false;
  };
  using Entries = std::map<std::string, std::shared_ptr<Node>>;  // shared: two names, or a name and an open file
  struct Directory {
    Entries live;
    Entries durable;
  };
  /// One create, remove or rename that is not durable yet. A rename is one change with two names, as in a journal.
  struct NameChange {
    struct Part {
      std::string directory;
      std::string name;
      std::shared_ptr<Node> node;  // null = the name goes
    };
    std::vector<Part> parts;
  };

  struct Failure {
    core::ErrorCode code;
    std::size_t torn_bytes;
  };

  /// Counts an operation and says whether it is to fail.
  std::optional<Failure> begin(FileOperation operation);
  std::optional<Failure> planned_failure(FileOperation operation);
  static core::Error error(const Failure& failure, std::string_view what, const std::string& path);
  static void apply(std::string& bytes, const Change& change);
  io::Result<void> change(const std::shared_ptr<Node>& node, Change change, FileOperation operation,
                          const std::string& path);
  [[nodiscard]] std::shared_ptr<Node> find(const std::string& path) const;
  io::Result<std::shared_ptr<Node>> find_or_make(const std::string& path, bool make);
  void change_names(NameChange change);
  void make_durable(const NameChange& change);
  void power_loss(std::optional<std::uint64_t> seed);

  std::map<std::string, Directory> directories_;
  std::vector<NameChange> names_unsynced_;  // oldest first
  std::uint64_t operations_ = 0;
  std::map<std::uint64_t, Failure> planned_;
  std::optional<std::pair<std::uint64_t, Failure>> from_;
  std::map<FileOperation, std::pair<int, Failure>> next_;
  struct Nth {
    std::uint64_t n;
    int times;
    Failure failure;
  };
  std::map<FileOperation, Nth> nth_;
  std::map<FileOperation, std::uint64_t> counts_;
  std::uint64_t failures_ = 0;
  std::optional<std::uint64_t> capacity_;
  std::set<std::string> shared_;
  std::uint64_t boot_ = 0;  // open files of an earlier boot fail
};

}  // namespace sonde::test
