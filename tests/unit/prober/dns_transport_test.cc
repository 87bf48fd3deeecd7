// DNS over TCP and TLS, and the ways from UDP to TCP (RELIABILITY D20 to D27, D53).
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/hostile_dns.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
using namespace std::chrono_literals;
namespace field = core::field;

constexpr const char* kOverTcp = "request: {transport: tcp}";

/// Serves DNS over a stream: each query gets what `script` makes of it, written as it is.
class StreamDns {
 public:
  using Script = std::function<std::vector<Bytes>(const Message& query)>;
  StreamDns(io::Loop& loop, Script script) : loop_(loop), script_(std::move(script)), fd_(bound_socket(SOCK_STREAM)) {
    listen(fd_.get(), 16);
    accept_ = loop.watch(fd_.get(), io::Interest::kRead, [this] { on_connection(); });
  }
  [[nodiscard]] std::string url(const std::string& type = "A") const {
    return "dns://127.0.0.1:" + std::to_string(bound_port(fd_.get())) + "/app.test?type=" + type;
  }
  void close_after_answer() { close_ = true; }

 private:
  void on_connection() {
    connection_.reset(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int on = 1;
    setsockopt(connection_.get(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
    read_ = loop_.watch(connection_.get(), io::Interest::kRead, [this] { on_readable(); });
  }
  void on_readable() {
    Bytes buffer(4096);
    const ssize_t n = recv(connection_.get(), buffer.data(), buffer.size(), 0);
    if (n <= 2) return read_.reset();
    buffer.resize(static_cast<std::size_t>(n));
    const auto query = core::dns::decode(std::span{buffer}.subspan(2));
    if (!query) return;
    pieces_ = script_(*query);
    send_next();
  }
  /// One piece a turn, so that each is a segment of its own.
  void send_next() {
    if (pieces_.empty()) {
      if (close_) {
        read_.reset();
        connection_.reset();
      }
      return;
    }
    const Bytes piece = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());
    (void)!send(connection_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    next_ = loop_.soon([this] { send_next(); });
  }

  io::Loop& loop_;
  Script script_;
  io::UniqueFd fd_;
  io::UniqueFd connection_;
  std::vector<Bytes> pieces_;
  bool close_ = false;
  io::Handle accept_;
  io::Handle read_;
  io::Handle next_;
};

Bytes framed(const Message& m) {
  const Bytes body = wire(m).front();
  Bytes out(body.size() + 2);
  out[0] = static_cast<std::uint8_t>(body.size() >> 8U);
  out[1] = static_cast<std::uint8_t>(body.size() & 0xFFU);
  std::ranges::copy(body, out.begin() + 2);
  return out;
}

TEST(DnsTransport, TcpFromTheStartHasItsPhases) {
  CheckBench bench;
  StreamDns server{bench.loop(),
                   [](const Message& q) { return std::vector<Bytes>{framed(with_address(q, "192.0.2.1"))}; }};
  const auto m = bench.run(server.url(), kOverTcp);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kDnsTransport), "tcp");
  EXPECT_GT(seconds_of(m, field::kConnectSeconds), 0);
  EXPECT_GT(seconds_of(m, field::kResolveSeconds), 0);
  EXPECT_LE(seconds_of(m, field::kConnectSeconds) + seconds_of(m, field::kResolveSeconds),
            seconds_of(m, field::kDurationSeconds));
  EXPECT_FALSE(has(m, field::kTlsSeconds));
}

TEST(DnsTransport, TcpRefusedIsOfTheStageTcp) {
  CheckBench bench;
  const auto m = bench.run("dns://127.0.0.1:" + std::to_string(free_port()) + "/app.test", kOverTcp);
  EXPECT_EQ(summary(m), "fail tcp refused");
}

TEST(DnsTransport, SilenceAfterTheConnectIsATcpTimeout) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message&) { return std::vector<Bytes>{}; }};
  const auto m = bench.run(server.url(), kOverTcp, 150ms);
  EXPECT_EQ(summary(m), "fail dns tcp_timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_FALSE(has(m, field::kResolveSeconds));
}

TEST(DnsTransport, D7_OverTcpEdnsIsGivenUpOnTheSameConnection) {
  CheckBench bench;
  StreamDns server{
      bench.loop(), [](const Message& q) {
        return std::vector<Bytes>{framed(q.edns ? reply_to(q, {}, Rcode::kFormErr) : with_address(q, "192.0.2.1"))};
      }};
  const auto m = bench.run(server.url(), kOverTcp);
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(m.outcome.detail, "answers only without EDNS");
}

TEST(DnsTransport, D22_TruncationAndTcpSilent) {
  CheckBench bench;
  DnsServer server{bench.loop(),
                   [](const Message& q, bool) {
                     Message m = reply_to(q, {});
                     m.truncated = true;
                     return wire(m);
                   },
                   DnsServer::Tcp::kSilent};
  EXPECT_EQ(summary(bench.run(server.url("app.test"), "", 150ms)), "fail dns tcp_timeout");
}

TEST(DnsTransport, D20_TruncationSaysThatTcpAnswered) {
  CheckBench bench;
  DnsServer server{bench.loop(),
                   [](const Message& q, bool tcp) {
                     Message m = with_address(q, "192.0.2.1");
                     m.truncated = !tcp;
                     return wire(m);
                   },
                   DnsServer::Tcp::kServe};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kDnsTransport), "tcp");
}

TEST(DnsTransport, D23_ClosedBeforeTheAnswerIsWhole) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message& q) {
                     Bytes all = framed(with_address(q, "192.0.2.1"));
                     all.resize(all.size() - 5);
                     return std::vector<Bytes>{all};
                   }};
  server.close_after_answer();
  EXPECT_EQ(summary(bench.run(server.url(), kOverTcp)), "fail dns tcp_short");
}

TEST(DnsTransport, D24_ALengthOfZeroIsMalformed) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message&) { return std::vector<Bytes>{Bytes{0, 0}}; }};
  EXPECT_EQ(summary(bench.run(server.url(), kOverTcp)), "fail dns malformed");
}

TEST(DnsTransport, AnotherIdOverTcpIsMalformed) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message& q) {
                     Message m = with_address(q, "192.0.2.1");
                     m.id = static_cast<std::uint16_t>(m.id + 1);
                     return std::vector<Bytes>{framed(m)};
                   }};
  EXPECT_EQ(summary(bench.run(server.url(), kOverTcp)), "fail dns malformed");
}

TEST(DnsTransport, D25_AReplyByteByByteIsOk) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message& q) {
                     std::vector<Bytes> pieces;
                     for (const std::uint8_t b : framed(with_address(q, "192.0.2.1"))) pieces.push_back({b});
                     return pieces;
                   }};
  EXPECT_EQ(summary(bench.run(server.url(), kOverTcp)), "ok done none");
}

TEST(DnsTransport, D26_TwoThousandAddressesAreCounted) {
  CheckBench bench;
  StreamDns server{bench.loop(), [](const Message& q) {
                     Message m = reply_to(q, {});
                     for (int i = 0; i < 2000; ++i) {
                       m.answers.push_back(record("app.test", Type::kA,
                                                  "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
                     }
                     return std::vector<Bytes>{framed(m)};
                   }};
  const auto m = bench.run(server.url(), kOverTcp);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kDnsAnswers), 2000);
  EXPECT_LE(text_of(m, field::kDnsAnswerSet).size(), 256U);
}

TEST(DnsTransport, D27_MoreThanWasAskedForIsAskedForOverTcp) {
  CheckBench bench;
  DnsServer server{bench.loop(),
                   [](const Message& q, bool tcp) {
                     Message m = reply_to(q, {});
                     for (int i = 0; i < (tcp ? 100 : 99); ++i) {
                       m.answers.push_back(record("app.test", Type::kA, "192.0.2." + std::to_string(i)));
                     }
                     return wire(m);
                   },
                   DnsServer::Tcp::kServe};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kDnsAnswers), 100);
  EXPECT_EQ(text_of(m, field::kDnsTransport), "tcp");
}

TEST(DnsTransport, D45_BadversIsAskedAgainPlainly) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     return wire(q.edns ? reply_to(q, {}, Rcode::kBadVers) : with_address(q, "192.0.2.1"));
                   }};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(m.outcome.detail, "answers only without EDNS");
  EXPECT_EQ(server.queries(), 2);
}

/// DoT: answers one query after the handshake.
class DnsOverTls : public testing::Test {
 protected:
  static void serve(SSL* ssl) {
    Bytes in(512);
    const int n = SSL_read(ssl, in.data(), static_cast<int>(in.size()));
    if (n <= 2) return;
    in.resize(static_cast<std::size_t>(n));
    const auto query = core::dns::decode(std::span{in}.subspan(2));
    if (!query) return;
    const Bytes out = framed(with_address(*query, "192.0.2.1"));
    SSL_write(ssl, out.data(), static_cast<int>(out.size()));
    (void)SSL_read(ssl, in.data(), static_cast<int>(in.size()));  // until the client goes
  }
  core::Measurement run_against(const CertificateOptions& certificate, const std::string& tls) {
    const TestAuthority& authority = TestAuthority::get();
    const TempDir dir;
    write_pem(authority.root.certificate.get(), dir.file("ca.pem"));
    const Identity leaf = authority.leaf(certificate);
    const TlsServer server{{.chain = {&leaf, &authority.intermediate}, .serve = serve}};
    CheckBench bench{{.ca_file = dir.file("ca.pem")}};
    return bench.run("dns://127.0.0.1:" + std::to_string(server.port()) + "/app.test",
                     "{request: {transport: dot}, tls: " + tls + "}");
  }
};

TEST_F(DnsOverTls, AnswersWithThePhasesAndFactsOfTls) {
  const auto m = run_against({}, "{server_name: app.test}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kDnsTransport), "dot");
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "192.0.2.1");
  EXPECT_GT(seconds_of(m, field::kConnectSeconds), 0);
  EXPECT_GT(seconds_of(m, field::kTlsSeconds), 0);
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.3");
}

TEST_F(DnsOverTls, D53_AWrongNameIsOfTheStageTls) {
  const auto m = run_against({}, "{server_name: other.test}");
  EXPECT_EQ(summary(m), "fail tls name_mismatch");
  EXPECT_FALSE(has(m, field::kDnsRcode));
}

}  // namespace
}  // namespace sonde::test
