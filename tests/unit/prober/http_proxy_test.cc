// Going through a proxy that the configuration names: absolute requests for http, CONNECT for https.
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/route_server.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

/// A proxy that knows every name as this machine: CONNECT HOST:PORT leads to 127.0.0.1:PORT.
class ConnectProxy {
 public:
  explicit ConnectProxy(io::Loop& loop) : loop_(loop), fd_(bound_socket(SOCK_STREAM)) {
    listen(fd_.get(), 16);
    accept_ = loop_.watch(fd_.get(), io::Interest::kRead, [this] { on_connection(); });
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(bound_port(fd_.get())); }
  [[nodiscard]] const std::string& head() const { return head_; }

 private:
  struct Tunnel {
    io::UniqueFd client;
    io::UniqueFd server;
    io::Handle up;
    io::Handle down;
  };

  void on_connection() {
    auto t = std::make_unique<Tunnel>();
    t->client.reset(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    Tunnel* raw = t.get();
    tunnels_.push_back(std::move(t));
    raw->up = loop_.watch(raw->client.get(), io::Interest::kRead, [this, raw] { on_head(*raw); });
  }

  void on_head(Tunnel& t) {
    char buffer[4096];
    const ssize_t n = recv(t.client.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return t.up.reset();
    head_.append(buffer, static_cast<std::size_t>(n));
    if (!head_.ends_with("\r\n\r\n")) return;
    const std::string target = head_.substr(8, head_.find(' ', 8) - 8);
    const int port = std::stoi(target.substr(target.rfind(':') + 1));
    t.server.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in to = loopback_address(port);
    ASSERT_EQ(connect(t.server.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    t.up.reset();
    t.up = loop_.watch(t.client.get(), io::Interest::kRead, [&t] { copy(t.client, t.server, t.up); });
    t.down = loop_.watch(t.server.get(), io::Interest::kRead, [&t] { copy(t.server, t.client, t.down); });
    (void)!send(t.client.get(), "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL);
  }

  static void copy(const io::UniqueFd& from, const io::UniqueFd& to, io::Handle& watch) {
    char buffer[16384];
    const ssize_t n = recv(from.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) {
      shutdown(to.get(), SHUT_WR);
      return watch.reset();
    }
    (void)!send(to.get(), buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  }

  io::Loop& loop_;
  io::UniqueFd fd_;
  io::Handle accept_;
  std::vector<std::unique_ptr<Tunnel>> tunnels_;
  std::string head_;
};

std::string by(const std::string& proxy, const std::string& more = "") {
  return "request: {proxy: {url: '" + proxy + "'" + more + "}}";
}

TEST(HttpProxy, AnHttpTargetIsAskedForByItsWholeUrl) {
  CheckBench bench;
  RouteServer proxy{bench.loop(), [](const std::string&) { return answer_with("by proxy"); }};
  const auto m = bench.run("http://app.test/path?q=1",
                           by(proxy.url(""), ", username: u, password: '${SECRET}'") + "\nexpect: {body: by proxy}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  ASSERT_EQ(proxy.requests().size(), 1U);
  const std::string& request = proxy.requests()[0];
  EXPECT_TRUE(request.starts_with("GET http://app.test/path?q=1 HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Host: app.test\r\n"), std::string::npos);
  EXPECT_NE(request.find("Proxy-Authorization: Basic dTpnZWhlaW0=\r\n"), std::string::npos);
}

TEST(HttpProxy, AnHttpsTargetIsReachedThroughATunnel) {
  const TempDir dir;
  const TestAuthority& authority = TestAuthority::get();
  const Identity leaf = authority.leaf();
  write_pem(authority.root.certificate.get(), dir.file("ca.pem"));
  CheckBench bench{BenchOptions{.ca_file = dir.file("ca.pem")}};
  const TlsServer server{{.chain = {&leaf, &authority.intermediate}, .serve = [](SSL* ssl) {
                            char buffer[4096];
                            SSL_read(ssl, buffer, sizeof buffer);
                            const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside";
                            SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
                            SSL_shutdown(ssl);
                          }}};
  ConnectProxy proxy{bench.loop()};
  const auto m = bench.run(server.url("https", "/"), by(proxy.url(), ", username: u, password: '${SECRET}'") +
                                                         "\nexpect: {body: inside, tls: required}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_TRUE(proxy.head().starts_with("CONNECT app.test:" + std::to_string(server.port()) + " HTTP/1.1\r\n"))
      << proxy.head();
  EXPECT_NE(proxy.head().find("Proxy-Authorization: Basic dTpnZWhlaW0=\r\n"), std::string::npos);
  EXPECT_TRUE(has(m, field::kTlsSeconds));
  EXPECT_FALSE(text_of(m, field::kCertFingerprint).empty());
}

TEST(HttpProxy, AProxyThatFailsIsOurOwnFault) {
  CheckBench bench;
  const std::string closed = "http://127.0.0.1:" + std::to_string(free_port());
  const auto m = bench.run("http://app.test/", by(closed));
  EXPECT_EQ(summary(m), "unknown tcp config");
  EXPECT_NE(m.outcome.detail.find("the proxy 127.0.0.1"), std::string::npos) << m.outcome.detail;
  EXPECT_NE(m.outcome.detail.find("refused"), std::string::npos) << m.outcome.detail;
}

TEST(HttpProxy, WhatTheProxySaysToConnectDecides) {
  struct Case {
    const char* status;
    const char* ends_as;
  };
  for (const Case& each : {Case{"407 Who are you", "unknown tcp config"}, Case{"403 No", "unknown tcp config"},
                           Case{"502 Bad", "fail tcp unreachable"}, Case{"504 Late", "fail tcp timeout"},
                           Case{"200 OK\r\n\r\nSSH-2.0 hello", "fail tls not_tls"}}) {
    SCOPED_TRACE(each.status);
    CheckBench bench;
    RouteServer proxy{bench.loop(),
                      [&each](const std::string&) { return std::string{"HTTP/1.1 "} + each.status + "\r\n\r\n"; }};
    EXPECT_EQ(summary(bench.run("https://app.test/", by(proxy.url("")))), each.ends_as);
  }
}

TEST(HttpProxy, SilenceOfAProxyEndsInTime) {
  CheckBench bench;
  ScriptedServer silent{bench.loop(), {.wait_for = "\r\n\r\n", .say = "", .then = Script::Then::kKeepOpen}};
  const auto m = bench.run("https://app.test/", by(silent.url("http")), 200ms);
  EXPECT_EQ(summary(m), "unknown tcp config");
  EXPECT_NE(m.outcome.detail.find("timeout"), std::string::npos) << m.outcome.detail;
  EXPECT_LE(seconds_of(m, field::kDurationSeconds), 0.250);
}

TEST(HttpProxy, ARedirectToAnInnerAddressIsBlockedByProxyToo) {
  CheckBench bench;
  RouteServer proxy{bench.loop(), [](const std::string&) { return redirect_to("http://169.254.169.254/"); }};
  const auto m = bench.run("http://app.test/", "request: {redirects: 3, proxy: {url: '" + proxy.url("") + "'}}");
  EXPECT_EQ(summary(m), "fail http ssrf_blocked") << m.outcome.detail;
  EXPECT_EQ(proxy.requests().size(), 1U);
}

}  // namespace
}  // namespace sonde::test
