// Reports of `sonde check`: Nagios, JSON, the table, and what repeated runs come to.
#include "cli/check_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/repetition.h"
#include "runs.h"

namespace sonde::cli {
namespace {

using core::Cause;
using core::Language;
using core::Stage;
using namespace sonde::cli::testing;
using namespace std::chrono_literals;

class Report : public ::testing::Test {
 protected:
  CheckResult good() { return {&a_, kNow, good_run()}; }
  CheckResult bad() { return {&b_, kNow, stuck_run()}; }
  CheckResult own_fault() {
    core::Measurement m;
    m.outcome = core::failed(Stage::kDns, Cause::kNoResolver, "it says a|b");
    return {&c_, kNow, m};
  }
  core::Target a_ = target_of("https://www.example.com/");
  core::Target b_ = target_of("https://b.example/");
  core::Target c_ = target_of("tcp://c.example:1", core::CheckKind::kTcp);
};

using NagiosOutput = Report;

TEST_F(NagiosOutput, AGoodRunIsOkWithEveryPhaseAsPerformanceData) {
  const CheckResult r = good();
  const NagiosReport report = nagios_report({&r, 1}, {}, plain());
  EXPECT_EQ(report.code, 0);
  EXPECT_EQ(report.text,
            "SONDE OK - https://www.example.com/ | 'time'=0.100000s;;;0 'resolve'=0.010000s;;;0 "
            "'connect'=0.020000s;;;0 'tls'=0.040000s;;;0 'processing'=0.020000s;;;0 'transfer'=0.010000s;;;0 "
            "'rtt'=0.019500s;;;0 'cert_days'=62;;\n");
}

TEST_F(NagiosOutput, ThresholdsRaiseAGoodRunAndStandInTheData) {
  const CheckResult r = good();
  NagiosThresholds limits;
  limits.warning_duration = 50ms;
  limits.critical_duration = 2s;
  const NagiosReport slow = nagios_report({&r, 1}, limits, plain());
  EXPECT_EQ(slow.code, 1);
  EXPECT_NE(slow.text.find("SONDE WARNING - https://www.example.com/ took 100 ms, more than 50ms"), slow.text.npos);
  EXPECT_NE(slow.text.find("'time'=0.100000s;0.05;2;0"), slow.text.npos);
  limits.critical_cert_days = 63;
  const NagiosReport ending = nagios_report({&r, 1}, limits, plain());
  EXPECT_EQ(ending.code, 2);
  EXPECT_NE(ending.text.find("'cert_days'=62;;63:"), ending.text.npos) << ending.text;
}

TEST_F(NagiosOutput, AFailedRunIsCriticalWhateverItsTimeAndUnknownIsUnknown) {
  NagiosThresholds limits;
  limits.warning_duration = 1ms;
  const CheckResult failed = bad();
  EXPECT_EQ(nagios_report({&failed, 1}, limits, plain()).code, 2);
  const CheckResult unknown = own_fault();
  EXPECT_EQ(nagios_report({&unknown, 1}, limits, plain()).code, 3);
}

TEST_F(NagiosOutput, TheBarOfARemoteCannotBeginPerformanceData) {
  const CheckResult r = own_fault();
  const std::string text = nagios_report({&r, 1}, {}, plain()).text;
  EXPECT_EQ(std::ranges::count(text, '|'), 1);
  EXPECT_NE(text.find("it says a/b"), text.npos);
}

TEST_F(NagiosOutput, SeveralTargetsBeginWithTheWorstAndAFailureCountsBeforeUnknown) {
  const std::vector<CheckResult> results{good(), own_fault(), bad()};
  const NagiosReport report = nagios_report(results, {}, plain());
  EXPECT_EQ(report.code, 2);
  EXPECT_TRUE(report.text.starts_with("SONDE CRITICAL - 1 of 3 fine, https://b.example/ tls_timeout")) << report.text;
  EXPECT_NE(report.text.find("'https://www.example.com/ time'=0.100000s"), report.text.npos);
  EXPECT_NE(report.text.find("\nUNKNOWN: tcp://c.example:1"), report.text.npos);
}

using JsonOutput = Report;

TEST_F(JsonOutput, HasTagsAndFieldsUnderTheNamesOfTheRecordAndNothingThatWasNotReached) {
  core::Vantage here;
  here.name = "here";
  const std::string line = json_line(core::to_record(stuck_run(), here, b_, kNow));
  ASSERT_TRUE(line.ends_with("\n"));
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object.at("time_ms"), 1'763'978'400'000);
  EXPECT_EQ(object.at("target"), "https://b.example/");
  EXPECT_EQ(object.at("check"), "http");
  EXPECT_EQ(object.at("status"), "fail");
  EXPECT_EQ(object.at("stage"), "tls");
  EXPECT_EQ(object.at("cause"), "timeout");
  EXPECT_EQ(object.at("success"), 0);
  EXPECT_DOUBLE_EQ(object.at("connect_seconds"), 0.5);
  EXPECT_FALSE(object.contains("tls_seconds"));
  EXPECT_FALSE(object.contains("processing_seconds"));
}

using SummaryOutput = Report;

TEST_F(SummaryOutput, HasALinePerTargetAndCountsEachStatus) {
  const std::vector<CheckResult> results{good(), bad(), own_fault()};
  EXPECT_EQ("\n" + summary_table(results, plain()), R"(
● ok       https://www.example.com/    100 ms
● fail     https://b.example/          5.00 s  tls_timeout: no answer in time
● unknown  tcp://c.example:1                   dns_no_resolver: this prober cannot reach its resolver (it says a|b)
3 targets: 1 ok, 1 fail, 1 unknown
)");
  EXPECT_EQ("\n" + summary_table(results, plain(Language::kChinese)), R"(
● 正常     https://www.example.com/    100 ms
● 失败     https://b.example/          5.00 s  tls_timeout: 超时无应答
● 未知     tcp://c.example:1                   dns_no_resolver: 本探针无法连接解析服务器 (it says a|b)
3 个目标: 1 正常, 1 失败, 1 未知
)");
}

core::Measurement run_of(double seconds, core::Outcome outcome = {}) {
  core::Measurement m;
  m.outcome = std::move(outcome);
  m.set(field::kDurationSeconds, seconds);
  return m;
}

TEST(RepeatedRuns, CountMedianLossAndTheNewestTrouble) {
  Repetition r;
  EXPECT_FALSE(r.times().has_value());
  EXPECT_FALSE(r.loss_percent().has_value());
  r.add(run_of(0.010));
  r.add(run_of(0.030));
  r.add(run_of(5.000, core::failed(Stage::kTcp, Cause::kTimeout)));
  r.add(run_of(0.020));
  r.add(run_of(0.001, core::failed(Stage::kTcp, Cause::kNoRoute)));  // unknown: says nothing about the target
  r.add(run_of(0.040));
  ASSERT_TRUE(r.times().has_value());
  EXPECT_DOUBLE_EQ(r.times()->smallest, 0.010);
  EXPECT_DOUBLE_EQ(r.times()->median, 0.025);
  EXPECT_DOUBLE_EQ(r.times()->largest, 0.040);
  EXPECT_DOUBLE_EQ(r.loss_percent().value(), 20.0);  // 1 of 5
  EXPECT_EQ(r.runs_since_trouble(), 1U);
  EXPECT_EQ(r.last_trouble()->cause, Cause::kNoRoute);
  EXPECT_EQ(r.strip(10, plain()), "▃▇✗▅?█");
  EXPECT_EQ(r.strip(2, plain()), "?█");
}

TEST(RepeatedRuns, TheTableHasALinePerTargetAndItsTroubleBelow) {
  Repetition a;
  a.add(run_of(0.010));
  a.add(run_of(0.020));
  Repetition b;
  b.add(run_of(0.010, core::failed(Stage::kTcp, Cause::kRefused)));
  const std::vector<RepeatedTarget> targets{{"a.example", &a}, {"b.example", &b}};
  EXPECT_EQ("\n" + repetition_table(targets, 100, plain(Language::kEnglish, 120)), R"(
           TARGET         LAST       MIN    MEDIAN       MAX   LOSS   RUNS HISTORY
● ok       a.example   20.0 ms   10.0 ms   15.0 ms   20.0 ms     0%      2 ▅█
● fail     b.example         -         -         -         -   100%      1 ✗
           tcp_refused: refused
)");
}

TEST(RepeatedRuns, ATableThatDoesNotFitSaysHowManyAreMissing) {
  Repetition r;
  r.add(run_of(0.010));
  const std::vector<RepeatedTarget> targets(50, RepeatedTarget{"x", &r});
  const std::string text = repetition_table(targets, 10, plain());
  EXPECT_EQ(std::ranges::count(text, '\n'), 10);
  EXPECT_NE(text.find("... and 42 more"), text.npos) << text;
}

TEST(ExitCode, AFailureCountsBeforeWhatIsNotKnown) {
  EXPECT_EQ(exit_code_of(false, false), 0);
  EXPECT_EQ(exit_code_of(true, true), 1);
  EXPECT_EQ(exit_code_of(false, true), 3);
}

}  // namespace
}  // namespace sonde::cli
