// What one answer says about one entry, and the patch that comes of it.
#include "cli/verification.h"

#include <gtest/gtest.h>

#include "cli/catalogue_patch.h"

namespace sonde::cli {
namespace {

using Kind = Verification::Kind;

constexpr std::string_view kFile =
    "provider: own\n"
    "regions:\n"
    "  - name: r-1\n"
    "    partition: overseas\n"
    "    endpoints:\n"
    "      - {service: kv, url: \"https://kv.example/\", status: [200], sure: sourced}\n"
    "      - {service: auth, url: \"https://auth.example/\", status: [400, 403, 404], sure: recalled}\n"
    "  - name: r-2\n"
    "    partition: overseas\n"
    "    endpoints:\n"
    "      - {service: kv, url: \"https://kv2.example/\", status: 200, sure: recalled}\n"
    "      - {service: dns, url: \"dns://ns.example:53/x?type=SOA\", rcode: NOERROR, sure: recalled}\n";

class OneFile final : public prober::CatalogueSource {
 public:
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override {
    return name == "own.yaml" ? std::optional{kFile} : std::nullopt;
  }
  [[nodiscard]] std::vector<std::string> names() const override { return {"own.yaml"}; }
};

class VerificationTest : public testing::Test {
 protected:
  VerificationTest() : catalogue_(source_.read(errors_)), endpoints_(endpoints_by_name(catalogue_)) {}

  Verification seen(std::string_view name, int status) {
    core::Measurement m;
    m.set(core::field::kHttpStatusCode, std::int64_t{status});
    const auto& e = *endpoints_.at(name);
    const core::ConfigNode* expected = e.expect.find("status");
    const bool fine = expected->scalar == std::to_string(status) ||
                      std::ranges::any_of(expected->items, [&](auto& n) { return n.scalar == std::to_string(status); });
    if (!fine) m.outcome = core::failed(core::Stage::kHttp, core::Cause::kStatus);
    return verify(e, m);
  }
  Verification ended(std::string_view name, const core::Outcome& outcome) {
    core::Measurement m;
    m.outcome = outcome;
    return verify(*endpoints_.at(name), m);
  }

  OneFile source_;
  core::ConfigErrors errors_;
  const prober::Catalogue& catalogue_;
  std::map<std::string_view, const prober::CatalogueEndpoint*> endpoints_;
};

TEST_F(VerificationTest, TheOneAnswerThatIsExpectedIsFine) {
  const Verification v = seen("own/r-1/kv", 200);
  EXPECT_EQ(v.kind, Kind::kAsExpected);
  EXPECT_FALSE(v.proposed.has_value());
}

TEST_F(VerificationTest, AListFromMemoryIsNarrowedToWhatCame) {
  const Verification v = seen("own/r-1/auth", 403);
  EXPECT_EQ(v.kind, Kind::kWider);
  EXPECT_EQ(v.expected, (std::vector{400, 403, 404}));
  EXPECT_EQ(v.proposed, std::vector{403});
}

TEST_F(VerificationTest, AnotherAnswerTakesThePlaceOfARecalledOneAndJoinsASourcedOne) {
  const Verification recalled = seen("own/r-1/auth", 401);
  EXPECT_EQ(recalled.kind, Kind::kDiffers);
  EXPECT_EQ(recalled.proposed, std::vector{401});
  const Verification sourced = seen("own/r-1/kv", 307);
  EXPECT_EQ(sourced.kind, Kind::kDiffers);
  EXPECT_EQ(sourced.proposed, (std::vector{200, 307}));
  EXPECT_EQ(seen("own/r-2/kv", 204).proposed, std::vector{204});
}

TEST_F(VerificationTest, WhatIsNobodysHealthyAnswerTeachesNothing) {
  for (const int status : {429, 500, 502, 503}) {
    const Verification v = seen("own/r-1/kv", status);
    EXPECT_EQ(v.kind, Kind::kBusy) << status;
    EXPECT_FALSE(v.proposed.has_value());
  }
  EXPECT_EQ(ended("own/r-1/kv", core::failed(core::Stage::kTcp, core::Cause::kTimeout)).kind, Kind::kNoAnswer);
  EXPECT_EQ(ended("own/r-1/kv", core::failed(core::Stage::kTcp, core::Cause::kNoRoute)).kind, Kind::kUnknown);
  EXPECT_EQ(ended("own/r-2/dns", {}).kind, Kind::kAsExpected);
  EXPECT_EQ(ended("own/r-2/dns", core::failed(core::Stage::kDns, core::Cause::kRefused)).kind, Kind::kNoAnswer);
}

TEST_F(VerificationTest, AnAnswerThatBreaksOffIsNone) {
  core::Measurement m;
  m.set(core::field::kHttpStatusCode, std::int64_t{418});
  m.outcome = core::failed(core::Stage::kHttp, core::Cause::kTruncated);
  const Verification v = verify(*endpoints_.at("own/r-1/kv"), m);
  EXPECT_EQ(v.kind, Kind::kNoAnswer);
  EXPECT_FALSE(v.proposed.has_value());
}

TEST_F(VerificationTest, ThePatchChangesTheListAndNothingElse) {
  const auto edit = [this](std::string_view name, std::vector<int> statuses) {
    return StatusEdit{*endpoints_.at(name)->expect.find("status"), std::move(statuses)};
  };
  const CataloguePatch patch =
      patch_of({edit("own/r-1/auth", {401}), edit("own/r-2/kv", {200, 204})}, {{"targets/own.yaml", kFile}});
  EXPECT_EQ(patch.changed, 2U);
  EXPECT_TRUE(patch.by_hand.empty());
  EXPECT_EQ(patch.diff,
            "--- a/targets/own.yaml\n"
            "+++ b/targets/own.yaml\n"
            "@@ -4,9 +4,9 @@\n"
            "     partition: overseas\n"
            "     endpoints:\n"
            "       - {service: kv, url: \"https://kv.example/\", status: [200], sure: sourced}\n"
            "-      - {service: auth, url: \"https://auth.example/\", status: [400, 403, 404], sure: recalled}\n"
            "+      - {service: auth, url: \"https://auth.example/\", status: [401], sure: recalled}\n"
            "   - name: r-2\n"
            "     partition: overseas\n"
            "     endpoints:\n"
            "-      - {service: kv, url: \"https://kv2.example/\", status: 200, sure: recalled}\n"
            "+      - {service: kv, url: \"https://kv2.example/\", status: [200, 204], sure: recalled}\n"
            "       - {service: dns, url: \"dns://ns.example:53/x?type=SOA\", rcode: NOERROR, sure: recalled}\n");
}

TEST(CataloguePatch, SeparateStretchesAreSeparateHunks) {
  std::string before;
  std::string after;
  for (int i = 1; i <= 30; ++i) {
    before += "line " + std::to_string(i) + "\n";
    after += (i == 2 || i == 28 ? "LINE " : "line ") + std::to_string(i) + "\n";
  }
  EXPECT_EQ(unified_diff("f", before, after),
            "--- a/f\n+++ b/f\n"
            "@@ -1,5 +1,5 @@\n line 1\n-line 2\n+LINE 2\n line 3\n line 4\n line 5\n"
            "@@ -25,6 +25,6 @@\n line 25\n line 26\n line 27\n-line 28\n+LINE 28\n line 29\n line 30\n");
  EXPECT_EQ(unified_diff("f", before, before), "");
}

TEST(CataloguePatch, AListOverSeveralLinesIsLeftToAPerson) {
  const std::string text = "status: [200,\n  404]\n";
  core::ConfigErrors errors;
  core::ConfigNode status = *core::parse_yaml(text, "targets/x.yaml", nullptr, errors).find("status");
  const CataloguePatch patch = patch_of({{status, {200}}}, {{"targets/x.yaml", text}});
  EXPECT_EQ(patch.diff, "");
  EXPECT_EQ(patch.changed, 0U);
  EXPECT_EQ(patch.by_hand, std::vector<std::string>{"targets/x.yaml:1"});
}

}  // namespace
}  // namespace sonde::cli
