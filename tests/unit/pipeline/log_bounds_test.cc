// Bounds of the log: P5 bounded disk, P6 ordered and honest loss; and disks that fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "pipeline/log.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FileOperation;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

LogOptions bounded() {
  LogOptions options = small_log();
  options.bytes_max = 1024 * 1024;
  options.segment_bytes = 64 * 1024;
  return options;
}

std::int64_t gap_count(const std::vector<core::Record>& gaps, std::string_view folder) {
  std::int64_t sum = 0;
  for (const core::Record& gap : gaps) {
    if (gap.tag("class") == folder) sum += *gap.integer("count");
  }
  return sum;
}

TEST(LogP5, BytesOnDiskStayWithinTheBound) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files, bounded());
  log->cursor("s");
  for (int i = 0; i < 2000; ++i) {
    log->append(probe(i, 1000));
    if (i % 20 == 0) loop.run_for(milliseconds{250});
    ASSERT_LE(log->bytes_on_disk(), 1024U * 1024) << i;
    ASSERT_LE(files.used_bytes(), 1024U * 1024) << i;
  }
  expect_balanced(*log);
}

TEST(LogP6, DiagnosticsGoBeforeResultsAndStateStays) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files, bounded());
  Cursor& cursor = log->cursor("s");
  int n = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 20; ++i) {
      log->append(numbered(RecordClass::kC, n, 700));
      log->append(numbered(RecordClass::kB, n, 700));
      if (i == 0) log->append(numbered(RecordClass::kA, n, 100));
      ++n;
    }
    loop.run_for(milliseconds{300});
  }
  const std::uint64_t evicted_early = cursor.counters().evicted;
  EXPECT_GT(evicted_early, 0U);
  const std::string first = drain(cursor, false);
  EXPECT_EQ(numbers_in(first, RecordClass::kB), range(0, n)) << "results went although diagnostics were there";
  EXPECT_LT(numbers_in(first, RecordClass::kC).size(), static_cast<std::size_t>(n));
  EXPECT_EQ(numbers_in(first, RecordClass::kA).size(), 30U);
  // What is left of the diagnostics is the newest.
  const auto left = numbers_in(first, RecordClass::kC);
  if (!left.empty()) {
    EXPECT_EQ(left, range(left.front(), n));
  }
  expect_balanced(*log);
}

TEST(LogP6, EveryEvictionLeavesAGapRecordWithTheRightCount) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = bounded();
  options.own_tags = {{"vantage", "v9"}};
  auto log = must_open(loop, files, options);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 1500; ++i) {
    log->append(probe(i, 1000));
    if (i % 20 == 0) loop.run_for(milliseconds{250});
  }
  loop.run_for(seconds{1});
  const std::string lines = drain(cursor);
  const auto numbers = numbers_in(lines);
  const auto gaps = gaps_in(lines);
  ASSERT_FALSE(gaps.empty());
  EXPECT_EQ(numbers, range(1500 - static_cast<int>(numbers.size()), 1500));
  EXPECT_EQ(gap_count(gaps, "b"), 1500 - static_cast<std::int64_t>(numbers.size()));
  EXPECT_EQ(gaps[0].tag("vantage"), "v9");
  EXPECT_LE(*gaps[0].integer("first_ms"), *gaps[0].integer("last_ms"));
  EXPECT_EQ(cursor.counters().evicted, 1500 - numbers.size());
  for (std::size_t i = 1; i < gaps.size(); ++i) EXPECT_LT(gaps[i - 1].time, gaps[i].time) << "identities must differ";
  expect_balanced(*log);
}

TEST(LogP6, DeliveredRecordsThatGoAreNoGap) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files, bounded());
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 1500; ++i) {
    log->append(probe(i, 1000));
    if (i % 20 == 0) {
      loop.run_for(milliseconds{250});
      EXPECT_TRUE(gaps_in(drain(cursor)).empty());
    }
  }
  EXPECT_EQ(cursor.counters().evicted, 0U);
}

TEST(LogP5, OldRecordsGoWithAGap) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = small_log();
  options.age_max = hours{1};
  auto log = must_open(loop, files, options);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 10; ++i) log->append(probe(i));
  loop.run_for(hours{2});
  const std::string lines = drain(cursor);
  EXPECT_TRUE(numbers_in(lines).empty());
  const auto gaps = gaps_in(lines);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].integer("count"), 10);
  EXPECT_EQ(gaps[0].text("cause"), "max_age");
  EXPECT_EQ(cursor.counters().evicted, 10U);
  expect_balanced(*log);
}

TEST(LogP5, TheHostKeepsItsLastFreeBytes) {
  SimLoop loop;
  SimFiles files;
  files.set_capacity(2 * 1024 * 1024);
  LogOptions options = small_log();
  options.free_bytes_min = 1024 * 1024;
  auto log = must_open(loop, files, options);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 2000; ++i) {
    log->append(probe(i, 1000));
    if (i % 20 == 0) loop.run_for(milliseconds{250});
    ASSERT_LE(files.used_bytes(), 1024U * 1024 + 64 * 1024) << i;
  }
  EXPECT_EQ(log->degraded(), "");
  EXPECT_GT(cursor.counters().evicted, 0U);
  expect_balanced(*log);
}

TEST(LogP5, AFullDiskEvictsTheOldestAndGoesOn) {
  SimLoop loop;
  SimFiles files;
  files.set_capacity(1500 * 1024);
  auto log = must_open(loop, files, small_log());
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(log->append(probe(i, 1000)));
    if (i % 20 == 0) loop.run_for(milliseconds{250});
  }
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->degraded(), "");
  loop.run_for(seconds{1});
  const std::string lines = drain(cursor);
  const auto numbers = numbers_in(lines);
  EXPECT_EQ(numbers, range(3000 - static_cast<int>(numbers.size()), 3000));
  EXPECT_EQ(gap_count(gaps_in(lines), "b"), 3000 - static_cast<std::int64_t>(numbers.size()));
  expect_balanced(*log);
}

TEST(LogDegraded, AFailingDiskKeepsRecordsInMemoryAndDeliversThem) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 5; ++i) log->append(probe(i));
  ASSERT_TRUE(log->flush());
  files.fail_from(files.operations() + 1);
  for (int i = 5; i < 10; ++i) EXPECT_TRUE(log->append(probe(i)));
  bool told = false;
  log->on_durable([&](Result<void> r) { told = !r.has_value(); });
  loop.run_for(seconds{1});
  EXPECT_NE(log->degraded(), "");
  EXPECT_TRUE(told) << "nobody may be told that memory is durable";
  files.heal();  // reading works again, and so does writing at the next try
  EXPECT_EQ(numbers_in(drain(cursor, false)), range(0, 10));
  expect_balanced(*log);
  loop.run_for(seconds{10});
  EXPECT_EQ(log->degraded(), "");
  files.crash();
  log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(0, 10));
}

TEST(LogDegraded, MemoryIsBoundedAndWhatFallsOutIsCounted) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = small_log();
  options.memory_bytes_max = 100 * 1024;
  auto log = must_open(loop, files, options);
  Cursor& cursor = log->cursor("s");
  log->append(probe(0));
  ASSERT_TRUE(log->flush());
  files.fail_from(files.operations() + 1);
  for (int i = 1; i < 400; ++i) {
    log->append(probe(i, 1000));
    if (i % 10 == 0) loop.run_for(milliseconds{300});
  }
  files.heal();
  loop.run_for(seconds{10});
  EXPECT_EQ(log->degraded(), "");
  const std::string lines = drain(cursor);
  const auto numbers = numbers_in(lines);
  EXPECT_EQ(numbers.front(), 0);
  EXPECT_EQ(numbers.back(), 399);
  EXPECT_EQ(cursor.counters().evicted, 400 - numbers.size());
  EXPECT_EQ(gap_count(gaps_in(lines), "b"), static_cast<std::int64_t>(400 - numbers.size()));
  expect_balanced(*log);
}

TEST(LogDegraded, ADirectoryThatCannotBeMadeMakesALogInMemory) {
  SimLoop loop;
  SimFiles files;
  files.fail_from(1);
  auto log = must_open(loop, files);
  EXPECT_NE(log->degraded(), "");
  Cursor& cursor = log->cursor("s");
  log->append(probe(1));
  loop.run_for(seconds{1});
  EXPECT_EQ(numbers_in(drain(cursor)), range(1, 2));
  EXPECT_FALSE(log->flush());
  expect_balanced(*log);
}

TEST(LogDegraded, AFailedSyncMovesTheWindowToANewSegment) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  log->append(probe(0));
  ASSERT_TRUE(log->flush());
  files.fail_next(FileOperation::kSync);
  log->append(probe(1));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->degraded(), "");
  EXPECT_EQ(segment_paths(files, "b").size(), 2U);
  files.crash();
  log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(0, 2));
}

}  // namespace
}  // namespace sonde::pipeline::test
