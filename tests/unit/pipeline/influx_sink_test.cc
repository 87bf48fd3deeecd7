// The influx sink against scripted servers: each row of the response matrix (RELIABILITY 1.5), and what goes out.
#include "pipeline/influx_sink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "io/http_server.h"
#include "io/system_loop.h"
#include "pipeline/influx_wire.h"
#include "pipeline/lines.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/run_loop.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_loop.h"

namespace sonde::pipeline {
namespace {

using sonde::test::FakeHttpClient;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::seconds;

/// Knows the names it is told, and nothing when it is `down`.
class FakeResolver final : public io::NameResolver {
 public:
  explicit FakeResolver(io::Loop& loop) : loop_(loop) {}
  [[nodiscard]] io::Handle resolve(std::string_view host,
                                   core::Callback<void(core::Result<std::vector<std::string>>)> done) override {
    ++asked;
    const auto it = names.find(std::string{host});
    const bool known = !down && it != names.end();
    return loop_.soon(
        [done = std::move(done), known, list = known ? it->second : std::vector<std::string>{}]() mutable {
          if (known) return done(std::move(list));
          done(core::Error{core::ErrorCode::kNotFound, "no such name"});
        });
  }
  std::map<std::string, std::vector<std::string>> names{{"tsdb", {"192.0.2.9"}}};
  bool down = false;
  int asked = 0;

 private:
  io::Loop& loop_;
};

/// A server that refuses lines holding "bad", as InfluxDB does, and keeps the rest when `partial`.
struct FakeDatabase {
  io::HttpResponse answer(const FakeHttpClient::Seen& seen) {
    if (seen.method == "GET") return FakeHttpClient::status(metrics.empty() ? 404 : 200, metrics);
    const std::string_view text = seen.body;
    if (text.size() > bytes_max) return FakeHttpClient::status(413, "too large");
    std::vector<std::string> lines;
    bool refused = false;
    bool late = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = first_line_bytes(text.substr(at));
      lines.emplace_back(text.substr(at, n - 1));
      refused |= lines.back().find("bad") != std::string::npos;
      late |= lines.back().find("old") != std::string::npos;
      at += n;
    }
    for (const std::string& line : lines) {
      const bool is_late = line.find("old") != std::string::npos;
      if (is_late || line.find("bad") != std::string::npos || (refused && !partial)) continue;
      if (std::find(stored.begin(), stored.end(), line) == stored.end()) stored.push_back(line);
    }
    if (late && !refused) return FakeHttpClient::status(400, too_old, {{"content-type", "application/json"}});
    if (!refused) return FakeHttpClient::status(204);
    return FakeHttpClient::status(400, "{\"error\":\"partial write: unable to parse 'bad\nline' dropped=0\"}",
                                  {{"content-type", "application/json"}});
  }
  std::vector<std::string> stored;
  std::string metrics;
  std::string too_old = "{\"error\":\"partial write: points beyond retention policy dropped=1\"}";
  std::size_t bytes_max = 1 << 20;
  bool partial = true;
};

struct InfluxTest : testing::Test {
  InfluxTest() {
    options.name = "influx";
    options.url = "http://tsdb:8086";
    options.database = "sonde";
    options.gzip = false;
    options.omit_strings = InfluxOptions::OmitStrings::kNo;
    options.ack_hold = core::Duration{};
    options.dead_letter_file = "/dead.jsonl";
    http.answer_with([this](const FakeHttpClient::Seen& seen) { return database.answer(seen); });
  }
  InfluxSink& sink() {
    if (!sink_) {
      auto made = make_influx_sink({loop, files, http, book}, options);
      if (!made) ADD_FAILURE() << made.error().message;
      sink_ = std::move(*made);
    }
    return *sink_;
  }
  SinkReply deliver(const std::string& lines) {
    LogBatch batch;
    batch.lines = lines;
    batch.records = count_records(lines);
    std::optional<SinkReply> reply;
    const io::Handle handle = sink().deliver(batch, [&](SinkReply r) { reply = std::move(r); });
    EXPECT_FALSE(reply) << "an answer from inside deliver";
    loop.run_for(std::chrono::minutes{2});
    if (!reply) ADD_FAILURE() << "no answer";
    return reply.value_or(SinkReply{});
  }
  /// The POSTs among the requests.
  std::vector<FakeHttpClient::Seen> posts() const {
    std::vector<FakeHttpClient::Seen> out;
    for (const auto& seen : http.requests()) {
      if (seen.method == "POST") out.push_back(seen);
    }
    return out;
  }

  SimLoop loop;
  SimFiles files;
  FakeHttpClient http{loop};
  FakeResolver resolver{loop};
  AddressBook book{loop, resolver, {.fixed = {{"pinned", {"192.0.2.77"}}}}};
  InfluxOptions options;
  FakeDatabase database;

 private:
  std::unique_ptr<InfluxSink> sink_;
};

constexpr char kThree[] = "p n=1i 1\np n=2i 2\np n=3i 3\n";

TEST_F(InfluxTest, WritesLinesToTheV1Path) {
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  ASSERT_EQ(posts().size(), 1U);
  EXPECT_EQ(posts()[0].url, "http://tsdb:8086/write?db=sonde&precision=ns");
  EXPECT_EQ(posts()[0].body, kThree);
  EXPECT_EQ(posts()[0].addresses, std::vector<std::string>{"192.0.2.9"});
}

TEST_F(InfluxTest, HandsOnWhatAHubAsksOfProbers) {
  options.omit_strings = InfluxOptions::OmitStrings::kNo;
  std::vector<std::string> asked;
  sink().on_companions([&asked](std::string_view text) { asked.emplace_back(text); });
  http.push(FakeHttpClient::status(204, "", {{"sonde-companions", "v/last_address/t"}}));
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  EXPECT_EQ(asked, std::vector<std::string>{"v/last_address/t"});
  // A refusal is no hub's answer to a write.
  http.push(FakeHttpClient::status(401, "", {{"sonde-companions", "v/last_address/t"}}));
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kBlocked);
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(InfluxTest, WritesLinesToTheV2PathWithAToken) {
  options.database.clear();
  options.org = "a b";
  options.bucket = "c&d";
  options.token = "secret";
  deliver(kThree);
  ASSERT_EQ(posts().size(), 1U);
  EXPECT_EQ(posts()[0].url, "http://tsdb:8086/api/v2/write?org=a%20b&bucket=c%26d&precision=ns");
  EXPECT_EQ(posts()[0].header("authorization"), "Token secret");
}

// The documented answers of InfluxDB 2 to /api/v2/write: a JSON object with `code` and `message`.
TEST_F(InfluxTest, UnderstandsTheAnswersOfInfluxDb2) {
  options.database.clear();
  options.org = "o";
  options.bucket = "b";
  options.token = "secret";
  const std::vector<std::pair<std::string, std::string>> json{{"content-type", "application/json; charset=utf-8"}};
  struct Case {
    int status;
    const char* body;
    SinkReply::Kind kind;
  };
  const Case cases[] = {
      {204, "", SinkReply::Kind::kDone},
      {401, R"({"code":"unauthorized","message":"unauthorized access"})", SinkReply::Kind::kBlocked},
      {403, R"({"code":"forbidden","message":"insufficient permissions for write"})", SinkReply::Kind::kBlocked},
      {404, R"({"code":"not found","message":"bucket \"b\" not found"})", SinkReply::Kind::kBlocked},
      {429, R"({"code":"too many requests","message":"org 1 has exceeded limited_write plan limit"})",
       SinkReply::Kind::kRetry},
      {500, R"({"code":"internal error","message":"unexpected error writing points to database"})",
       SinkReply::Kind::kRetry},
      {503, R"({"code":"unavailable","message":"service unavailable"})", SinkReply::Kind::kRetry},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.status);
    http.answer_with([&](const FakeHttpClient::Seen&) { return FakeHttpClient::status(c.status, c.body, json); });
    EXPECT_EQ(deliver(kThree).kind, c.kind);
  }
}

// InfluxDB 2 stores nothing of a batch with a bad line (400), or says that it stored a part (422): both are bisected.
TEST_F(InfluxTest, FindsTheBadLineThatInfluxDb2Refuses) {
  options.database.clear();
  options.org = "o";
  options.bucket = "b";
  for (const int refusal : {400, 422}) {
    SCOPED_TRACE(refusal);
    database.stored.clear();
    database.partial = refusal == 422;
    http.answer_with([&](const FakeHttpClient::Seen& seen) {
      io::HttpResponse response = database.answer(seen);
      if (response.status == 400) response.status = refusal;
      return response;
    });
    const SinkReply reply = deliver("p n=1i 1\np bad 2\np n=3i 3\n");
    EXPECT_EQ(reply.kind, SinkReply::Kind::kDone);
    EXPECT_EQ(reply.dead_lettered, 1U);
    EXPECT_EQ(database.stored.size(), 2U);
  }
}

TEST_F(InfluxTest, WritesLinesToTheV3PathWithABearerToken) {
  options.api = InfluxOptions::Api::kV3;
  options.database = "a b";
  options.token = "secret";
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  ASSERT_EQ(posts().size(), 1U);
  EXPECT_EQ(posts()[0].url,
            "http://tsdb:8086/api/v3/write_lp?db=a%20b&precision=nanosecond&accept_partial=true&no_sync=false");
  EXPECT_EQ(posts()[0].header("authorization"), "Bearer secret");
}

// InfluxDB 3 stores the good lines and answers 400 with a list of the bad ones, which may be cut: the list is not
// trusted, each bad line is found and kept, and no good one is lost.
TEST_F(InfluxTest, FindsEveryLineThatInfluxDb3RefusesAlsoBeyondItsList) {
  options.api = InfluxOptions::Api::kV3;
  std::string lines;
  for (int i = 0; i < 300; ++i)
    lines += (i % 2 == 0 ? "p n=" : "p bad") + std::to_string(i) + "i " + std::to_string(i) + "\n";
  http.answer_with([&](const FakeHttpClient::Seen& seen) {
    if (database.answer(seen).status == 204) return FakeHttpClient::status(204);
    return FakeHttpClient::status(
        400,
        R"({"error":"partial write of line protocol occurred","data":[{"original_line":"p bad1i 1",)"
        R"("line_number":2,"error_message":"No fields were provided"}]})",
        {{"content-type", "application/json"}});
  });
  const SinkReply reply = deliver(lines);
  EXPECT_EQ(reply.kind, SinkReply::Kind::kDone);
  EXPECT_EQ(reply.dead_lettered, 150U);
  EXPECT_EQ(database.stored.size(), 150U);
}

TEST_F(InfluxTest, AsksInfluxDb3Again) {
  options.api = InfluxOptions::Api::kV3;
  for (const int status : {413, 500, 503}) {
    SCOPED_TRACE(status);
    bool first = true;
    http.answer_with([&](const FakeHttpClient::Seen& seen) {
      if (seen.method == "POST" && std::exchange(first, false)) return FakeHttpClient::status(status);
      return FakeHttpClient::status(seen.method == "POST" ? 204 : 404);
    });
    const SinkReply reply = deliver(kThree);
    EXPECT_EQ(reply.kind, status == 413 ? SinkReply::Kind::kDone : SinkReply::Kind::kRetry);
  }
}

TEST_F(InfluxTest, SendsBasicAuthorization) {
  options.username = "user";
  options.password = "pass";
  deliver(kThree);
  EXPECT_EQ(posts().at(0).header("authorization"), "Basic dXNlcjpwYXNz");
}

TEST_F(InfluxTest, CompressesWithGzip) {
  options.gzip = true;
  http.answer_with([](const FakeHttpClient::Seen&) { return FakeHttpClient::status(204); });
  deliver(kThree);
  EXPECT_EQ(posts().at(0).header("content-encoding"), "gzip");
  EXPECT_EQ(posts().at(0).body.substr(0, 2), "\x1f\x8b");
}

struct Row {
  int status;
  const char* body;
  const char* type;
  SinkReply::Kind expected;
};

TEST_F(InfluxTest, MatrixOfStatusCodes) {
  using Kind = SinkReply::Kind;
  const Row rows[] = {
      {200, "", "", Kind::kDone},
      {204, "", "", Kind::kDone},
      {200, "<html>log in</html>", "text/html", Kind::kRetry},
      {200, "  <!doctype html>", "", Kind::kRetry},
      {204, "", "text/html", Kind::kRetry},
      {200, "{\"error\":\"timeout\"}", "application/json", Kind::kRetry},
      {301, "", "", Kind::kRetry},
      {307, "", "", Kind::kRetry},
      {400, "<html>plain HTTP sent to HTTPS port</html>", "text/html", Kind::kRetry},
      {401, "{}", "", Kind::kBlocked},
      {403, "{}", "", Kind::kBlocked},
      {404, "{\"error\":\"database not found\"}", "", Kind::kBlocked},
      {405, "", "", Kind::kBlocked},
      {408, "", "", Kind::kRetry},
      {425, "", "", Kind::kRetry},
      {429, "", "", Kind::kRetry},
      {500, "", "", Kind::kRetry},
      {502, "<html>bad gateway</html>", "text/html", Kind::kRetry},
      {503, "", "", Kind::kRetry},
      {999, "", "", Kind::kRetry},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << row.status << " " << row.body);
    http.push(FakeHttpClient::status(row.status, row.body, {{"content-type", row.type}}));
    const SinkReply reply = deliver(kThree);
    EXPECT_EQ(reply.kind, row.expected);
    EXPECT_EQ(reply.message.empty(), row.expected == Kind::kDone);
    EXPECT_EQ(reply.dead_lettered, 0U);
  }
  EXPECT_FALSE(files.exists("/dead.jsonl")) << "none of these is about a line";
}

TEST_F(InfluxTest, EveryErrorBelowHttpIsARetry) {
  for (int e = 1; e <= static_cast<int>(io::HttpError::kOwn); ++e) {
    http.push(FakeHttpClient::error(static_cast<io::HttpError>(e)));
    EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kRetry) << e;
  }
}

TEST_F(InfluxTest, AServerThatTricklesCostsOneTimeoutNotTwo) {
  options.omit_strings = InfluxOptions::OmitStrings::kAuto;  // so that its metrics page is asked for first
  io::HttpResponse part = FakeHttpClient::status(200, "  ");
  part.error = io::HttpError::kTimeout;
  http.push(part);
  const SinkReply reply = deliver(kThree);
  EXPECT_EQ(reply.kind, SinkReply::Kind::kRetry);
  EXPECT_EQ(reply.message, "no answer in time");
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(InfluxTest, RetryAfterIsReadAsSecondsAndAsADate) {
  http.push(FakeHttpClient::status(429, "", {{"retry-after", "17"}}));
  EXPECT_EQ(deliver(kThree).retry_after, core::Duration{seconds{17}});
  const core::WallTime now = core::from_unix_ns(1748736000LL * 1'000'000'000);  // 2025-06-01T00:00:00Z
  EXPECT_EQ(parse_retry_after("Sun, 01 Jun 2025 00:01:30 GMT", now), core::Duration{seconds{90}});
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("-5", now), std::nullopt);
}

TEST_F(InfluxTest, P8APoisonLineIsFoundAndItsNeighboursArrive) {
  for (const bool partial : {true, false}) {
    database = {};
    database.partial = partial;
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += (i == 37 || i == 99 ? "bad n=" : "p n=") + std::to_string(i) + "i 1\n";
    const SinkReply reply = deliver(lines);
    EXPECT_EQ(reply.kind, SinkReply::Kind::kDone);
    EXPECT_EQ(reply.dead_lettered, 2U);
    EXPECT_EQ(database.stored.size(), 98U);
  }
  const std::string dead = files.contents("/dead.jsonl");
  EXPECT_NE(dead.find("\"line\":\"bad n=37i 1"), std::string::npos) << dead;
  EXPECT_NE(dead.find("partial write"), std::string::npos);
  EXPECT_EQ(std::count(dead.begin(), dead.end(), '\n'), 4) << "a server's line break must not make a line";
}

TEST_F(InfluxTest, P8TheDeadLetterFileIsBoundedAndNeverBlocks) {
  options.dead_letter_bytes_max = 4000;
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "bad n=" + std::to_string(i) + "i 1\n";
  EXPECT_EQ(deliver(lines).dead_lettered, 100U);
  EXPECT_LE(files.contents("/dead.jsonl").size() + files.contents("/dead.jsonl.1").size(), 4000U);
  EXPECT_NE(files.contents("/dead.jsonl").find("bad n=99i"), std::string::npos);
  files.fail_from(files.operations() + 1);
  EXPECT_EQ(deliver("bad n=1i 1\n").dead_lettered, 1U);
}

TEST_F(InfluxTest, P8_PointsOlderThanTheDatabaseKeepsAreDeadLetteredAndCountedAsExpired) {
  EXPECT_EQ(deliver("p n=1i 1\nold n=2i 1\np n=3i 1\nbad n=4i 1\nold n=5i 1\n").dead_lettered, 3U);
  EXPECT_EQ(database.stored, (std::vector<std::string>{"p n=1i 1", "p n=3i 1"}));
  EXPECT_EQ(sink().dead_lettered(), 3U);
  EXPECT_EQ(sink().facts().expired, 2U);
  EXPECT_EQ(sink().facts().left_out, std::nullopt) << "only a VictoriaMetrics tells";
  const std::string dead = files.contents("/dead.jsonl");
  EXPECT_NE(dead.find("\"reason\":\"older than the database keeps (HTTP 400): "), std::string::npos) << dead;
  // As InfluxDB 2.7 says it.
  database.too_old =
      "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: dropped 1 "
      "points outside retention policy of duration 1h0m0s\"}";
  EXPECT_EQ(deliver("old n=6i 1\n").dead_lettered, 1U);
  EXPECT_EQ(sink().facts().expired, 3U);
}

TEST_F(InfluxTest, ABatchThatIsTooLargeIsHalvedAndTheSizeRemembered) {
  database.bytes_max = 40'000;
  std::string lines;
  for (int i = 0; i < 8000; ++i) lines += "p n=" + std::to_string(10000 + i) + "i 1\n";
  const std::size_t before = sink().batch_bytes_max();
  const SinkReply reply = deliver(lines);
  EXPECT_EQ(reply.kind, SinkReply::Kind::kDone);
  EXPECT_EQ(reply.dead_lettered, 0U);
  EXPECT_EQ(database.stored.size(), 8000U);
  EXPECT_LT(sink().batch_bytes_max(), before);
}

TEST_F(InfluxTest, VictoriaMetricsGetsNoTextFieldsAndIsHeld) {
  options.omit_strings = InfluxOptions::OmitStrings::kAuto;
  options.ack_hold.reset();
  database.metrics = "vm_app_version{version=\"v1.79.5\"} 1\nvm_app_start_timestamp 1700000000\n";
  EXPECT_EQ(deliver("p,t=a text=\"x y,z=\\\"1\",n=1i,b=\"c\",f=2.5 7\nq only=\"text\" 7\n").kind,
            SinkReply::Kind::kDone);
  ASSERT_EQ(posts().size(), 1U);
  EXPECT_EQ(posts()[0].body, "p,t=a n=1i,f=2.5 7\n");
  EXPECT_EQ(sink().ack_hold(), core::Duration{seconds{30}});
}

TEST(InfluxWire, LinesWithoutTextsStayAsTheyAre) {
  for (const char* lines : {"p,t=a n=1i,f=2.5 7\n", "p\\ q,t=a\\,b n=1i 7\np n=2i\n", "p n=t"}) {
    EXPECT_EQ(without_text_fields(lines), lines);
  }
  EXPECT_EQ(without_text_fields("p,t=a\n\np,t=\"q\" n=1i,s=\"\" 7\n"), "p,t=\"q\" n=1i 7\n");
}

TEST_F(InfluxTest, RowsThatVictoriaMetricsAcknowledgedAndLeftOutAreSeenInItsCounters) {
  options.ack_hold = seconds{30};
  const auto page = [](int invalid, int far) {
    return fmt::format(
        "vm_app_version{{}} 1\nvm_rows_invalid_total{{type=\"csvimport\"}} "
        "99\nvm_rows_invalid_total{{type=\"influx\"}} {}\n"
        "vm_rows_ignored_total{{reason=\"big_timestamp\"}} {}\nvm_rows_ignored_total{{reason=\"small_timestamp\"}} 4\n",
        invalid, far);
  };
  database.metrics = page(10, 5);
  deliver(kThree);
  EXPECT_EQ(sink().facts().left_out, 0U) << "what was left out before is not ours to tell";
  database.metrics = page(12, 6);
  deliver(kThree);
  EXPECT_EQ(sink().facts().left_out, 3U);
  database.metrics = page(0, 0);  // started anew
  deliver(kThree);
  database.metrics = page(1, 0);
  deliver(kThree);
  EXPECT_EQ(sink().facts().left_out, 4U);
}

TEST_F(InfluxTest, OtherServersGetTextFieldsAndAreNotHeld) {
  options.omit_strings = InfluxOptions::OmitStrings::kAuto;
  options.ack_hold.reset();
  EXPECT_EQ(deliver("p text=\"x\" 7\n").kind, SinkReply::Kind::kDone);
  EXPECT_EQ(posts().at(0).body, "p text=\"x\" 7\n");
  EXPECT_EQ(sink().ack_hold(), core::Duration{});
}

TEST_F(InfluxTest, P4ANewStartTimeIsARestart) {
  options.ack_hold = seconds{30};
  database.metrics = "vm_app_version{} 1\nvm_app_start_timestamp 1700000000\n";
  EXPECT_FALSE(deliver(kThree).restarted);
  EXPECT_FALSE(deliver(kThree).restarted);
  database.metrics = "vm_app_version{} 1\nvm_app_start_timestamp 1700000009\n";
  EXPECT_TRUE(deliver(kThree).restarted);
  EXPECT_FALSE(deliver(kThree).restarted);
}

TEST_F(InfluxTest, P10AStaleAddressIsUsedWhenNobodyResolves) {
  deliver(kThree);
  EXPECT_EQ(sink().address_source(), AddressSource::kFresh);
  resolver.down = true;
  loop.run_for(std::chrono::hours{2});
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  EXPECT_EQ(posts().back().addresses, std::vector<std::string>{"192.0.2.9"});
  EXPECT_EQ(sink().address_source(), AddressSource::kStale);
  loop.run_for(std::chrono::hours{24});
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kRetry);
  EXPECT_EQ(sink().address_source(), AddressSource::kNone);
}

TEST_F(InfluxTest, P10AFixedAddressComesLast) {
  options.url = "http://pinned:1";
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  EXPECT_EQ(posts().at(0).addresses, std::vector<std::string>{"192.0.2.77"});
  EXPECT_EQ(sink().address_source(), AddressSource::kStatic);
}

TEST_F(InfluxTest, ALiteralAddressAsksNobody) {
  options.url = "http://[2001:db8::1]:8086";
  EXPECT_EQ(deliver(kThree).kind, SinkReply::Kind::kDone);
  EXPECT_EQ(resolver.asked, 0);
  EXPECT_EQ(posts().at(0).addresses, std::vector<std::string>{"2001:db8::1"});
}

TEST_F(InfluxTest, DestroyingTheHandleCancels) {
  LogBatch batch;
  batch.lines = kThree;
  bool answered = false;
  {
    const io::Handle handle = sink().deliver(batch, [&](const SinkReply&) { answered = true; });
    loop.turn();
  }
  loop.run_for(seconds{60});
  EXPECT_FALSE(answered);
}

TEST(InfluxSinkLoopback, DeliversToARealServer) {
  const auto loop = io::make_system_loop();
  SimFiles files;
  std::vector<io::ServerRequest> got;
  auto server = io::listen_http(*loop, {}, [&](io::ServerRequest r, std::unique_ptr<io::Responder> responder) {
    got.push_back(std::move(r));
    responder->respond({.status = 204});
  });
  ASSERT_TRUE(server);
  const auto http = io::make_http_client(*loop);
  FakeResolver resolver{*loop};
  AddressBook book{*loop, resolver};
  InfluxOptions options{.name = "influx"};
  options.url = "http://127.0.0.1:" + std::to_string((*server)->port());
  options.database = "d";
  options.ack_hold = core::Duration{};
  options.omit_strings = InfluxOptions::OmitStrings::kNo;
  auto sink = make_influx_sink({*loop, files, *http, book}, options);
  ASSERT_TRUE(sink);
  LogBatch batch;
  batch.lines = kThree;
  std::optional<SinkReply> reply;
  const io::Handle handle = (*sink)->deliver(batch, [&](SinkReply r) { reply = std::move(r); });
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return reply.has_value(); }));
  EXPECT_EQ(reply->kind, SinkReply::Kind::kDone) << reply->message;
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back().path, "/write");
  EXPECT_EQ(got.back().parameter("db"), "d");
  EXPECT_EQ(got.back().header("content-encoding"), "gzip");
}

}  // namespace
}  // namespace sonde::pipeline
