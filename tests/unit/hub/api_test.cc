// The routes over real HTTP on loopback.
#include "hub/api.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/line_protocol.h"
#include "io/http_client.h"
#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hub/bench.h"
#include "tests/unit/hub/fake_log.h"

namespace sonde::hub {
namespace {

using Json = nlohmann::json;

// "hello", gzipped.
constexpr std::string_view kHello{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25};

class TwoAssets final : public AssetSource {
 public:
  std::optional<Asset> find(std::string_view path) const override {
    if (path == "index.html") return make_asset(path, kHello, "aa11");
    if (path == "app.2b86429abd.js") return make_asset(path, kHello, "bb22");
    return std::nullopt;
  }
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    log.automatic = true;
    auto listening = io::listen_http(*loop, {}, [this](io::ServerRequest r, std::unique_ptr<io::Responder> responder) {
      api.handle(r, std::move(responder));
    });
    server = std::move(*listening);
    base = "http://127.0.0.1:" + std::to_string(server->port());
  }

  io::HttpResponse fetch(io::HttpRequest request) {
    std::optional<io::HttpResponse> got;
    request.timeout = std::chrono::seconds{10};
    request.url = base + request.url;
    const auto handle = client->fetch(std::move(request), [&got](io::HttpResponse r) { got = std::move(r); });
    EXPECT_TRUE(sonde::test::run_loop_until(*loop, [&got] { return got.has_value(); }));
    return got.value_or(io::HttpResponse{});
  }
  io::HttpResponse get(std::string path, std::vector<std::pair<std::string, std::string>> headers = {}) {
    io::HttpRequest request;
    request.url = std::move(path);
    request.headers = std::move(headers);
    return fetch(std::move(request));
  }
  Json json(std::string path, int status = 200) {
    const io::HttpResponse r = get(path);
    EXPECT_EQ(r.status, status) << path << " " << r.body;
    EXPECT_EQ(r.header("content-type"), "application/json; charset=utf-8") << path;
    return Json::parse(r.body, nullptr, false);
  }

  [[nodiscard]] std::int64_t now_ms() const { return core::to_unix_ms(loop->wall_now()); }
  void deliver(const std::vector<core::Record>& records) {
    pipeline::LogBatch batch;
    for (const core::Record& r : records) core::encode_line(r, batch.lines);
    batch.records = records.size();
    const auto handle = store.deliver(batch, [](pipeline::SinkReply) {});
  }
  void deliver_some() {
    const std::int64_t at = now_ms() - 2000;
    deliver({core::to_record(shanghai, core::from_unix_ms(at)), core::to_record(checkout, core::from_unix_ms(at)),
             test::probe(shanghai, checkout, at - 10'000), test::probe(shanghai, checkout, at, test::http_503())});
  }
  judge::VerdictEvent opened() const {
    judge::VerdictEvent e;
    e.id = "i-20251124-1";
    e.time = loop->wall_now();
    e.since = e.time;
    e.grade = judge::Grade::kConvicted;
    e.blame = judge::BlameClass::kApp;
    e.component_kind = "app";
    e.component_key = "app:checkout";
    e.summary = {"App checkout is failing.", "应用 checkout 故障。"};
    return e;
  }

  sonde::test::TempDir dir;
  std::unique_ptr<io::Loop> loop = io::make_system_loop();
  std::unique_ptr<io::HttpClient> client = io::make_http_client(*loop);
  test::FakeLog log;
  TwoAssets assets;
  std::unique_ptr<History> history = std::move(open_history(dir.file("hub.db")).value());
  Guard guard{HubConfig{}, {}};
  Store store{*loop, *history, {}};
  Incidents incidents_{*history};
  EventHub events{*loop, std::chrono::milliseconds{50}};
  Ingest ingest{*loop, log, {}};
  std::string why_not_ready;
  Api api{{.loop = *loop,
           .guard = guard,
           .store = store,
           .incidents = incidents_,
           .events = events,
           .ingest = ingest,
           .assets = assets,
           .metrics = [] { return std::string{"sonde_up 1\n"}; },
           .not_ready = [this] { return why_not_ready; },
           .version = "0.1.0"}};
  std::unique_ptr<io::HttpServer> server;
  std::string base;
  core::Vantage shanghai = test::vantage("shanghai-ct");
  core::Target checkout = test::app("team/checkout");
};

TEST_F(ApiTest, PutsSecurityHeadersOnEveryAnswer) {
  for (const char* path : {"/", "/app.2b86429abd.js", "/api/v1/overview", "/api/v1/nothing", "/metrics", "/-/healthy",
                           "/nothing", "/write", "/api/v1/series"}) {
    SCOPED_TRACE(path);
    const io::HttpResponse r = get(path);
    EXPECT_EQ(r.header("content-security-policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
              "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    EXPECT_EQ(r.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(r.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(r.header("cross-origin-resource-policy"), "same-origin");
  }
}

TEST_F(ApiTest, RefusesAHostThatIsNotOurs) {
  const io::HttpResponse r = get("/api/v1/overview", {{"Host", "evil.example.com"}});
  EXPECT_EQ(r.status, 421);
  EXPECT_EQ(r.header("x-content-type-options"), "nosniff");
}

TEST_F(ApiTest, ServesTheOverview) {
  deliver_some();
  const Json o = json("/api/v1/overview");
  EXPECT_EQ(o["version"], "0.1.0");
  EXPECT_EQ(o["counts"]["fail"], 1);
  EXPECT_EQ(o["rows"][0]["cells"][0]["cause"], "status");
}

TEST_F(ApiTest, ServesTargetsByPlainAndEncodedName) {
  deliver_some();
  EXPECT_EQ(json("/api/v1/targets")["targets"].size(), 1u);
  for (const char* path : {"/api/v1/targets/team/checkout", "/api/v1/targets/team%2Fcheckout"}) {
    const Json t = json(path);
    EXPECT_EQ(t["target"]["name"], "team/checkout");
    EXPECT_EQ(t["target"]["latest"].size(), 1u);
    EXPECT_EQ(t["failures"].size(), 1u);
  }
  EXPECT_TRUE(json("/api/v1/targets/none", 404)["error"]["message"].is_string());
}

TEST_F(ApiTest, ServesVantages) {
  deliver_some();
  EXPECT_EQ(json("/api/v1/vantages")["vantages"][0]["name"], "shanghai-ct");
}

TEST_F(ApiTest, ServesSeries) {
  deliver_some();
  const Json s = json("/api/v1/series?target=team%2Fcheckout");
  EXPECT_EQ(s["step_ms"], 10'000);
  EXPECT_EQ(s["to_ms"].get<std::int64_t>() - s["from_ms"].get<std::int64_t>(), 3'600'000);
  ASSERT_EQ(s["series"].size(), 1u);
  EXPECT_EQ(s["series"][0]["points"].size(), 360u);
  int runs = 0;
  int failures = 0;
  for (const Json& p : s["series"][0]["points"]) {
    ASSERT_EQ(p.size(), 5u);
    runs += p[3].get<int>();
    failures += p[4].get<int>();
    EXPECT_EQ(p[1].is_null(), p[3].get<int>() == p[4].get<int>());
  }
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(failures, 1);
}

TEST_F(ApiTest, RefusesBadParameters) {
  deliver_some();
  const std::string series = "/api/v1/series?target=team%2Fcheckout";
  for (const std::string& path :
       {std::string{"/api/v1/series"}, series + "&from_ms=x", series + "&to_ms=-1", series + "&from_ms=2000&to_ms=1000",
        series + "&step_ms=0", series + "&step_ms=1", series + "&from_ms=1e3",
        std::string{"/api/v1/incidents?state=maybe"}, std::string{"/api/v1/incidents?limit=0"},
        std::string{"/api/v1/incidents?limit=10000000000000000000000"}}) {
    SCOPED_TRACE(path);
    EXPECT_TRUE(json(path, 400)["error"]["message"].is_string());
  }
  EXPECT_TRUE(json("/api/v1/series?target=none", 404)["error"]["message"].is_string());
}

TEST_F(ApiTest, ServesIncidents) {
  (void)incidents_.take(opened());
  EXPECT_EQ(json("/api/v1/incidents?state=open")["incidents"].size(), 1u);
  EXPECT_EQ(json("/api/v1/incidents?state=closed")["incidents"].size(), 0u);
  EXPECT_EQ(json("/api/v1/incidents")["incidents"][0]["id"], "i-20251124-1");
  EXPECT_FALSE(json("/api/v1/incidents")["incidents"][0].contains("events"));
  const Json one = json("/api/v1/incidents/i-20251124-1");
  EXPECT_EQ(one["events"].size(), 1u);
  EXPECT_EQ(one["events"][0]["event"], "opened");
  EXPECT_TRUE(json("/api/v1/incidents/i-none", 404).contains("error"));
}

TEST_F(ApiTest, ChecksMethods) {
  io::HttpRequest post;
  post.method = "POST";
  post.url = "/api/v1/overview";
  post.body = "{}";
  const io::HttpResponse refused = fetch(std::move(post));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD");
  const io::HttpResponse read = get("/write");
  EXPECT_EQ(read.status, 405);
  EXPECT_EQ(read.header("allow"), "POST");
}

TEST_F(ApiTest, TakesWritesUnderBothPaths) {
  for (const char* path : {"/write?db=sonde&precision=ms", "/api/v2/write?org=o&bucket=b&precision=ms"}) {
    io::HttpRequest post;
    post.method = "POST";
    post.url = path;
    post.body = "m f=1 1000\n";
    EXPECT_EQ(fetch(std::move(post)).status, 204) << path;
  }
  EXPECT_EQ(log.all_lines(), "m f=1 1000000000\nm f=1 1000000000\n");
  io::HttpRequest bad;
  bad.method = "POST";
  bad.url = "/write";
  bad.body = "nonsense";
  const io::HttpResponse r = fetch(std::move(bad));
  EXPECT_EQ(r.status, 400);
  EXPECT_TRUE(Json::parse(r.body)["error"].is_string()) << "clients of InfluxDB read a string here";
}

TEST_F(ApiTest, ServesThePage) {
  const io::HttpResponse page = get("/", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("content-encoding"), "gzip");
  EXPECT_EQ(page.header("cache-control"), "no-cache");
  EXPECT_EQ(page.body, kHello);
  EXPECT_EQ(get("/").body, "hello") << "for those who do not unpack";
  EXPECT_EQ(get("/", {{"If-None-Match", "\"aa11\""}}).status, 304);
  EXPECT_EQ(get("/app.2b86429abd.js").header("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(get("/../../etc/passwd").status, 404);
  EXPECT_EQ(get("/%2e%2e/etc/passwd").status, 404);
}

TEST_F(ApiTest, TellsHealthReadinessAndMetrics) {
  EXPECT_EQ(get("/-/healthy").status, 200);
  EXPECT_EQ(get("/-/ready").status, 200);
  EXPECT_EQ(get("/metrics").body, "sonde_up 1\n");
  why_not_ready = "the hub is reading back its log";
  EXPECT_EQ(get("/-/healthy").status, 200);
  EXPECT_EQ(get("/-/ready").status, 503);
  EXPECT_EQ(json("/api/v1/overview", 503)["error"]["message"], "the hub is reading back its log");
}

// A connection that reads an event stream, because the client ends only with the answer.
class StreamReader {
 public:
  StreamReader(io::Loop& loop, int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    const std::string request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    EXPECT_EQ(::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    watch_ = loop.watch(fd_.get(), io::Interest::kRead, [this] { read(); });
  }
  [[nodiscard]] std::size_t count(std::string_view what) const {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
  }
  std::string text;

 private:
  void read() {
    char buffer[65536];
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    if (n == 0) watch_.reset();
  }
  io::UniqueFd fd_;
  io::Handle watch_;
};

TEST_F(ApiTest, StreamsTheOverviewWhenItChanges) {
  deliver_some();
  StreamReader reader{*loop, server->port()};
  const auto saw = [&reader](std::string_view what, std::size_t times) { return reader.count(what) == times; };
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return saw("event: overview\n", 1); }));
  EXPECT_NE(reader.text.find("text/event-stream"), std::string::npos);
  EXPECT_NE(reader.text.find("id: 1\n"), std::string::npos);

  api.tell_changes();
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return saw("event: overview\n", 2); }));
  api.tell_changes();
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return reader.count(": still here\n\n") >= 2; }));
  EXPECT_EQ(reader.count("event: overview\n"), 2u) << "nothing had changed";

  deliver({test::probe(shanghai, checkout, now_ms())});
  api.tell_changes();
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return saw("event: overview\n", 3); }));
  const std::size_t data = reader.text.rfind("data: ") + 6;
  const Json last = Json::parse(reader.text.substr(data, reader.text.find('\n', data) - data), nullptr, false);
  EXPECT_EQ(last["counts"]["ok"], 1);

  events.send("incident", incidents_.take(opened()));
  ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return saw("event: incident\n", 1); }));
}

TEST_F(ApiTest, ForgetsAStreamWhoseReaderLeft) {
  {
    StreamReader reader{*loop, server->port()};
    ASSERT_TRUE(sonde::test::run_loop_until(*loop, [&] { return events.streams() == 1; }));
  }
  EXPECT_TRUE(sonde::test::run_loop_until(*loop, [&] { return events.streams() == 0; }));
}

}  // namespace
}  // namespace sonde::hub
