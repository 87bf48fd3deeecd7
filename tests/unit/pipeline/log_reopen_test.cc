// A disk that does not work when the log is opened, and does later: nothing that was there or came meanwhile is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>

#include "pipeline/log.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FileOperation;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void append(Log& log, int from, int to) {
  for (int i = from; i < to; ++i) EXPECT_TRUE(log.append(probe(i)));
}

struct Reopen : testing::Test {
  /// An earlier process left probes 0 to 9, of which reader "s" had the first five.
  void leave_ten() {
    auto log = must_open(loop, files);
    Cursor& s = log->cursor("s");
    append(*log, 0, 5);
    ASSERT_TRUE(log->flush());
    EXPECT_EQ(numbers_in(drain(s)), range(0, 5));
    append(*log, 5, 10);
    ASSERT_TRUE(log->flush());
  }
  std::unique_ptr<Log> open_broken() {
    files.fail_from(files.operations() + 1);
    auto log = must_open(loop, files);
    EXPECT_NE(log->degraded(), "");
    return log;
  }
  void mend(Log& log) {
    files.heal();
    loop.run_for(minutes{2});
    EXPECT_EQ(log.degraded(), "");
  }

  SimLoop loop;
  SimFiles files;
};

TEST_F(Reopen, P7_WhatTheDiskHeldAndWhatCameMeanwhileAreThere) {
  leave_ten();
  auto log = open_broken();
  Cursor& s = log->cursor("s");
  append(*log, 10, 15);
  loop.run_for(seconds{1});
  EXPECT_EQ(numbers_in(drain(s)), range(10, 15)) << "what is in memory is delivered from there";
  append(*log, 15, 20);
  expect_balanced(*log);
  mend(*log);
  expect_balanced(*log);
  EXPECT_EQ(numbers_in(drain(s)), (std::vector<int>{5, 6, 7, 8, 9, 15, 16, 17, 18, 19})) << "each once";
  EXPECT_EQ(s.counters().accepted, s.counters().delivered) << "of this reader, over both lives";
  append(*log, 20, 22);
  loop.run_for(seconds{1});
  EXPECT_EQ(numbers_in(drain(s)), range(20, 22));
  loop.run_for(seconds{1});
  expect_balanced(*log);

  files.crash();  // all of it is durable now
  log = must_open(loop, files);
  EXPECT_EQ(drain(log->cursor("s")), "");
  EXPECT_EQ(numbers_in(drain(log->cursor("new"))), range(0, 22));
  expect_balanced(*log);
}

TEST_F(Reopen, P2_WhatIsUnderWayStaysUnderWay) {
  leave_ten();
  auto log = open_broken();
  Cursor& s = log->cursor("s");
  append(*log, 10, 20);
  loop.run_for(seconds{1});
  const auto first = s.read(1);  // one record each: they are committed later, in order
  const auto second = s.read(1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(numbers_in(second->lines), range(11, 12));
  mend(*log);
  expect_balanced(*log);
  const auto third = s.read(1);
  ASSERT_TRUE(third);
  EXPECT_EQ(numbers_in(third->lines), range(5, 6)) << "what the disk held goes first";
  s.commit(first->next);
  s.commit(second->next, 1);
  s.commit(third->next);
  expect_balanced(*log);
  EXPECT_EQ(s.counters().dead_lettered, 1U);
  EXPECT_EQ(numbers_in(drain(s)), (std::vector<int>{6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19}));
  expect_balanced(*log);
}

TEST_F(Reopen, P2_WhatWasReadAndNotTakenIsReadAgain) {
  leave_ten();
  auto log = open_broken();
  Cursor& s = log->cursor("s");
  append(*log, 10, 20);
  loop.run_for(seconds{1});
  (void)drain(s, false);
  mend(*log);
  s.rewind();
  auto all = numbers_in(drain(s));
  std::ranges::sort(all);
  EXPECT_EQ(all, range(5, 20));
  expect_balanced(*log);
}

TEST_F(Reopen, P1_TheJournalOfAKilledProcessIsPutInThen) {
  SimFiles killed;
  {
    auto log = must_open(loop, files);
    append(*log, 0, 5);
    copy_files(files, killed);  // before any commit: they stand in the journal alone
  }
  killed.fail_from(killed.operations() + 1);
  auto log = must_open(loop, killed);
  append(*log, 5, 10);
  loop.run_for(seconds{1});
  killed.heal();
  loop.run_for(minutes{2});
  EXPECT_EQ(log->degraded(), "");
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(0, 10));
  expect_balanced(*log);
}

TEST_F(Reopen, P15_WhatFellOutOfTheMemoryIsTold) {
  leave_ten();
  files.fail_from(files.operations() + 1);
  LogOptions options = small_log();
  options.memory_bytes_max = 50 * 1024;
  auto log = must_open(loop, files, options);
  Cursor& s = log->cursor("s");
  for (int i = 10; i < 400; ++i) {
    log->append(probe(i, 1000));
    if (i % 10 == 0) loop.run_for(milliseconds{300});
  }
  expect_balanced(*log);
  mend(*log);
  const std::string lines = drain(s);
  const auto numbers = numbers_in(lines);
  EXPECT_EQ(std::vector<int>(numbers.begin(), numbers.begin() + 5), range(5, 10));
  EXPECT_EQ(numbers.back(), 399);
  const auto gaps = gaps_in(lines);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].text("cause"), "memory");
  EXPECT_EQ(static_cast<std::size_t>(*gaps[0].integer("count")) + numbers.size(), 395U);
  EXPECT_EQ(s.counters().evicted, static_cast<std::uint64_t>(*gaps[0].integer("count")));
  expect_balanced(*log);
}

TEST_F(Reopen, P1_NobodyIsToldThatMemoryIsDurable) {
  auto log = open_broken();
  append(*log, 0, 1);
  std::optional<bool> early;
  log->on_durable([&](Result<void> r) { early = r.has_value(); });
  loop.run_for(seconds{1});
  EXPECT_EQ(early, false);
  mend(*log);
  append(*log, 1, 2);
  std::optional<bool> late;
  log->on_durable([&](Result<void> r) { late = r.has_value(); });
  loop.run_for(seconds{1});
  EXPECT_EQ(late, true);
  EXPECT_TRUE(log->flush());
}

TEST_F(Reopen, ItIsTriedLessOftenAndCounted) {
  auto log = open_broken();
  EXPECT_EQ(log->disk().failures, 1U);
  loop.run_for(minutes{10});
  EXPECT_GE(log->disk().tries, 10U);
  EXPECT_LE(log->disk().tries, 16U) << "5, 10, 20, 40 s, then each minute";
  EXPECT_EQ(log->disk().returns, 0U);
  mend(*log);
  EXPECT_EQ(log->disk().returns, 1U);
  EXPECT_EQ(log->disk().failures, 1U);
}

TEST_F(Reopen, TheEndOfTheProcessIsALastTry) {
  leave_ten();
  auto log = open_broken();
  append(*log, 10, 15);
  loop.run_for(seconds{1});
  files.heal();
  log.reset();
  files.crash();
  log = must_open(loop, files);
  EXPECT_EQ(numbers_in(drain(log->cursor("s"))), range(5, 15));
}

TEST_F(Reopen, ALogThatAnotherProcessHasMeanwhileIsWaitedFor) {
  auto log = open_broken();
  append(*log, 0, 5);
  files.heal();
  auto other = must_open(loop, files);
  append(*other, 100, 105);
  loop.run_for(minutes{3});
  EXPECT_NE(log->degraded(), "");
  EXPECT_TRUE(other->flush());
  other.reset();
  loop.run_for(minutes{3});
  EXPECT_EQ(log->degraded(), "");
  auto all = numbers_in(drain(log->cursor("s")));
  std::ranges::sort(all);
  EXPECT_EQ(all, (std::vector<int>{0, 1, 2, 3, 4, 100, 101, 102, 103, 104}));
}

// Whichever operation fails while it is opened, and for however long: in the end each record is there once.
TEST_F(Reopen, P7_EachOperationOfTheOpeningMayFail) {
  leave_ten();
  std::uint64_t opening = 0;
  {
    SimFiles disk;
    copy_files(files, disk);
    const std::uint64_t before = disk.operations();
    auto log = must_open(loop, disk);
    opening = disk.operations() - before;
  }
  std::uint64_t failed = 0;
  for (const core::ErrorCode code : {core::ErrorCode::kIo, core::ErrorCode::kNoSpace}) {
    for (const int times : {1, 2, 1000}) {  // a read that fails three times and no more is damage: LogP7 has that
      for (std::uint64_t n = 1; n + 2 < opening; ++n) {
        SCOPED_TRACE(testing::Message() << "operation " << n << ", " << times << " times");
        SimFiles disk;
        copy_files(files, disk);
        const std::uint64_t before = disk.operations();
        for (int k = 0; k < times; ++k) disk.fail_at(before + n + static_cast<std::uint64_t>(k), code);
        auto log = must_open(loop, disk);
        Cursor& s = log->cursor("s");
        append(*log, 10, 15);
        loop.run_for(seconds{1});
        std::vector<int> all;
        disk.heal();  // before anybody reads
        all = numbers_in(drain(s));
        append(*log, 15, 20);
        loop.run_for(minutes{2});
        ASSERT_EQ(log->degraded(), "");
        failed += log->disk().failures;
        for (const int number : numbers_in(drain(s))) all.push_back(number);
        std::ranges::sort(all);
        ASSERT_EQ(all, range(5, 20));
        expect_balanced(*log);
      }
    }
  }
  EXPECT_GT(failed, 20U) << "the disk did fail";
}

/// A reader that holds what it read for some time, as a pump with ack_hold does.
struct Holder {
  void read(Cursor& c, std::mt19937_64& random) {
    auto batch = c.read(1 + random() % 300);
    ASSERT_TRUE(batch);
    if (batch->records == 0) return;
    held.push_back(std::move(*batch));
  }
  void commit(Cursor& c, bool dead) {
    if (held.empty()) return;
    for (const int n : numbers_in(held.front().lines)) ++got[n];
    c.commit(held.front().next, dead ? 1 : 0);
    held.erase(held.begin());
  }
  std::vector<LogBatch> held;
  std::map<int, int> got;
};

TEST_F(Reopen, P15_RandomLivesBalanceAndDeliverEachOnce) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random{seed};
    SimFiles disk;
    int next = 0;
    std::array<Holder, 2> readers;
    const auto act = [&](Log& log, int steps) {
      for (int i = 0; i < steps; ++i) {
        const std::size_t r = random() % 2;
        Cursor& c = log.cursor(r == 0 ? "one" : "two");
        switch (random() % 5) {
          case 0:
            append(log, next, next + 3);
            next += 3;
            break;
          case 1:
            loop.run_for(milliseconds{random() % 700});
            break;
          case 2:
            readers[r].commit(c, random() % 4 == 0);
            break;
          default:
            readers[r].read(c, random);
        }
        expect_balanced(log);
      }
    };
    const auto finish = [&](Log& log) {
      loop.run_for(minutes{2});
      for (std::size_t r = 0; r < 2; ++r) {
        Cursor& c = log.cursor(r == 0 ? "one" : "two");
        while (!readers[r].held.empty()) readers[r].commit(c, false);
        for (const int n : numbers_in(drain(c))) ++readers[r].got[n];
      }
      expect_balanced(log);
    };
    {
      auto log = must_open(loop, disk);
      for (const char* name : {"one", "two"}) (void)log->cursor(name);
      act(*log, 40);
      for (std::size_t r = 0; r < 2; ++r) {
        while (!readers[r].held.empty()) readers[r].commit(log->cursor(r == 0 ? "one" : "two"), false);
      }
    }
    disk.fail_from(disk.operations() + 1);
    auto log = must_open(loop, disk);
    for (const char* name : {"one", "two"}) (void)log->cursor(name);
    act(*log, 60);
    disk.heal();
    loop.run_for(minutes{2});
    ASSERT_EQ(log->degraded(), "");
    act(*log, 60);
    finish(*log);
    for (const Holder& reader : readers) {
      ASSERT_EQ(reader.got.size(), static_cast<std::size_t>(next));
      for (const auto& [number, times] : reader.got) ASSERT_EQ(times, 1) << number;
    }
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
