// The http check against servers in process (RELIABILITY 2.4): http over our socket, https over our TLS.
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using Then = Script::Then;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello";

std::string run_summary(const Script& script, const std::string& yaml = "", core::Duration timeout = 5s) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), script};
  return summary(bench.run(server.url("http", "/healthz"), yaml, timeout));
}

Script answering(std::string text, Then then = Then::kKeepOpen) {
  return {.wait_for = "\r\n\r\n", .say = std::move(text), .then = then};
}

TEST(HttpCheck, H1_OkWithAllPhases) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering(kOk)};
  const auto m = bench.run("http://app.test:" + std::to_string(server.port()) + "/healthz?a=b");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
  EXPECT_EQ(text_of(m, field::kHttpVersion), "1.1");
  EXPECT_EQ(integer_of(m, field::kHttpContentLength), 5);
  EXPECT_EQ(integer_of(m, field::kHttpBodyBytes), 5);
  double sum = 0;
  for (const auto* f :
       {&field::kResolveSeconds, &field::kConnectSeconds, &field::kProcessingSeconds, &field::kTransferSeconds}) {
    EXPECT_GE(seconds_of(m, *f), 0) << f->name;
    sum += seconds_of(m, *f);
  }
  EXPECT_FALSE(has(m, field::kTlsSeconds));
  EXPECT_LE(sum, seconds_of(m, field::kDurationSeconds));
}

TEST(HttpCheck, AsksForThePathAndSaysWhoItIs) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering(kOk)};
  (void)bench.run("http://app.test:" + std::to_string(server.port()) + "/healthz?a=b");
  EXPECT_EQ(server.received().substr(0, 27), "GET /healthz?a=b HTTP/1.1\r\n");
  EXPECT_NE(server.received().find("Host: app.test:" + std::to_string(server.port()) + "\r\n"), std::string::npos);
  EXPECT_NE(server.received().find("User-Agent: sonde/test (+health probe)\r\n"), std::string::npos);
}

TEST(HttpCheck, HeadAndHeadersAreSentAsConfigured) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")};
  const auto m = bench.run(server.url("http", "/"), "request: {method: HEAD, headers: {X-Probe: yes1}}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(server.received().substr(0, 7), "HEAD / ");
  EXPECT_NE(server.received().find("X-Probe: yes1\r\n"), std::string::npos);
}

TEST(HttpCheck, H2_UnexpectedStatus) {
  const std::string answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(run_summary(answering(answer)), "fail http status");
  EXPECT_EQ(run_summary(answering(answer), "expect: {status: [200, 503]}"), "ok done none");
  EXPECT_EQ(run_summary(answering(answer), "expect: {status: 5xx}"), "ok done none");
}

TEST(HttpCheck, ARedirectIsAnAnswer) {
  const std::string answer =
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(run_summary(answering(answer)), "ok done none");
  EXPECT_EQ(run_summary(answering(answer), "expect: {status: 200-299}"), "fail http status");
}

TEST(HttpCheck, H60_BodyAndHeadersAreCompared) {
  EXPECT_EQ(run_summary(answering(kOk), "expect: {body: hello}"), "ok done none");
  EXPECT_EQ(run_summary(answering(kOk), "expect: {body: goodbye}"), "fail http content_mismatch");
  EXPECT_EQ(run_summary(answering(kOk), "expect: {headers: {Server: x}}"), "ok done none");
  EXPECT_EQ(run_summary(answering(kOk), "expect: {headers: {Server: y}}"), "fail http header_mismatch");
}

TEST(HttpCheck, SlowerThanAllowedIsDegraded) {
  EXPECT_EQ(run_summary(answering(kOk), "expect: {max_duration: 300s}"), "ok done none");
  // No loopback exchange with a look-up ends within a millisecond less its own clock reads: the server waits for it.
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Then::kKeepOpen)};
  const auto m = bench.run(server.url("http", "/"), "expect: {max_duration: 1ms}", 200ms);
  EXPECT_EQ(summary(m), "fail http body_timeout");
}

TEST(HttpCheck, H5_RandomBytesAreMalformed) {
  EXPECT_EQ(run_summary(answering("\x01\x02 garbage\r\n\r\n", Then::kClose)), "fail http malformed");
}

TEST(HttpCheck, H6_CloseWithoutAnswerIsEmpty) {
  EXPECT_EQ(run_summary(answering("", Then::kClose)), "fail http empty");
}

TEST(HttpCheck, H7_Reset) { EXPECT_EQ(run_summary(answering("", Then::kReset)), "fail http reset"); }

TEST(HttpCheck, H8_SilenceIsATimeout) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering("")};
  const auto m = bench.run(server.url("http", "/"), "", 200ms);
  EXPECT_EQ(summary(m), "fail http timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_FALSE(has(m, field::kProcessingSeconds));
  EXPECT_LE(seconds_of(m, field::kDurationSeconds), 0.250);
}

TEST(HttpCheck, H9_HeadersThatDoNotEnd) {
  EXPECT_EQ(run_summary(answering("HTTP/1.1 200 OK\r\nA: b\r\n"), "", 200ms), "fail http header_timeout");
}

TEST(HttpCheck, H19_BodyThatDoesNotEnd) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel")};
  const auto m = bench.run(server.url("http", "/"), "", 200ms);
  EXPECT_EQ(summary(m), "fail http body_timeout");
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
  EXPECT_TRUE(has(m, field::kProcessingSeconds));
  EXPECT_FALSE(has(m, field::kTransferSeconds));
}

TEST(HttpCheck, H18_BodyOverTheLimit) {
  EXPECT_EQ(run_summary(answering("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'100'000, 'x'), Then::kKeepOpen)),
            "fail http body_too_large");
}

TEST(HttpCheck, H23_Truncated) {
  EXPECT_EQ(run_summary(answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", Then::kClose)),
            "fail http truncated");
}

TEST(HttpCheck, H11_HeaderTooLarge) {
  EXPECT_EQ(run_summary(answering("HTTP/1.1 200 OK\r\nA: " + std::string(400'000, 'x') + "\r\n\r\n")),
            "fail http header_too_large");
}

TEST(HttpCheck, C2_RefusedStopsAtTcp) {
  CheckBench bench;
  const auto m = bench.run("http://127.0.0.1:" + std::to_string(free_port()) + "/");
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_FALSE(has(m, field::kProcessingSeconds));
  EXPECT_FALSE(has(m, field::kHttpStatusCode));
}

/// https with the test root.
class HttpsCheck : public testing::Test {
 protected:
  HttpsCheck() : leaf_(authority_.leaf()) {
    write_pem(authority_.root.certificate.get(), dir_.file("ca.pem"));
    bench_ = std::make_unique<CheckBench>(BenchOptions{.ca_file = dir_.file("ca.pem")});
  }

  core::Measurement run_with(std::function<void(SSL*)> serve, const std::string& yaml = "",
                             core::Duration timeout = 5s) {
    const TlsServer server{{.chain = {&leaf_, &authority_.intermediate}, .serve = std::move(serve)}};
    return bench_->run(server.url("https", "/healthz"), yaml, timeout);
  }

  static void read_request(SSL* ssl) {
    std::string got;
    char buffer[2048];
    while (got.find("\r\n\r\n") == std::string::npos) {
      const int n = SSL_read(ssl, buffer, sizeof buffer);
      if (n <= 0) return;
      got.append(buffer, static_cast<std::size_t>(n));
    }
  }

  TempDir dir_;
  const TestAuthority& authority_ = TestAuthority::get();
  Identity leaf_;
  std::unique_ptr<CheckBench> bench_;
};

TEST_F(HttpsCheck, WalksAllStagesOnOneConnection) {
  const auto m = run_with(
      [](SSL* ssl) {
        read_request(ssl);
        SSL_write(ssl, kOk, sizeof kOk - 1);
        SSL_shutdown(ssl);
      },
      "expect: {body: hello}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  double sum = 0;
  for (const auto* f : {&field::kResolveSeconds, &field::kConnectSeconds, &field::kTlsSeconds,
                        &field::kProcessingSeconds, &field::kTransferSeconds}) {
    EXPECT_GE(seconds_of(m, *f), 0) << f->name;
    sum += seconds_of(m, *f);
  }
  EXPECT_LE(sum, seconds_of(m, field::kDurationSeconds));
  EXPECT_EQ(text_of(m, field::kAlpn), "http/1.1");
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
}

TEST_F(HttpsCheck, ALargeBodyComesThroughThePumpWhole) {
  const std::string body(900'000, 'b');
  const auto m = run_with([&body](SSL* ssl) {
    read_request(ssl);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::size_t sent = 0;
    while (sent < answer.size()) {
      const int n = SSL_write(ssl, answer.data() + sent, static_cast<int>(answer.size() - sent));
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  });
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kHttpContentLength), 900'000);
}

TEST_F(HttpsCheck, ABodyThatEndsWithTheConnectionIsWhole) {
  const auto m = run_with(
      [](SSL* ssl) {
        read_request(ssl);
        const std::string answer = "HTTP/1.1 200 OK\r\n\r\nto the end";
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl);
      },
      "expect: {body: to the end}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST_F(HttpsCheck, CloseWithoutAnswerIsEmpty) {
  const auto m = run_with([](SSL* ssl) {
    read_request(ssl);
    SSL_shutdown(ssl);
  });
  EXPECT_EQ(summary(m), "fail http empty") << m.outcome.detail;
  EXPECT_TRUE(has(m, field::kTlsSeconds));
  EXPECT_FALSE(has(m, field::kProcessingSeconds));
}

TEST_F(HttpsCheck, ResetBelowTlsIsAReset) {
  const auto m = run_with([](SSL* ssl) {
    read_request(ssl);
    const linger hard{1, 0};
    setsockopt(SSL_get_fd(ssl), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  });
  EXPECT_EQ(summary(m), "fail http reset") << m.outcome.detail;
}

TEST_F(HttpsCheck, TruncatedBody) {
  const auto m = run_with([](SSL* ssl) {
    read_request(ssl);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl);
  });
  EXPECT_EQ(summary(m), "fail http truncated") << m.outcome.detail;
}

TEST_F(HttpsCheck, ABadCertificateStopsBeforeTheRequest) {
  leaf_ = authority_.leaf({.valid_from = -20000, .valid_to = -10000});
  bool asked = false;
  const auto m = run_with([&asked](SSL* ssl) {
    char byte = 0;
    asked = SSL_read(ssl, &byte, 1) > 0;
  });
  EXPECT_EQ(summary(m), "fail tls expired");
  EXPECT_FALSE(has(m, field::kHttpStatusCode));
  EXPECT_FALSE(asked);
}

TEST_F(HttpsCheck, T51_ExpiringIsDegradedAndKeepsTheAnswer) {
  const auto m = run_with(
      [](SSL* ssl) {
        read_request(ssl);
        SSL_write(ssl, kOk, sizeof kOk - 1);
        SSL_shutdown(ssl);
      },
      "expect: {cert_days: 365}");
  EXPECT_EQ(summary(m), "degraded tls expiring");
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
}

}  // namespace
}  // namespace sonde::test
