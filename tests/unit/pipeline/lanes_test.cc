// P12: the newest records go before a backlog; and P15 through all of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <random>

#include "core/line_protocol.h"
#include "pipeline/log_format.h"
#include "pipeline/sent_ahead.h"
#include "pipeline/sink.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A database that is up or down and takes its time.
class TimedSink final : public Sink {
 public:
  explicit TimedSink(io::Loop& loop) : loop_(loop) {}
  [[nodiscard]] std::string_view name() const override { return "timed"; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return batch_bytes; }
  [[nodiscard]] core::Duration ack_hold() const override { return hold; }
  [[nodiscard]] bool newest_first() const override { return true; }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override {
    SinkReply reply = std::exchange(next_reply, {});
    if (!up) {
      reply = {.kind = SinkReply::Kind::kRetry, .message = "down"};
    } else {
      Taken taken{.at = loop_.now() + cost(batch.lines.size()), .numbers = numbers_in(batch.lines)};
      taken.bytes = batch.lines.size();
      deliveries.push_back(std::move(taken));
      if (on_taken) on_taken();
    }
    const core::Duration after = up ? cost(batch.lines.size()) : milliseconds{1};
    return loop_.after(
        after, [reply, done = std::make_shared<core::Callback<void(SinkReply)>>(std::move(done))] { (*done)(reply); });
  }

  struct Taken {
    core::MonoTime at{};
    std::vector<int> numbers;
    std::size_t bytes = 0;
  };
  /// How often each number came.
  [[nodiscard]] std::map<int, int> counts() const {
    std::map<int, int> out;
    for (const Taken& t : deliveries) {
      for (const int n : t.numbers) ++out[n];
    }
    return out;
  }
  /// When a number came first; nothing when it did not.
  [[nodiscard]] std::optional<core::MonoTime> when(int number) const {
    for (const Taken& t : deliveries) {
      if (std::ranges::find(t.numbers, number) != t.numbers.end()) return t.at;
    }
    return std::nullopt;
  }

  bool up = true;
  core::Duration hold{};
  std::size_t batch_bytes = 64 * 1024;
  std::function<core::Duration(std::size_t)> cost = [](std::size_t) { return milliseconds{5}; };
  std::vector<Taken> deliveries;
  SinkReply next_reply;
  std::function<void()> on_taken;

 private:
  io::Loop& loop_;
};

struct P12 : testing::Test {
  /// Records `every`, for `how_long`.
  void probe_for(core::Duration how_long, core::Duration every, std::size_t padding = 0) {
    for (core::Duration t{}; t < how_long; t += every) {
      log->append(probe(appended++, padding));
      loop.run_for(every);
    }
  }
  void expect_each_once() {
    const auto counts = sink.counts();
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(appended));
    for (const auto& [number, count] : counts) EXPECT_EQ(count, 1) << "record " << number;
  }

  SimLoop loop;
  SimFiles files;
  std::unique_ptr<Log> log = must_open(loop, files);
  TimedSink sink{loop};
  int appended = 0;
};

// The title of the promise, at forty moments of return against forty back-offs.
TEST_F(P12, P12_NewestResultIsThereWithinFiveSecondsAfterADayWithoutTheSink) {
  sink.up = false;
  Pump pump{loop, log->cursor("timed"), sink, {}};
  probe_for(hours{24}, seconds{10}, 500);
  loop.run_for(seconds{8});  // the newest result was there before the sink returns
  for (int round = 0; round < 40; ++round) {
    sink.up = false;
    loop.run_for(minutes{1} + milliseconds{137 * round});
    log->append(probe(appended++));
    loop.run_for(seconds{7});
    const int newest = appended - 1;
    sink.up = true;
    const core::MonoTime returned = loop.now();
    sink.cost = [](std::size_t bytes) { return milliseconds{10 + static_cast<int>(bytes / 32)}; };  // 32 KB a second
    loop.run_for(seconds{5});
    ASSERT_TRUE(sink.when(newest)) << "round " << round;
    EXPECT_LE(*sink.when(newest) - returned, seconds{5});
    EXPECT_GT(log->cursor("timed").counters().pending, 100U) << "the backlog is still there: a test of nothing else";
    expect_balanced(*log);
  }
  sink.cost = [](std::size_t) { return milliseconds{5}; };
  loop.run_for(hours{1});
  EXPECT_EQ(log->cursor("timed").counters().pending, 0U);
  expect_balanced(*log);
}

TEST_F(P12, P12_NewResultsStayFreshWhileTheBacklogDrainsAndEachComesOnce) {
  sink.up = false;
  Pump pump{loop, log->cursor("timed"), sink, {}};
  probe_for(hours{2}, seconds{1}, 200);
  sink.up = true;
  sink.cost = [](std::size_t bytes) { return milliseconds{50 + static_cast<int>(bytes / 20)}; };  // 20 KB a second
  const int first_fresh = appended;
  std::map<int, core::MonoTime> made;
  bool drained = false;
  for (int i = 0; i < 4000; ++i) {
    made[appended] = loop.now();
    probe_for(seconds{1}, seconds{1}, 200);
    drained = log->cursor("timed").counters().pending < 10;
    if (drained) break;
  }
  EXPECT_TRUE(drained) << log->cursor("timed").counters().pending;
  EXPECT_GT(appended - first_fresh, 60) << "draining took long enough to be looked at";
  loop.run_for(minutes{1});
  for (int n = first_fresh + 5; n < appended; ++n) {
    ASSERT_TRUE(sink.when(n));
    EXPECT_LE(*sink.when(n) - made[n], seconds{5}) << "record " << n;
  }
  expect_each_once();
  expect_balanced(*log);
}

// While two lanes are open each is in order: a number is either the next of the backlog or the next of the live lane.
TEST_F(P12, P12_EachLaneIsInOrder) {
  sink.up = false;
  Pump pump{loop, log->cursor("timed"), sink, {}};
  probe_for(hours{1}, seconds{1}, 200);
  sink.up = true;
  sink.batch_bytes = 4000;
  sink.cost = [](std::size_t) { return milliseconds{100}; };
  const int split = appended - 1;  // the newest frame then
  probe_for(minutes{3}, seconds{1}, 200);
  int backlog = 0;
  int live = split - 5;
  for (const auto& delivery : sink.deliveries) {
    for (const int n : delivery.numbers) {
      if (n == backlog) {
        ++backlog;
        continue;
      }
      EXPECT_GT(n, live) << "out of order in its lane";
      live = n;
    }
  }
  EXPECT_GT(backlog, 100);
  EXPECT_GT(live, split + 100);
}

TEST_F(P12, P12_TheBacklogsShareFollowsTheSpeedOfTheSink) {
  struct Case {
    int bytes_per_ms;
    std::size_t at_least;
    std::size_t at_most;
  };
  for (const Case& c : {Case{1000, 60 * 1024, 64 * 1024}, Case{20, 4 * 1024, 24 * 1024}}) {
    SCOPED_TRACE(c.bytes_per_ms);
    sink.up = false;
    Pump pump{loop, log->cursor("timed"), sink, {}};
    probe_for(hours{3}, seconds{1}, 400);
    sink.up = true;
    sink.deliveries.clear();
    sink.cost = [&](std::size_t bytes) { return milliseconds{1 + static_cast<int>(bytes) / c.bytes_per_ms}; };
    const core::MonoTime start = loop.now();
    loop.run_for(seconds{30});
    std::size_t largest = 0;
    core::Duration busy{};
    for (const auto& d : sink.deliveries) {
      largest = std::max(largest, d.bytes);
      if (d.at < start + seconds{30}) busy += sink.cost(d.bytes);
    }
    EXPECT_GE(largest, c.at_least);
    EXPECT_LE(largest, c.at_most);
    EXPECT_LE(busy, seconds{17}) << "half of the sink's time belongs to others";
    sink.cost = [](std::size_t) { return milliseconds{1}; };
    loop.run_for(hours{1});
  }
}

// Killed after each single delivery, between the lanes and in them: what the next process sends, together with what the
// sink has, is everything.
TEST_F(P12, P12_KilledBetweenLiveAndBacklogNothingIsLost) {
  sink.up = false;
  sink.batch_bytes = 3000;
  std::vector<std::unique_ptr<SimFiles>> kills;
  std::vector<std::map<int, int>> had;
  {
    Pump pump{loop, log->cursor("timed"), sink, {}};
    probe_for(minutes{2}, seconds{1}, 200);
    sink.up = true;
    sink.cost = [](std::size_t) { return milliseconds{300}; };
    sink.on_taken = [&] {
      kills.push_back(std::make_unique<SimFiles>());
      copy_files(files, *kills.back());
      had.push_back(sink.counts());
    };
    probe_for(seconds{40}, seconds{1}, 200);
  }
  ASSERT_GT(kills.size(), 30U);
  for (std::size_t i = 0; i < kills.size(); ++i) {
    SCOPED_TRACE(i);
    SimLoop next_loop;
    auto next_log = must_open(next_loop, *kills[i]);
    TimedSink next_sink{next_loop};
    Pump pump{next_loop, next_log->cursor("timed"), next_sink, {}};
    expect_balanced(*next_log);
    next_loop.run_for(minutes{1});
    expect_balanced(*next_log);
    EXPECT_EQ(next_log->cursor("timed").counters().pending, 0U);
    std::map<int, int> all = had[i];
    for (const auto& [n, count] : next_sink.counts()) all[n] += count;
    const int newest = all.rbegin()->first;
    EXPECT_GE(newest, 119);
    EXPECT_EQ(all.size(), static_cast<std::size_t>(newest) + 1) << "a record was skipped";
  }
}

TEST_F(P12, P12_WithAHoldARestartedServerGetsBothLanesAgain) {
  sink.up = false;
  sink.hold = seconds{30};
  Pump pump{loop, log->cursor("timed"), sink, {}};
  probe_for(minutes{10}, seconds{1}, 200);
  sink.up = true;
  sink.cost = [](std::size_t) { return milliseconds{400}; };
  probe_for(seconds{5}, seconds{1}, 200);
  ASSERT_FALSE(sink.deliveries.empty());
  sink.deliveries.clear();  // the server forgot all of it
  sink.next_reply = {.restarted = true};
  probe_for(minutes{5}, seconds{1}, 200);
  loop.run_for(minutes{5});
  const auto counts = sink.counts();
  EXPECT_EQ(counts.size(), static_cast<std::size_t>(appended));
  log->append(probe(appended++));
  loop.run_for(minutes{1});
  expect_balanced(*log);
}

TEST_F(P12, P12_DeadLettersOfTheLiveLaneAreCountedOnce) {
  for (int i = 0; i < 100; ++i) log->append(probe(i, 200));
  loop.run_for(minutes{1});
  log->append(probe(100));
  log->append(probe(101));
  ASSERT_TRUE(log->flush());
  Cursor& cursor = log->cursor("timed");
  ASSERT_TRUE(cursor.open_live(seconds{3}));
  const auto live = cursor.read_live(1 << 20);
  ASSERT_TRUE(live);
  EXPECT_EQ(numbers_in(live->lines), range(100, 102));
  cursor.commit(live->next, 1);
  EXPECT_EQ(cursor.counters().dead_lettered, 1U);
  EXPECT_EQ(cursor.counters().delivered, 1U);
  EXPECT_EQ(cursor.counters().pending, 100U);
  expect_balanced(*log);
  EXPECT_EQ(numbers_in(drain(cursor)), range(0, 100));
  EXPECT_EQ(cursor.counters().dead_lettered, 1U);
  EXPECT_EQ(cursor.counters().delivered, 101U);
  EXPECT_EQ(cursor.counters().pending, 0U);
  expect_balanced(*log);
  ASSERT_TRUE(log->flush());
  SimFiles after;
  copy_files(files, after);
  auto next = must_open(loop, after);
  EXPECT_EQ(next->cursor("timed").counters().pending, 0U) << "what was sent ahead is behind the saved place";
}

// The log is bounded while the live lane is ahead: only what nobody got is lost, and the gap records say so.
TEST(P12Books, P12_WhatWasSentAheadIsNotCountedAsEvicted) {
  SimLoop loop;
  SimFiles files;
  LogOptions options = small_log();
  options.bytes_max = 1024 * 1024;
  auto log = must_open(loop, files, options);
  Cursor& cursor = log->cursor("s");
  int n = 0;
  const auto append_for = [&](int count) {
    for (int i = 0; i < count; ++i) {
      log->append(probe(n++, 1000));
      if (i % 10 == 0) loop.run_for(milliseconds{250});
    }
    ASSERT_TRUE(log->flush());
  };
  append_for(300);
  loop.run_for(seconds{10});
  ASSERT_TRUE(cursor.open_live(seconds{3}));
  std::vector<int> live;
  for (int round = 0; round < 10; ++round) {
    append_for(10);
    const auto batch = cursor.read_live(1 << 20);
    ASSERT_TRUE(batch);
    for (const int got : numbers_in(batch->lines)) live.push_back(got);
    cursor.commit(batch->next, 0);
    expect_balanced(*log);
  }
  ASSERT_GE(live.size(), 100U);
  append_for(1500);  // everything up to here is evicted, and more
  const LogCounters c = cursor.counters();
  expect_balanced(*log);
  EXPECT_EQ(c.delivered, live.size());
  const std::string rest = drain(cursor);
  std::int64_t told = 0;
  for (const core::Record& gap : gaps_in(rest)) told += *gap.integer("count");
  EXPECT_EQ(static_cast<std::uint64_t>(told), cursor.counters().evicted);
  EXPECT_EQ(static_cast<std::size_t>(told) + live.size() + numbers_in(rest).size(), static_cast<std::size_t>(n));
  EXPECT_EQ(cursor.counters().pending, 0U);
  expect_balanced(*log);
}

// A sink that comes and goes a hundred times while it drains: what is remembered stays small, nothing is skipped, and
// what is forgotten only costs sending again.
TEST(P12Books, P12_MemoryStaysFlatHoweverOftenTheSinkComesAndGoes) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  int n = 0;
  std::map<int, int> got;
  for (int outage = 0; outage < 100; ++outage) {
    for (int i = 0; i < 20; ++i) {
      log->append(probe(n++, 100));
      loop.run_for(seconds{1});
    }
    cursor.rewind();
    ASSERT_TRUE(cursor.open_live(seconds{3}));
    const auto live = cursor.read_live(1 << 20);
    ASSERT_TRUE(live);
    ASSERT_GT(live->records, 0U);
    for (const int number : numbers_in(live->lines)) ++got[number];
    cursor.commit(live->next, 0);
    expect_balanced(*log);
  }
  cursor.rewind();
  ASSERT_TRUE(log->flush());
  EXPECT_GE(cursor.counters().delivered, SentAhead::kRangesMax);
  EXPECT_LE(cursor.counters().delivered, 3 * SentAhead::kRangesMax);
  for (const int number : numbers_in(drain(cursor))) ++got[number];
  EXPECT_EQ(got.size(), static_cast<std::size_t>(n));
  int twice = 0;
  for (const auto& [number, count] : got) twice += count - 1;
  EXPECT_LE(twice, 200);
  EXPECT_GT(twice, 0) << "or nothing was forgotten and this tests nothing";
  EXPECT_EQ(cursor.counters().pending, 0U);
  EXPECT_EQ(cursor.counters().evicted, 0U);
  expect_balanced(*log);
}

// A damaged frame between what was sent ahead and what waits.
TEST(P12Books, P12_DamageUnderTheLiveLaneKeepsTheBooks) {
  SimLoop loop;
  SimFiles files;
  auto log = must_open(loop, files);
  Cursor& cursor = log->cursor("s");
  int n = 0;
  const auto frame = [&] {
    for (int i = 0; i < 5; ++i) log->append(probe(n++, 200));
    loop.run_for(seconds{1});
  };
  for (int i = 0; i < 10; ++i) frame();
  ASSERT_TRUE(cursor.open_live(seconds{3}));
  const auto first = cursor.read_live(1 << 20);
  ASSERT_TRUE(first);
  ASSERT_EQ(numbers_in(first->lines), range(45, 50));
  cursor.commit(first->next, 0);
  for (int i = 0; i < 3; ++i) frame();
  const std::string path = segment_paths(files, "b").front();
  const std::string bytes = files.contents(path);
  // The payloads of the third frame (backlog) and of the eleventh (live): behind their marks and headers.
  std::vector<std::size_t> frames;
  for (auto at = find_frame_mark(bytes, 0); at != std::string::npos; at = find_frame_mark(bytes, at + 1)) {
    frames.push_back(at);
  }
  ASSERT_GE(frames.size(), 13U);
  files.corrupt(path, frames[2] + kFrameHeaderBytes + 20);
  files.corrupt(path, frames[10] + kFrameHeaderBytes + 20);
  const auto second = cursor.read_live(1 << 20);
  ASSERT_TRUE(second);
  EXPECT_EQ(numbers_in(second->lines), range(55, 65));
  cursor.commit(second->next, 0);
  expect_balanced(*log);
  loop.run_for(seconds{1});
  std::vector<int> expected = range(0, 10);
  for (const int number : range(15, 45)) expected.push_back(number);
  EXPECT_EQ(numbers_in(drain(cursor)), expected);
  EXPECT_EQ(cursor.counters().quarantined, 10U);
  EXPECT_EQ(cursor.counters().pending, 0U);
  expect_balanced(*log);
}

/// Random reading of both lanes, commits of any prefix, rewinds, kills.
class LanesModel {
 public:
  LanesModel(std::uint64_t seed, bool kills) : random_(seed), kills_(kills) {
    options_.segment_bytes = 16 * 1024;
    open();
  }
  void step() {
    const auto action = random_() % 12;
    if (action < 3) {
      for (auto n = random_() % 20; n > 0; --n) {
        const auto record_class = static_cast<RecordClass>(random_() % 3);
        log_->append(numbered(record_class, appended_++, random_() % 400));
      }
    } else if (action == 3) {
      loop_->run_for(milliseconds{random_() % 3000});
    } else if (action == 4) {
      (void)cursor_->open_live(seconds{random_() % 2});
    } else if (action < 7) {
      take(cursor_->read_live(random_() % 8000));
    } else if (action < 9) {
      take(cursor_->read(random_() % 8000));
    } else if (action < 11) {
      commit();
    } else if (random_() % 3 == 0) {
      cursor_->rewind();
      read_.clear();
    } else if (kills_ && random_() % 3 == 0) {
      restart();
    }
    expect_balanced(*log_);
  }
  void end() {
    ASSERT_TRUE(log_->flush());
    cursor_->rewind();
    read_.clear();
    while (true) {
      take(cursor_->read(1 << 16));
      if (read_.empty()) break;
      cursor_->commit(next_, 0);
      settle(read_.size());
    }
    EXPECT_EQ(cursor_->counters().pending, 0U);
    EXPECT_EQ(cursor_->counters().evicted + cursor_->counters().quarantined, 0U);
    expect_balanced(*log_);
    EXPECT_EQ(done_.size(), static_cast<std::size_t>(appended_)) << "a record was skipped";
    if (kills_) return;
    for (const auto& [number, count] : done_) EXPECT_EQ(count, 1) << "record " << number;
  }

 private:
  void open() {
    loop_ = std::make_unique<SimLoop>();
    log_ = must_open(*loop_, files_, options_);
    cursor_ = &log_->cursor("s");
    read_.clear();
  }
  void take(const Result<LogBatch>& batch) {
    ASSERT_TRUE(batch);
    // In the order of the text, whatever the class.
    core::decode_lines(
        batch->lines, core::Precision::kNanoseconds, {},
        [&](const core::Record& r) { read_.push_back(static_cast<int>(*r.integer("n"))); }, [](const auto&) {});
    next_ = batch->next;
  }
  void settle(std::size_t count) {
    for (; count > 0; --count) {
      ++done_[read_.front()];
      read_.pop_front();
    }
  }
  void commit() {
    if (read_.empty()) return;
    const std::size_t count = 1 + random_() % read_.size();
    const std::uint64_t upto = next_ - (read_.size() - count);
    cursor_->commit(upto, random_() % 4 == 0 ? random_() % (count + 1) : 0);
    settle(count);
  }
  void restart() {
    SimFiles after;
    copy_files(files_, after);
    log_.reset();
    copy_files(after, files_);
    open();
  }

  std::mt19937_64 random_;
  bool kills_;
  SimFiles files_;
  LogOptions options_ = small_log();
  std::unique_ptr<SimLoop> loop_;
  std::unique_ptr<Log> log_;
  Cursor* cursor_ = nullptr;
  int appended_ = 0;
  std::deque<int> read_;  // not committed, in the order of reading
  std::uint64_t next_ = 0;
  std::map<int, int> done_;
};

TEST(P12Books, P12_RandomLanesSkipNothingAndSendNothingTwiceWithoutAKill) {
  std::uint64_t first = 1;
  if (const char* given = std::getenv("SONDE_SEED")) first = std::strtoull(given, nullptr, 10);
  for (std::uint64_t seed = first; seed < first + 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "SONDE_SEED=" << seed);
    LanesModel model{seed, seed % 2 == 0};
    for (int i = 0; i < 250 && !testing::Test::HasFailure(); ++i) model.step();
    model.end();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
