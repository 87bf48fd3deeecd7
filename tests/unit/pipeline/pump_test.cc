// The pump: reads, delivers, commits, waits.
#include <gtest/gtest.h>

#include <deque>

#include "pipeline/sink.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes what it is given, answers from a script, and after the script with kDone.
class ScriptedSink final : public Sink {
 public:
  explicit ScriptedSink(io::Loop& loop) : loop_(loop) {}
  [[nodiscard]] std::string_view name() const override { return "scripted"; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return 2000; }
  [[nodiscard]] core::Duration ack_hold() const override { return hold; }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override {
    times.push_back(loop_.now());
    batches.push_back(batch.lines);
    SinkReply reply;
    if (!replies.empty()) {
      reply = replies.front();
      replies.pop_front();
    }
    if (silent) return {};
    done(reply);
    return {};
  }
  [[nodiscard]] std::vector<int> taken() const {
    std::vector<int> out;
    for (const std::string& b : batches) {
      for (const int n : numbers_in(b)) out.push_back(n);
    }
    return out;
  }

  std::deque<SinkReply> replies;
  std::vector<std::string> batches;
  std::vector<core::MonoTime> times;
  core::Duration hold{};
  bool silent = false;

 private:
  io::Loop& loop_;
};

struct PumpTest : testing::Test {
  void fill(int from, int to, std::size_t padding = 0) {
    for (int i = from; i < to; ++i) log->append(probe(i, padding));
    ASSERT_TRUE(log->flush());
  }
  SimLoop loop;
  SimFiles files;
  std::unique_ptr<Log> log = must_open(loop, files);
  Cursor& cursor = log->cursor("scripted");
  ScriptedSink sink{loop};
};

TEST_F(PumpTest, DeliversInOrderAndCommits) {
  fill(0, 100, 100);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{5});
  EXPECT_EQ(sink.taken(), range(0, 100));
  EXPECT_EQ(cursor.counters().pending, 0U);
  EXPECT_EQ(cursor.counters().delivered, 100U);
  EXPECT_EQ(pump.state(), SinkState::kIdle);
}

TEST_F(PumpTest, WaitsForMoreButNoLongerThanLinger) {
  Pump pump{loop, cursor, sink, {.linger = seconds{1}}};
  loop.run_for(seconds{2});
  log->append(probe(1));
  loop.run_for(milliseconds{500});
  log->append(probe(2));
  EXPECT_TRUE(sink.batches.empty());
  loop.run_for(seconds{1});
  EXPECT_EQ(sink.batches.size(), 1U);
  EXPECT_EQ(sink.taken(), range(1, 3));
}

TEST_F(PumpTest, P2_TheSameRecordsAreSentUntilTheyAreTaken) {
  for (int i = 0; i < 4; ++i) sink.replies.push_back({.kind = SinkReply::Kind::kRetry, .message = "no"});
  fill(0, 3);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{1});
  EXPECT_EQ(pump.state(), SinkState::kBackingOff);
  EXPECT_EQ(pump.last_error(), "no");
  EXPECT_EQ(cursor.counters().pending, 3U);
  loop.run_for(seconds{30});
  ASSERT_EQ(sink.batches.size(), 5U);
  for (const std::string& b : sink.batches) EXPECT_EQ(b, sink.batches.front());
  EXPECT_EQ(pump.last_error(), "");
  EXPECT_EQ(cursor.counters().delivered, 3U);
}

TEST_F(PumpTest, BacksOffToThreeSecondsAndNoFurther) {
  for (int i = 0; i < 60; ++i) sink.replies.push_back({.kind = SinkReply::Kind::kRetry, .message = "no"});
  fill(0, 1);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(std::chrono::hours{2});
  ASSERT_GT(sink.times.size(), 40U);
  core::Duration longest{};
  for (std::size_t i = 1; i < sink.times.size(); ++i) longest = std::max(longest, sink.times[i] - sink.times[i - 1]);
  EXPECT_LE(longest, seconds{3});
  EXPECT_GT(longest, seconds{2});
  EXPECT_LE(sink.times[1] - sink.times[0], milliseconds{250});
}

TEST_F(PumpTest, HonoursRetryAfterUpToFiveMinutes) {
  sink.replies = {{.kind = SinkReply::Kind::kRetry, .retry_after = seconds{90}, .message = "slow down"},
                  {.kind = SinkReply::Kind::kRetry, .retry_after = std::chrono::hours{10}, .message = "slow down"}};
  fill(0, 1);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(minutes{10});
  ASSERT_EQ(sink.times.size(), 3U);
  EXPECT_EQ(sink.times[1] - sink.times[0], seconds{90});
  EXPECT_EQ(sink.times[2] - sink.times[1], minutes{5});
}

TEST_F(PumpTest, LogP9BlockedKeepsEverythingAndTriesEachMinute) {
  for (int i = 0; i < 3; ++i) sink.replies.push_back({.kind = SinkReply::Kind::kBlocked, .message = "401"});
  fill(0, 5);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{10});
  EXPECT_EQ(pump.state(), SinkState::kBlocked);
  EXPECT_EQ(cursor.counters().pending, 5U);
  loop.run_for(minutes{4});
  ASSERT_EQ(sink.times.size(), 4U);
  EXPECT_EQ(sink.times[1] - sink.times[0], seconds{60});
  EXPECT_EQ(cursor.counters().delivered, 5U);
}

TEST_F(PumpTest, DeadLettersAreCountedApart) {
  sink.replies.push_back({.dead_lettered = 2});
  fill(0, 5);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{2});
  EXPECT_EQ(cursor.counters().dead_lettered, 2U);
  EXPECT_EQ(cursor.counters().delivered, 3U);
  expect_balanced(*log);
}

TEST_F(PumpTest, P4WhatWasTakenIsHeldBeforeItIsCommitted) {
  sink.hold = seconds{30};
  fill(0, 1);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{20});
  EXPECT_EQ(sink.taken(), range(0, 1));
  EXPECT_EQ(cursor.counters().pending, 1U);
  loop.run_for(seconds{20});
  fill(1, 2);
  loop.run_for(seconds{2});
  EXPECT_EQ(cursor.counters().pending, 1U) << "a later reply shows that the first was kept";
  EXPECT_EQ(cursor.counters().delivered, 1U);
}

TEST_F(PumpTest, P4ARestartedServerGetsTheHeldRecordsAgain) {
  sink.hold = seconds{30};
  fill(0, 1);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{5});
  sink.replies.push_back({.restarted = true});
  fill(1, 2);
  loop.run_for(seconds{5});
  EXPECT_EQ(sink.taken(), (std::vector<int>{0, 1, 0, 1}));
}

TEST_F(PumpTest, AFailureSendsTheHeldRecordsAgain) {
  sink.hold = seconds{30};
  fill(0, 1);
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{5});
  sink.replies.push_back({.kind = SinkReply::Kind::kRetry, .message = "refused"});
  fill(1, 2);
  loop.run_for(seconds{5});
  EXPECT_EQ(sink.taken(), (std::vector<int>{0, 1, 0, 1}));
}

TEST_F(PumpTest, ANewPumpStartsWhereNothingWasCommitted) {
  sink.silent = true;
  fill(0, 3);
  {
    Pump pump{loop, cursor, sink, {}};
    loop.run_for(seconds{2});
    EXPECT_EQ(pump.state(), SinkState::kDelivering);
  }
  sink.silent = false;
  Pump pump{loop, cursor, sink, {}};
  loop.run_for(seconds{2});
  EXPECT_EQ(sink.taken(), (std::vector<int>{0, 1, 2, 0, 1, 2}));
}

}  // namespace
}  // namespace sonde::pipeline::test
