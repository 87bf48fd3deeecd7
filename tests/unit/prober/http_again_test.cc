// What is asked a second time and what is not; where https leads down to http (RELIABILITY 2.4).
#include <gtest/gtest.h>

#include "tests/unit/prober/route_server.h"
#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using HttpAgain = TlsFixture;

/// For TlsServer::Options::serve: one request, one answer.
std::function<void(SSL*)> answer_over_tls(std::string answer) {
  return [text = std::move(answer)](SSL* ssl) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const int n = SSL_read(ssl, buffer, sizeof buffer);
      if (n <= 0) return;
      request.append(buffer, static_cast<std::size_t>(n));
    }
    SSL_write(ssl, text.data(), static_cast<int>(text.size()));
    SSL_shutdown(ssl);
  };
}

TEST_F(HttpAgain, H45_FromHttpsDownToHttpIsDegraded) {
  RouteServer plain{bench().loop(), [](const std::string&) { return answer_with("hello"); }};
  const Identity leaf = authority_.leaf();
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate},
                          .serve = answer_over_tls(redirect_to(plain.url("/in?token=geheim", "plain.test")))}};
  const auto m = bench().run(server.url("https", "/"), "{request: {redirects: 3}, expect: {body: hello}}");
  EXPECT_EQ(summary(m), "degraded http downgrade") << m.outcome.detail;
  EXPECT_NE(m.outcome.detail.find("plain.test"), std::string::npos) << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 1);
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
  EXPECT_TRUE(has(m, field::kTlsSeconds));
  ASSERT_EQ(plain.requests().size(), 1U);
}

TEST_F(HttpAgain, H45_WhatFailsThereFailsAllTheSame) {
  RouteServer plain{bench().loop(), [](const std::string&) { return answer_with("other"); }};
  const Identity leaf = authority_.leaf();
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate},
                          .serve = answer_over_tls(redirect_to(plain.url("/", "plain.test")))}};
  EXPECT_EQ(summary(bench().run(server.url("https", "/"), "{request: {redirects: 3}, expect: {body: hello}}")),
            "fail http content_mismatch");
  // Not followed, it is an answer like any other.
  EXPECT_EQ(summary(bench().run(server.url("https", "/"), "expect: {status: 302}")), "ok done none");
}

TEST_F(HttpAgain, H50_NoConnectionIsKeptThatAPeerCouldHaveClosed) {
  // It says that it keeps the connection, and closes it: the next run would meet a dead one.
  ScriptedServer server{
      bench().loop(),
      {.wait_for = "\r\n\r\n", .say = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"}};
  for (int i = 0; i < 3; ++i) {
    const auto m = bench().run(server.url("http", "/"), "expect: {body: ok}");
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_TRUE(has(m, field::kConnectSeconds)) << "each run connects";
    EXPECT_FALSE(has(m, field::kHttpNotes)) << "nothing is asked twice";
  }
}

constexpr const char* kExpecting = "request: {method: POST, body: a=b, headers: {Expect: 100-continue, X-Plain: p}}\n";

TEST_F(HttpAgain, H52_417IsAskedOnceMoreWithoutExpect) {
  RouteServer server{bench().loop(), [](const std::string& request) {
                       return request.find("Expect: ") != std::string::npos
                                  ? "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
                                  : answer_with("thanks");
                     }};
  const auto m = bench().run(server.url("/"), std::string{kExpecting} + "expect: {body: thanks}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kHttpNotes), "retried");
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 0);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].find("Expect"), std::string::npos);
  EXPECT_NE(server.requests()[1].find("X-Plain: p\r\n"), std::string::npos);
  EXPECT_TRUE(server.requests()[1].ends_with("\r\n\r\na=b"));
}

TEST_F(HttpAgain, H52_AServerThatStaysAt417IsAskedTwiceAndNotThrice) {
  RouteServer server{bench().loop(), [](const std::string&) { return "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"; }};
  const auto m = bench().run(server.url("/"), kExpecting);
  EXPECT_EQ(summary(m), "fail http status");
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 417);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpAgain, H52_417WithoutAnExpectIsAStatus) {
  RouteServer server{bench().loop(), [](const std::string&) { return "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"; }};
  EXPECT_EQ(summary(bench().run(server.url("/"), "request: {method: POST, body: a=b}")), "fail http status");
  EXPECT_EQ(server.requests().size(), 1U);
}

/// H59: HTTP/3 is not spoken, so that an advertisement is a note, wherever it leads.
TEST_F(HttpAgain, H59_AnAdvertisedHttp3IsANoteAndNotTried) {
  const io::UniqueFd dead = bound_socket(SOCK_DGRAM);
  RouteServer server{bench().loop(), [&dead](const std::string&) {
                       return answer_with("x", "Alt-Svc: h3=\":" + std::to_string(bound_port(dead.get())) + "\"\r\n");
                     }};
  const auto m = bench().run(server.url("/"));
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kHttpNotes), "alt_svc");
  char byte = 0;
  EXPECT_EQ(recv(dead.get(), &byte, 1, 0), -1) << "a datagram went out";
}

}  // namespace
}  // namespace sonde::test
