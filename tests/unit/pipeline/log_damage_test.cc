// Damage on the disk: P7, every byte flipped, every length, lost places, newer formats.
#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/byte_codec.h"
#include "pipeline/log.h"
#include "pipeline/log_format.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;

constexpr int kFrames = 9;
constexpr int kPerFrame = 3;
constexpr int kRecords = kFrames * kPerFrame;

/// A closed log of kFrames frames with kPerFrame records each, in segments that hold a few of them.
void make_log(SimFiles& files) {
  SimLoop loop;
  LogOptions options = small_log();
  options.bytes_max = 64 * 1024 * 1024;
  options.segment_bytes = 16 * 1024;
  auto log = must_open(loop, files, options);
  log->cursor("s");
  for (int i = 0; i < kRecords; ++i) {
    log->append(probe(i, 1500));
    if (i % kPerFrame == kPerFrame - 1) {
      ASSERT_TRUE(log->flush());
    }
  }
}

/// Everything that is not of one frame must be there, in order; what is missing must be counted.
void expect_at_most_one_frame_lost(SimFiles& files, Log& log) {
  (void)files;
  Cursor& cursor = log.cursor("s");
  const std::string lines = drain(cursor);
  const std::vector<int> numbers = numbers_in(lines);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  std::vector<int> missing;
  for (int n = 0; n < kRecords; ++n) {
    if (!std::binary_search(numbers.begin(), numbers.end(), n)) missing.push_back(n);
  }
  EXPECT_TRUE(missing.empty() || missing.size() == kPerFrame) << missing.size() << " records are missing";
  if (!missing.empty()) {
    EXPECT_EQ(missing.front() / kPerFrame, missing.back() / kPerFrame);
  }
  const LogCounters c = cursor.counters();
  EXPECT_EQ(c.quarantined, missing.size());
  expect_balanced(log);
}

TEST(LogP7, CorruptionCostsTheDamagedRecordOnly) {
  SimFiles files;
  make_log(files);
  const auto paths = segment_paths(files, "b");
  ASSERT_GE(paths.size(), 2U);
  files.corrupt(paths[0], kSegmentHeaderBytes + kFrameHeaderBytes + 10);  // payload of the first frame
  SimLoop loop;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  EXPECT_EQ(numbers_in(drain(cursor)), range(kPerFrame, kRecords));
  loop.run_for(std::chrono::seconds{1});
  const auto gaps = gaps_in(drain(cursor));
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].tag("class"), "b");
  EXPECT_EQ(gaps[0].integer("count"), kPerFrame);
  EXPECT_EQ(gaps[0].text("cause"), "damaged");
  EXPECT_EQ(cursor.counters().quarantined, static_cast<std::uint64_t>(kPerFrame));
  const auto kept = files.list(std::string{kDirectory} + "/quarantine");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), 1U);
  expect_balanced(*log);
}

TEST(LogP7, DamageIsCountedOnceOverRestarts) {
  SimFiles files;
  make_log(files);
  files.corrupt(segment_paths(files, "b")[0], kSegmentHeaderBytes + 3);
  for (int run = 0; run < 3; ++run) {
    SimLoop loop;
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("s");
    const std::string at_once = drain(cursor);
    loop.run_for(std::chrono::seconds{1});
    EXPECT_EQ(gaps_in(at_once + drain(cursor)).size(), run == 0 ? 1U : 0U) << "run " << run;
    EXPECT_EQ(cursor.counters().quarantined, static_cast<std::uint64_t>(kPerFrame));
    expect_balanced(*log);
    ASSERT_TRUE(log->flush());
  }
}

TEST(LogP7, EveryByteFlippedCostsOneFrameAtMost) {
  SimFiles original;
  make_log(original);
  const auto paths = segment_paths(original, "b");
  for (const std::string& path : paths) {
    const std::size_t size = original.contents(path).size();
    // The headers of segment and first frame byte by byte; the rest, which is alike, in odd steps.
    for (std::size_t offset = 0; offset < size; offset += offset < 140 ? 1 : 53) {
      SCOPED_TRACE(testing::Message() << path << " at " << offset);
      SimFiles files;
      copy_files(original, files);
      files.corrupt(path, offset, static_cast<unsigned char>(1U << offset % 8));
      SimLoop loop;
      auto log = must_open(loop, files);
      expect_at_most_one_frame_lost(files, *log);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(LogP7, EveryTruncationKeepsWhatStandsBefore) {
  SimFiles original;
  make_log(original);
  const auto paths = segment_paths(original, "b");
  for (const std::string& path : paths) {
    const std::string all = original.contents(path);
    for (std::size_t size = 0; size < all.size(); size += 131) {
      SCOPED_TRACE(testing::Message() << path << " cut to " << size);
      SimFiles files;
      copy_files(original, files);
      files.set_contents(path, all.substr(0, size));
      SimLoop loop;
      auto log = must_open(loop, files);
      Cursor& cursor = log->cursor("s");
      const std::vector<int> numbers = numbers_in(drain(cursor));
      EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
      const LogCounters c = cursor.counters();
      EXPECT_EQ(numbers.size() + c.quarantined + c.evicted, static_cast<std::size_t>(kRecords));
      EXPECT_EQ(c.pending, 0U);
      expect_balanced(*log);
      // And it goes on.
      log->append(probe(1000));
      ASSERT_TRUE(log->flush());
      EXPECT_EQ(numbers_in(drain(cursor)), range(1000, 1001));
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(LogP7, AMissingSegmentIsCountedAndTheRestComes) {
  SimFiles files;
  make_log(files);
  const auto paths = segment_paths(files, "b");
  ASSERT_GE(paths.size(), 3U);
  ASSERT_TRUE(files.remove(paths[1]));
  SimLoop loop;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  const std::size_t came = numbers_in(drain(cursor)).size();
  EXPECT_LT(came, static_cast<std::size_t>(kRecords));
  EXPECT_EQ(came + cursor.counters().quarantined, static_cast<std::size_t>(kRecords));
  expect_balanced(*log);
}

TEST(LogP7, ALostCursorSendsAgain) {
  SimFiles files;
  make_log(files);
  {
    SimLoop loop;
    auto log = must_open(loop, files);
    drain(log->cursor("s"));
    ASSERT_TRUE(log->flush());
  }
  files.set_contents(std::string{kDirectory} + "/cursors", "garbage");
  SimLoop loop;
  auto log = must_open(loop, files);
  EXPECT_FALSE(numbers_in(drain(log->cursor("s"))).empty());
  EXPECT_EQ(log->degraded(), "");
  expect_balanced(*log);
}

TEST(LogP7, OneDamagedCursorSlotFallsBackToTheOther) {
  SimFiles files;
  make_log(files);
  {
    SimLoop loop;
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("s");
    auto batch = cursor.read(1);
    cursor.commit(batch->next, 0);
    ASSERT_TRUE(log->flush());
    batch = cursor.read(1);
    cursor.commit(batch->next, 0);
    ASSERT_TRUE(log->flush());
  }
  const std::string path = std::string{kDirectory} + "/cursors";
  for (const std::size_t slot : {0U, 1U}) {
    SimFiles damaged;
    copy_files(files, damaged);
    damaged.corrupt(path, slot * 16 * 1024 + 30);
    SimLoop loop;
    auto log = must_open(loop, damaged);
    const std::vector<int> numbers = numbers_in(drain(log->cursor("s")));
    ASSERT_FALSE(numbers.empty());
    EXPECT_TRUE(numbers.front() == 1 || numbers.front() == 2) << numbers.front();
    expect_balanced(*log);
  }
}

TEST(LogP7, ANewerFormatIsRefusedAndNotTouched) {
  SimFiles files;
  make_log(files);
  const std::string path = segment_paths(files, "b").back();
  std::string bytes = files.contents(path);
  bytes[8] = static_cast<char>(kLogFormatVersion + 1);
  std::string crc;
  put_number(crc, crc32c(std::string_view{bytes}.substr(0, kSegmentHeaderBytes - 4)));
  bytes.replace(kSegmentHeaderBytes - 4, 4, crc);
  files.set_contents(path, bytes);
  SimFiles before;
  copy_files(files, before);
  SimLoop loop;
  const auto log = open_log(loop, files, small_log());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, core::ErrorCode::kUnsupported);
  for (const std::string& segment : segment_paths(before, "b")) {
    EXPECT_EQ(files.contents(segment), before.contents(segment));
  }
  EXPECT_EQ(files.contents(std::string{kDirectory} + "/cursors"),
            before.contents(std::string{kDirectory} + "/cursors"));
}

TEST(LogFormat, ChecksumIsCastagnoli) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);  // RFC 3720 B.4 style check value
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(Crc32c, TheInstructionAndTheTableAgreeOnEveryLengthAndStart) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += static_cast<char>(i * 37 + 11);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const std::string_view part = std::string_view{bytes}.substr(from, size);
      ASSERT_EQ(crc32c(part), crc32c_by_table(part)) << from << " " << size;
      ASSERT_EQ(crc32c(part, 0xDEADBEEF), crc32c_by_table(part, 0xDEADBEEF)) << from << " " << size;
    }
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
