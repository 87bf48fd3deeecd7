// Files that change under a watch, by every way that editors and orchestrators change them.
#include "io/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/temp_dir.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { std::ofstream{dir_.file(name)} << text; }

  /// Watches what `paths` look like now.
  void watch(const std::vector<std::string>& paths, io::FileWatchOptions options = {.quiet = 20ms, .poll = 1h}) {
    io::FileStamps stamps;
    for (const std::string& path : paths) stamps.emplace(path, io::stamp_of(path));
    watch_ = io::make_file_watch(*loop_, options, [this] { ++changes_; });
    watch_->watch(std::move(stamps));
  }

  bool changed(int times = 1) {
    return run_loop_until(*loop_, [this, times] { return changes_ >= times; });
  }
  /// Runs the loop well beyond the time in which a change would have been told.
  void settle() {
    const auto until = loop_->precise_now() + 100ms;
    (void)run_loop_until(*loop_, [this, until] { return loop_->precise_now() >= until; });
  }

  TempDir dir_;
  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
  std::unique_ptr<io::FileWatch> watch_;
  int changes_ = 0;
};

TEST_F(FileWatchTest, TellsOfAFileThatIsWrittenAgain) {
  write("a", "1");
  watch({dir_.file("a")});
  write("a", "two");
  EXPECT_TRUE(changed());
  write("a", "three!");
  EXPECT_TRUE(changed(2));
}

TEST_F(FileWatchTest, TellsOfAFileThatAnEditorReplacesByRename) {
  write("a", "1");
  watch({dir_.file("a")});
  write("a.new", "1");
  fs::rename(dir_.file("a.new"), dir_.file("a"));
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, TellsOfALinkThatIsSwitchedOver) {  // Kubernetes config maps
  fs::create_directories(dir_.file("v1"));
  fs::create_directories(dir_.file("v2"));
  write("v1/a", "1");
  write("v2/a", "1");
  fs::create_directory_symlink("v1", dir_.file("data"));
  fs::create_symlink("data/a", dir_.file("a"));
  watch({dir_.file("a")});
  fs::create_directory_symlink("v2", dir_.file("data.new"));
  fs::rename(dir_.file("data.new"), dir_.file("data"));
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, TellsOfAFileThatAppearsInAFolderThatWasListed) {
  watch({dir_.path()});
  write("b", "1");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, TellsOfAFileThatWasMissing) {
  watch({dir_.file("a")});
  write("a", "1");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, TellsOnceOfManyWritesInARow) {
  write("a", "1");
  watch({dir_.file("a")});
  for (int i = 0; i < 20; ++i) write("a", std::string(static_cast<std::size_t>(i) + 2, 'x'));
  EXPECT_TRUE(changed());
  settle();
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileWatchTest, SaysNothingOfOtherFilesNorOfAFileThatIsTheSameAgain) {
  write("a", "1");
  watch({dir_.file("a")});
  write("b", "1");
  settle();
  EXPECT_EQ(changes_, 0);
}

TEST_F(FileWatchTest, AChangeBetweenReadingAndWatchingIsNotLost) {
  write("a", "1");
  const io::FileStamp before = io::stamp_of(dir_.file("a"));
  write("a", "two");
  watch_ = io::make_file_watch(*loop_, {.quiet = 20ms, .poll = 1h}, [this] { ++changes_; });
  watch_->watch({{dir_.file("a"), before}});
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, ThePollFindsWhatNoEventTold) {
  fs::create_directories(dir_.file("far"));
  write("far/a", "1");
  fs::create_symlink("far/a", dir_.file("a"));  // its folder is not the one that changes
  watch({dir_.file("a")}, {.quiet = 20ms, .poll = 30ms});
  write("far/a", "two");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatchTest, StampedFilesRememberWhatWasReadAndWhatWasMissing) {
  write("a", "1");
  const auto system = io::make_system_files();
  const auto digest = [&] {
    io::StampedFiles files{*system};
    (void)files.read_all(dir_.file("a"), 100);
    (void)files.read_all(dir_.file("none"), 100);
    (void)files.list(dir_.path());
    EXPECT_EQ(files.stamps().size(), 3U);
    EXPECT_FALSE(files.stamps().at(dir_.file("none")).there);
    return files.digest();
  };
  const std::uint64_t first = digest();
  EXPECT_EQ(digest(), first);
  write("a", "2");
  EXPECT_NE(digest(), first);
}

}  // namespace
}  // namespace sonde::test
