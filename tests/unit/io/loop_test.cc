// Both loops keep the same promises; the real one also watches descriptors and signals.
#include "io/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/system_loop.h"
#include "io/unique_fd.h"
#include "tests/support/run_loop.h"
#include "tests/support/sim_loop.h"

namespace sonde {
namespace {

using namespace std::chrono_literals;
using test::run_loop_until;
using test::run_turns;

enum class Kind { kReal, kSimulated };

class AnyLoop : public testing::TestWithParam<Kind> {
 protected:
  AnyLoop() {
    if (GetParam() == Kind::kReal) {
      loop_ = io::make_system_loop();
    } else {
      loop_ = std::make_unique<test::SimLoop>();
    }
  }
  std::unique_ptr<io::Loop> loop_;
};

INSTANTIATE_TEST_SUITE_P(Loops, AnyLoop, testing::Values(Kind::kReal, Kind::kSimulated),
                         [](const auto& each) { return each.param == Kind::kReal ? "Real" : "Simulated"; });

TEST_P(AnyLoop, SoonRunsInOrderAndNotInside) {
  std::string order;
  auto a = loop_->soon([&] { order += 'a'; });
  auto b = loop_->soon([&] { order += 'b'; });
  auto c = loop_->soon([&] { order += 'c'; });
  EXPECT_EQ(order, "");
  run_turns(*loop_, 2);
  EXPECT_EQ(order, "abc");
}

TEST_P(AnyLoop, WhatIsQueuedInATurnRunsInTheNext) {
  std::vector<io::Handle> handles;
  std::string order;
  handles.push_back(loop_->soon([&] {
    order += '1';
    handles.push_back(loop_->soon([&] { order += '3'; }));
  }));
  handles.push_back(loop_->soon([&] { order += '2'; }));
  run_turns(*loop_, 3);
  EXPECT_EQ(order, "123");
}

TEST_P(AnyLoop, TheTurnsEndComesAfterAllElseAndWithinTheTurn) {
  std::vector<io::Handle> handles;
  std::string order;
  EXPECT_FALSE(loop_->in_turn());
  handles.push_back(loop_->soon([&] {
    EXPECT_TRUE(loop_->in_turn());
    handles.push_back(loop_->at_turn_end([&] {
      order += 'c';
      EXPECT_TRUE(loop_->in_turn());
      handles.push_back(loop_->at_turn_end([&] { order += 'd'; }));
    }));
    handles.push_back(loop_->at_turn_end([&] { order += 'x'; }));
    handles.back().reset();
    handles.push_back(loop_->soon([&] { order += 'e'; }));
    order += 'a';
  }));
  handles.push_back(loop_->soon([&] { order += 'b'; }));
  run_turns(*loop_, 3);
  EXPECT_EQ(order, "abcde");
  EXPECT_FALSE(loop_->in_turn());
}

TEST_P(AnyLoop, WhatIsRetiredMayStillHaveWorkForTheTurnsEnd) {
  struct Last {
    explicit Last(std::function<void()> f) : on_end(std::move(f)) {}
    ~Last() { on_end(); }
    std::function<void()> on_end;
  };
  std::string order;
  io::Handle at_end;
  const auto first = loop_->soon(
      [&] { loop_->retire(std::make_unique<Last>([&] { at_end = loop_->at_turn_end([&] { order += 'a'; }); })); });
  io::Handle next;
  const auto second = loop_->soon([&] { next = loop_->soon([&] { order += 'b'; }); });
  run_turns(*loop_, 3);
  EXPECT_EQ(order, "ab");
}

TEST_P(AnyLoop, ATurnEndsThoughCallbacksQueueThemselvesForEver) {
  int rounds = 0;
  io::Handle soon;
  io::Handle timer;
  std::function<void()> again_soon = [&] {
    ++rounds;
    soon = loop_->soon([&] { again_soon(); });
  };
  std::function<void()> again_at = [&] {
    ++rounds;
    timer = loop_->at(loop_->now(), [&] { again_at(); });  // due at once, and still only next turn
  };
  again_soon();
  again_at();
  run_turns(*loop_, 5);
  EXPECT_GE(rounds, 8);
  EXPECT_LE(rounds, 14);
}

TEST_P(AnyLoop, DestroyingAHandleCancels) {
  bool ran = false;
  auto soon = loop_->soon([&] { ran = true; });
  auto timer = loop_->after(1ms, [&] { ran = true; });
  soon.reset();
  timer.reset();
  bool later = false;
  auto end = loop_->after(5ms, [&] { later = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return later; }));
  EXPECT_FALSE(ran);
}

TEST_P(AnyLoop, ACallbackMayCancelAnotherOfTheSameTurn) {
  bool second_ran = false;
  bool timer_ran = false;
  io::Handle second;
  io::Handle timer = loop_->at(loop_->now() + 1ms, [&] { timer_ran = true; });
  auto killer = loop_->at(loop_->now(), [&] { timer.reset(); });
  auto first = loop_->soon([&] { second.reset(); });
  second = loop_->soon([&] { second_ran = true; });
  bool done = false;
  auto end = loop_->after(10ms, [&] { done = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return done; }));
  EXPECT_FALSE(second_ran);
  EXPECT_FALSE(timer_ran);
}

TEST_P(AnyLoop, ACallbackMayDestroyItsOwnHandle) {
  struct Owner {
    io::Handle handle;
    std::string text = std::string(100, 'x');  // would be read after free
  };
  auto owner = std::make_unique<Owner>();
  std::string seen;
  owner->handle = loop_->soon([&owner, &seen, copy = std::string(100, 'y')] {
    owner.reset();
    seen = copy;  // the captures are still alive
  });
  run_turns(*loop_, 2);
  EXPECT_EQ(seen, std::string(100, 'y'));
}

TEST_P(AnyLoop, TimersAreNeverEarlyAndRunByTimeThenOrder) {
  std::string order;
  std::vector<io::Handle> handles;
  const io::MonoTime base = loop_->now();
  bool early = false;
  const auto set = [&](io::Duration delay, char name) {
    handles.push_back(loop_->at(base + delay, [&, delay, name] {
      if (loop_->now() < base + delay || loop_->precise_now() < base + delay) early = true;
      order += name;
    }));
  };
  set(3ms, 'd');
  set(1ms, 'a');
  set(1ms, 'b');
  set(1ms, 'c');
  set(3ms + 1ns, 'e');
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return order.size() == 5; }));
  EXPECT_EQ(order, "abcde");
  EXPECT_FALSE(early);
}

TEST_P(AnyLoop, NowIsConstantWithinATurnAndNeverGoesBack) {
  std::vector<io::MonoTime> seen;
  std::vector<io::Handle> handles;
  io::MonoTime second;
  handles.push_back(loop_->soon([&] {
    seen.push_back(loop_->now());
    if (auto* sim = dynamic_cast<test::SimLoop*>(loop_.get()); sim != nullptr) sim->spend(2ms);
    const io::MonoTime start = loop_->precise_now();
    while (dynamic_cast<test::SimLoop*>(loop_.get()) == nullptr && loop_->precise_now() - start < 2ms) {
    }
  }));
  handles.push_back(loop_->soon([&] {
    seen.push_back(loop_->now());
    second = loop_->precise_now();
  }));
  run_turns(*loop_, 2);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_GE(second - seen[1], 2ms);
  EXPECT_GE(loop_->now(), seen[1]);
}

TEST_P(AnyLoop, RetiredObjectsLiveUntilTheTurnEnds) {
  struct Object {
    explicit Object(bool& gone) : gone_(gone) {}
    ~Object() { gone_ = true; }
    bool& gone_;
  };
  bool gone = false;
  bool gone_in_callback = true;
  bool gone_later_in_turn = true;
  auto object = std::make_unique<Object>(gone);
  auto first = loop_->soon([&] {
    loop_->retire(std::move(object));
    gone_in_callback = gone;
  });
  auto second = loop_->soon([&] { gone_later_in_turn = gone; });
  run_turns(*loop_, 2);
  EXPECT_FALSE(gone_in_callback);
  EXPECT_FALSE(gone_later_in_turn);
  EXPECT_TRUE(gone);
}

TEST_P(AnyLoop, StopEndsAfterTheTurn) {
  std::string order;
  auto a = loop_->soon([&] {
    order += 'a';
    loop_->stop();
  });
  auto b = loop_->soon([&] { order += 'b'; });
  loop_->run();
  EXPECT_EQ(order, "ab");
}

// ---- The real loop only

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    a.reset(ends[0]);
    b.reset(ends[1]);
  }
  void write(char c) const { EXPECT_EQ(::write(b.get(), &c, 1), 1); }
  [[nodiscard]] char read() const {
    char c = 0;
    return ::read(a.get(), &c, 1) == 1 ? c : '\0';
  }
  io::UniqueFd a;
  io::UniqueFd b;
};

TEST(SystemLoop, AWatchRunsAgainWhileTheDescriptorStaysReady) {
  const auto loop = io::make_system_loop();
  const Pipe pipe;
  for (const char c : std::string("abc")) pipe.write(c);
  std::string seen;
  auto watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&] { seen += pipe.read(); });  // one byte at a time
  ASSERT_TRUE(run_loop_until(*loop, [&] { return seen.size() == 3; }));
  EXPECT_EQ(seen, "abc");
  run_turns(*loop, 3);
  EXPECT_EQ(seen, "abc");  // no readiness without bytes
  pipe.write('d');
  ASSERT_TRUE(run_loop_until(*loop, [&] { return seen.size() == 4; }));
}

TEST(SystemLoop, ADescriptorHasOneWatchForEachInterest) {
  const auto loop = io::make_system_loop();
  const Pipe pipe;
  int writable = 0;
  int readable = 0;
  auto read = loop->watch(pipe.a.get(), io::Interest::kRead, [&] {
    ++readable;
    (void)pipe.read();
  });
  auto write = loop->watch(pipe.a.get(), io::Interest::kWrite, [&] { ++writable; });
  ASSERT_TRUE(run_loop_until(*loop, [&] { return writable >= 3; }));
  EXPECT_EQ(readable, 0);
  write.reset();
  const int before = writable;
  pipe.write('x');
  ASSERT_TRUE(run_loop_until(*loop, [&] { return readable == 1; }));
  EXPECT_EQ(writable, before);
}

TEST(SystemLoop, AWatchMayDestroyItselfAndItsOwner) {
  const auto loop = io::make_system_loop();
  const Pipe pipe;
  struct Owner {
    io::Handle watch;
    int calls = 0;
  };
  auto owner = std::make_unique<Owner>();
  int calls = 0;
  owner->watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&, copy = std::string(64, 'z')] {
    ++calls;
    owner.reset();
    EXPECT_EQ(copy, std::string(64, 'z'));
  });
  pipe.write('x');
  ASSERT_TRUE(run_loop_until(*loop, [&] { return calls == 1; }));
  run_turns(*loop, 3);
  EXPECT_EQ(calls, 1);
}

TEST(SystemLoop, StaleReadinessIsDroppedWhenTheDescriptorIsReused) {
  const auto loop = io::make_system_loop();
  Pipe first;
  Pipe second;
  Pipe third;
  first.write('1');
  second.write('2');
  int stale = 0;
  int fresh = 0;
  std::array<io::Handle, 3> watches;
  // Whichever of the two runs first ends the other one, closes its descriptor and opens a quiet one with its number.
  const auto replace = [&](std::size_t other, Pipe& pipe) {
    watches[other].reset();
    const int number = pipe.a.get();
    ASSERT_EQ(::dup2(third.a.get(), number), number);
    watches[2] = loop->watch(number, io::Interest::kRead, [&] { ++fresh; });
  };
  watches[0] = loop->watch(first.a.get(), io::Interest::kRead, [&] {
    ++stale;
    (void)first.read();
    replace(1, second);
  });
  watches[1] = loop->watch(second.a.get(), io::Interest::kRead, [&] {
    ++stale;
    (void)second.read();
    replace(0, first);
  });
  run_turns(*loop, 5);
  EXPECT_EQ(stale, 1);
  EXPECT_EQ(fresh, 0);
  third.write('3');
  ASSERT_TRUE(run_loop_until(*loop, [&] { return fresh > 0; }));
}

TEST(SystemLoop, AReplacedWatchOfTheSameDescriptorStillHearsWhatIsReady) {
  const auto loop = io::make_system_loop();
  const Pipe pipe;
  pipe.write('x');
  int second_calls = 0;
  io::Handle watch;
  watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&] {
    watch.reset();
    watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&] {
      ++second_calls;
      (void)pipe.read();
    });
  });
  ASSERT_TRUE(run_loop_until(*loop, [&] { return second_calls == 1; }));
}

TEST(SystemLoop, AWatchHearsThatThePeerHungUp) {
  const auto loop = io::make_system_loop();
  Pipe pipe;
  int calls = 0;
  auto watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&] { ++calls; });
  pipe.b.reset();
  ASSERT_TRUE(run_loop_until(*loop, [&] { return calls > 0; }));
}

TEST(SystemLoop, ManyShortWatchesLeaveNothingBehind) {
  const auto loop = io::make_system_loop();
  int rounds = 0;
  for (int i = 0; i < 2000; ++i) {
    const Pipe pipe;
    pipe.write('x');
    bool ready = false;
    auto watch = loop->watch(pipe.a.get(), io::Interest::kRead, [&] {
      ready = true;
      loop->stop();
    });
    loop->run();
    rounds += ready ? 1 : 0;
  }
  EXPECT_EQ(rounds, 2000);
}

TEST(SystemLoop, SignalsArriveOnTheLoop) {
  const auto loop = io::make_system_loop();
  std::vector<int> seen;
  io::Handle signals;
  signals = io::watch_signals(*loop, [&](int number) {
    seen.push_back(number);
    if (seen.size() == 2) signals.reset();
  });
  ::raise(SIGHUP);
  ASSERT_TRUE(run_loop_until(*loop, [&] { return seen.size() == 1; }));
  ::raise(SIGTERM);
  ASSERT_TRUE(run_loop_until(*loop, [&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGTERM}));
}

// ---- The simulated loop only

TEST(SimLoop, RunUntilIncludesItsMomentAndStandsThere) {
  test::SimLoop loop;
  const io::MonoTime start = loop.now();
  int ran = 0;
  auto a = loop.at(start + 1s, [&] { ++ran; });
  auto b = loop.at(start + 2s, [&] { ++ran; });
  auto c = loop.at(start + 2s + 1ns, [&] { ++ran; });
  loop.run_until(start + 2s);
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(loop.now(), start + 2s);
  EXPECT_TRUE(loop.run_until_idle());
  EXPECT_EQ(ran, 3);
}

TEST(SimLoop, WallClockStepsDoNotTouchTimers) {
  test::SimLoop loop;
  bool ran = false;
  auto timer = loop.after(10s, [&] { ran = true; });
  const io::WallTime before = loop.wall_now();
  loop.run_for(4s);
  EXPECT_EQ(loop.wall_now() - before, 4s);
  loop.step_wall(-1h);
  EXPECT_EQ(loop.wall_now() - before, 4s - 1h);
  loop.run_for(5s);
  EXPECT_FALSE(ran);
  loop.run_for(1s);
  EXPECT_TRUE(ran);
  loop.set_wall(core::from_unix_ms(1000));
  EXPECT_EQ(core::to_unix_ms(loop.wall_now()), 1000);
}

TEST(SimLoop, RunUntilIdleGivesUpAtItsLimit) {
  test::SimLoop loop;
  auto far = loop.after(2h, [] {});
  EXPECT_FALSE(loop.run_until_idle(1h));
  far.reset();
  EXPECT_TRUE(loop.run_until_idle(1h));
}

TEST(SimLoopDeathTest, WatchesAbort) {
  test::SimLoop loop;
  EXPECT_DEATH((void)loop.watch(0, io::Interest::kRead, [] {}), "simulated");
}

}  // namespace
}  // namespace sonde
