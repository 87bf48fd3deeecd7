// The prober on a simulated loop with a fake kind of check: which records come out, and when.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/line_protocol.h"
#include "tests/unit/prober/fake_check.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Record;
using prober::ProberConfig;

using Prober = ProberTest;

TEST_F(Prober, ResultsGoToTheirTakerWithTheTagsOfTheirTarget) {
  make(config_of(fake_target("a"), fake_target("b")));
  std::map<std::string, std::string> lines;
  prober_->on_result([&](const core::ProbeResult& r) {
    EXPECT_TRUE(encode_line(r, lines[r.target.name]));
    std::string long_way;
    EXPECT_TRUE(encode_line(to_record(r), long_way));
    EXPECT_TRUE(lines[r.target.name].ends_with(long_way));
  });
  prober_->start();
  loop_.run_for(25s);
  EXPECT_TRUE(of("probe").empty());
  EXPECT_EQ(of("target").size(), 2U);
  ASSERT_EQ(lines.size(), 2U);
  for (const auto& [name, text] : lines) {
    EXPECT_GE(std::ranges::count(text, '\n'), 2);
    EXPECT_TRUE(text.starts_with("probe,check=tcp,role=app,target=" + name + ",vantage=v,")) << text;
  }
}

TEST_F(Prober, OneRecordPerSlotWithRisingNumbersAndStamps) {
  make(config_of(fake_target("a"), fake_target("b")));
  prober_->start();
  loop_.run_for(10min);
  for (const char* name : {"a", "b"}) {
    const auto runs = of("probe", name);
    ASSERT_EQ(runs.size(), 60U);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(runs[i].integer("seq"), static_cast<std::int64_t>(i + 1));
      EXPECT_EQ(runs[i].integer("success"), 1);
      EXPECT_NEAR(*runs[i].number("duration_seconds"), 0.1, 1e-6);
      EXPECT_NEAR(*runs[i].number("late_seconds"), 0, 1e-3);
      if (i == 0) continue;
      EXPECT_EQ(runs[i].time - runs[i - 1].time, 10s);
    }
  }
}

TEST_F(Prober, ExplainsItselfAtTheStartAndEveryHour) {
  make(config_of(fake_target("a"), fake_target("b")));
  prober_->start();
  EXPECT_EQ(records_.front().measurement, "vantage");
  EXPECT_EQ(records_.front().text("resolver"), "127.0.0.1:53");
  EXPECT_EQ(of("target").size(), 2U);
  loop_.run_for(2h + 1min);
  EXPECT_EQ(of("vantage").size(), 3U);
  EXPECT_EQ(of("target").size(), 6U);
}

TEST_F(Prober, BeatsEveryTenSeconds) {
  make(config_of(fake_target("a")));
  prober_->start();
  loop_.run_for(1min);
  const auto beats = of("sonde");
  ASSERT_EQ(beats.size(), 7U);
  EXPECT_EQ(beats.back().tag("vantage"), "v");
  EXPECT_NEAR(*beats.back().number("uptime_seconds"), 60, 0.1);
  EXPECT_EQ(beats.back().integer("runs"), 6);
}

TEST_F(Prober, ARunThatDoesNotEndIsGivenUpAtItsTimeout) {
  make(config_of(fake_target("a", 1h)));
  prober_->start();
  loop_.run_for(20s);
  const auto runs = of("probe");
  ASSERT_GE(runs.size(), 1U);
  EXPECT_EQ(runs[0].text("cause"), "timeout");
  EXPECT_EQ(runs[0].text("stage"), "tcp");
  EXPECT_NEAR(*runs[0].number("duration_seconds"), 5, 0.01);
}

TEST_F(Prober, MoreRunsThanPlacesWaitAndSayHowLate) {
  auto config = config_of(fake_target("a", 1s), fake_target("b", 1s));
  config.runs_in_flight_max = 1;
  make(std::move(config));
  // Both at once, outside the schedule: run_all_once hands them all in at one moment.
  bool done = false;
  prober_->run_all_once([&done] { done = true; });
  loop_.run_for(5s);
  EXPECT_TRUE(done);
  EXPECT_NEAR(*of("probe", "a")[0].number("late_seconds"), 0, 1e-3);
  EXPECT_NEAR(*of("probe", "b")[0].number("late_seconds"), 1, 1e-3);
}

TEST_F(Prober, WaitingHalfAnIntervalIsOurOwnOverload) {
  ProberConfig config;
  for (int i = 0; i < 40; ++i) config.targets.push_back(fake_target("t" + std::to_string(i), 4s));
  config.runs_in_flight_max = 2;  // 40 targets of 4 s each need 16 places
  make(std::move(config));
  prober_->start();
  loop_.run_for(2min);
  const auto runs = of("probe");
  EXPECT_TRUE(std::ranges::any_of(runs, [](const Record& r) { return r.text("cause") == "overload"; }));
  EXPECT_TRUE(std::ranges::all_of(runs, [](const Record& r) { return r.text("status") != "fail"; }));
  EXPECT_LE(prober_->snapshot().in_flight, 2U);
  // Every slot has its record.
  std::map<std::string, std::int64_t> last;
  for (const Record& r : runs) {
    EXPECT_EQ(*r.integer("seq"), ++last[std::string{r.tag("target")}]);
  }
}

TEST_F(Prober, AllOwnControlsFailingMakesResultsSuspect) {
  auto control = fake_target("control/x", 100ms, core::failed(core::Stage::kTcp, core::Cause::kTimeout));
  control.target.role = core::Role::kControl;
  control.target.partition = core::Partition::kOverseas;
  make(config_of(std::move(control), fake_target("a", 100ms, core::failed(core::Stage::kTcp, core::Cause::kTimeout))));
  prober_->start();
  loop_.run_for(1min);
  const auto runs = of("probe", "a");
  EXPECT_EQ(runs.back().integer("suspect"), 1);
  EXPECT_EQ(runs.back().text("suspect_why"), "uplink");
  EXPECT_EQ(prober_->snapshot().suspect_why, "uplink");
}

TEST_F(Prober, ControlsOfTheOtherPartitionSayNothing) {
  auto control = fake_target("control/x", 100ms, core::failed(core::Stage::kTcp, core::Cause::kTimeout));
  control.target.role = core::Role::kControl;
  control.target.partition = core::Partition::kDomestic;
  make(config_of(std::move(control), fake_target("a")));
  prober_->start();
  loop_.run_for(1min);
  EXPECT_EQ(of("probe", "a").back().integer("suspect"), 0);
}

TEST_F(Prober, StopReportsWhatWasInFlightAndNothingAfterwards) {
  make(config_of(fake_target("a", 4s)));
  prober_->start();
  loop_.run_for(10s - 1ms);
  while (prober_->snapshot().in_flight == 0) loop_.run_for(100ms);
  prober_->stop();
  const auto count = records_.size();
  EXPECT_EQ(records_.back().text("cause"), "skipped");
  EXPECT_EQ(records_.back().text("status"), "unknown");
  loop_.run_for(1h);
  EXPECT_EQ(records_.size(), count);
}

TEST_F(Prober, ANewConfigurationGoesOnWithNumbersAndStamps) {
  make(config_of(fake_target("a"), fake_target("old")));
  prober_->start();
  loop_.run_for(1min);
  ProberConfig next = config_of(fake_target("a"), fake_target("new"));
  next.vantage.name = "v";
  ASSERT_TRUE(prober_->reconfigure(std::move(next)).has_value());
  loop_.run_for(1min);
  const auto runs = of("probe", "a");
  for (std::size_t i = 1; i < runs.size(); ++i) {
    EXPECT_EQ(*runs[i].integer("seq"), *runs[i - 1].integer("seq") + 1);
    EXPECT_GT(runs[i].time, runs[i - 1].time);
  }
  EXPECT_EQ(of("probe", "new").size(), 6U);
  EXPECT_LE(of("probe", "old").size(), 6U);
}

TEST_F(Prober, ABadNewConfigurationLeavesTheOldRunning) {
  make(config_of(fake_target("a")));
  prober_->start();
  ProberConfig bad = config_of(fake_target("b"));
  bad.ca_file = "/nonexistent/ca.pem";
  EXPECT_FALSE(prober_->reconfigure(std::move(bad)).has_value());
  loop_.run_for(1min);
  EXPECT_EQ(of("probe", "a").size(), 6U);
}

TEST_F(Prober, RunOnceStandsOutsideTheSchedule) {
  make({});
  const auto entry = fake_target("x");
  std::optional<core::Measurement> result;
  const auto handle = prober_->run_once(entry, [&result](core::Measurement m) { result = std::move(m); });
  loop_.run_for(1s);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->outcome.status, core::Status::kOk);
  EXPECT_TRUE(records_.empty());
}

TEST_F(Prober, RunOnceCanBeCancelled) {
  make({});
  const auto entry = fake_target("x");
  bool called = false;
  {
    const auto handle = prober_->run_once(entry, [&called](core::Measurement) { called = true; });
  }
  loop_.run_for(10s);
  EXPECT_FALSE(called);
}

TEST_F(Prober, WithoutControlsTwoProvidersThatFailTogetherMeanThatTheUplinkIsLost) {
  const auto reference = [](const std::string& name, const std::string& provider, core::Partition partition) {
    auto t = fake_target(name, 100ms, core::failed(core::Stage::kTcp, core::Cause::kTimeout));
    t.target.role = core::Role::kReference;
    t.target.provider = provider;
    t.target.partition = partition;
    return t;
  };
  const auto home = core::Partition::kOverseas;
  make(config_of(reference("a/1", "a", home), reference("a/2", "a", home), fake_target("app")));
  prober_->start();
  loop_.run_for(1min);
  EXPECT_EQ(of("probe", "app").back().integer("suspect"), 0) << "one provider can fail as a whole";

  ProberConfig next = config_of(reference("a/1", "a", home), reference("b/1", "b", home), fake_target("app"));
  next.vantage.name = "v";
  ASSERT_TRUE(prober_->reconfigure(std::move(next)).has_value());
  loop_.run_for(1min);
  EXPECT_EQ(of("probe", "app").back().text("suspect_why"), "uplink");

  next = config_of(reference("a/1", "a", home), reference("c/1", "c", core::Partition::kDomestic), fake_target("app"));
  next.vantage.name = "v";
  ASSERT_TRUE(prober_->reconfigure(std::move(next)).has_value());
  loop_.run_for(2min);
  EXPECT_EQ(of("probe", "app").back().integer("suspect"), 0) << "the other partition proves nothing";
}

TEST_F(Prober, C38_AClockStepDuringARunLeavesItsDurationRight) {
  make(config_of(fake_target("a", 2s)));
  prober_->start();
  while (prober_->snapshot().in_flight == 0) loop_.run_for(100ms);
  loop_.step_wall(-30s);
  loop_.run_for(3s);
  ASSERT_FALSE(of("probe").empty());
  EXPECT_NEAR(*of("probe").front().number("duration_seconds"), 2, 0.001);
  EXPECT_EQ(of("probe").front().text("status"), "ok");
}

TEST_F(Prober, C39_ARunThatTheMachineSleptThroughIsOurOwn) {
  make(config_of(fake_target("a", 2s, core::failed(core::Stage::kTcp, core::Cause::kReset))));
  prober_->start();
  while (prober_->snapshot().in_flight == 0) loop_.run_for(100ms);
  loop_.sleep_machine(1h);
  loop_.run_for(30s);
  const auto runs = of("probe");
  const auto slept = std::ranges::find_if(runs, [](const Record& r) { return r.text("cause") == "suspended"; });
  ASSERT_NE(slept, runs.end());
  EXPECT_EQ(slept->text("status"), "unknown");
  EXPECT_EQ(slept->text("stage"), "tcp");
  const auto slots = std::ranges::count_if(
      runs, [](const Record& r) { return r.text("detail") == "the prober was not running at that time"; });
  EXPECT_EQ(slots, 100) << "slots of the sleep are recorded";
  EXPECT_EQ(of("gap").size(), 1U);
  EXPECT_EQ(runs.back().text("cause"), "reset") << "what ran after the sleep stands by itself";
  EXPECT_EQ(runs.back().integer("suspect"), 0) << "a sleep is no step of the clock";
  for (std::size_t i = 1; i < runs.size(); ++i) EXPECT_GT(*runs[i].integer("seq"), 0);
}

TEST_F(Prober, P11_AStepIsRecordedAtOnceAndMarkedOnWhatFollows) {
  make(config_of(fake_target("a")));
  prober_->start();
  loop_.run_for(1min);
  const auto beats = of("sonde").size();
  loop_.step_wall(-1500ms);
  loop_.run_for(200ms);
  ASSERT_EQ(of("sonde").size(), beats + 1);
  EXPECT_EQ(of("sonde").back().integer("clock_step_ms"), -1500);
  EXPECT_EQ(of("sonde").back().number("slept_seconds"), 0);
  loop_.run_for(30s);
  EXPECT_EQ(of("probe").back().integer("clock_step_ms"), -1500);
  EXPECT_EQ(of("probe").back().text("suspect_why"), "clock");
  loop_.run_for(2min);
  EXPECT_EQ(of("probe").back().field("clock_step_ms"), nullptr);
}

TEST_F(Prober, P3_StampsComeAfterThoseOfAnEarlierProcess) {
  make(config_of(fake_target("a"), fake_target("b")));
  const core::WallTime newest = loop_.wall_now() + 1h;  // the clock has gone back since
  prober_->stamp_after(newest);
  prober_->start();
  loop_.run_for(30s);
  for (const char* name : {"a", "b"}) {
    const auto runs = of("probe", name);
    ASSERT_EQ(runs.size(), 3U);
    EXPECT_GT(runs[0].time, newest);
    EXPECT_GT(runs[1].time, runs[0].time);
  }
}

TEST_F(Prober, P3_ASingleRoundIsStampedAfterTheRoundBefore) {
  make(config_of(fake_target("a")));
  const core::WallTime newest = loop_.wall_now() + 1h;
  prober_->stamp_after(newest);
  prober_->run_all_once([] {});
  loop_.run_for(5s);
  ASSERT_EQ(of("probe").size(), 1U);
  EXPECT_GT(of("probe")[0].time, newest);
}

TEST_F(Prober, P3_AStampOfAClockThatWasDaysAheadIsNotHeeded) {
  make(config_of(fake_target("a")));
  const core::WallTime now = loop_.wall_now();
  prober_->stamp_after(now + 240h);
  prober_->start();
  loop_.run_for(15s);
  EXPECT_LT(of("probe").at(0).time, now + 15s);
}

TEST_F(Prober, ThousandsOfTargetsAreProbedOnceWithinOneIntervalWithoutABunch) {
  ProberConfig config;
  for (int i = 0; i < 10'000; ++i) config.targets.push_back(fake_target("t" + std::to_string(i), 10ms));
  make(std::move(config));
  prober_->start();
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t before = prober_->snapshot().runs;
    loop_.run_for(100ms);
    most = std::max(most, prober_->snapshot().runs - before);
  }
  EXPECT_GE(prober_->snapshot().runs, 9'950U);  // those of the last 10 ms are still running
  EXPECT_LT(most, 200U) << "100 are due in each tenth of a second";
  EXPECT_EQ(of("target").size(), 10'000U);
}

TEST_F(Prober, P11_AStepForwardIsNoTimeInWhichTheProberDidNotRun) {
  make(config_of(fake_target("a"), fake_target("b"), fake_target("c")));
  prober_->start();
  loop_.run_for(1min);
  for (int i = 0; i < 40; ++i) {  // at 40 moments: between ticks of the watch, and just when slots are due
    loop_.run_for(2237ms);
    loop_.step_wall(1h);
  }
  loop_.run_for(20s);
  EXPECT_EQ(of("gap").size(), 0U);
  EXPECT_EQ(prober_->snapshot().skipped, 0U);
  for (const char* name : {"a", "b", "c"}) {
    const auto runs = of("probe", name);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_NE(runs[i].text("cause"), "skipped") << runs[i].text("detail").value_or("");
      EXPECT_LT(*runs[i].number("late_seconds"), 0.2) << i;
      EXPECT_EQ(runs[i].integer("seq"), static_cast<std::int64_t>(i) + *runs[0].integer("seq"));
      if (i == 0) continue;
      EXPECT_EQ((runs[i].time - runs[i - 1].time) % 10s, 0s) << "the grid holds";
      EXPECT_GT(runs[i].time, runs[i - 1].time);
    }
    EXPECT_EQ(runs.back().text("suspect_why"), "clock");
    EXPECT_EQ(runs.back().integer("clock_step_ms"), 3'600'000);
    EXPECT_NEAR(static_cast<double>(runs.size()), (60 + 40 * 2.237 + 20) / 10, 2) << "none is lost either";
  }
  const auto beats = of("sonde");
  EXPECT_EQ(std::ranges::count_if(beats, [](const Record& r) { return r.integer("clock_step_ms") == 3'600'000; }), 40)
      << "each step is recorded";
}

TEST_F(Prober, BadSettingsAreClearErrors) {
  const auto error_of = [this](ProberConfig c) {
    const auto made = make_prober(loop_, *files_, http_, std::move(c), "", [](Record) {});
    return made.has_value() ? std::string{} : made.error().message;
  };
  ProberConfig c;
  c.resolver = "nonsense";
  EXPECT_EQ(error_of(std::move(c)), "resolver: nonsense is not ADDRESS or ADDRESS:PORT");
  ProberConfig d;
  d.source = "eth0";
  EXPECT_EQ(error_of(std::move(d)), "vantage.source: eth0 is no address");
}

}  // namespace
}  // namespace sonde::test
