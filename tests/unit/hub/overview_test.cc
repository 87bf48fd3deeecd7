// The overview: rows, cells, counts, vantage states and the sentence on top.
#include "hub/overview.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/headline.h"
#include "hub/views.h"
#include "tests/unit/hub/bench.h"

namespace sonde::hub {
namespace {

using Json = nlohmann::json;
using test::kNowMs;

class OverviewTest : public ::testing::Test {
 protected:
  OverviewTest() {
    for (const core::Vantage& v : {shanghai, frankfurt})
      picture.take(core::to_record(v, core::from_unix_ms(kNowMs - 5000)));
    for (const core::Target& t : targets()) picture.take(core::to_record(t, core::from_unix_ms(kNowMs - 5000)));
  }
  [[nodiscard]] std::vector<core::Target> targets() const {
    return {test::control(core::Partition::kDomestic), storage, compute, checkout, search};
  }
  void all_fine(std::int64_t time_ms = kNowMs - 1000) {
    for (const core::Vantage& v : {shanghai, frankfurt}) {
      for (const core::Target& t : targets()) picture.take(test::probe(v, t, time_ms));
    }
  }
  Json overview(std::vector<const Incident*> open = {}, std::int64_t now_ms = kNowMs) {
    return Json::parse(overview_json(
        {.picture = picture, .incidents = std::move(open), .now = core::from_unix_ms(now_ms), .version = "0.1.0"}));
  }

  core::Vantage shanghai = test::vantage("shanghai-ct");
  core::Vantage frankfurt = test::vantage("frankfurt-dt", core::Partition::kOverseas);
  core::Target storage = test::reference("cirrus", "cn-east", "object-storage");
  core::Target compute = test::reference("cirrus", "cn-east", "compute-api");
  core::Target checkout = test::app("checkout");
  core::Target search = test::app("search");
  Picture picture{std::chrono::seconds{10}};
};

TEST_F(OverviewTest, IsThisJsonToTheByte) {
  Picture small{std::chrono::seconds{10}};
  small.take(core::to_record(shanghai, core::from_unix_ms(kNowMs - 5000)));
  small.take(core::to_record(checkout, core::from_unix_ms(kNowMs - 5000)));
  small.take(test::probe(shanghai, checkout, kNowMs - 1000, test::http_503()));
  const std::string json =
      overview_json({.picture = small, .incidents = {}, .now = core::from_unix_ms(kNowMs), .version = "0.1.0"});
  EXPECT_EQ(
      json,
      R"({"time_ms":1764000000000,"version":"0.1.0","round_ms":10000,)"
      R"("headline":{"level":"attention","text_en":"checkout fails from 1 of 1 vantage; no verdict yet.",)"
      R"("text_zh":"checkout 故障：1 个观测点中有 1 个看到，尚无结论。"},)"
      R"("counts":{"vantages":1,"targets":1,"cells":1,"ok":0,"degraded":0,"fail":1,"unknown":0,"none":0,"never_healthy":1},)"
      R"("vantages":[{"name":"shanghai-ct","provider":"cirrus","region":"cn-east","partition":"domestic",)"
      R"("isp":"shanghai-ct","country":"CN","last_seen_ms":1763999999000,"state":"ok"}],)"
      R"("rows":[{"kind":"app","key":"app:checkout","label":"checkout","provider":"cirrus","region":"cn-east",)"
      R"("partition":"domestic","targets":["checkout"],"cells":[{"vantage":"shanghai-ct","status":"fail","ok":0,)"
      R"("degraded":0,"fail":1,"unknown":0,"none":0,"stage":"http","cause":"status"}]}],"incidents":[]})");
}

TEST_F(OverviewTest, OrdersAppsThenRegionsThenControls) {
  all_fine();
  const Json o = overview();
  std::vector<std::string> keys;
  for (const Json& row : o["rows"]) keys.push_back(row["key"]);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"app:checkout", "app:search", "region:cirrus/cn-east", "control:domestic"}));
  EXPECT_EQ(o["rows"][2]["targets"], Json({"cirrus/cn-east/compute-api", "cirrus/cn-east/object-storage"}));
  EXPECT_EQ(o["rows"][3]["label"], "domestic controls");
  for (const Json& row : o["rows"]) ASSERT_EQ(row["cells"].size(), 2u);
  EXPECT_EQ(o["rows"][0]["cells"][0]["vantage"], o["vantages"][0]["name"]);
}

TEST_F(OverviewTest, SaysThatAllAnswer) {
  all_fine();
  const Json o = overview();
  EXPECT_EQ(o["headline"]["level"], "ok");
  EXPECT_EQ(o["headline"]["text_en"], "All 5 targets answer from 2 vantages.");
  EXPECT_EQ(o["headline"]["text_zh"], "2 个观测点看到 5 个目标全部正常。");
  EXPECT_EQ(o["counts"]["ok"], 10);
  EXPECT_EQ(o["counts"]["cells"], 10);
}

TEST_F(OverviewTest, TakesTheWorstOfACellAndTheMedianOfTheAnswers) {
  all_fine();
  picture.take(test::probe(shanghai, storage, kNowMs, test::tcp_timeout(), 5.0));
  picture.take(test::probe(shanghai, compute, kNowMs, {}, 0.5));
  const Json cell = overview()["rows"][2]["cells"][1];
  EXPECT_EQ(cell["vantage"], "shanghai-ct");
  EXPECT_EQ(cell["status"], "fail");
  EXPECT_EQ(cell["ok"], 1);
  EXPECT_EQ(cell["fail"], 1);
  EXPECT_EQ(cell["stage"], "tcp");
  EXPECT_EQ(cell["cause"], "timeout");
  EXPECT_EQ(cell["p50_seconds"], 0.5) << "the failed run's duration is no latency";
}

TEST_F(OverviewTest, CallsAResultOlderThanThreeIntervalsNone) {
  all_fine(kNowMs - 30'000);
  EXPECT_EQ(overview()["counts"]["ok"], 10);
  EXPECT_EQ(overview({}, kNowMs + 1)["counts"]["none"], 10);
  EXPECT_FALSE(overview({}, kNowMs + 1)["rows"][0]["cells"][0].contains("cause"));
}

TEST_F(OverviewTest, ShowsASuspectResultAsUnknown) {
  all_fine();
  picture.take(test::suspect(test::probe(shanghai, checkout, kNowMs, test::http_503())));
  const Json o = overview();
  EXPECT_EQ(o["rows"][0]["cells"][1]["status"], "unknown");
  EXPECT_EQ(o["vantages"][1]["state"], "suspect");
  EXPECT_EQ(o["headline"]["level"], "ok");
  EXPECT_EQ(o["headline"]["text_en"], "Nothing fails; 1 of 10 pairs have no trusted fresh result.");
}

TEST_F(OverviewTest, SaysWhichVantageIsSilent) {
  all_fine(kNowMs - 20'000);
  picture.take(test::probe(shanghai, checkout, kNowMs));
  const Json o = overview({}, kNowMs + 26'000);
  EXPECT_EQ(o["vantages"][0]["state"], "silent");
  EXPECT_EQ(o["vantages"][1]["state"], "ok");
}

TEST_F(OverviewTest, WaitsForTheFirstResult) {
  EXPECT_EQ(overview()["headline"]["level"], "waiting");
  Picture nothing{std::chrono::seconds{10}};
  const Json o = Json::parse(overview_json({.picture = nothing, .incidents = {}, .now = {}, .version = ""}));
  EXPECT_EQ(o["headline"]["level"], "waiting");
  EXPECT_FALSE(o.contains("version"));
}

TEST_F(OverviewTest, SaysWhenEverythingIsOld) {
  all_fine();
  const Json o = overview({}, kNowMs + 3'600'000);
  EXPECT_EQ(o["headline"]["level"], "attention");
  EXPECT_NE(std::string{o["headline"]["text_en"]}.find("No vantage has reported lately"), std::string::npos);
}

TEST_F(OverviewTest, PutsTheConvictedFirstAndClearsTheClouds) {
  all_fine();
  picture.take(test::probe(shanghai, checkout, kNowMs, test::http_503()));
  Incident guilty{.id = "i-1",
                  .grade = "convicted",
                  .blame = "app",
                  .component_kind = "app",
                  .severity = 1.0,
                  .summary = {"App checkout is failing.", "应用 checkout 故障。"},
                  .json = R"({"id":"i-1"})"};
  const Json o = overview({&guilty});
  EXPECT_EQ(o["headline"]["level"], "incident");
  EXPECT_EQ(o["headline"]["text_en"], "App checkout is failing. Your clouds are fine.");
  EXPECT_EQ(o["headline"]["text_zh"], "应用 checkout 故障。你的云没有问题。");
  EXPECT_EQ(o["incidents"][0]["id"], "i-1");

  picture.take(test::probe(shanghai, storage, kNowMs, test::tcp_timeout()));
  EXPECT_EQ(overview({&guilty})["headline"]["text_en"], "App checkout is failing.")
      << "a cloud whose own endpoint fails is not fine";
}

TEST_F(OverviewTest, CountsFurtherIncidents) {
  all_fine();
  Incident a{.id = "a", .grade = "leaning", .summary = {"A.", "甲。"}, .json = "{}"};
  Incident b{.id = "b", .grade = "insufficient", .summary = {"B.", "乙。"}, .json = "{}"};
  const Json o = overview({&a, &b});
  EXPECT_EQ(o["headline"]["level"], "attention");
  EXPECT_EQ(o["headline"]["text_en"], "A. 1 more incident open.");
}

TEST_F(OverviewTest, AReferenceThatNeverWorkedIsCountedAndMovesNothing) {
  for (const core::Vantage& v : {shanghai, frankfurt}) {
    for (const core::Target& t : {checkout, search, storage}) picture.take(test::probe(v, t, kNowMs - 1000));
    picture.take(test::probe(v, compute, kNowMs - 1000, test::http_503()));
  }
  Json o = overview();
  EXPECT_EQ(o["counts"]["never_healthy"], 1);
  EXPECT_EQ(o["headline"]["level"], "ok");
  EXPECT_EQ(o["headline"]["text_en"],
            "1 target was never seen healthy from anywhere: no verdict comes of it. Nothing else fails.");
  EXPECT_EQ(o["headline"]["text_zh"], "1 个目标从未在任何地点正常过，不据此下结论。其余没有故障。");
  Json all = Json::parse(targets_json(picture, core::from_unix_ms(kNowMs)));
  for (const Json& t : all["targets"]) {
    EXPECT_EQ(t.contains("never_healthy"), t["name"] == compute.name) << t["name"];
  }

  // One good answer from one vantage, and its failures are news.
  picture.take(test::probe(shanghai, compute, kNowMs - 500));
  picture.take(test::probe(shanghai, compute, kNowMs, test::http_503()));
  o = overview();
  EXPECT_EQ(o["counts"]["never_healthy"], 0);
  EXPECT_EQ(o["headline"]["level"], "attention");
  EXPECT_EQ(o["headline"]["text_en"], "cirrus/cn-east/compute-api fails from 2 of 2 vantages; no verdict yet.");
}

TEST_F(OverviewTest, AnAppThatNeverWorkedIsStillNamed) {
  all_fine();
  const core::Target fresh = test::app("fresh");
  picture.take(test::probe(shanghai, fresh, kNowMs, test::http_503()));
  const Json o = overview();
  EXPECT_EQ(o["counts"]["never_healthy"], 1);
  EXPECT_EQ(o["headline"]["text_en"], "fresh fails from 1 of 2 vantages; no verdict yet.");
}

TEST_F(OverviewTest, AResultThatItsProberDoesNotTrustIsNoHealth) {
  picture.take(test::suspect(test::probe(shanghai, compute, kNowMs)));
  EXPECT_TRUE(picture.targets().at(compute.name).never_healthy());
  EXPECT_FALSE(picture.targets().at(storage.name).never_healthy()) << "nothing was heard of it";
}

TEST_F(OverviewTest, SurvivesHostileText) {
  core::Record r = test::probe(shanghai, checkout, kNowMs, test::http_503());
  const std::string hostile = "</script><img src=x onerror=alert(1)>\"\\\n\xff\xfe\x01";
  r.add_field("cert_issuer", hostile);
  r.add_field("time_ms", std::string{"not a time"});
  for (auto& [name, value] : r.fields) {
    if (name == "cause") value = hostile;
  }
  picture.take(r);
  const std::string text = targets_json(picture, core::from_unix_ms(kNowMs));
  EXPECT_EQ(text.find('\n'), std::string::npos) << "an event would break apart";
  const Json t = Json::parse(text);
  const Json& latest = t["targets"][0]["latest"][0];
  EXPECT_EQ(latest["time_ms"], kNowMs) << "a field of a record must not replace our own";
  EXPECT_TRUE(std::string{latest["cert_issuer"]}.starts_with("</script>"));
  EXPECT_TRUE(overview().is_object());
}

TEST_F(OverviewTest, DescribesTargetsAsTheApiSays) {
  all_fine();
  picture.take(test::probe(shanghai, checkout, kNowMs, test::http_503()));
  const Json all = Json::parse(targets_json(picture, core::from_unix_ms(kNowMs)));
  ASSERT_EQ(all["targets"].size(), 5u);
  const auto& state = picture.targets().at("checkout");
  const Json one = Json::parse(target_json(picture, state, {test::probe(shanghai, checkout, kNowMs, test::http_503())},
                                           core::from_unix_ms(kNowMs)));
  const Json& t = one["target"];
  EXPECT_EQ(t["name"], "checkout");
  EXPECT_EQ(t["url"], "https://checkout.example.com/healthz");
  EXPECT_EQ(t["check"], "http");
  EXPECT_EQ(t["role"], "app");
  EXPECT_EQ(t["every_seconds"], 10);
  EXPECT_EQ(t["status"], "fail");
  EXPECT_FALSE(t.contains("city"));
  const Json& result = one["failures"][0];
  EXPECT_EQ(result["vantage"], "shanghai-ct");
  EXPECT_EQ(result["status"], "fail");
  EXPECT_EQ(result["suspect"], false);
  EXPECT_EQ(result["http_status_code"], 503);
  EXPECT_EQ(result["detail"], "503 Service Unavailable");
}

TEST_F(OverviewTest, KnowsTargetsByTheTagsOfTheirResultsToo) {
  Picture bare{std::chrono::seconds{10}};
  bare.take(test::probe(shanghai, storage, kNowMs));
  const Json o = Json::parse(
      overview_json({.picture = bare, .incidents = {}, .now = core::from_unix_ms(kNowMs), .version = "0.1.0"}));
  EXPECT_EQ(o["rows"][0]["key"], "region:cirrus/cn-east");
  EXPECT_EQ(o["vantages"][0]["provider"], "cirrus");
}

}  // namespace
}  // namespace sonde::hub
