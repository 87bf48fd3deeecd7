// Documents of targets from URLs, by a real HTTP server on loopback, and the running configuration that follows them
// and the files on disk. RELIABILITY: a bad new configuration leaves the old one in force, and says so.
#include <gtest/gtest.h>

#include <map>

#include "cli/configuration_keeper.h"
#include "cli/target_documents.h"
#include "io/http_server.h"
#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using cli::Configuration;
using cli::ConfigurationKeeper;

/// Serves one document under every path, with an ETag.
class DocumentServer {
 public:
  explicit DocumentServer(io::Loop& loop, int port = 0) {
    auto server =
        io::listen_http(loop, {.port = port},
                        [this](io::ServerRequest request, std::unique_ptr<io::Responder> r) { answer(request, *r); });
    if (server) server_ = std::move(*server);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/t.yaml"; }
  [[nodiscard]] int port() const { return server_->port(); }

  std::string text;
  std::string tag = "\"1\"";
  int status = 200;
  int requests = 0;
  int not_modified = 0;
  std::string authorization;

 private:
  void answer(const io::ServerRequest& request, io::Responder& r) {
    ++requests;
    authorization = request.header("authorization");
    if (status != 200) return r.respond({.status = status, .headers = {}, .body = "no\n"});
    if (request.header("if-none-match") == tag) {
      ++not_modified;
      return r.respond({.status = 304, .headers = {}, .body = {}});
    }
    r.respond({.status = 200, .headers = {{"ETag", tag}}, .body = text});
  }

  std::unique_ptr<io::HttpServer> server_;
};

std::string app(const std::string& name) { return "apps: [{name: " + name + ", url: \"tcp://a.example:1\"}]\n"; }

class Following : public testing::Test {
 protected:
  void configure(const std::string& yaml) { bench_.write("sonde.yaml", yaml); }
  void configure_url(const std::string& more = "") {
    configure("vantage: {name: v}\ntargets:\n  - {url: \"" + server_->url() + "\", refresh: 1s" + more + "}\n");
  }

  void make_keeper() {
    keeper_ = std::make_unique<ConfigurationKeeper>(
        ConfigurationKeeper::Parts{.loop = *loop_,
                                   .files = *bench_.files,
                                   .catalogue = catalogue(),
                                   .variables = bench_.variables,
                                   .host_name = "host-1",
                                   .state_directory = bench_.directory.file("state"),
                                   .watch = {.quiet = 20ms, .poll = 1h}},
        bench_.directory.file("sonde.yaml"),
        [this](ConfigurationKeeper::Tone, const std::string& line) { said_ += line + "\n"; });
  }
  /// As at the start of the program.
  std::optional<Configuration> load(core::Duration wait_max = 10s) {
    make_keeper();
    said_.clear();
    return keeper_->load(wait_max);
  }
  void follow() {
    keeper_->follow(
        [this](Configuration c) -> core::Result<void> {
          if (refuse_) return core::Error{core::ErrorCode::kUnsupported, "refused by the test"};
          running_ = std::move(c);
          return {};
        },
        [this](bool good) {
          ++told_;
          good_ = good;
        });
  }
  static std::string names(const std::optional<Configuration>& c) {
    std::string out;
    if (!c) return "nothing";
    for (const auto& t : c->prober.targets) out += t.target.name + " ";
    return out;
  }
  bool until(const std::function<bool()>& done) { return run_loop_until(*loop_, done); }
  bool told(int times) {
    return until([this, times] { return told_ >= times; });
  }
  void start(const std::string& expected) {
    running_ = load();
    ASSERT_EQ(names(running_), expected) << said_;
    follow();
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
  ConfigBench bench_;
  std::unique_ptr<DocumentServer> server_ = std::make_unique<DocumentServer>(*loop_);
  std::unique_ptr<ConfigurationKeeper> keeper_;
  std::string said_;
  std::optional<Configuration> running_;
  int told_ = 0;
  bool good_ = true;
  bool refuse_ = false;
};

// ---- URLs ----

TEST_F(Following, ADocumentIsFetchedAtTheStartAndKeptOnDisk) {
  server_->text = app("from-url");
  configure_url();
  EXPECT_EQ(names(load()), "from-url ");
  const auto copies = bench_.files->list(bench_.directory.file("state/documents"));
  ASSERT_TRUE(copies.has_value());
  ASSERT_EQ(copies->size(), 1U);
  const auto alone = bench_.files->is_private(bench_.directory.file("state/documents/" + copies->front()));
  EXPECT_TRUE(alone.has_value() && *alone);
}

TEST_F(Following, AnUnchangedDocumentIsNotSentAgain) {
  server_->text = app("from-url");
  configure_url();
  ASSERT_EQ(names(load()), "from-url ");
  server_->text = "never: sent";
  EXPECT_EQ(names(load()), "from-url ") << said_;  // the next start
  EXPECT_EQ(server_->requests, 2);
  EXPECT_EQ(server_->not_modified, 1);
}

TEST_F(Following, TheCopyIsUsedWhileTheUrlCannotBeReached) {
  server_->text = app("from-url");
  configure_url();
  ASSERT_EQ(names(load()), "from-url ");
  server_->status = 503;
  EXPECT_EQ(names(load()), "from-url ");
  EXPECT_NE(said_.find("HTTP 503; the copy is used"), std::string::npos) << said_;
  keeper_.reset();
  server_.reset();  // nobody listens any more
  EXPECT_EQ(names(load()), "from-url ") << said_;
}

TEST_F(Following, WithoutACopyAnUnreachableUrlIsAMistakeWithItsPlace) {
  server_->status = 302;
  configure_url();
  EXPECT_FALSE(load().has_value());
  EXPECT_NE(
      said_.find("sonde.yaml:3:11: the document cannot be fetched, and there is no copy: it answers with a redirect "
                 "(HTTP 302), which is not followed"),
      std::string::npos)
      << said_;
}

TEST_F(Following, AStartDoesNotWaitForEver) {
  auto silent = io::listen_http(*loop_, {}, [](io::ServerRequest, std::unique_ptr<io::Responder> r) {
    static std::vector<std::unique_ptr<io::Responder>> held;
    held.push_back(std::move(r));
  });
  ASSERT_TRUE(silent.has_value());
  configure("targets: [{url: \"http://127.0.0.1:" + std::to_string((*silent)->port()) + "/\"}]\n");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(load(50ms).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s);
  EXPECT_NE(said_.find("has not been fetched yet"), std::string::npos) << said_;
}

TEST_F(Following, ANewDocumentIsTakenOver) {
  server_->text = app("one");
  configure_url();
  start("one ");
  server_->text = app("two");
  server_->tag = "\"2\"";
  ASSERT_TRUE(told(1));
  EXPECT_EQ(names(running_), "two ");
  EXPECT_TRUE(good_);
}

TEST_F(Following, ABadNewDocumentLeavesTheOldOneRunningAndSaysSo) {
  server_->text = app("one");
  configure_url();
  start("one ");
  server_->text = "apps: [{nam: two}]\n";
  server_->tag = "\"2\"";
  ASSERT_TRUE(told(1));
  EXPECT_EQ(names(running_), "one ");
  EXPECT_FALSE(good_);
  EXPECT_NE(said_.find("t.yaml:1:9: app: unknown key \"nam\"; did you mean \"name\"?"), std::string::npos) << said_;
  EXPECT_NE(said_.find("A new document of targets has mistakes"), std::string::npos) << said_;

  // The next start finds the bad document again, and the good copy.
  EXPECT_EQ(names(load()), "one ");
  EXPECT_FALSE(keeper_->good());
  follow();

  // A good one heals it, even when it is the one from before.
  server_->text = app("one");
  server_->tag = "\"3\"";
  ASSERT_TRUE(told(2));
  EXPECT_TRUE(good_);
}

TEST_F(Following, ADocumentMayNotReadThisMachine) {
  bench_.variables.values = {{"SECRET", "hunter2"}};
  bench_.write("secret", "hunter2\n");
  for (const std::string& text :
       {app("\"${SECRET}\""), std::string{"apps: [{name: a, url: \"tls://a:1\", tls: {ca_file: /etc/passwd}}]\n"}}) {
    server_->text = text;
    configure_url();
    EXPECT_FALSE(load().has_value()) << text;
    EXPECT_EQ(said_.find("hunter2"), std::string::npos);
    EXPECT_NE(said_.find("this machine"), std::string::npos) << said_;
  }
}

TEST_F(Following, ATokenGoesWithTheRequest) {
  bench_.write("token", "abc\n");
  server_->text = app("one");
  configure_url(", token_file: token");
  EXPECT_EQ(names(load()), "one ") << said_;
  EXPECT_EQ(server_->authorization, "Bearer abc");
}

TEST_F(Following, AUrlThatIsAddedWhileRunningIsFetchedFirst) {
  configure("vantage: {name: v}\n" + app("local") + "targets: []\n");
  start("local ");
  server_->text = app("from-url");
  configure("vantage: {name: v}\n" + app("local") + "targets: [{url: \"" + server_->url() + "\"}]\n");
  ASSERT_TRUE(told(1));
  EXPECT_EQ(names(running_), "local from-url ");
}

// ---- files ----

TEST_F(Following, AChangedFileIsTakenOver) {
  bench_.write("targets.d/a.yaml", app("a"));
  configure("vantage: {name: v}\ntargets: [{file: targets.d/}]\n");
  start("a ");
  bench_.write("targets.d/a.yaml", app("changed"));
  ASSERT_TRUE(told(1));
  EXPECT_EQ(names(running_), "changed ");
  bench_.write("targets.d/b.yaml", app("added"));
  ASSERT_TRUE(told(2));
  EXPECT_EQ(names(running_), "changed added ");
  std::filesystem::remove(bench_.directory.file("targets.d/a.yaml"));
  ASSERT_TRUE(told(3));
  EXPECT_EQ(names(running_), "added ");
}

TEST_F(Following, ABadFileChangesNothingAndAGoodOneHealsIt) {
  configure("vantage: {name: v}\ntargets: []\n" + app("a"));
  start("a ");
  configure("vantage: {name: v}\ntargets: []\napps: [{name: b}]\n");
  ASSERT_TRUE(told(1));
  EXPECT_FALSE(good_);
  EXPECT_EQ(names(running_), "a ");
  EXPECT_NE(said_.find("sonde.yaml:3:8: app needs \"url\""), std::string::npos) << said_;
  EXPECT_NE(said_.find("The old configuration stays in force"), std::string::npos) << said_;
  configure("vantage: {name: v}\ntargets: []\n" + app("b"));
  ASSERT_TRUE(told(2));
  EXPECT_TRUE(good_);
  EXPECT_EQ(names(running_), "b ");
}

TEST_F(Following, WhatTheServiceRefusesIsSaid) {
  configure("vantage: {name: v}\ntargets: []\n" + app("a"));
  start("a ");
  refuse_ = true;
  EXPECT_FALSE(keeper_->reload().has_value());
  EXPECT_FALSE(good_);
  EXPECT_NE(said_.find("The old configuration stays in force: refused by the test"), std::string::npos) << said_;
}

TEST_F(Following, AFileThatIsOnlyTouchedChangesNothing) {
  const std::string yaml = "vantage: {name: v}\ntargets: []\n" + app("a");
  configure(yaml);
  start("a ");
  said_.clear();
  configure(yaml);
  // The change after it is told; the touch before it was not.
  const auto looked = loop_->precise_now() + 100ms;
  ASSERT_TRUE(until([&] { return loop_->precise_now() >= looked; }));
  EXPECT_EQ(told_, 0) << said_;
  configure("vantage: {name: v}\ntargets: []\n" + app("b"));
  ASSERT_TRUE(told(1));
  EXPECT_EQ(names(running_), "b ");
}

TEST_F(Following, ReloadReadsAgainWithoutAChange) {  // SIGHUP
  configure("vantage: {name: v}\ntargets: []\n" + app("a"));
  start("a ");
  EXPECT_TRUE(keeper_->reload().has_value());
  EXPECT_EQ(told_, 1);
  EXPECT_NE(said_.find("The new configuration is in force."), std::string::npos);
}

}  // namespace
}  // namespace sonde::test
