// The hub as a whole: a real log, real HTTP on loopback, a restart.
#include "hub/hub.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/line_protocol.h"
#include "io/http_client.h"
#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hub/bench.h"

namespace sonde::hub {
namespace {

using Json = nlohmann::json;

class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    config.port = 0;
    config.directory = dir.file("hub");
    auto opened = pipeline::open_log(
        *loop, *files,
        {.directory = dir.file("log"), .free_bytes_min = 0, .commit_interval = std::chrono::milliseconds{10}});
    log = std::move(*opened);
  }

  core::Result<int> start() {
    hub = std::make_unique<Hub>(
        HubParts{.loop = *loop, .files = *files, .log = *log, .assets = assets, .metrics = {}, .version = "0.1.0"},
        config);
    auto port = hub->start();
    if (port) base = "http://127.0.0.1:" + std::to_string(*port);
    return port;
  }

  io::HttpResponse fetch(std::string method, std::string path, std::string body = {},
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
    io::HttpRequest request;
    request.method = std::move(method);
    request.url = base + path;
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.timeout = std::chrono::seconds{10};
    std::optional<io::HttpResponse> got;
    const auto handle = client->fetch(std::move(request), [&got](io::HttpResponse r) { got = std::move(r); });
    EXPECT_TRUE(sonde::test::run_loop_until(*loop, [&got] { return got.has_value(); }));
    return got.value_or(io::HttpResponse{});
  }
  Json json(std::string path) { return Json::parse(fetch("GET", std::move(path)).body, nullptr, false); }
  bool wait_until(const std::function<bool()>& done) { return sonde::test::run_loop_until(*loop, done); }
  bool wait_ready() {
    return wait_until([this] { return fetch("GET", "/-/ready").status == 200; });
  }

  // The last ten minutes of a small world in which checkout fails everywhere since four minutes.
  void append_history() {
    const std::int64_t now_ms = core::to_unix_ms(loop->wall_now());
    std::vector<core::Target> targets{test::app("checkout"), test::app("search"),
                                      test::control(core::Partition::kDomestic),
                                      test::control(core::Partition::kOverseas)};
    for (const char* provider : {"cirrus", "stratus"}) {
      for (const char* service : {"object-storage", "compute-api"}) {
        targets.push_back(test::reference(provider, "cn-east", service));
        targets.push_back(test::reference(provider, "cn-south", service));
      }
    }
    std::vector<core::Vantage> vantages;
    for (int i = 0; i < 4; ++i) {
      vantages.push_back(
          test::vantage("v" + std::to_string(i), i < 2 ? core::Partition::kDomestic : core::Partition::kOverseas));
    }
    const core::WallTime begin = core::from_unix_ms(now_ms - 600'000);
    for (const auto& v : vantages) log->append(core::to_record(v, begin));
    for (const auto& t : targets) log->append(core::to_record(t, begin));
    for (std::int64_t slot = now_ms - 600'000; slot < now_ms - 10'000; slot += 10'000) {
      for (const auto& v : vantages) {
        for (const auto& t : targets) {
          const bool fails = t.name == "checkout" && slot > now_ms - 240'000;
          log->append(test::probe(v, t, slot, fails ? std::optional{test::http_503()} : std::nullopt));
        }
      }
    }
    EXPECT_TRUE(log->flush());
  }

  void write_token_file(mode_t mode) {
    config.token_file = dir.file("token");
    std::ofstream{config.token_file} << "sesame\n";
    ::chmod(config.token_file.c_str(), mode);
  }

  sonde::test::TempDir dir;
  std::unique_ptr<io::Loop> loop = io::make_system_loop();
  std::unique_ptr<io::Files> files = io::make_system_files();
  std::unique_ptr<io::HttpClient> client = io::make_http_client(*loop);
  std::unique_ptr<pipeline::Log> log;
  NoAssets assets;
  HubConfig config;
  std::unique_ptr<Hub> hub;
  std::string base;
};

TEST_F(HubTest, ShowsWhatIsWrittenToIt) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(json("/api/v1/overview")["headline"]["level"], "waiting");
  std::string lines;
  const auto v = test::vantage("shanghai-ct");
  core::encode_line(core::to_record(v, loop->wall_now()), lines);
  core::encode_line(test::probe(v, test::app("checkout"), core::to_unix_ms(loop->wall_now())), lines);
  EXPECT_EQ(fetch("POST", "/write", lines).status, 204);
  EXPECT_TRUE(wait_until([this] { return json("/api/v1/overview")["counts"]["ok"] == 1; }));
  EXPECT_EQ(hub->snapshot().ingest_lines, 2u);
  EXPECT_EQ(hub->snapshot().store_results, 1u);
}

TEST_F(HubTest, FindsTheIncidentInItsLogAndKeepsItOverARestart) {
  append_history();
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  const Json before = json("/api/v1/incidents?state=open");
  ASSERT_EQ(before["incidents"].size(), 1u) << before.dump();
  EXPECT_EQ(before["incidents"][0]["component"]["key"], "app:checkout");
  EXPECT_EQ(before["incidents"][0]["grade"], "convicted");
  ASSERT_TRUE(wait_until([this] { return json("/api/v1/overview")["rows"].size() > 0; }));
  EXPECT_EQ(json("/api/v1/overview")["headline"]["level"], "incident");

  hub.reset();
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  const Json after = json("/api/v1/incidents");
  ASSERT_EQ(after["incidents"].size(), 1u) << after.dump();
  EXPECT_EQ(after["incidents"][0]["id"], before["incidents"][0]["id"]);
  EXPECT_EQ(after["incidents"][0]["opened_ms"], before["incidents"][0]["opened_ms"]);
  EXPECT_EQ(json("/api/v1/targets")["targets"].size(), 12u);
}

TEST_F(HubTest, WritesEachVerdictToTheLogOnce) {
  append_history();
  const auto verdicts = [this](const char* reader) {
    EXPECT_TRUE(log->flush());
    auto& cursor = log->cursor(reader);
    std::size_t found = 0;
    for (;;) {
      auto batch = cursor.read(1 << 20);
      if (!batch || batch->records == 0) return found;
      for (std::size_t at = batch->lines.find("verdict,"); at != std::string::npos;
           at = batch->lines.find("verdict,", at + 1)) {
        if (at == 0 || batch->lines[at - 1] == '\n') ++found;
      }
    }
  };
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  const std::size_t first = verdicts("first");
  EXPECT_GE(first, 1u);
  hub.reset();
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(verdicts("second"), first);
}

TEST_F(HubTest, RefusesAPublicAddressWithoutAToken) {
  config.address = "0.0.0.0";
  auto started = start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("token_file"), std::string::npos);
}

TEST_F(HubTest, AsksForTheTokenOfItsFile) {
  write_token_file(0600);
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  EXPECT_EQ(fetch("POST", "/write", "m f=1").status, 401);
  EXPECT_EQ(fetch("POST", "/write", "m f=1", {{"Authorization", "Token sesame"}}).status, 204);
  EXPECT_EQ(fetch("GET", "/api/v1/overview").status, 401);
}

TEST_F(HubTest, RefusesATokenFileThatOthersCanRead) {
  write_token_file(0644);
  auto started = start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(HubTest, PutsADamagedDatabaseAside) {
  ASSERT_TRUE(files->make_directories(config.directory));
  std::ofstream{config.directory + "/hub.db"} << std::string(8192, 'x');
  ASSERT_TRUE(start());
  ASSERT_TRUE(wait_ready());
  auto names = files->list(config.directory);
  ASSERT_TRUE(names);
  EXPECT_TRUE(std::ranges::any_of(*names, [](const std::string& n) { return n.starts_with("hub.db.damaged-"); }));
}

TEST_F(HubTest, SaysWhenItsPortIsTaken) {
  auto first = start();
  ASSERT_TRUE(first);
  HubConfig second = config;
  second.port = *first;
  second.directory = dir.file("hub2");
  Hub other{HubParts{.loop = *loop, .files = *files, .log = *log, .assets = assets, .metrics = {}, .version = ""},
            second};
  auto started = other.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, core::ErrorCode::kBusy);
}

}  // namespace
}  // namespace sonde::hub
