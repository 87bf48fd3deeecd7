// P15: everything lost is counted. accepted = delivered + pending + evicted + dead_lettered + quarantined, whatever
// happens to a record, and over restarts. The log itself checks it when it is destroyed.
#include <gtest/gtest.h>

#include "pipeline/byte_codec.h"
#include "pipeline/cursor_store.h"
#include "pipeline/log.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;

LogOptions narrow() {
  LogOptions options = small_log();
  options.bytes_max = 1024 * 1024;
  options.segment_bytes = 64 * 1024;
  return options;
}

/// What one reader gets of `log`, and how many gap records tell of others.
struct Got {
  std::uint64_t records = 0;
  std::int64_t told = 0;
};

Got take_all(Log& log, Cursor& cursor) {
  Got got;
  const std::string lines = drain(cursor);
  got.records = numbers_in(lines).size() + gaps_in(lines).size();
  for (const core::Record& gap : gaps_in(lines)) got.told += *gap.integer("count");
  expect_balanced(log);
  return got;
}

TEST(LogBooks, P15_EachWayThatARecordCanGoIsCountedAndSumsUp) {
  SimFiles files;
  LogCounters before;
  {
    SimLoop loop;
    auto log = must_open(loop, files, narrow());
    Cursor& cursor = log->cursor("s");
    for (int i = 0; i < 20; ++i) log->append(probe(i, 1000));
    ASSERT_TRUE(log->flush());
    auto batch = cursor.read(10'000);
    ASSERT_TRUE(batch && batch->records > 3);
    cursor.commit(batch->next, 2);  // two of them given up on
    for (int i = 20; i < 1500; ++i) {
      log->append(probe(i, 1000));
      if (i % 20 == 0) loop.run_for(milliseconds{250});
    }
    loop.run_for(milliseconds{1500});
    before = cursor.counters();
    EXPECT_GT(before.delivered, 0U);
    EXPECT_EQ(before.dead_lettered, 2U);
    EXPECT_GT(before.evicted, 0U);
    EXPECT_GT(before.pending, 0U);
    expect_balanced(*log);
  }
  const auto segments = segment_paths(files, "b");
  ASSERT_GT(segments.size(), 3U);
  files.corrupt(segments[1], 5000);
  SimLoop loop;
  auto log = must_open(loop, files, narrow());
  Cursor& cursor = log->cursor("s");
  const LogCounters opened = cursor.counters();
  EXPECT_EQ(opened.delivered + opened.dead_lettered, before.delivered + before.dead_lettered);
  EXPECT_EQ(opened.evicted, before.evicted);
  const Got got = take_all(*log, cursor);
  loop.run_for(milliseconds{1500});  // damage that reading found is told by then
  const Got rest = take_all(*log, cursor);
  const LogCounters after = cursor.counters();
  EXPECT_GT(after.quarantined, 0U);
  EXPECT_EQ(after.pending, 0U);
  EXPECT_EQ(after.delivered, before.delivered + got.records + rest.records);
  EXPECT_EQ(after.evicted + after.quarantined, static_cast<std::uint64_t>(got.told + rest.told)) << "told as counted";
  EXPECT_TRUE(after.balanced());
}

TEST(LogBooks, P15_BooksThatDoNotSumUpAreSeen) {
  const LogCounters right{
      .accepted = 15, .delivered = 1, .pending = 2, .evicted = 3, .dead_lettered = 4, .quarantined = 5};
  EXPECT_TRUE(right.balanced());
  for (std::uint64_t LogCounters::*one :
       {&LogCounters::accepted, &LogCounters::delivered, &LogCounters::pending, &LogCounters::evicted,
        &LogCounters::dead_lettered, &LogCounters::quarantined}) {
    LogCounters wrong = right;
    ++(wrong.*one);
    EXPECT_FALSE(wrong.balanced());
  }
}

TEST(LogBooks, P15_KeptTotalsThatDoNotFitTheirPlaceAreNotBelieved) {
  SimFiles files;
  SimLoop loop;
  {
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("s");
    log->cursor("t");
    for (int i = 0; i < 10; ++i) log->append(probe(i));
    ASSERT_TRUE(log->flush());
    cursor.commit(cursor.read(1)->next);
  }
  const std::string path = std::string{kDirectory} + "/cursors";
  CursorStore store{files, path};
  auto slot = store.load();
  ASSERT_TRUE(slot && slot->states.size() == 2);
  for (CursorState& state : slot->states) {
    if (state.name == "s") state.delivered += 3;
  }
  ASSERT_TRUE(store.save(*slot));
  auto log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(0, 10)) << "sent again, not skipped";
  EXPECT_EQ(numbers_in(drain(log->cursor("t"))), range(0, 10));
  expect_balanced(*log);
}

TEST(LogBooks, P15_WhatWasGivenUpForItsAgeIsKnownAfterARestart) {
  SimFiles files;
  SimLoop loop;
  {
    auto log = must_open(loop, files);
    Cursor& cursor = log->cursor("s");
    for (int i = 0; i < 10; ++i) log->append(probe(i));
    ASSERT_TRUE(log->flush());
    const auto batch = cursor.read(1 << 20);
    ASSERT_TRUE(batch);
    cursor.commit(batch->next, 3, 2);
    EXPECT_EQ(cursor.counters().expired, 2U);
    loop.run_for(milliseconds{500});
  }
  files.crash();
  auto log = must_open(loop, files);
  EXPECT_EQ(log->cursor("s").counters().dead_lettered, 3U);
  EXPECT_EQ(log->cursor("s").counters().expired, 2U);
  EXPECT_TRUE(log->cursor("s").counters().balanced());
}

// Slots of a version that did not count it yet.
TEST(LogBooks, P15_ASlotWithoutItIsReadAndHasNone) {
  SimFiles files;
  const std::string path = std::string{kDirectory} + "/cursors";
  CursorStore store{files, path};
  ASSERT_TRUE(files.make_directories(kDirectory));
  ASSERT_TRUE(store.save(
      {.states = {{.name = "s", .place = {0, 4, 0}, .dead_lettered = 4, .expired = 3}}, .newest_stamp_ms = 77}));
  EXPECT_EQ(store.load()->states.at(0).expired, 3U);
  std::string bytes = files.contents(path);
  std::string slot = bytes.substr(kCursorSlotBytes);  // the first generation
  constexpr std::size_t kHead = 8 + 2 + 2 + 4 + 8;
  const std::size_t body = static_cast<unsigned char>(slot[12]) - std::size_t{8};
  slot[12] = static_cast<char>(body);
  slot.resize(kHead + body);
  put_number(slot, crc32c(slot));
  slot.resize(kCursorSlotBytes);
  files.set_contents(path, bytes.substr(0, kCursorSlotBytes) + slot);
  const auto old = CursorStore{files, path}.load();
  ASSERT_TRUE(old && old->states.size() == 1);
  EXPECT_EQ(old->states[0].dead_lettered, 4U);
  EXPECT_EQ(old->states[0].expired, 0U);
  EXPECT_EQ(old->newest_stamp_ms, 77);
}

}  // namespace
}  // namespace sonde::pipeline::test
