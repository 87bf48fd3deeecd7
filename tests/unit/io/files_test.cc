// The file system, real and simulated: what both promise, what only the real one shows, and how the simulated one
// fails.
#include "io/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include "tests/support/sim_files.h"
#include "tests/support/temp_dir.h"

namespace sonde {
namespace {

using core::ErrorCode;
using io::OpenMode;
using test::FileOperation;
using test::SimFiles;

enum class Kind { kReal, kSimulated };

class AnyFiles : public testing::TestWithParam<Kind> {
 protected:
  AnyFiles() {
    if (GetParam() == Kind::kReal) {
      files_ = io::make_system_files();
    } else {
      files_ = std::make_unique<SimFiles>();
      (void)files_->make_directories(dir_.path());
    }
  }
  [[nodiscard]] std::string path(std::string_view name) const { return dir_.file(name); }
  test::TempDir dir_;
  std::unique_ptr<io::Files> files_;
};

INSTANTIATE_TEST_SUITE_P(Files, AnyFiles, testing::Values(Kind::kReal, Kind::kSimulated),
                         [](const auto& each) { return each.param == Kind::kReal ? "Real" : "Simulated"; });

TEST_P(AnyFiles, AppendsWritesReadsAndTruncates) {
  auto file = files_->open(path("a"), OpenMode::kCreate);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("hello "));
  ASSERT_TRUE((*file)->append("world"));
  ASSERT_TRUE((*file)->write_at(0, "J"));
  EXPECT_EQ(*(*file)->read_at(0, 100), "Jello world");
  EXPECT_EQ(*(*file)->read_at(6, 3), "wor");
  EXPECT_EQ(*(*file)->read_at(50, 3), "");
  ASSERT_TRUE((*file)->truncate(5));
  EXPECT_EQ(*(*file)->size(), 5U);
  ASSERT_TRUE((*file)->append("!"));
  EXPECT_EQ(*(*file)->read_at(0, 100), "Jello!");
  EXPECT_TRUE((*file)->sync());
}

TEST_P(AnyFiles, WritingPastTheEndLeavesZeros) {
  auto file = files_->open(path("a"), OpenMode::kCreate);
  ASSERT_TRUE((*file)->write_at(3, "x"));
  EXPECT_EQ(*(*file)->read_at(0, 10), std::string("\0\0\0x", 4));
}

TEST_P(AnyFiles, ReservingDoesNotChangeTheSize) {
  auto file = files_->open(path("a"), OpenMode::kCreate);
  ASSERT_TRUE((*file)->append("abc"));
  ASSERT_TRUE((*file)->reserve(4096));
  EXPECT_EQ(*(*file)->size(), 3U);
  ASSERT_TRUE((*file)->append("d"));
  EXPECT_EQ(*(*file)->read_at(0, 10), "abcd");
}

TEST_P(AnyFiles, AMissingFileIsNotFound) {
  for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
    auto file = files_->open(path("missing"), mode);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
    EXPECT_NE(file.error().message.find("missing"), std::string::npos);
  }
  EXPECT_EQ(files_->remove(path("missing")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files_->rename(path("missing"), path("b")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files_->list(path("missing")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files_->is_private(path("missing")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files_->open(path("missing/a"), OpenMode::kCreate).error().code, ErrorCode::kNotFound);
}

TEST_P(AnyFiles, ListsNamesSortedWithDirectories) {
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(files_->open(path(name), OpenMode::kCreate));
  ASSERT_TRUE(files_->make_directories(path("aa/deep/er")));
  EXPECT_EQ(*files_->list(dir_.path()), (std::vector<std::string>{"a", "aa", "b", "c"}));
  EXPECT_EQ(*files_->list(path("aa")), (std::vector<std::string>{"deep"}));
  EXPECT_TRUE(files_->make_directories(path("aa/deep/er")));  // again is fine
}

TEST_P(AnyFiles, RenameReplacesAndRemoveRemoves) {
  ASSERT_TRUE(files_->replace(path("a"), "new"));
  ASSERT_TRUE(files_->replace(path("b"), "old"));
  ASSERT_TRUE(files_->rename(path("a"), path("b")));
  EXPECT_EQ(*files_->read_all(path("b"), 10), "new");
  ASSERT_TRUE(files_->remove(path("b")));
  EXPECT_EQ(*files_->list(dir_.path()), std::vector<std::string>{});
}

TEST_P(AnyFiles, ReadAllRefusesMoreThanItsLimit) {
  ASSERT_TRUE(files_->replace(path("a"), std::string(1000, 'x')));
  EXPECT_EQ(files_->read_all(path("a"), 1000)->size(), 1000U);
  auto refused = files_->read_all(path("a"), 999);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_P(AnyFiles, ReplaceOverwritesALeftOverOfACrash) {
  ASSERT_TRUE(files_->replace(path("a.new"), "a long left-over of an earlier crash"));
  ASSERT_TRUE(files_->replace(path("a"), "short"));
  EXPECT_EQ(*files_->read_all(path("a"), 100), "short");
  EXPECT_EQ(files_->list(dir_.path())->size(), 1U);
}

TEST_P(AnyFiles, ALockIsBusyUntilItsHolderGoes) {
  auto held = files_->lock(path("lock"));
  ASSERT_TRUE(held);
  auto second = files_->lock(path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  (*held).reset();
  EXPECT_TRUE(files_->lock(path("lock")));
}

TEST_P(AnyFiles, FreeBytesIsKnown) { EXPECT_GT(*files_->free_bytes(dir_.path()), 0U); }

// ---- The real one

TEST(SystemFiles, ALockNamesTheProcessThatHoldsIt) {
  const test::TempDir dir;
  const auto files = io::make_system_files();
  const std::string path = dir.file("lock");
  std::array<int, 2> to_child{};
  std::array<int, 2> to_parent{};
  ASSERT_EQ(::pipe(to_child.data()), 0);
  ASSERT_EQ(::pipe(to_parent.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto held = files->lock(path);
    char c = held ? 'y' : 'n';
    (void)!::write(to_parent[1], &c, 1);
    (void)!::read(to_child[0], &c, 1);
    ::_exit(0);
  }
  char locked = 0;
  ASSERT_EQ(::read(to_parent[0], &locked, 1), 1);
  ASSERT_EQ(locked, 'y');
  auto second = files->lock(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_NE(second.error().message.find("process " + std::to_string(child)), std::string::npos)
      << second.error().message;
  ASSERT_EQ(::write(to_child[1], "x", 1), 1);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(files->lock(path));  // a lock dies with its process, whatever the file says
  for (const int fd : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) ::close(fd);
}

TEST(SystemFiles, NewFilesAndDirectoriesAreForTheOwnerOnly) {
  const test::TempDir dir;
  const auto files = io::make_system_files();
  ASSERT_TRUE(files->make_directories(dir.file("d/e")));
  ASSERT_TRUE(files->replace(dir.file("d/e/f"), "x"));
  struct stat info {};
  ASSERT_EQ(::stat(dir.file("d/e/f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_TRUE(*files->is_private(dir.file("d/e/f")));
  for (const mode_t open_to_others : {0640, 0604, 0610}) {
    ASSERT_EQ(::chmod(dir.file("d/e/f").c_str(), open_to_others), 0);
    EXPECT_FALSE(*files->is_private(dir.file("d/e/f")));
  }
  ASSERT_EQ(::stat(dir.file("d").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(SystemFiles, AFileInTheWayOfADirectoryIsSaid) {
  const test::TempDir dir;
  const auto files = io::make_system_files();
  ASSERT_TRUE(files->replace(dir.file("f"), "x"));
  auto made = files->make_directories(dir.file("f/d"));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("not a directory"), std::string::npos) << made.error().message;
}

TEST(SystemFiles, AFullDiskIsNoSpace) {
  const auto files = io::make_system_files();
  auto full = files->open("/dev/full", OpenMode::kReadWrite);
  ASSERT_TRUE(full);
  auto written = (*full)->append("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
}

TEST(SystemFiles, AWriteCutShortByALimitIsAnError) {
  const test::TempDir dir;
  const std::string path = dir.file("a");
  // In a child: the limit is of the whole process.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto file = io::make_system_files()->open(path, OpenMode::kCreate);
    auto written = (*file)->append(std::string(1500, 'x'));
    ::_exit(!written && written.error().code == ErrorCode::kNoSpace ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// ---- The simulated one

TEST(SimFiles, ACrashDropsUnsyncedBytes) {
  SimFiles files;
  files.set_contents("/d/a", "kept ");
  auto file = files.open("/d/a", OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->append("synced "));
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE((*file)->append("lost"));
  EXPECT_EQ(files.contents("/d/a"), "kept synced lost");
  files.crash();
  EXPECT_EQ(files.contents("/d/a"), "kept synced ");
}

TEST(SimFiles, ACrashDropsNamesWhoseDirectoryWasNotSynced) {
  SimFiles files;
  ASSERT_TRUE(files.make_directories("/d"));
  auto file = files.open("/d/new", OpenMode::kCreate);
  ASSERT_TRUE((*file)->append("x"));
  ASSERT_TRUE((*file)->sync());
  files.crash();
  EXPECT_FALSE(files.exists("/d/new"));
  file = files.open("/d/new", OpenMode::kCreate);
  ASSERT_TRUE((*file)->append("y"));
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE(files.sync_directory("/d"));
  files.crash();
  EXPECT_EQ(files.contents("/d/new"), "y");
}

TEST(SimFiles, ACrashBringsBackWhatWasRemovedOrRenamedWithoutSync) {
  SimFiles files;
  files.set_contents("/d/a", "a");
  files.set_contents("/d/b", "b");
  ASSERT_TRUE(files.remove("/d/a"));
  ASSERT_TRUE(files.rename("/d/b", "/d/c"));
  files.crash();
  EXPECT_EQ(files.contents("/d/a"), "a");
  EXPECT_EQ(files.contents("/d/b"), "b");
  EXPECT_FALSE(files.exists("/d/c"));
}

TEST(SimFiles, ReplaceIsOldOrNewAtEveryCrash) {
  for (std::uint64_t n = 1; n < 12; ++n) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SimFiles files;
      files.set_contents("/d/a", "old");
      files.fail_from(n, seed % 4);
      const auto replaced = files.replace("/d/a", "new contents");
      files.crash_torn(seed);
      const std::string now = files.contents("/d/a");
      EXPECT_TRUE(now == "old" || now == "new contents") << now << " at " << n << " seed " << seed;
      if (replaced) {
        EXPECT_EQ(now, "new contents");
      }
    }
  }
}

TEST(SimFiles, OpenFilesAndLocksDoNotSurviveACrash) {
  SimFiles files;
  ASSERT_TRUE(files.make_directories("/d"));
  auto held = files.lock("/d/lock");
  ASSERT_TRUE(held);
  ASSERT_TRUE(files.sync_directory("/d"));
  files.crash();
  EXPECT_FALSE((*held)->append("x"));
  auto again = files.lock("/d/lock");
  EXPECT_TRUE(again);
  (*held).reset();  // the dead one frees nothing
  EXPECT_FALSE(files.lock("/d/lock"));
}

TEST(SimFiles, TheNthOperationFailsAndATornWriteLeavesItsBeginning) {
  SimFiles files;
  files.set_contents("/d/a", "");
  files.fail_at(3, ErrorCode::kNoSpace, 2);
  auto file = files.open("/d/a", OpenMode::kReadWrite);  // 1
  EXPECT_TRUE((*file)->append("one "));                  // 2
  auto torn = (*file)->append("two ");                   // 3
  ASSERT_FALSE(torn);
  EXPECT_EQ(torn.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(files.contents("/d/a"), "one tw");
  EXPECT_TRUE((*file)->append("!"));
  EXPECT_EQ(files.operations(), 4U);
}

TEST(SimFiles, AKindOfOperationFailsAsOftenAsAsked) {
  SimFiles files;
  files.set_contents("/d/a", "");
  auto file = files.open("/d/a", OpenMode::kReadWrite);
  files.fail_next(FileOperation::kSync, ErrorCode::kIo, 2);
  EXPECT_FALSE((*file)->sync());
  EXPECT_TRUE((*file)->append("x"));
  EXPECT_FALSE((*file)->sync());
  EXPECT_TRUE((*file)->sync());
}

TEST(SimFiles, AFullDiskCutsTheWriteAndFreesWithRemoval) {
  SimFiles files;
  files.set_contents("/d/other", std::string(60, 'o'));
  files.set_contents("/d/a", "");
  files.set_capacity(100);
  EXPECT_EQ(*files.free_bytes("/d"), 40U);
  auto file = files.open("/d/a", OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->reserve(30));
  EXPECT_EQ(*files.free_bytes("/d"), 10U);
  EXPECT_TRUE((*file)->append(std::string(30, 'x')));  // reserved: cannot fail
  auto written = (*file)->append(std::string(20, 'y'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(files.contents("/d/a").size(), 40U);
  EXPECT_EQ((*file)->reserve(41).error().code, ErrorCode::kNoSpace);
  ASSERT_TRUE(files.remove("/d/other"));
  EXPECT_TRUE((*file)->append(std::string(20, 'y')));
}

TEST(SimFiles, TornCrashesKeepSomeUnsyncedWritesUnderSomeSeed) {
  bool kept = false;
  bool dropped = false;
  bool torn = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimFiles files;
    files.set_contents("/d/a", "");
    auto file = files.open("/d/a", OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->append("0123456789"));
    files.crash_torn(seed);
    const auto size = files.contents("/d/a").size();
    kept = kept || size == 10;
    dropped = dropped || size == 0;
    torn = torn || (size > 0 && size < 10);
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(torn);
}

TEST(SimFiles, CorruptFlipsOneByte) {
  SimFiles files;
  files.set_contents("/d/a", "abc");
  files.corrupt("/d/a", 1, 0x01);
  EXPECT_EQ(files.contents("/d/a"), "acc");
  files.crash();
  EXPECT_EQ(files.contents("/d/a"), "acc");
}

}  // namespace
}  // namespace sonde
