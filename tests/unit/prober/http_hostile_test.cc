// Hostile and broken HTTP/1.1 servers (RELIABILITY 2.4): each case ends in the one right outcome.
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/line_protocol.h"
#include "core/sanitize.h"
#include "tests/support/raw_server.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using End = RawScript::End;

const std::string kOk = "HTTP/1.1 200 OK\r\n";

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

std::string many(int n, const std::string& text) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

std::string sized(const std::string& body, const std::string& headers = "") {
  return kOk + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Case {
  std::string name;
  RawScript script;
  std::string ends_as;
  std::string notes;  // http_notes
  std::string yaml;
  core::Duration timeout = 5s;
};

std::vector<Case> cases() {
  const std::string gz = "request: {compression: gzip}";
  const std::string nested = many(19, "gzip, ") + "gzip";
  const auto hold = [](std::string bytes) { return RawScript{.bytes = std::move(bytes), .end = End::kHold}; };
  const auto close = [](std::string bytes) { return RawScript{.bytes = std::move(bytes)}; };
  return {
      {"H3_Status999", hold("HTTP/1.1 999 Weird\r\nContent-Length: 0\r\n\r\n"), "fail http status_invalid"},
      {"H4_Status0", close("HTTP/1.1 0 Zero\r\n\r\n"), "fail http malformed"},
      {"H4_Version9", close("HTTP/9.9 200 OK\r\n\r\n"), "fail http malformed"},
      {"H5_Http09", close("<html>hello</html>\n"), "fail http malformed"},
      {"H5_RandomBytes", close("\x16\x03\x01 zz\x80\xff\r\n\r\n"), "fail http malformed"},
      {"H6_CloseWithoutAnswer", close(""), "fail http empty"},
      {"H7_ResetWithoutAnswer", {.end = End::kReset}, "fail http reset"},
      {"H8_Silence", hold(""), "fail http timeout", "", "", 200ms},
      {"H9_HeaderLineByLine",
       {.bytes = kOk + many(50, "X: y\r\n"), .end = End::kHold, .chunk = 6, .gap = 20ms},
       "fail http header_timeout",
       "",
       "",
       300ms},
      {"H10_OneHeaderOf90KB", hold(sized("x", "X: " + std::string(90'000, 'y') + "\r\n")), "ok done none"},
      {"H11_OneHeaderOf1MB", hold(sized("x", "X: " + std::string(1'000'000, 'y') + "\r\n")),
       "fail http header_too_large"},
      {"H12_ManyHeaders", hold(sized("x", many(100'000, "A: b\r\n"))), "fail http header_too_large"},
      {"H12_ManyCookies", hold(sized("x", many(200, "Set-Cookie: " + std::string(3000, 'c') + "\r\n"))),
       "fail http header_too_large"},
      {"H13_NulInHeader", hold(kOk + std::string("X: a\0b\r\n", 8) + "\r\n"), "fail http malformed"},
      {"H14_HeaderWithoutColon", hold(kOk + "what is this\r\n\r\n"), "fail http malformed"},
      {"H15_FoldedHeader", hold(sized("x", "X: a\r\n  b\r\n")), "ok done none", "", "expect: {headers: {X: a b}}"},
      {"H16_BareLineFeeds", hold("HTTP/1.1 200 OK\nContent-Length: 1\n\nx"), "ok done none", "bare_line_feeds"},
      {"H17_InvalidUtf8InServer", hold(sized("x", "Server: \xff\xfe,b=c d\r\n")), "ok done none"},
      {"H18_EndlessBody", {.bytes = kOk + "\r\n", .repeat = std::string(65536, 'x')}, "fail http body_too_large"},
      {"H19_BodyByteByByte",
       {.bytes = sized(std::string(100, 'x')), .end = End::kHold, .chunk = 41, .gap = 150ms},
       "fail http body_timeout",
       "",
       "",
       300ms},
      {"H20_GzipBomb", hold(sized(gzip(std::string(50'000'000, '0')), "Content-Encoding: gzip\r\n")),
       "fail http body_too_large", "", gz},
      {"H21_NestedEncodings", hold(sized("x", "Content-Encoding: " + nested + "\r\n")), "fail http encoding", "", gz},
      {"H22_NotGzip", hold(sized("plain text", "Content-Encoding: gzip\r\n")), "fail http encoding", "", gz},
      {"H23_ShortBody", close(kOk + "Content-Length: 50\r\n\r\nhello"), "fail http truncated"},
      {"H24_ExtraBytes", hold(sized("hello") + "more"), "ok done none", "bytes_after_end"},
      {"H24_ExactBytes", hold(sized("hello")), "ok done none"},
      {"H24_ExactBytesAndClose", close(sized("hello")), "ok done none"},
      {"H25_NegativeLength", hold(kOk + "Content-Length: -5\r\n\r\nhello"), "fail http malformed"},
      {"H26_TwoDifferentLengths", hold(kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
       "fail http malformed"},
      {"H27_LengthOf20Digits", hold(kOk + "Content-Length: 99999999999999999999\r\n\r\nx"), "fail http malformed"},
      {"H28_LengthAndChunked",
       hold(kOk + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
       "degraded http smuggling_risk"},
      {"H29_BadChunkSize", hold(kOk + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
       "fail http malformed"},
      {"H30_ChunkSizeOverflow", hold(kOk + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n"),
       "fail http malformed"},
      {"H31_CutChunk", close(kOk + "Transfer-Encoding: chunked\r\n\r\n20\r\nhello"), "fail http truncated"},
      {"H32_LargeTrailer",
       hold(kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" +
            many(300, "T: " + std::string(1000, 't') + "\r\n") + "\r\n"),
       "fail http header_too_large"},
      {"H33_BodyAfter204", hold("HTTP/1.1 204 No Content\r\n\r\nsurprise"), "ok done none", "bytes_after_end"},
      {"H34_Unasked101", close("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x01\x02\x03"), "fail http status"},
      {"H35_Endless100", {.bytes = "", .repeat = "HTTP/1.1 100 Continue\r\n\r\n"}, "fail http malformed"},
      {"H36_Only103s",
       {.bytes = many(20, "HTTP/1.1 103 Early Hints\r\n\r\n"), .end = End::kHold, .chunk = 28, .gap = 30ms},
       "fail http timeout",
       "",
       "",
       300ms},
      {"H48_LargeRealm",
       hold("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"" + std::string(50'000, 'r') +
            "\"\r\nContent-Length: 0\r\n\r\n"),
       "fail http status"},
      {"H49_AltSvcAndHstsAreRecorded",
       hold(sized("x", "Alt-Svc: h3=\"evil.test:443\"\r\nStrict-Transport-Security: max-age=1\r\n")), "ok done none",
       "hsts,alt_svc"},
      {"H60_BlockPage", hold(sized("<title>Access denied</title>")), "fail http content_mismatch", "",
       "expect: {body_not_matches: ['(?i)<title>.*denied']}"},
      {"H62_CatastrophicRegex", hold(sized(std::string(100'000, 'a') + "!")), "fail http content_mismatch", "",
       "expect: {body_matches: ['^(a+)+$']}"},
  };
}

class HttpHostile : public testing::TestWithParam<Case> {};

TEST_P(HttpHostile, EndsAs) {
  const Case& c = GetParam();
  CheckBench bench;
  RawServer server{bench.loop(), c.script};
  const auto m = bench.run("http://127.0.0.1:" + std::to_string(server.port()) + "/", c.yaml, c.timeout);
  EXPECT_EQ(summary(m), c.ends_as) << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kHttpNotes), c.notes);
  EXPECT_LE(seconds_of(m, field::kDurationSeconds), core::to_seconds(c.timeout + 50ms));
  EXPECT_LE(m.outcome.detail.size(), core::kDetailBytesMax);
  EXPECT_TRUE(run_loop_until(bench.loop(), [&] { return server.open() == 0; })) << "the connection leaks";
}

INSTANTIATE_TEST_SUITE_P(Raw, HttpHostile, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case>& each) { return each.param.name; });

TEST(HttpHostileFacts, H17_RemoteTextStaysOneFieldOfOneLine) {
  CheckBench bench;
  RawServer server{
      bench.loop(),
      {.bytes = "HTTP/1.1 200 OK\r\nX: a,b=c d\xff\x1b[31m\r\nContent-Length: 0\r\n\r\n", .end = End::kHold}};
  const auto m =
      bench.run("http://127.0.0.1:" + std::to_string(server.port()) + "/", "expect: {headers: {X: something else}}");
  EXPECT_EQ(summary(m), "fail http header_mismatch");
  std::string line;
  core::encode_line(core::to_record(m, core::Vantage{.name = "v"}, core::Target{.name = "t"}, core::WallTime{}), line);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(HttpHostileFacts, H47_ProxiesOfTheEnvironmentAreNotUsed) {
  CheckBench bench;
  RawServer proxy{bench.loop(), {.bytes = "HTTP/1.1 200 Proxy\r\n\r\n"}};
  RawServer server{bench.loop(), {.bytes = sized("direct")}};
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  ::setenv("http_proxy", url.c_str(), 1);
  const auto m = bench.run("http://127.0.0.1:" + std::to_string(server.port()) + "/", "expect: {body: direct}");
  ::unsetenv("http_proxy");
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpHostileFacts, H51_ABodyGoesOutThoughNo100Comes) {
  CheckBench bench;
  RawServer server{bench.loop(), {.bytes = sized("x"), .end = End::kHold, .wait_for = "a=b"}};
  const auto m = bench.run("http://127.0.0.1:" + std::to_string(server.port()) + "/",
                           "request: {method: POST, body: a=b, headers: {Expect: 100-continue}}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST(HttpHostileFacts, H64_AClockFarOffIsAFact) {
  CheckBench bench;
  RawServer server{bench.loop(), {.bytes = sized("x", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), .end = End::kHold}};
  const auto m = bench.run("http://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_LT(integer_of(m, field::kHttpDateSkewSeconds), -1'000'000'000);
}

}  // namespace
}  // namespace sonde::test
