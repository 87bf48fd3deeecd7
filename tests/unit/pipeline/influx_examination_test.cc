// The doctor's examination of a database against scripted ones, on virtual time. The real ones: tests/e2e/log.
#include "pipeline/influx_examination.h"

#include <gtest/gtest.h>

#include <functional>

#include <fmt/format.h>

#include "core/line_protocol.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_loop.h"

namespace sonde::pipeline {
namespace {

using sonde::test::FakeHttpClient;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using Reading = InfluxExamination::Reading;
using Remains = InfluxExamination::Remains;
using std::chrono::seconds;

class NoNames final : public io::NameResolver {
 public:
  explicit NoNames(io::Loop& loop) : loop_(loop) {}
  [[nodiscard]] io::Handle resolve(std::string_view,
                                   core::Callback<void(core::Result<std::vector<std::string>>)> done) override {
    return loop_.soon([done = std::move(done)]() mutable { done(core::Error{core::ErrorCode::kNotFound, "no"}); });
  }

 private:
  io::Loop& loop_;
};

/// Keeps lines and answers queries as InfluxDB 1 does, or as VictoriaMetrics.
struct FakeStore {
  bool victoria = false;
  bool forgets = false;
  bool merges = true;            // equal points into one
  core::Duration shows_after{};  // what was written
  int read_status = 200;
  int remove_status = 200;
  io::HttpResponse write_answer = FakeHttpClient::status(204);
  std::string version = "1.6.7";
  core::Duration clock_off{};
  std::vector<std::pair<core::MonoTime, core::Record>> points;
  int removals = 0;

  void take(const std::string& lines, core::MonoTime now) {
    if (forgets) return;
    core::decode_lines(
        lines, core::Precision::kNanoseconds, {},
        [&](core::Record r) {
          const auto same = [&r](const auto& p) { return p.second.time == r.time; };
          if (merges && std::ranges::any_of(points, same)) return;
          points.emplace_back(now, std::move(r));
        },
        [](const core::LineError& e) { ADD_FAILURE() << e.message; });
  }
  [[nodiscard]] std::string influxql(core::MonoTime now) const {
    std::string rows;
    for (const auto& [when, r] : points) {
      if (now < when + shows_after) continue;
      rows += fmt::format("{}[{},{},{},\"{}\"]", rows.empty() ? "" : ",", core::to_unix_ns(r.time), *r.integer("whole"),
                          *r.number("fraction"), "changed");
    }
    const std::string series =
        rows.empty()
            ? ""
            : ",\"series\":[{\"name\":\"sonde_canary\",\"columns\":[\"time\",\"whole\",\"fraction\",\"words\"],"
              "\"values\":[" +
                  rows + "]}]";
    return "{\"results\":[{\"statement_id\":0" + series + "}]}";
  }
  [[nodiscard]] std::string exported(core::MonoTime now) const {
    std::string out;
    for (const auto& [when, r] : points) {
      if (now < when + shows_after) continue;
      out += fmt::format("{{\"metric\":{{\"__name__\":\"sonde_canary_whole\"}},\"values\":[{}],\"timestamps\":[{}]}}\n",
                         *r.integer("whole"), core::to_unix_ms(r.time));
      out +=
          fmt::format("{{\"metric\":{{\"__name__\":\"sonde_canary_fraction\"}},\"values\":[{}],\"timestamps\":[{}]}}\n",
                      *r.number("fraction"), core::to_unix_ms(r.time));
    }
    return out;
  }
};

struct ExaminationTest : testing::Test {
  ExaminationTest() {
    options.name = "tsdb";
    options.url = "http://127.0.0.1:8086/";
    options.database = "sonde";
    options.gzip = false;
    http.answer_with([this](const FakeHttpClient::Seen& seen) { return answer(seen); });
  }

  io::HttpResponse answer(const FakeHttpClient::Seen& seen) {
    const auto has = [&seen](std::string_view part) { return seen.url.find(part) != std::string::npos; };
    if (has("/ping")) {
      const core::WallTime date = loop.wall_now() + store.clock_off;
      return FakeHttpClient::status(204, "", {{"x-influxdb-version", store.version}, {"date", http_date(date)}});
    }
    if (has("/metrics")) {
      return store.victoria
                 ? FakeHttpClient::status(200,
                                          "vm_app_version{version=\"victoria-metrics-20221222-205104-tags-v1.79.5-0\", "
                                          "short_version=\"v1.79.5\"} 1\nvm_app_start_timestamp "
                                          "1700000000\nvm_data_size_bytes{type=\"x\"} 7\n")
                 : FakeHttpClient::status(404);
    }
    if (has("/write")) {
      if (store.write_answer.status == 204) store.take(seen.body, loop.now());
      return store.write_answer;
    }
    if (has("DROP%20SERIES") || has("delete_series")) {
      ++store.removals;
      removal_url = seen.url;
      if (store.remove_status < 300) store.points.clear();
      return FakeHttpClient::status(store.remove_status, store.victoria ? "" : "{\"results\":[{}]}");
    }
    if (has("SHOW%20FIELD")) return FakeHttpClient::status(200, "{\"results\":[{}]}");
    if (store.read_status != 200) return FakeHttpClient::status(store.read_status, "{\"error\":\"no\"}");
    return FakeHttpClient::status(200, store.victoria ? store.exported(loop.now()) : store.influxql(loop.now()));
  }

  static std::string http_date(core::WallTime t) {
    const std::time_t whole = core::to_unix_ms(t) / 1000;
    std::tm parts{};
    gmtime_r(&whole, &parts);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text.data();
  }

  InfluxExamination examine() {
    std::optional<InfluxExamination> found;
    auto handle =
        examine_influx({loop, files, http, book}, options, "here", [&](InfluxExamination e) { found = std::move(e); });
    if (!handle) ADD_FAILURE() << handle.error().message;
    const core::MonoTime began = loop.now();
    while (!found && loop.now() < began + std::chrono::minutes{5}) loop.run_for(std::chrono::milliseconds{10});
    if (!found) ADD_FAILURE() << "no end";
    took = loop.now() - began;
    return found.value_or(InfluxExamination{});
  }

  SimLoop loop;
  SimFiles files;
  FakeHttpClient http{loop};
  NoNames names{loop};
  AddressBook book{loop, names};
  InfluxOptions options;
  FakeStore store;
  std::string removal_url;
  core::Duration took{};
};

TEST_F(ExaminationTest, P2AGoodDatabaseHasItOnceAndItIsRemoved) {
  const InfluxExamination e = examine();
  EXPECT_EQ(e.unreachable, "");
  EXPECT_EQ(e.server.kind, ServerKind::kInflux1);
  EXPECT_EQ(e.server.product, "InfluxDB 1.6.7");
  EXPECT_EQ(e.writes_taken, 3);
  EXPECT_EQ(e.reading, Reading::kDone);
  EXPECT_EQ(e.fate.first_copies, 1);
  EXPECT_EQ(e.fate.second_copies, 1);
  EXPECT_TRUE(e.fate.integer_type_kept && e.fate.fraction_kept);
  EXPECT_EQ(e.remains, Remains::kRemoved);
  EXPECT_TRUE(e.types_known);
  EXPECT_TRUE(store.points.empty());
  EXPECT_EQ(files.operations(), 0U) << "nothing is written to this machine";
}

TEST_F(ExaminationTest, P2CopiesAreCountedAfterTheyHaveSettled) {
  store.victoria = true;
  store.merges = false;
  store.shows_after = std::chrono::milliseconds{1200};
  const InfluxExamination e = examine();
  EXPECT_EQ(e.server.kind, ServerKind::kVictoria);
  EXPECT_EQ(e.server.product, "VictoriaMetrics v1.79.5");
  EXPECT_TRUE(e.server.start_time_visible);
  EXPECT_EQ(e.ack_hold, core::Duration{seconds{30}});
  EXPECT_EQ(e.fate.first_copies, 3);
  EXPECT_EQ(e.remains, Remains::kRemoved);
  EXPECT_NE(removal_url.find("sonde_canary_whole"), std::string::npos) << removal_url;
  EXPECT_NE(removal_url.find("vantage"), std::string::npos) << "only its own series: " << removal_url;
}

TEST_F(ExaminationTest, P2ADatabaseThatForgetsIsWaitedForAndFound) {
  store.forgets = true;
  const InfluxExamination e = examine();
  EXPECT_EQ(e.writes_taken, 3);
  EXPECT_EQ(e.reading, Reading::kDone);
  EXPECT_FALSE(e.fate.found());
  EXPECT_GE(took, kCanaryPatience);
  EXPECT_LT(took, kCanaryPatience + seconds{2});
  EXPECT_EQ(store.removals, 0);
}

TEST_F(ExaminationTest, P9WhoMayNotWriteIsToldSoAndNothingElseIsTried) {
  for (const int status : {401, 403, 404}) {
    SCOPED_TRACE(status);
    store.write_answer = FakeHttpClient::status(status, "{\"error\":\"database not found: \\\"sonde\\\"\"}");
    const InfluxExamination e = examine();
    ASSERT_TRUE(e.refusal);
    EXPECT_EQ(e.refusal->kind, SinkReply::Kind::kBlocked);
    EXPECT_NE(e.refusal->message.find("database not found"), std::string::npos);
    EXPECT_EQ(e.reading, Reading::kNotTried);
    EXPECT_EQ(e.remains, Remains::kNothing);
  }
}

TEST_F(ExaminationTest, P8ARefusedLineIsToldWithTheServersWords) {
  store.write_answer = FakeHttpClient::status(400, "{\"error\":\"partial write: field type conflict dropped=1\"}");
  const InfluxExamination e = examine();
  ASSERT_TRUE(e.refusal);
  EXPECT_EQ(e.refusal->kind, SinkReply::Kind::kDone);
  EXPECT_EQ(e.refusal->dead_lettered, 2U);
  EXPECT_NE(e.refusal->message.find("field type conflict"), std::string::npos) << e.refusal->message;
  EXPECT_EQ(e.writes_taken, 0);
  EXPECT_EQ(e.remains, Remains::kNothing);
}

TEST_F(ExaminationTest, ACaptivePortalIsNoDatabase) {
  http.answer_with([](const FakeHttpClient::Seen&) {
    return FakeHttpClient::status(200, "<html>log in</html>", {{"content-type", "text/html"}});
  });
  const InfluxExamination e = examine();
  ASSERT_TRUE(e.refusal);
  EXPECT_EQ(e.refusal->kind, SinkReply::Kind::kRetry);
  EXPECT_NE(e.refusal->message.find("web page"), std::string::npos);
  EXPECT_EQ(e.server.kind, ServerKind::kUnknown);
}

TEST_F(ExaminationTest, AServerThatHangsEndsInTime) {
  options.timeout = std::chrono::minutes{5};
  http.push_silence();
  const InfluxExamination e = examine();
  EXPECT_NE(e.unreachable, "");
  EXPECT_LE(took, kExaminationTimeout + seconds{1});
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(ExaminationTest, ANameWithoutAddressIsToldSo) {
  options.url = "http://tsdb.invalid:8086";
  EXPECT_EQ(examine().unreachable, "the name tsdb.invalid does not resolve");
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(ExaminationTest, WhoMayNotReadOrRemoveIsToldThatItStays) {
  store.read_status = 403;
  store.remove_status = 403;
  const InfluxExamination e = examine();
  EXPECT_EQ(e.reading, Reading::kForbidden);
  EXPECT_EQ(e.remains, Remains::kStays);
  EXPECT_NE(e.remains_said.find("403"), std::string::npos) << e.remains_said;
}

TEST_F(ExaminationTest, WhoMayRemoveAndNotReadHasTheServersWord) {
  store.read_status = 403;
  const InfluxExamination e = examine();
  EXPECT_EQ(e.remains, Remains::kRemovedItSays);
  EXPECT_TRUE(store.points.empty());
}

TEST_F(ExaminationTest, AServerThatTricklesIsNoAnswer) {
  io::HttpResponse part = FakeHttpClient::status(200, "   ");
  part.error = io::HttpError::kTimeout;
  http.push(part);
  const InfluxExamination e = examine();
  EXPECT_NE(e.unreachable, "");
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(ExaminationTest, AHubAndAGateGiveNothingBack) {
  struct Case {
    const char* metrics;
    ServerKind kind;
  };
  for (const Case& c : {Case{"# x\nsonde_log_bytes 7\n", ServerKind::kHub},
                        Case{"vm_app_version{version=\"vmagent-20221222-205104-tags-v1.79.5-0\", "
                             "short_version=\"v1.79.5\"} 1\nvmagent_x 1\n",
                             ServerKind::kVictoriaGate}}) {
    http.answer_with([&](const FakeHttpClient::Seen& seen) {
      if (seen.url.find("/metrics") != std::string::npos) return FakeHttpClient::status(200, c.metrics);
      return FakeHttpClient::status(seen.method == "POST" ? 204 : 404);
    });
    const InfluxExamination e = examine();
    EXPECT_EQ(e.server.kind, c.kind);
    EXPECT_EQ(e.writes_taken, 3);
    EXPECT_EQ(e.reading, Reading::kNoWay);
    EXPECT_EQ(e.remains, Remains::kStays);
  }
}

TEST_F(ExaminationTest, P11TheClockIsBoundedByTheDate) {
  store.clock_off = -seconds{90};  // the server is 90 s behind
  const InfluxExamination e = examine();
  ASSERT_TRUE(e.clock);
  EXPECT_GE(e.clock->least, core::Duration{seconds{89}});
  EXPECT_LE(e.clock->least, core::Duration{seconds{90}});
  EXPECT_GE(e.clock->most, core::Duration{seconds{90}});
  store.clock_off = {};
  const InfluxExamination same = examine();
  ASSERT_TRUE(same.clock);
  EXPECT_LE(same.clock->least, core::Duration{});
  EXPECT_GE(same.clock->most, core::Duration{});
}

// The requests that the documentation of InfluxDB 2 and 3 gives; neither was at hand to be asked for real.
TEST_F(ExaminationTest, AsksInfluxDb2InFluxAndDeletesByPredicate) {
  options.database.clear();
  options.org = "o";
  options.bucket = "b \"q\"";
  options.token = "secret";
  const Canary canary = canary_for("here", "tsdb", loop.wall_now());
  http.answer_with([&](const FakeHttpClient::Seen& seen) {
    EXPECT_EQ(seen.header("authorization"), "Token secret");
    if (seen.url.find("/api/v2/query") != std::string::npos) {
      EXPECT_NE(seen.body.find("sonde_canary"), std::string::npos);
      EXPECT_NE(seen.body.find(R"(bucket: \"b \\\"q\\\"\")"), std::string::npos) << seen.body;
      return FakeHttpClient::status(200, "");
    }
    return FakeHttpClient::status(204);
  });
  const InfluxExamination e = examine();
  EXPECT_EQ(e.server.kind, ServerKind::kInflux2);
  EXPECT_EQ(e.reading, Reading::kDone);
  const auto removal = removal_of(canary, QueryLanguage::kFlux, options, {});
  ASSERT_TRUE(removal);
  EXPECT_EQ(removal->url, "http://127.0.0.1:8086/api/v2/delete?org=o&bucket=b%20%22q%22");
  EXPECT_NE(removal->body.find(R"(_measurement=\"sonde_canary\" AND canary=\"doctor\")"), std::string::npos)
      << removal->body;
}

TEST_F(ExaminationTest, AsksInfluxDb3InSqlAndLeavesItsTableAlone) {
  options.api = InfluxOptions::Api::kV3;
  options.token = "secret";
  http.answer_with([&](const FakeHttpClient::Seen& seen) {
    EXPECT_EQ(seen.header("authorization"), "Bearer secret");
    if (seen.url.find("/api/v3/query_sql?db=sonde&format=json&q=SELECT") != std::string::npos)
      return FakeHttpClient::status(200, "[]");
    return FakeHttpClient::status(seen.method == "POST" ? 204 : 200);
  });
  const InfluxExamination e = examine();
  EXPECT_EQ(e.server.kind, ServerKind::kInflux3);
  EXPECT_EQ(e.reading, Reading::kDone);
  EXPECT_FALSE(removal_of(canary_for("here", "tsdb", loop.wall_now()), QueryLanguage::kSql, options, {}));
}

TEST_F(ExaminationTest, DestroyingTheHandleEndsIt) {
  bool called = false;
  {
    auto handle =
        examine_influx({loop, files, http, book}, options, "here", [&](const InfluxExamination&) { called = true; });
    loop.turn();
  }
  loop.run_for(std::chrono::minutes{1});
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sonde::pipeline
