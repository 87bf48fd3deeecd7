// The http check over HTTP/2: what is negotiated, and servers that break it (RELIABILITY H53 to H58, H63).
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>

#include "tests/support/http2_frames.h"
#include "tests/support/raw_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

constexpr std::size_t kPrefaceBytes = 24;

std::string gzip(const std::string& text) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// Reads until the request's HEADERS frame has come; the frame's payload.
std::string read_head(SSL* ssl) {
  std::string got;
  char buffer[4096];
  while (true) {
    std::size_t at = kPrefaceBytes;
    while (got.size() >= at + 9) {
      const auto byte = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(got[at + i]));
      };
      const std::size_t size = byte(0) << 16U | byte(1) << 8U | byte(2);
      if (byte(3) == 1 && got.size() >= at + 9 + size) return got.substr(at + 9, size);
      at += 9 + size;
    }
    const int n = SSL_read(ssl, buffer, sizeof buffer);
    if (n <= 0) return {};
    got.append(buffer, static_cast<std::size_t>(n));
  }
}

void say(SSL* ssl, const std::string& bytes) { SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); }

void hold(SSL* ssl) {
  char buffer[4096];
  while (SSL_read(ssl, buffer, sizeof buffer) > 0) {
  }
}

class Http2Check : public testing::Test {
 protected:
  Http2Check() : leaf_(authority_.leaf()) {
    write_pem(authority_.root.certificate.get(), dir_.file("ca.pem"));
    bench_ = std::make_unique<CheckBench>(BenchOptions{.ca_file = dir_.file("ca.pem")});
  }

  core::Measurement run_with(std::function<void(SSL*)> serve, const std::string& yaml = "", core::Duration timeout = 5s,
                             const std::string& alpn = "h2") {
    const TlsServer server{{.chain = {&leaf_, &authority_.intermediate}, .alpn_only = alpn, .serve = std::move(serve)}};
    return bench_->run(server.url("https", "/healthz"), yaml, timeout);
  }

  /// The server waits for the request, says `bytes` and keeps the connection (or closes it).
  core::Measurement run_saying(const std::string& bytes, const std::string& yaml = "", core::Duration timeout = 5s,
                               bool close = false) {
    return run_with(
        [&bytes, close](SSL* ssl) {
          read_head(ssl);
          say(ssl, bytes);
          if (!close) hold(ssl);
          SSL_shutdown(ssl);
        },
        yaml, timeout);
  }

  TempDir dir_;
  const TestAuthority& authority_ = TestAuthority::get();
  Identity leaf_;
  std::unique_ptr<CheckBench> bench_;
};

TEST_F(Http2Check, IsNegotiatedAndSpoken) {
  std::string head;
  const auto m = run_with(
      [&head](SSL* ssl) {
        head = read_head(ssl);
        say(ssl, http2_settings() + http2_head(http2_field("x-a", "b")) + http2_data("hello"));
        hold(ssl);
      },
      "expect: {body: hello, version: '2', headers: {X-A: b}}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kAlpn), "h2");
  EXPECT_EQ(text_of(m, field::kHttpVersion), "2");
  EXPECT_EQ(integer_of(m, field::kHttpBodyBytes), 5);
  EXPECT_NE(head.find('\x87'), std::string::npos) << ":scheme https";
  double sum = 0;
  for (const auto* f : {&field::kResolveSeconds, &field::kConnectSeconds, &field::kTlsSeconds,
                        &field::kProcessingSeconds, &field::kTransferSeconds}) {
    EXPECT_GE(seconds_of(m, *f), 0) << f->name;
    sum += seconds_of(m, *f);
  }
  EXPECT_LE(sum, seconds_of(m, field::kDurationSeconds));
}

TEST_F(Http2Check, AnOldServerIsSpokenToInItsOwnVersion) {
  const auto serve = [](SSL* ssl) {
    char buffer[4096];
    SSL_read(ssl, buffer, sizeof buffer);
    say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    SSL_shutdown(ssl);
  };
  const auto m = run_with(serve, "", 5s, "http/1.1");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kHttpVersion), "1.1");
  EXPECT_EQ(summary(run_with(serve, "expect: {version: '2'}", 5s, "http/1.1")), "fail http version_mismatch");
  EXPECT_EQ(summary(run_with(serve, "request: {version: 2}", 5s, "http/1.1")), "fail tls alpn");
}

TEST_F(Http2Check, OverPlainTcpItIsSpokenAtOnceWhenAskedFor) {
  RawServer server{bench_->loop(),
                   {.bytes = http2_settings() + http2_head() + http2_data("hello"),
                    .end = RawScript::End::kHold,
                    .wait_for = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}};
  const auto m = bench_->run("http://127.0.0.1:" + std::to_string(server.port()) + "/",
                             "request: {version: 2}\nexpect: {body: hello}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kHttpVersion), "2");
}

TEST_F(Http2Check, H53_AGoawayBeforeTheAnswerIsTriedOnceMore) {
  std::atomic<int> connections = 0;
  const auto m = run_with([&connections](SSL* ssl) {
    read_head(ssl);
    say(ssl, http2_settings() + (++connections == 1 ? http2_goaway(0, 0) : http2_head("", true)));
    hold(ssl);
  });
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kHttpNotes), "retried");
  EXPECT_EQ(connections, 2);
}

TEST_F(Http2Check, H53_AServerThatAlwaysGoesAwayFails) {
  std::atomic<int> connections = 0;
  const auto m = run_with([&connections](SSL* ssl) {
    ++connections;
    read_head(ssl);
    say(ssl, http2_settings() + http2_goaway(0, 11));
    hold(ssl);
  });
  EXPECT_EQ(summary(m), "fail http h2_goaway");
  EXPECT_EQ(m.outcome.detail, "ENHANCE_YOUR_CALM (11)");
  EXPECT_EQ(connections, 2);
}

TEST_F(Http2Check, H54_EachResetKeepsItsCode) {
  const std::vector<std::string> names = {"NO_ERROR (0)",          "PROTOCOL_ERROR (1)", "INTERNAL_ERROR (2)",
                                          "REFUSED_STREAM (7)",    "CANCEL (8)",         "ENHANCE_YOUR_CALM (11)",
                                          "HTTP_1_1_REQUIRED (13)"};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const auto code = static_cast<std::uint32_t>(std::stoul(name.substr(name.find('(') + 1)));
    const auto m = run_saying(http2_settings() + http2_reset(code));
    EXPECT_EQ(summary(m), "fail http h2_reset");
    EXPECT_EQ(m.outcome.detail, name);
  }
}

TEST_F(Http2Check, H54_AResetInsideTheBody) {
  const auto m = run_saying(http2_settings() + http2_head() + http2_data("hel", false) + http2_reset(2));
  EXPECT_EQ(summary(m), "fail http h2_reset") << m.outcome.detail;
}

TEST_F(Http2Check, H55_FloodsEndAtOnce) {
  struct Case {
    const char* name;
    std::string frame;
  };
  for (const Case& each : {Case{"settings", http2_settings()}, Case{"ping", http2_frame(6, 0, 0, "12345678")},
                           Case{"empty data", http2_data("", false)}, Case{"unknown", http2_frame(99, 0, 0, "")},
                           Case{"window update", http2_frame(8, 0, 0, four_bytes(1))}}) {
    SCOPED_TRACE(each.name);
    const auto m = run_with([&each](SSL* ssl) {
      read_head(ssl);
      std::string many;
      for (int i = 0; i < 500; ++i) many += each.frame;
      say(ssl, http2_settings() + http2_head());
      while (SSL_write(ssl, many.data(), static_cast<int>(many.size())) > 0) {
      }
    });
    EXPECT_EQ(summary(m), "fail http h2_flood") << m.outcome.detail;
    EXPECT_LT(seconds_of(m, field::kDurationSeconds), 3);
  }
}

TEST_F(Http2Check, H55_ContinuationsWithoutEnd) {
  const auto m = run_with([](SSL* ssl) {
    read_head(ssl);
    say(ssl, http2_settings() + http2_frame(1, 0, 1, "\x88"));
    const std::string more = http2_frame(9, 0, 1, http2_field("a", "b"));
    std::string many;
    for (int i = 0; i < 500; ++i) many += more;
    while (SSL_write(ssl, many.data(), static_cast<int>(many.size())) > 0) {
    }
  });
  // Whoever sees it first: nghttp2 counts CONTINUATION frames, libcurl the bytes of headers, we both.
  const std::string cause{name(m.outcome.cause)};
  EXPECT_TRUE(cause == "h2_flood" || cause == "h2_protocol" || cause == "header_too_large") << summary(m);
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 3);
}

TEST_F(Http2Check, H56_HpackBomb) {
  // One field of 4,000 bytes goes into the dynamic table (RFC 7541 6.2.1) and is then named 10,000 times by one byte.
  std::string block = "\x88";
  block += '\x40';
  block += std::string("\x01", 1) + "x";
  block += std::string("\x7f\xa1\x1e", 3) + std::string(4000, 'y');
  block += std::string(10'000, '\xbe');
  const auto m = run_saying(http2_settings() + http2_frame(1, 0x4, 1, block));
  EXPECT_EQ(summary(m), "fail http header_too_large") << m.outcome.detail;
}

TEST_F(Http2Check, H57_Http1WhereHttp2WasAgreedOn) {
  EXPECT_EQ(summary(run_saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), "fail http h2_protocol");
}

TEST_F(Http2Check, H57_BrokenFramesAndHeaders) {
  EXPECT_EQ(summary(run_saying(std::string("\xff\xff\xff\0\0\0\0\0\1", 9) + std::string(20'000, 'x'))),
            "fail http h2_protocol");
  EXPECT_EQ(summary(run_saying(http2_settings() + http2_frame(1, 0x4, 1, "\xff\xff\xff\xff\xff\xff"))),
            "fail http h2_protocol");
}

TEST_F(Http2Check, H6_CloseWithoutAFrameIsEmpty) {
  EXPECT_EQ(summary(run_saying("", "", 5s, true)), "fail http empty");
}

TEST_F(Http2Check, H8_Silence) { EXPECT_EQ(summary(run_saying(http2_settings(), "", 400ms)), "fail http timeout"); }

TEST_F(Http2Check, H58_AStallInsideTheBody) {
  const auto m = run_saying(http2_settings() + http2_head() + http2_data("hel", false), "", 400ms);
  EXPECT_EQ(summary(m), "fail http body_timeout");
  EXPECT_TRUE(has(m, field::kProcessingSeconds));
}

TEST_F(Http2Check, H63_GzipThatEndsEarlyIsTruncated) {
  const std::string packed = gzip(std::string(10'000, 'a') + "end");
  const std::string head = http2_head(http2_field("content-encoding", "gzip"));
  const auto m = run_saying(http2_settings() + head + http2_data(packed.substr(0, packed.size() / 2), false),
                            "request: {compression: gzip}", 5s, true);
  EXPECT_EQ(summary(m), "fail http truncated") << m.outcome.detail;
}

TEST_F(Http2Check, ABodyThatIsShorterThanItsLength) {
  const auto m = run_saying(http2_settings() + http2_head(http2_field("content-length", "50")) + http2_data("hello"));
  EXPECT_EQ(m.outcome.status, core::Status::kFail) << summary(m);
}

}  // namespace
}  // namespace sonde::test
