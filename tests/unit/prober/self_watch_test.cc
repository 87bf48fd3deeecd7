// The prober's trust in itself on a simulated loop.
#include "prober/self_watch.h"

#include <gtest/gtest.h>

#include "tests/support/sim_loop.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::MonoTime;
using prober::SelfWatch;

TEST(SelfWatch, TrustsAQuietLoop) {
  SimLoop loop;
  SelfWatch watch{loop};
  watch.start({});
  const MonoTime from = loop.now();
  loop.run_for(5s);
  EXPECT_EQ(watch.trust_in(from, loop.now()).why, "");
  EXPECT_EQ(watch.trust_in(from, loop.now()).lag, 0ms);
}

TEST(SelfWatch, ALateLoopIsSuspectForTheRunsItTouched) {
  SimLoop loop;
  SelfWatch watch{loop};
  watch.start({});
  loop.run_for(2s);
  const MonoTime from = loop.now();
  const auto busy = loop.after(50ms, [&loop] { loop.spend(300ms); });
  loop.run_for(1s);
  const auto trust = watch.trust_in(from, loop.now());
  EXPECT_EQ(trust.why, "lag");
  EXPECT_EQ(trust.lag, 250ms);  // the tick was due 50 ms after the blocking began
  EXPECT_EQ(watch.trust_in(from - 1500ms, from).why, "");
  EXPECT_EQ(watch.lag_of_last_minute(), 250ms);
}

TEST(SelfWatch, ALagIsSeenByARunThatEndsBeforeTheLateTick) {
  SimLoop loop;
  SelfWatch watch{loop};
  watch.start({});
  loop.run_for(1s + 50ms);
  const MonoTime from = loop.now();
  loop.spend(200ms);  // the tick of 1.1 s has not run yet
  EXPECT_EQ(watch.trust_in(from, loop.precise_now()).why, "lag");
}

TEST(SelfWatch, P11_AClockStepIsToldAndMakesWhatFollowsSuspectForAMinute) {
  SimLoop loop;
  SelfWatch watch{loop};
  Duration told{};
  watch.start([&told](prober::ClockEvent e) { told = e.wall; });
  loop.run_for(1s);
  loop.step_wall(3s);
  loop.run_for(1s);
  EXPECT_EQ(told, 3s);
  EXPECT_EQ(watch.trust_now().why, "clock");
  loop.run_for(61s);
  EXPECT_EQ(watch.trust_now().why, "");
}

TEST(SelfWatch, AStepBelowHalfASecondIsNone) {
  SimLoop loop;
  SelfWatch watch{loop};
  bool told = false;
  watch.start([&told](prober::ClockEvent) { told = true; });
  loop.step_wall(400ms);
  loop.run_for(1s);
  EXPECT_FALSE(told);
}

TEST(SelfWatch, AllControlsFailingMeansThatTheUplinkIsLost) {
  SimLoop loop;
  SelfWatch watch{loop};
  watch.start({});
  loop.run_for(1s);
  watch.heard(prober::Witness::kControl, "a", false, 65s);
  EXPECT_EQ(watch.trust_now().why, "uplink");
  watch.heard(prober::Witness::kControl, "b", true, 65s);
  EXPECT_EQ(watch.trust_now().why, "");
  watch.heard(prober::Witness::kControl, "b", false, 65s);
  EXPECT_EQ(watch.trust_now().why, "uplink");
}

TEST(SelfWatch, OldControlResultsCountForNothing) {
  SimLoop loop;
  SelfWatch watch{loop};
  watch.start({});
  watch.heard(prober::Witness::kControl, "a", false, 65s);
  loop.run_for(70s);
  EXPECT_EQ(watch.trust_now().why, "");
}

TEST(SelfWatch, WithoutControlsNothingIsSaidAboutTheUplink) {
  SimLoop loop;
  const SelfWatch watch{loop};
  EXPECT_EQ(watch.trust_now().why, "");
}

}  // namespace
}  // namespace sonde::test
