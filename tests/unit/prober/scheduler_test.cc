// The grid of slots on a simulated clock: phase, no drift, every slot accounted for.
#include "prober/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/sim_loop.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::WallTime;
using prober::next_slot;
using prober::phase_of;
using prober::Scheduler;

struct Seen {
  WallTime stamp;
  Duration late{};
  bool missed = false;
};

/// One scheduler with one target, and what it did.
struct Recorder {
  explicit Recorder(SimLoop& loop, Duration every = 10s, Duration phase = 3s)
      : scheduler(loop, {.look = {},
                         .due =
                             [this](std::size_t, WallTime stamp, Duration late) {
                               seen.push_back({stamp, late, false});
                             },
                         .missed =
                             [this](std::size_t, WallTime stamp) {
                               seen.push_back({stamp, {}, true});
                             },
                         .gap = [this](std::size_t, std::int64_t count, WallTime, WallTime) { gap += count; }}) {
    scheduler.set(0, {.every = every, .phase = phase});
  }
  [[nodiscard]] std::size_t missed() const {
    return static_cast<std::size_t>(std::ranges::count_if(seen, [](const Seen& s) { return s.missed; }));
  }
  [[nodiscard]] bool stamps_increase() const {
    for (std::size_t i = 1; i < seen.size(); ++i) {
      if (seen[i].stamp <= seen[i - 1].stamp) return false;
    }
    return true;
  }
  std::vector<Seen> seen;
  std::int64_t gap = 0;
  Scheduler scheduler;
};

TEST(Phase, IsStableWithinTheIntervalAndDiffersByEachPart) {
  const Duration p = phase_of("v", "t", "http", 10s);
  EXPECT_EQ(p, phase_of("v", "t", "http", 10s));
  EXPECT_GE(p, 0s);
  EXPECT_LT(p, 10s);
  EXPECT_NE(p, phase_of("w", "t", "http", 10s));
  EXPECT_NE(p, phase_of("v", "u", "http", 10s));
  EXPECT_NE(p, phase_of("v", "t", "tcp", 10s));
}

TEST(Phase, HasAGoldenValueSoThatAnUpgradeDoesNotMoveEveryProbe) {
  EXPECT_EQ(phase_of("v", "t", "http", 10s) / 1ms, 6873);
}

TEST(Phase, SpreadsAThousandTargets) {
  std::vector<int> bins(10, 0);
  for (int i = 0; i < 1000; ++i) {
    ++bins[static_cast<std::size_t>(phase_of("v", "target-" + std::to_string(i), "http", 10s) / 1s)];
  }
  for (const int n : bins) EXPECT_NEAR(n, 100, 40);
}

TEST(NextSlot, IsTheFirstOnTheGridThatIsLater) {
  const WallTime t0{1'000'000s};
  EXPECT_EQ(next_slot(t0, 10s, 3s), t0 + 3s);
  EXPECT_EQ(next_slot(t0 + 3s, 10s, 3s), t0 + 13s);
  EXPECT_EQ(next_slot(t0 + 4s, 10s, 3s), t0 + 13s);
}

TEST(Scheduler, RunsEachSlotOnTheGridWithoutDrift) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(24h);
  ASSERT_EQ(r.seen.size(), 24U * 360U);
  for (const Seen& s : r.seen) {
    EXPECT_EQ((s.stamp.time_since_epoch() - 3s) % 10s, 0s);
    EXPECT_FALSE(s.missed);
  }
  EXPECT_TRUE(r.stamps_increase());
}

TEST(Scheduler, AFirstRoundIsDoneWithinOneInterval) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(10s);
  EXPECT_EQ(r.seen.size(), 1U);
}

TEST(Scheduler, SaysHowLateASlotStarted) {
  SimLoop loop;
  Recorder r{loop};
  const auto busy =
      loop.after(3s - 1ms, [&loop] { loop.spend(500ms); });  // 2025-06-01T00:00:00Z is on the grid of 10 s
  loop.run_for(5s);
  ASSERT_EQ(r.seen.size(), 1U);
  EXPECT_EQ(r.seen[0].late, 499ms);
}

TEST(Scheduler, SlotsThatPassedWhileTheProcessStoodAreReportedEach) {
  SimLoop loop;
  Recorder r{loop};
  const auto stopped = loop.after(1s, [&loop] { loop.spend(45s); });  // slots at 3, 13, 23, 33 s pass; 43 s is 3 s late
  loop.run_for(60s);
  EXPECT_EQ(r.missed(), 4U);
  EXPECT_TRUE(r.stamps_increase());
  for (std::size_t i = 1; i < r.seen.size(); ++i) EXPECT_EQ(r.seen[i].stamp - r.seen[i - 1].stamp, 10s);
}

TEST(Scheduler, ASlotThatIsHalfAnIntervalLateIsMissedNotRun) {
  SimLoop loop;
  Recorder r{loop};
  const auto stopped = loop.after(2s, [&loop] { loop.spend(7s); });  // 6 s late at the slot of 3 s
  loop.run_for(20s);
  ASSERT_GE(r.seen.size(), 2U);
  EXPECT_TRUE(r.seen[0].missed);
  EXPECT_FALSE(r.seen[1].missed);
}

TEST(Scheduler, P11_SlotsThatAForwardStepJumpedOverNeverWere) {
  for (const Duration step : {100s, 3600s, 86'400s, 1s}) {
    SimLoop loop;
    Recorder r{loop};
    loop.run_for(15s);
    const std::size_t before = r.seen.size();
    loop.step_wall(step);
    r.scheduler.clock_stepped(step);
    loop.run_for(60s);
    EXPECT_EQ(r.missed(), 0U);
    EXPECT_EQ(r.gap, 0);
    EXPECT_EQ(r.seen.size(), before + 6) << "probing goes on at its pace";
    EXPECT_TRUE(r.stamps_increase());
    for (const Seen& s : r.seen) EXPECT_EQ((s.stamp.time_since_epoch() - 3s) % 10s, 0s);
  }
}

TEST(Scheduler, P11_WhatWasDueWhenTheClockSteppedIsRunOnce) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(15s);
  const auto busy = loop.after(7900ms, [&] {  // a turn that lasts past the slot of 23 s, and the step in it
    loop.spend(500ms);
    loop.step_wall(1h);
    r.scheduler.clock_stepped(1h);
  });
  loop.run_for(60s);
  EXPECT_EQ(r.missed(), 0U);
  ASSERT_EQ(r.seen.size(), 2U + 1U + 5U);
  EXPECT_EQ(r.seen[2].stamp - r.seen[1].stamp, 10s) << "with the stamp that it had";
  EXPECT_EQ(r.seen[2].late, 400ms);
  EXPECT_TRUE(r.stamps_increase());
}

TEST(Scheduler, P11_OfASleepWithAStepTheSlotsOfTheSleepAreMissed) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(15s);
  loop.sleep_machine(50s);  // slots at 23, 33, 43, 53 s; that of 63 s is 2 s late
  loop.step_wall(1h);
  r.scheduler.clock_stepped(1h);
  EXPECT_EQ(r.missed(), 4U);
  ASSERT_EQ(r.seen.size(), 2U + 5U);
  EXPECT_EQ(r.seen.back().late, 2s);
  loop.run_for(60s);
  EXPECT_EQ(r.missed(), 4U);
  EXPECT_EQ(r.seen.size(), 2U + 5U + 6U);
  EXPECT_TRUE(r.stamps_increase());
}

TEST(Scheduler, P3_AfterABackwardStepStampsStillIncrease) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(100s);
  const std::size_t before = r.seen.size();
  loop.step_wall(-1h);
  r.scheduler.clock_stepped(-1h);
  loop.run_for(100s);
  EXPECT_EQ(r.seen.size(), before + 10);  // probing goes on at its pace
  EXPECT_TRUE(r.stamps_increase());
}

TEST(Scheduler, ALongPauseEndsInOneGapAndABoundedNumberOfRecords) {
  SimLoop loop;
  Recorder r{loop};
  loop.run_for(15s);
  loop.sleep_machine(24h);
  r.scheduler.clock_stepped(0s);
  loop.run_for(15s);
  EXPECT_LE(r.missed(), 101U);
  EXPECT_GE(r.gap + static_cast<std::int64_t>(r.missed()), 24 * 360 - 2);
}

TEST(Scheduler, ContinuesAfterTheStampOfAnEarlierConfiguration) {
  SimLoop loop;
  std::vector<WallTime> stamps;
  const WallTime last = loop.wall_now() + 1h;
  Scheduler s{loop,
              {.look = {},
               .due = [&stamps](std::size_t, WallTime stamp, Duration) { stamps.push_back(stamp); },
               .missed = [](std::size_t, WallTime) {},
               .gap = [](std::size_t, std::int64_t, WallTime, WallTime) {}}};
  s.set(0, {.every = 10s, .phase = 0s, .last_stamp = last});
  loop.run_for(30s);
  ASSERT_FALSE(stamps.empty());
  EXPECT_EQ(stamps[0], last + 1ms);
}

}  // namespace
}  // namespace sonde::test
