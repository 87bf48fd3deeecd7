// The outer forms of a verdict: JSON line, record, words.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/line_protocol.h"
#include "hub/judge/topology.h"
#include "scenario.h"

namespace sonde::hub::judge::test {
namespace {

using Result = std::optional<core::Outcome>;

std::vector<Seen> app_fault() {
  return play(small_world(), 30, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r >= 6 && r < 14 && t.name == "checkout") return http_503();
    return std::nullopt;
  });
}

TEST(Verdict, JsonHasEverythingThePageNeedsOnOneLine) {
  const std::string line = to_json(app_fault().front().event);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto j = nlohmann::json::parse(line);
  EXPECT_EQ(j.at("event"), "opened");
  EXPECT_EQ(j.at("grade"), "convicted");
  EXPECT_EQ(j.at("class"), "app");
  EXPECT_EQ(j.at("component").at("kind"), "app");
  EXPECT_EQ(j.at("component").at("key"), "app:checkout");
  EXPECT_EQ(j.at("side"), "far");
  EXPECT_EQ(j.at("stage"), "http");
  EXPECT_EQ(j.at("mode"), "http");
  EXPECT_EQ(j.at("cause"), "status");
  EXPECT_EQ(j.at("apps"), nlohmann::json::array({"checkout"}));
  EXPECT_EQ(j.at("acquitted"), nlohmann::json::array({"billing", "portal", "search"}));
  EXPECT_EQ(j.at("summary_en"), "App checkout is failing: HTTP 503 from 4 of 4 vantages.");
  EXPECT_EQ(j.at("summary_zh"), "应用 checkout 故障：4 个观测点中 4 个看到 HTTP 503。");
  EXPECT_EQ(j.at("next_en").size(), j.at("next_zh").size());
  EXPECT_GE(j.at("since_ms").get<std::int64_t>(), kStartMs + 6 * kRoundMs);
  EXPECT_LT(j.at("since_ms").get<std::int64_t>(), kStartMs + 7 * kRoundMs);
}

TEST(Verdict, EvidenceNamesTheRivalsThatTheContrastRulesOut) {
  const VerdictEvent e = app_fault().front().event;
  std::set<std::string> about;
  for (const Evidence& item : e.evidence) {
    about.insert(item.about);
    EXPECT_FALSE(item.cells.empty());
    EXPECT_LE(item.cells.size(), 4U);
    EXPECT_FALSE(item.text.en.empty());
    EXPECT_FALSE(item.text.zh.empty());
  }
  EXPECT_TRUE(about.contains("app:checkout"));
  EXPECT_TRUE(about.contains("region:cirrus/cn-east"));
  EXPECT_TRUE(about.contains("zone:shop.example"));
  EXPECT_TRUE(about.contains("path:ct>cirrus/cn-east"));
}

TEST(Verdict, TheEvidenceIsSufficientWithoutTheCitedContrastTheVerdictFalls) {
  World w = small_world();
  const VerdictEvent e = app_fault().front().event;
  std::set<std::string> cited;
  for (const Evidence& item : e.evidence) {
    if (item.about != "region:cirrus/cn-east") continue;
    for (const EvidenceCell& c : item.cells) cited.insert(c.target);
  }
  ASSERT_FALSE(cited.empty());
  w.remove([&](const core::Target& t) {
    return t.role == core::Role::kReference && t.provider == "cirrus" && t.region == "cn-east";
  });
  const auto seen = play(w, 20, [](const core::Vantage&, const core::Target& t, std::int64_t r) -> Result {
    if (r >= 6 && t.name == "checkout") return http_503();
    return std::nullopt;
  });
  EXPECT_TRUE(of_grade(seen, Grade::kConvicted).empty()) << story(seen);
}

TEST(Verdict, RecordSurvivesLineProtocol) {
  const core::Record r = to_record(app_fault().back().event);
  EXPECT_EQ(r.measurement, "verdict");
  EXPECT_EQ(r.tag("component"), "app:checkout");
  EXPECT_EQ(r.tag("class"), "app");
  EXPECT_EQ(r.tag("state"), "closed");
  EXPECT_EQ(r.integer("state_code"), 0);
  std::string line;
  ASSERT_TRUE(core::encode_line(r, line));
  line.pop_back();
  const auto back = core::decode_line(line, core::Precision::kNanoseconds, {});
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->text("summary_zh"), r.text("summary_zh"));
}

TEST(Verdict, AnInsufficientOneHasNoClassNoComponentAndNoConfidence) {
  VerdictEvent e;
  e.grade = Grade::kInsufficient;
  const auto j = nlohmann::json::parse(to_json(e));
  for (const char* key : {"class", "component", "confidence", "side"}) EXPECT_FALSE(j.contains(key)) << key;
  EXPECT_TRUE(to_record(e).tag("class").empty());
}

TEST(Topology, ZonesComeFromHostNamesWhereNoTagSaysThem) {
  EXPECT_EQ(registrable_zone("oss-cn-hangzhou.aliyuncs.com"), "aliyuncs.com");
  EXPECT_EQ(registrable_zone("s3.cn-north-1.amazonaws.com.cn"), "amazonaws.com.cn");
  EXPECT_EQ(registrable_zone("com.cn"), "com.cn");
  EXPECT_EQ(registrable_zone("localhost"), "");
  EXPECT_EQ(registrable_zone("192.0.2.1"), "");
  EXPECT_EQ(registrable_zone("2001:db8::1"), "");
  EXPECT_EQ(registrable_zone(""), "");
}

TEST(Topology, AnAppsOnlyEndpointIsTheAppAndTwinsOfOtherClassesStay) {
  World w = small_world();
  std::vector<KnownTarget> targets;
  for (const core::Target& t : w.targets) targets.push_back(known_target(t, true));
  std::vector<Cell> cells;
  for (std::uint32_t v = 0; v < w.vantages.size(); ++v) {
    for (std::uint32_t t = 0; t < targets.size(); ++t) {
      cells.emplace_back();
      cells.back().vantage = v;
      cells.back().target = t;
    }
  }
  const Topology topology = build_topology(w.vantages, targets, cells);
  EXPECT_LT(topology.find({Kind::kApp, "checkout"}), topology.size());
  EXPECT_EQ(topology.find({Kind::kEndpoint, "checkout"}), topology.size());
  EXPECT_LT(topology.find({Kind::kVantage, "frankfurt"}), topology.size());
  EXPECT_LT(topology.find({Kind::kIsp, "dt"}), topology.size());
  EXPECT_LT(topology.find({Kind::kEndpoint, "control-cn"}), topology.size());
  EXPECT_EQ(topology.find({Kind::kApp, "control-cn"}), topology.size());
}

}  // namespace
}  // namespace sonde::hub::judge::test
