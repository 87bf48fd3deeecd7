// The log by its interface: order, durability, places, restart.
#include "pipeline/log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/line_protocol.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FileOperation;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Log, ReturnsRecordsInTheOrderTheyWereTaken) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(log->append(probe(i, 100)));
    if (i % 70 == 0) loop.run_for(milliseconds{250});
  }
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(numbers_in(drain(cursor)), range(0, 1000));
  expect_balanced(*log);
}

TEST(Log, MergesClassesInTheOrderOfTheirCommits) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  log->append(probe(1));
  ASSERT_TRUE(log->flush());
  log->append(numbered(RecordClass::kC, 2));
  log->append(numbered(RecordClass::kA, 3));
  ASSERT_TRUE(log->flush());
  const std::string lines = drain(cursor);
  EXPECT_LT(lines.find("n=1i"), lines.find("n=3i"));
  EXPECT_LT(lines.find("n=3i"), lines.find("n=2i"));
}

TEST(LogP1, AppendedRecordsAreDurableAfterTheCommitInterval) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  log->append(probe(1));
  bool durable = false;
  log->on_durable([&](Result<void> r) { durable = r.has_value(); });
  EXPECT_FALSE(durable);
  loop.run_for(milliseconds{250});
  EXPECT_TRUE(durable);
  files.crash();
  log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(1, 2));
}

TEST(LogP1, OnlyDurableRecordsAreReturned) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  log->append(probe(1));
  EXPECT_EQ(drain(cursor), "");
  EXPECT_EQ(cursor.counters().pending, 1U);
  loop.run_for(milliseconds{250});
  EXPECT_EQ(numbers_in(drain(cursor)), range(1, 2));
}

TEST(LogP1, AKilledProcessLosesNothingThatWasAppended) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  for (int i = 0; i < 50; ++i) {
    log->append(probe(i));
    if (i == 20) loop.run_for(milliseconds{250});
    log->append(numbered(RecordClass::kA, i));
  }
  SimFiles after;  // the kernel keeps what was written, synced or not
  copy_files(files, after);
  SimLoop next_loop;
  auto next = must_open(next_loop, after);
  const std::string lines = drain(next->cursor("s"));
  EXPECT_EQ(numbers_in(lines), range(0, 50));
  EXPECT_EQ(numbers_in(lines, RecordClass::kA), range(0, 50));
}

// Appends `count` probes within one turn of the loop.
void append_in_a_turn(SimLoop& loop, Log& log, int from, int count) {
  const auto step = loop.soon([&] {
    for (int i = from; i < from + count; ++i) log.append(probe(i));
  });
  loop.turn();
}

// What another process finds in class B, after this one was killed.
std::vector<int> numbers_after_a_kill(SimFiles& files) {
  SimFiles after;
  copy_files(files, after);
  SimLoop loop;
  auto next = must_open(loop, after);
  return numbers_in(drain(next->cursor("s")));
}

TEST(LogP1, WhatOneTurnTakesInIsWrittenWhenItEndsAndByOneWrite) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  const auto writes = files.count(FileOperation::kWriteAt);
  append_in_a_turn(loop, *log, 0, 50);
  EXPECT_EQ(files.count(FileOperation::kWriteAt), writes + 1);
  EXPECT_EQ(numbers_after_a_kill(files), range(0, 50));
  append_in_a_turn(loop, *log, 50, 1);
  EXPECT_EQ(files.count(FileOperation::kWriteAt), writes + 2);
  EXPECT_EQ(numbers_after_a_kill(files), range(0, 51));
}

TEST(LogP1, ATurnThatTakesInMoreThanTheJournalHoldsLosesNothing) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  const auto step = loop.soon([&] {
    for (int i = 0; i < 400; ++i) log->append(probe(i, 1500));  // more than one frame's text
  });
  loop.turn();
  EXPECT_EQ(numbers_after_a_kill(files), range(0, 400));
  EXPECT_EQ(log->degraded(), "");
}

TEST(LogP1, AJournalThatCannotBeWrittenAtTheTurnsEndLeavesAFrame) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  files.fail_next(FileOperation::kWriteAt);
  append_in_a_turn(loop, *log, 0, 5);
  EXPECT_EQ(log->degraded(), "");
  EXPECT_EQ(numbers_after_a_kill(files), range(0, 5));
}

TEST(LogP1, AProcessThatEndsInTheMiddleOfATurnLosesNothing) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  const auto step = loop.soon([&] {
    log->append(probe(0));
    log.reset();
  });
  loop.turn();
  EXPECT_EQ(numbers_after_a_kill(files), range(0, 1));
}

// What another process finds of the newest stamp, after this one was killed.
core::WallTime newest_stamp_after(SimFiles& files) {
  SimFiles after;
  copy_files(files, after);
  SimLoop loop;
  return must_open(loop, after)->newest_stamp();
}

TEST(LogP3, TheNewestStampOutlivesAKill) {
  for (const auto ahead : {core::Duration{}, core::Duration{std::chrono::hours{1}}}) {  // the clock went back, or not
    SimLoop loop;
    SimFiles files;
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("db");
    EXPECT_EQ(log->newest_stamp(), core::WallTime{});
    core::Record r = probe(1);
    r.time = loop.wall_now() + ahead;
    log->append(r);
    EXPECT_EQ(log->newest_stamp(), r.time);
    EXPECT_GE(newest_stamp_after(files), r.time) << "in the journal";
    r.time -= std::chrono::seconds{1};
    log->append(r);
    loop.run_for(std::chrono::seconds{1});
    EXPECT_GE(newest_stamp_after(files), r.time + std::chrono::seconds{1}) << "in frames";
    drain(cursor);
    loop.run_for(std::chrono::seconds{10});
    EXPECT_GE(newest_stamp_after(files), r.time + std::chrono::seconds{1}) << "delivered";
    EXPECT_LT(newest_stamp_after(files), r.time + std::chrono::seconds{20});
  }
}

TEST(LogP3, TheTimesOfOtherProbersAreNoStampsOfOurs) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = small_log();
  options.own_tags = {{"vantage", "v1"}};
  auto log = must_open(loop, files, options);
  log->append_lines("probe,vantage=elsewhere n=1i 1780000000000000000\n", 1, RecordClass::kB);
  SimFiles after;
  copy_files(files, after);
  SimLoop next_loop;
  EXPECT_LE(must_open(next_loop, after, options)->newest_stamp(), next_loop.wall_now());
}

TEST(LogP1, ZeroCommitIntervalMakesEachAppendDurable) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = small_log();
  options.commit_interval = {};
  auto log = must_open(loop, files, options);
  log->append(probe(1));
  files.crash();
  log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(1, 2));
}

TEST(Log, CommittedRecordsDoNotComeBackAfterARestart) {
  SimLoop loop;
  SimFiles files;
  {
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("s");
    for (int i = 0; i < 10; ++i) log->append(probe(i));
    ASSERT_TRUE(log->flush());
    auto batch = cursor.read(1);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->records, 1U);
    cursor.commit(batch->next, 0);
    batch = cursor.read(1);
    ASSERT_TRUE(batch);
    cursor.commit(batch->next, 1);
  }
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  LogCounters c = cursor.counters();
  EXPECT_EQ(c.accepted, 10U);
  EXPECT_EQ(c.delivered, 1U);
  EXPECT_EQ(c.dead_lettered, 1U);
  EXPECT_EQ(c.pending, 8U);
  EXPECT_EQ(numbers_in(drain(cursor)), range(2, 10));
  expect_balanced(*log);
}

TEST(Log, RewindReadsAgainFromTheFirstRecordThatIsNotCommitted) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  for (int i = 0; i < 20; ++i) log->append(probe(i));
  ASSERT_TRUE(log->flush());
  auto batch = cursor.read(200);
  ASSERT_TRUE(batch);
  const int committed = static_cast<int>(batch->records);
  cursor.commit(batch->next, 0);
  EXPECT_EQ(numbers_in(drain(cursor, false)), range(committed, 20));
  cursor.rewind();
  EXPECT_EQ(numbers_in(drain(cursor, false)), range(committed, 20));
}

TEST(Log, EachReaderHasItsOwnPlace) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& one = log->cursor("one");
  log->append(probe(1));
  ASSERT_TRUE(log->flush());
  drain(one);
  EXPECT_EQ(one.counters().pending, 0U);
  Cursor& two = log->cursor("two");
  EXPECT_EQ(numbers_in(drain(two)), range(1, 2));
  EXPECT_EQ(&log->cursor("one"), &one);
}

TEST(Log, DeliveredSegmentsAreRemovedOnlyWhenAllReadersAreDone) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& fast = log->cursor("fast");
  Cursor& slow = log->cursor("slow");
  for (int i = 0; i < 400; ++i) {
    log->append(probe(i, 1000));
    if (i % 20 == 0) {
      ASSERT_TRUE(log->flush());
    }
  }
  ASSERT_TRUE(log->flush());
  const std::size_t segments = segment_paths(files, "b").size();
  EXPECT_GT(segments, 3U);
  drain(fast);
  loop.run_for(seconds{1});
  EXPECT_EQ(segment_paths(files, "b").size(), segments);
  EXPECT_EQ(numbers_in(drain(slow)), range(0, 400));
  loop.run_for(seconds{1});
  EXPECT_EQ(segment_paths(files, "b").size(), 1U);
  EXPECT_EQ(fast.counters().evicted, 0U);
  expect_balanced(*log);
}

TEST(Log, TakesLinesThatAreLineProtocolAlready) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  log->append_lines("probe n=1i 1\n\n# a comment\nprobe,a=b\\ c n=2i,t=\"two\nlines \\\" x\" 2\nprobe n=3i 3", 3,
                    RecordClass::kB);
  ASSERT_TRUE(log->flush());
  auto batch = cursor.read(1);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->lines, "probe n=1i 1\n");
  batch = cursor.read(1);
  EXPECT_EQ(batch->lines, "probe,a=b\\ c n=2i,t=\"two\nlines \\\" x\" 2\n");
  batch = cursor.read(1);
  EXPECT_EQ(batch->lines, "probe n=3i 3\n");
  EXPECT_EQ(cursor.counters().accepted, 3U);
}

TEST(Log, TellsReadersThatThereIsMore) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  loop.run_for(milliseconds{250});
  std::vector<int> seen;
  cursor.on_readable([&] {
    for (const int n : numbers_in(drain(cursor))) seen.push_back(n);
  });
  log->append(probe(7));
  EXPECT_TRUE(seen.empty());
  loop.run_for(milliseconds{250});
  EXPECT_EQ(seen, range(7, 8));
}

TEST(Log, SaysHowOldTheOldestUncommittedRecordIs) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  EXPECT_EQ(cursor.oldest_pending(), Duration{});
  log->append(probe(1));
  loop.run_for(seconds{30});
  EXPECT_EQ(cursor.oldest_pending(), seconds{30});
  drain(cursor, false);
  EXPECT_EQ(cursor.oldest_pending(), seconds{30});
  cursor.rewind();
  drain(cursor, true);
  EXPECT_EQ(cursor.oldest_pending(), Duration{});
}

TEST(Log, TakesTheResultOfARunAsItTakesItsRecord) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  core::Measurement m;
  m.set_seconds(core::field::kConnectSeconds, milliseconds{20});
  const core::Vantage v{.name = "here"};
  const core::Target t{.name = "shop"};
  const core::ProbeTags tags{v, t};
  const core::ProbeResult result{m, v, t, tags, core::from_unix_ms(1000)};
  EXPECT_TRUE(log->append(to_record(result)));
  EXPECT_TRUE(log->append(result));
  log->append(numbered(RecordClass::kC, 2));
  ASSERT_TRUE(log->flush());
  const std::string lines = drain(cursor);
  const std::string first = lines.substr(0, lines.find('\n') + 1);
  EXPECT_TRUE(lines.starts_with(first + first)) << lines;
  EXPECT_EQ(cursor.counters().accepted, 3U);
  m.outcome.detail = std::string(core::kLineBytesMax, 'x');
  EXPECT_FALSE(log->append(result));
  EXPECT_EQ(cursor.counters().accepted, 3U);
}

TEST(Log, RefusesARecordThatIsNoLine) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  EXPECT_FALSE(log->append(core::Record{}));
  EXPECT_EQ(log->cursor("s").counters().accepted, 0U);
}

TEST(Log, ASecondProcessIsRefused) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  const auto second = open_log(loop, files, small_log());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, core::ErrorCode::kBusy);
}

TEST(Log, WorksOnARealFileSystem) {
  SimLoop loop;
  const sonde::test::TempDir directory;
  const auto files = io::make_system_files();
  LogOptions options = small_log();
  options.directory = directory.file("log");
  for (int run = 0; run < 3; ++run) {
    auto log = must_open(loop, *files, options);
    EXPECT_EQ(log->degraded(), "");
    const auto second = open_log(loop, *files, options);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, core::ErrorCode::kBusy);
    Cursor& cursor = log->cursor("s");
    for (int i = 0; i < 300; ++i) log->append(probe(run * 300 + i, 1000));
    ASSERT_TRUE(log->flush());
    const std::vector<int> expected = range(std::max(0, run * 300 - 100), run * 300 + 200);
    std::vector<int> got;
    while (got.size() < expected.size()) {
      auto batch = cursor.read(1);
      ASSERT_TRUE(batch);
      got.push_back(numbers_in(batch->lines).at(0));
      cursor.commit(batch->next, 0);
    }
    EXPECT_EQ(got, expected);
    expect_balanced(*log);
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
