// From arguments to targets: host names, lists, expectations, and names of a configuration.
#include "cli/check_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "cli/expectations.h"
#include "cli/lint.h"
#include "runs.h"
#include "tests/support/temp_dir.h"

namespace sonde::cli {
namespace {

using namespace sonde::cli::testing;

class CheckPlanning : public ::testing::Test {
 protected:
  CheckPlan plan(const CheckOptions& options) { return plan_check(options, *files_, plain(), errors_); }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    std::ofstream{path} << text;
    return path;
  }
  std::string mistakes() const { return errors_.to_string(); }

  test::TempDir dir_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  core::ConfigErrors errors_;
};

TEST_F(CheckPlanning, ABareHostIsHttpsAndSaysSo) {
  CheckOptions o;
  o.targets = {"example.com", "example.com:8443/x", "2001:db8::1", "tcp://db.example:5432"};
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  ASSERT_EQ(p.targets.size(), 4U);
  EXPECT_EQ(p.targets[0].target.url, "https://example.com");
  EXPECT_EQ(p.targets[1].target.url, "https://example.com:8443/x");
  EXPECT_EQ(p.targets[2].target.url, "https://[2001:db8::1]");
  EXPECT_EQ(p.targets[3].target.check, core::CheckKind::kTcp);
  EXPECT_EQ(p.remarks.size(), 3U);
  EXPECT_EQ(p.remarks[0], "example.com: taken as https://example.com");
}

TEST_F(CheckPlanning, AListHasOneTargetALineAndComments) {
  EXPECT_EQ(list_lines("# all\n\n  https://a.example/#part \r\nb.example # not this\n#c"),
            (std::vector<std::string>{"https://a.example/#part", "b.example"}));
  CheckOptions o;
  o.files = {write("list", "https://a.example/\nhttps://b.example/\n")};
  EXPECT_EQ(plan(o).targets.size(), 2U);
  o.files = {dir_.path() + "/none"};
  static_cast<void>(plan(o));
  EXPECT_NE(mistakes().find("cannot read"), std::string::npos);
}

TEST_F(CheckPlanning, NothingToCheckIsAMistake) {
  static_cast<void>(plan({}));
  EXPECT_NE(mistakes().find("nothing to check"), std::string::npos);
}

TEST_F(CheckPlanning, ExpectationsAreReadAsInAConfigurationFile) {
  CheckOptions o;
  o.targets = {"https://a.example/"};
  o.expect = {"status=[200, 404]", "body=ok"};
  o.headers = {"Accept: text/html", "X-Empty:"};
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  const auto rows = expectation_rows(p.targets[0], nullptr, plain());
  ASSERT_GE(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, "status");
  EXPECT_EQ(rows[0].wanted, "[200, 404]");
  EXPECT_FALSE(rows[0].standard);
  EXPECT_FALSE(rows[0].meaning.empty());
  const core::ConfigNode* request = p.targets[0].written.find("request");
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(node_text(*request), "{headers: {Accept: text/html, X-Empty: \"\"}}");
}

TEST_F(CheckPlanning, AKeyThatIsGivenTwiceBecomesAListAndMapsAreJoined) {
  const core::ConfigNode map = map_from_items({"a=1", "a=2", "m={x: 1}", "m={y: 2}", "a=[3]"}, "--expect", errors_);
  EXPECT_TRUE(errors_.empty()) << mistakes();
  EXPECT_EQ(node_text(map), "{a: [1, 2, [3]], m: {x: 1, y: 2}}");
  static_cast<void>(map_from_items({"nonsense"}, "--expect", errors_));
  EXPECT_NE(mistakes().find("not KEY=VALUE"), std::string::npos);
}

TEST_F(CheckPlanning, AnExpectationOfAnotherKindOfCheckIsRefusedByName) {
  CheckOptions o;
  o.targets = {"tcp://a.example:1"};
  o.expect = {"status=200"};
  static_cast<void>(plan(o));
  EXPECT_NE(mistakes().find("tcp://a.example:1"), std::string::npos) << mistakes();
  EXPECT_NE(mistakes().find("status"), std::string::npos) << mistakes();
}

constexpr const char* kConfig = R"(
vantage: {name: here}
sinks: [stdout: {}]
apps:
  - name: checkout
    url: https://checkout.example/
    expect: {body: ok, status: 200}
    timeout: 3s
  - {name: shop-a, url: "https://a.example/"}
  - {name: shop-b, url: "https://b.example/"}
targets: []
)";

TEST_F(CheckPlanning, NamesAndGlobsComeFromTheConfigurationWithTheirExpectations) {
  CheckOptions o;
  o.config = write("sonde.yaml", kConfig);
  o.targets = {"checkout", "shop-*", "shop-a"};
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  ASSERT_EQ(p.targets.size(), 3U);
  EXPECT_EQ(p.targets[0].target.name, "checkout");
  EXPECT_EQ(p.targets[0].target.timeout, std::chrono::seconds{3});
  const auto rows = expectation_rows(p.targets[0], nullptr, plain());
  EXPECT_EQ(rows[0].wanted, "200");
  EXPECT_TRUE(p.prober.allow.empty()) << "the policy of the configuration is in force";
}

TEST_F(CheckPlanning, AnUnknownNameGivesTheNearest) {
  CheckOptions o;
  o.config = write("sonde.yaml", kConfig);
  o.targets = {"chekout"};
  static_cast<void>(plan(o));
  EXPECT_NE(mistakes().find("did you mean \"checkout\""), std::string::npos) << mistakes();
}

TEST_F(CheckPlanning, WhatTheCommandLineSaysComesFirst) {
  CheckOptions o;
  o.config = write("sonde.yaml", kConfig);
  o.targets = {"checkout"};
  o.timeout = std::chrono::seconds{1};
  o.family = prober::NetSpec::Family::kIp6;
  o.all_addresses = true;
  o.resolver = "192.0.2.53";
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  EXPECT_EQ(p.targets[0].target.timeout, std::chrono::seconds{1});
  EXPECT_EQ(p.targets[0].net.family, prober::NetSpec::Family::kIp6);
  EXPECT_TRUE(p.targets[0].net.all_addresses);
  EXPECT_EQ(p.prober.resolver, "192.0.2.53");
  o.expect = {"body=x"};
  static_cast<void>(plan(o));
  EXPECT_NE(mistakes().find("are for URLs"), std::string::npos) << mistakes();
}

// ---- expectations ----

TEST_F(CheckPlanning, EachExpectationIsJudgedByTheOutcome) {
  CheckOptions o;
  o.targets = {"https://a.example/"};
  o.expect = {"status=200", "body=ok", "max_duration=1s"};
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  const auto judged = [&](const core::Outcome& outcome, std::string_view key) {
    for (const ExpectationRow& row : expectation_rows(p.targets[0], &outcome, plain())) {
      if (row.key == key) return row.judgement;
    }
    return Judgement::kInForce;
  };
  EXPECT_EQ(judged({}, "status"), Judgement::kMet);
  const auto status = core::failed(core::Stage::kHttp, core::Cause::kStatus, "HTTP 500");
  EXPECT_EQ(judged(status, "status"), Judgement::kNotMet);
  EXPECT_EQ(judged(status, "body"), Judgement::kNotJudged);
  const auto slow = core::degraded(core::Stage::kDone, core::Cause::kSlow);
  EXPECT_EQ(judged(slow, "max_duration"), Judgement::kNotMet);
  EXPECT_EQ(judged(slow, "body"), Judgement::kMet);
  const auto refused = core::failed(core::Stage::kTcp, core::Cause::kRefused);
  EXPECT_EQ(judged(refused, "status"), Judgement::kNotJudged);
}

// ---- lint ----

TEST_F(CheckPlanning, LintSaysWhatIsProbablyNotMeant) {
  CheckOptions o;
  o.config = write("sonde.yaml", R"(
sinks: [stdout: {}]
targets: []
apps:
  - {name: shop, url: "https://a.example/"}
  - {name: Shop, url: "http://a.example/", every: 10s, timeout: 9500ms, expect: {body: ok}, hosted_on: aws/us-east-1}
  - {name: copy, url: "https://a.example/"}
references:
  - {name: r1, url: "https://r.example/1", provider: own, region: x, service: s, every: 1s}
  - {name: r2, url: "https://r.example/2", provider: own, region: x, service: t, every: 1s}
)");
  o.targets = {"*"};
  const CheckPlan p = plan(o);
  ASSERT_TRUE(errors_.empty()) << mistakes();
  std::vector<const prober::TargetEntry*> entries;
  for (const auto& e : p.targets) {
    if (e.target.role == core::Role::kApp || e.target.provider == "own") entries.push_back(&e);
  }
  std::vector<std::string> found;
  for (const Finding& f : lint(entries)) {
    found.push_back(f.target + " " + std::string{f.rule} + (f.line > 0 ? ":" + std::to_string(f.line) : ""));
    EXPECT_FALSE(f.message.en.empty());
    EXPECT_FALSE(f.message.zh.empty());
  }
  std::ranges::sort(found);
  EXPECT_EQ(found,
            (std::vector<std::string>{"Shop plain-http:6", "Shop similar-name:6", "Shop tight-timeout:6",
                                      "copy any-body:7", "copy no-cert-days:7", "copy no-hosting:7", "copy same-url:7",
                                      "r1 impolite:9", "shop any-body:5", "shop no-cert-days:5", "shop no-hosting:5"}));
}

}  // namespace
}  // namespace sonde::cli
