// The HTTP client against raw peers that send given bytes (each way an answer can end) and against our own server.
#include "io/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/http_server.h"
#include "io/system_loop.h"
#include "tests/support/http2_frames.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_loop.h"

namespace sonde {
namespace {

using namespace std::chrono_literals;
using io::HttpError;
using test::RawScript;
using test::RawServer;
using test::RawStream;
using test::run_loop_until;
using End = RawScript::End;

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

class HttpClient : public testing::Test {
 protected:
  io::HttpResponse run(io::HttpRequest request) {
    std::optional<io::HttpResponse> answer;
    int calls = 0;
    if (request.timeout == io::Duration{}) request.timeout = 5s;
    auto handle = client_->fetch(std::move(request), [&](io::HttpResponse r) {
      ++calls;
      answer = std::move(r);
    });
    EXPECT_EQ(calls, 0) << "the answer came from inside fetch";
    EXPECT_TRUE(run_loop_until(*loop_, [&] { return answer.has_value(); }));
    test::run_turns(*loop_, 2);
    EXPECT_EQ(calls, 1);
    return answer ? std::move(*answer) : io::HttpResponse{};
  }

  io::HttpResponse get(const RawServer& server, io::Duration timeout = 5s) {
    io::HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/path?q=1";
    request.timeout = timeout;
    request.accept_encoding = "gzip";
    return run(std::move(request));
  }

  io::HttpResponse get_over_stream(RawScript script, bool http2 = false, io::Duration timeout = 5s) {
    RawStream stream(*loop_, std::move(script));
    io::HttpRequest request;
    request.url = "http://target.example/path";
    request.timeout = timeout;
    request.accept_encoding = "gzip";
    request.stream = stream.take_peer();
    request.http2 = http2;
    io::HttpResponse response = run(std::move(request));
    sent_ = stream.received();
    EXPECT_TRUE(run_loop_until(*loop_, [&] { return stream.closed() || script.end != End::kHold; }))
        << "the client keeps the stream";
    return response;
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
  std::unique_ptr<io::HttpClient> client_ = io::make_http_client(*loop_);
  std::string sent_;
};

TEST_F(HttpClient, ACompleteAnswerComesWithItsParts) {
  RawServer server(*loop_, {.bytes = "HTTP/1.1 404 Nope\r\nContent-Length: 5\r\nX-Two:  a b \r\nx-two: c\r\n\r\nhello",
                            .end = End::kHold});
  const io::HttpResponse response = get(server);
  EXPECT_EQ(response.error, HttpError::kNone) << response.error_text;
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.version, "1.1");
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.body_bytes, 5U);
  EXPECT_TRUE(response.head_complete);
  EXPECT_EQ(response.header("x-two"), "a b");
  EXPECT_EQ(response.header("absent"), "");
  EXPECT_EQ(response.headers.size(), 3U);
  EXPECT_LE(response.started, response.first_byte);
  EXPECT_LE(response.first_byte, response.finished);
  EXPECT_TRUE(server.received().starts_with("GET /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:")) << server.received();
  EXPECT_NE(server.received().find("User-Agent: sonde\r\n"), std::string::npos);
  EXPECT_NE(server.received().find("Accept-Encoding: gzip\r\n"), std::string::npos);
}

TEST_F(HttpClient, TheFirstByteIsStampedWhenItComesNotWhenTheAnswerEnds) {
  RawServer server(
      *loop_,
      {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", .end = End::kHold, .chunk = 38, .gap = 60ms});
  const io::HttpResponse response = get(server);
  EXPECT_EQ(response.error, HttpError::kNone);
  EXPECT_GE(response.finished - response.first_byte, 50ms);
}

TEST_F(HttpClient, HeadersAndBodyGoOutAsGiven) {
  RawServer server(*loop_, {.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = End::kHold, .wait_for = "a=b"});
  io::HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/a/../write";
  request.headers = {{"Authorization", "Token x"}, {"User-Agent", "mine"}, {"X-Empty", ""}};
  request.body = "a=b";
  EXPECT_EQ(run(std::move(request)).status, 204);
  EXPECT_TRUE(server.received().starts_with("POST /a/../write HTTP/1.1\r\n")) << server.received();
  for (const char* line :
       {"Authorization: Token x\r\n", "User-Agent: mine\r\n", "X-Empty:\r\n", "Content-Length: 3\r\n", "\r\n\r\na=b"}) {
    EXPECT_NE(server.received().find(line), std::string::npos) << line;
  }
  for (const char* line : {"Content-Type:", "Expect:", "Accept-Encoding:"}) {
    EXPECT_EQ(server.received().find(line), std::string::npos) << line;
  }
}

TEST_F(HttpClient, ALineBreakInARequestIsRefused) {
  for (const char* header : {"a\r\nEvil: 1", "a\nb"}) {
    io::HttpRequest request;
    request.url = "http://127.0.0.1:1/";
    request.headers = {{"X", header}};
    EXPECT_EQ(run(std::move(request)).error, HttpError::kOwn);
  }
  io::HttpRequest request;
  request.url = "http://127.0.0.1:1/";
  request.method = "GET / HTTP/1.1\r\nX: y\r\n";
  EXPECT_EQ(run(std::move(request)).error, HttpError::kOwn);
}

// ---- Each way an answer can end

struct Ending {
  const char* name;
  RawScript script;
  HttpError error;
  int status = 0;
};

std::string many(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

std::vector<Ending> endings() {
  const std::string big(1000, 'x');
  return {
      {"close without reply (H6)", {.bytes = ""}, HttpError::kEmpty},
      {"reset without reply (H7)", {.bytes = "", .end = End::kReset}, HttpError::kReset},
      {"not HTTP (H5)", {.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}, HttpError::kMalformed},
      {"HTTP/0.9 (H5)", {.bytes = "<html>hello</html>"}, HttpError::kMalformed},
      {"HTTP/9.9 (H4)", {.bytes = "HTTP/9.9 200 OK\r\n\r\n"}, HttpError::kMalformed},
      {"no status (H4)", {.bytes = "HTTP/1.1 abc\r\n\r\n"}, HttpError::kMalformed},
      {"status 999 passes (H3)", {.bytes = "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"}, HttpError::kNone, 999},
      {"1 MB header line (H11)",
       {.bytes = kOk + "X: " + many(1024, big) + "\r\n\r\n"},
       HttpError::kHeaderTooLarge,
       200},
      {"1 MB status line", {.bytes = "HTTP/1.1 200 " + many(1024, big) + "\r\n\r\n"}, HttpError::kHeaderTooLarge},
      {"90 KB header line passes (H10)",
       {.bytes = kOk + "Content-Length: 0\r\nX: " + many(90, big) + "\r\n\r\n"},
       HttpError::kNone,
       200},
      {"100000 headers (H12)", {.bytes = kOk + many(100000, "A: b\r\n") + "\r\n"}, HttpError::kHeaderTooLarge, 200},
      {"NUL in a header (H13)", {.bytes = kOk + std::string("X: a\0b\r\n\r\n", 10)}, HttpError::kMalformed, 200},
      {"header without colon (H14)", {.bytes = kOk + "nonsense\r\n\r\n"}, HttpError::kMalformed, 200},
      {"LF only (H16)", {.bytes = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"}, HttpError::kNone, 200},
      {"endless body (H18)", {.bytes = kOk + "\r\n", .repeat = big}, HttpError::kBodyTooLarge, 200},
      {"gzip bomb (H20)",
       {.bytes = kOk + "Content-Encoding: gzip\r\n\r\n" + gzip(std::string(8 * 1024 * 1024, '\0'))},
       HttpError::kBodyTooLarge,
       200},
      {"20 encodings (H21)",
       {.bytes = kOk + "Content-Encoding: " + many(20, "gzip, ") + "gzip\r\n\r\n" + gzip("x")},
       HttpError::kEncoding,
       200},
      {"not gzip (H22)", {.bytes = kOk + "Content-Encoding: gzip\r\n\r\nplain text"}, HttpError::kEncoding, 200},
      {"short body (H23)", {.bytes = kOk + "Content-Length: 10\r\n\r\nabc"}, HttpError::kTruncated, 200},
      {"reset inside the body",
       {.bytes = kOk + "Content-Length: 10\r\n\r\nabc", .end = End::kReset},
       HttpError::kReset,
       200},
      {"bytes after the body (H24)", {.bytes = kOk + "Content-Length: 2\r\n\r\nokMORE"}, HttpError::kNone, 200},
      {"negative length (H25)", {.bytes = kOk + "Content-Length: -1\r\n\r\n"}, HttpError::kMalformed, 200},
      {"two lengths (H26)",
       {.bytes = kOk + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk"},
       HttpError::kMalformed,
       200},
      {"two lengths in one header", {.bytes = kOk + "Content-Length: 2, 3\r\n\r\nokk"}, HttpError::kMalformed, 200},
      {"the same length twice passes",
       {.bytes = kOk + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"},
       HttpError::kNone,
       200},
      {"20-digit length (H27)",
       {.bytes = kOk + "Content-Length: 99999999999999999999\r\n\r\nok"},
       HttpError::kMalformed,
       200},
      {"bad chunk size (H29)", {.bytes = kChunked + "zz\r\nabc\r\n0\r\n\r\n"}, HttpError::kMalformed, 200},
      {"chunk size overflow (H30)", {.bytes = kChunked + "ffffffffffffffffff\r\nabc\r\n"}, HttpError::kMalformed, 200},
      {"cut chunk (H31)", {.bytes = kChunked + "a\r\nabc"}, HttpError::kTruncated, 200},
      {"204 (H33)", {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}, HttpError::kNone, 204},
      {"unasked 101 (H34)",
       {.bytes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc"},
       HttpError::kNone,
       101},
      {"endless 100 (H35)", {.bytes = "", .repeat = "HTTP/1.1 100 Continue\r\n\r\n"}, HttpError::kMalformed},
      {"103 before 200",
       {.bytes = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk + "Content-Length: 2\r\n\r\nok"},
       HttpError::kNone,
       200},
      {"redirects are not followed (H37)",
       {.bytes = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"},
       HttpError::kNone,
       302},
      {"closed inside the header", {.bytes = kOk + "X: y\r\n"}, HttpError::kTruncated, 200},
      {"HTTP/1.0 until close", {.bytes = "HTTP/1.0 200 OK\r\n\r\nuntil close"}, HttpError::kNone, 200},
  };
}

TEST_F(HttpClient, EachEndingHasItsErrorOverTcp) {
  for (const Ending& ending : endings()) {
    SCOPED_TRACE(ending.name);
    RawServer server(*loop_, ending.script);
    const io::HttpResponse response = get(server);
    EXPECT_EQ(static_cast<int>(response.error), static_cast<int>(ending.error)) << response.error_text;
    EXPECT_EQ(response.status, ending.status);
    EXPECT_EQ(response.error_text.empty(), ending.error == HttpError::kNone);
    EXPECT_LE(response.body.size(), 1024U * 1024U);
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST_F(HttpClient, EachEndingHasTheSameErrorOverAGivenStream) {
  for (const Ending& ending : endings()) {
    if (ending.script.end == End::kReset) continue;  // a socketpair knows no reset
    SCOPED_TRACE(ending.name);
    const io::HttpResponse response = get_over_stream(ending.script);
    EXPECT_EQ(static_cast<int>(response.error), static_cast<int>(ending.error)) << response.error_text;
    EXPECT_EQ(response.status, ending.status);
  }
}

TEST_F(HttpClient, AHeaderOverLibcurlsOwnLimitIsTooLargeWhateverOursIs) {
  RawServer server(*loop_, {.bytes = kOk + many(500, "X: " + std::string(1000, 'x') + "\r\n") + "\r\n"});
  io::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.header_bytes_max = 10 * 1024 * 1024;
  const io::HttpResponse response = run(std::move(request));
  EXPECT_EQ(response.error, HttpError::kHeaderTooLarge) << response.error_text;
}

TEST_F(HttpClient, AConnectionThatDoesNotStandEndsBeforeTheWholeRequest) {
  RawServer server(*loop_, {.end = End::kHold});
  io::HttpRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";  // TLS that never comes
  request.timeout = 60s;
  request.connect_timeout = 100ms;
  const io::HttpResponse response = run(std::move(request));
  EXPECT_EQ(response.error, HttpError::kTimeout) << response.error_text;
  EXPECT_GE(response.finished - response.started, 100ms);
  EXPECT_LT(response.finished - response.started, 5s);
}

TEST_F(HttpClient, SilenceIsATimeoutThatSaysHowFarItGot) {
  struct Case {
    const char* name;
    std::string bytes;
    int status;
    bool head_complete;
  };
  const std::vector<Case> cases = {{"nothing (H8)", "", 0, false},
                                   {"half a header (H9)", kOk + "X: y\r\n", 200, false},
                                   {"only a 103 (H36)", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, false},
                                   {"half a body (H19)", kOk + "Content-Length: 9\r\n\r\nabc", 200, true}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    RawServer server(*loop_, {.bytes = each.bytes, .end = End::kHold});
    const io::HttpResponse response = get(server, 80ms);
    EXPECT_EQ(response.error, HttpError::kTimeout);
    EXPECT_EQ(response.status, each.status);
    EXPECT_EQ(response.head_complete, each.head_complete);
    EXPECT_EQ(response.first_byte == io::MonoTime{}, each.status == 0);
    EXPECT_GE(response.finished - response.started, 80ms);
    EXPECT_LT(response.finished - response.started, 2s);
    EXPECT_TRUE(run_loop_until(*loop_, [&] { return server.open() == 0; })) << "the connection leaks";
  }
}

TEST_F(HttpClient, ARefusedConnectionIsConnect) {
  int port = 0;
  { port = RawServer(*loop_, {}).port(); }
  io::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  EXPECT_EQ(run(std::move(request)).error, HttpError::kConnect);
}

TEST_F(HttpClient, PlainHttpWhereTlsIsExpectedIsTls) {
  RawServer server(*loop_, {.bytes = "HTTP/1.1 400 Bad\r\n\r\n", .wait_for = ""});
  io::HttpRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(run(std::move(request)).error, HttpError::kTls);
}

TEST_F(HttpClient, NamesAreNeverResolvedOnlyPinned) {
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 2\r\n\r\nok", .end = End::kHold});
  const std::string url = "http://no-such-name.invalid:" + std::to_string(server.port()) + "/";
  io::HttpRequest unknown;
  unknown.url = url;
  const io::HttpResponse refused = run(std::move(unknown));
  EXPECT_EQ(refused.error, HttpError::kResolve);
  EXPECT_NE(refused.error_text.find("no-such-name.invalid"), std::string::npos);
  io::HttpRequest pinned;
  pinned.url = url;
  pinned.addresses = {"127.0.0.1"};
  EXPECT_EQ(run(std::move(pinned)).status, 200);
  EXPECT_NE(server.received().find("Host: no-such-name.invalid:"), std::string::npos);
  io::HttpRequest garbage;
  garbage.url = url;
  garbage.addresses = {"not-an-address"};
  EXPECT_EQ(run(std::move(garbage)).error, HttpError::kResolve);
}

TEST_F(HttpClient, ANewPinReplacesTheOldOne) {
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 2\r\n\r\nok"});
  io::HttpRequest first;
  first.url = "http://moving.invalid:" + std::to_string(server.port()) + "/";
  first.addresses = {"127.0.0.2"};  // loopback, where nobody listens on this port
  EXPECT_EQ(run(std::move(first)).error, HttpError::kConnect);
  io::HttpRequest second;
  second.url = "http://moving.invalid:" + std::to_string(server.port()) + "/";
  second.addresses = {"127.0.0.1"};
  EXPECT_EQ(run(std::move(second)).status, 200);
}

TEST_F(HttpClient, ProxiesOfTheEnvironmentAreNotUsed) {
  RawServer proxy(*loop_, {.bytes = "HTTP/1.1 200 Proxy\r\n\r\n"});
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 6\r\n\r\ndirect"});
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  ::setenv("http_proxy", url.c_str(), 1);
  ::setenv("ALL_PROXY", url.c_str(), 1);
  const io::HttpResponse response = get(server);
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  EXPECT_EQ(response.body, "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpClient, OtherSchemesAreRefused) {
  for (const char* url : {"file:///etc/passwd", "gopher://127.0.0.1/", "nonsense", "", "ftp://127.0.0.1/"}) {
    SCOPED_TRACE(url);
    io::HttpRequest request;
    request.url = url;
    EXPECT_EQ(run(std::move(request)).error, HttpError::kOwn);
  }
}

TEST_F(HttpClient, DestroyingTheHandleCancels) {
  RawServer server(*loop_, {.bytes = kOk, .end = End::kHold});
  bool called = false;
  io::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.timeout = 5s;
  auto handle = client_->fetch(std::move(request), [&](const io::HttpResponse&) { called = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return !server.received().empty(); }));
  handle.reset();
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return server.open() == 0; }));
  EXPECT_FALSE(called);
}

TEST_F(HttpClient, TheCallbackMayDestroyItsHandleAndTheClient) {
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 2\r\n\r\nok"});
  io::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.timeout = 5s;
  io::Handle handle;
  bool called = false;
  handle = client_->fetch(std::move(request), [&](const io::HttpResponse&) {
    handle.reset();
    client_.reset();
    called = true;
  });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return called; }));
}

TEST_F(HttpClient, AClientMayGoBeforeItsRequests) {
  RawServer server(*loop_, {.bytes = "", .end = End::kHold});
  bool called = false;
  io::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.timeout = 20ms;
  auto handle = client_->fetch(std::move(request), [&](const io::HttpResponse&) { called = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return !server.received().empty(); }));
  client_.reset();
  bool later = false;
  auto wait = loop_->after(50ms, [&] { later = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return later; }));
  EXPECT_FALSE(called);
}

TEST_F(HttpClient, AStreamNeedsAnHttpUrlAndIsClosedEitherWay) {
  RawStream stream(*loop_, {.end = End::kHold});
  io::HttpRequest request;
  request.url = "https://target.example/";
  request.stream = stream.take_peer();
  EXPECT_EQ(run(std::move(request)).error, HttpError::kOwn);
  EXPECT_TRUE(run_loop_until(*loop_, [&] { return stream.closed(); }));
}

TEST_F(HttpClient, OverAStreamTheHostIsTheUrlsAndNothingIsResolved) {
  const io::HttpResponse response = get_over_stream({.bytes = kOk + "Content-Length: 2\r\n\r\nok", .end = End::kHold});
  EXPECT_EQ(response.body, "ok");
  EXPECT_TRUE(sent_.starts_with("GET /path HTTP/1.1\r\nHost: target.example\r\n")) << sent_;
}

TEST_F(HttpClient, ManyRequestsAtOnceEachGetTheirAnswer) {
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 2\r\n\r\nok"});
  std::vector<io::Handle> handles;
  int good = 0;
  for (int i = 0; i < 200; ++i) {
    io::HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
    request.timeout = 10s;
    handles.push_back(client_->fetch(std::move(request), [&](const io::HttpResponse& r) {
      good += r.error == HttpError::kNone && r.body == "ok" ? 1 : 0;
    }));
  }
  EXPECT_TRUE(run_loop_until(*loop_, [&] { return good == 200; }));
}

// ---- HTTP/2 over a stream: frames by hand (RFC 9113 4.1, 6; RFC 7541 appendix A)

using test::http2_frame;
const std::string kSettings = test::http2_settings();
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

TEST_F(HttpClient, Http2IsSpokenOverAStream) {
  const std::string ok = kSettings + http2_frame(1, 0x4, 1, "\x88") + http2_frame(0, 0x1, 1, "hello");
  const io::HttpResponse response = get_over_stream({.bytes = ok, .end = End::kHold, .wait_for = kPreface}, true);
  EXPECT_EQ(response.error, HttpError::kNone) << response.error_text;
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.version, "2");
  EXPECT_EQ(response.body, "hello");
  EXPECT_TRUE(sent_.starts_with(kPreface));
}

TEST_F(HttpClient, Http2SendsTheSchemeOfTheHeaders) {
  const std::string ok = kSettings + http2_frame(1, 0x5, 1, "\x88");
  RawStream stream(*loop_, {.bytes = ok, .end = End::kHold, .wait_for = kPreface});
  io::HttpRequest request;
  request.url = "http://target.example/";
  request.headers = {{":scheme", "https"}};
  request.stream = stream.take_peer();
  request.http2 = true;
  EXPECT_EQ(run(std::move(request)).status, 200);
  // HPACK static table: ":method GET" is 0x82, ":scheme https" 0x87, ":scheme http" 0x86.
  EXPECT_NE(stream.received().find('\x87'), std::string::npos);
  EXPECT_EQ(stream.received().find('\x86'), std::string::npos);
}

TEST_F(HttpClient, Http2ErrorsAreHttp2) {
  struct Case {
    const char* name;
    std::string bytes;
    HttpError error;
  };
  const std::vector<Case> cases = {
      {"GOAWAY before headers (H53)", kSettings + http2_frame(7, 0, 0, std::string("\0\0\0\0\0\0\0\1", 8)),
       HttpError::kHttp2},
      {"RST_STREAM (H54)", kSettings + http2_frame(3, 0, 1, std::string("\0\0\0\2", 4)), HttpError::kHttp2},
      {"HTTP/1.1 spoken (H57)", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", HttpError::kHttp2},
      {"a frame that is too large", std::string("\xff\xff\xff\0\0\0\0\0\1", 9) + std::string(20000, 'x'),
       HttpError::kHttp2},
      {"broken header compression", kSettings + http2_frame(1, 0x4, 1, "\xff\xff\xff\xff\xff\xff"), HttpError::kHttp2},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    // The peer stays, so that what it said is what ends the request.
    const io::HttpResponse response =
        get_over_stream({.bytes = each.bytes, .end = End::kHold, .wait_for = kPreface}, true, 2s);
    EXPECT_EQ(static_cast<int>(response.error), static_cast<int>(each.error)) << response.error_text;
  }
}

TEST_F(HttpClient, AStreamIsUsedAtOnce) {
  io::Duration best = 1h;
  for (int i = 0; i < 5; ++i) {
    const io::HttpResponse response = get_over_stream({.bytes = kOk + "Content-Length: 0\r\n\r\n", .end = End::kHold});
    best = std::min(best, response.finished - response.started);
  }
  EXPECT_LT(best, 150ms) << "libcurl waits for its own timer of 200 ms";
}

TEST_F(HttpClient, AStreamThatItsPeerHasClosedIsEmpty) {
  RawStream stream(*loop_, {.bytes = "", .wait_for = ""});
  io::HttpRequest request;
  request.url = "http://target.example/";
  request.stream = stream.take_peer();
  test::run_turns(*loop_, 3);
  const io::HttpResponse response = run(std::move(request));
  EXPECT_EQ(response.error, HttpError::kEmpty) << response.error_text;
}

TEST_F(HttpClient, AStreamMayBeATcpSocketThatWasConnectedWithoutBlocking) {
  RawServer server(*loop_, {.bytes = kOk + "Content-Length: 2\r\n\r\nok", .end = End::kHold});
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  io::HttpRequest request;
  request.url = "http://target.example/";
  request.stream.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(request.stream.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), -1);
  ASSERT_EQ(errno, EINPROGRESS);
  bool connected = false;
  auto watch = loop_->watch(request.stream.get(), io::Interest::kWrite, [&] { connected = true; });
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return connected; }));
  watch.reset();
  const io::HttpResponse response = run(std::move(request));
  EXPECT_EQ(response.error, HttpError::kNone) << response.error_text;
  EXPECT_EQ(response.body, "ok");
  EXPECT_NE(server.received().find("Host: target.example\r\n"), std::string::npos);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_TRUE(run_loop_until(*loop_, [&] { return server.open() == 0; })) << "the connection is kept";
}

// ---- Against our own server

TEST_F(HttpClient, DeliveryKeepsItsConnectionAlive) {
  std::vector<std::string> peers;
  auto server = io::listen_http(*loop_, {}, [&](io::ServerRequest request, std::unique_ptr<io::Responder> responder) {
    peers.push_back(request.method + " " + request.path + " " + request.body);
    responder->respond({200, {}, "ok " + request.body});
  });
  ASSERT_TRUE(server);
  for (int i = 0; i < 3; ++i) {
    io::HttpRequest request;
    request.method = "POST";
    request.url = "http://sink.invalid:" + std::to_string((*server)->port()) + "/write";
    request.addresses = {"127.0.0.1"};
    request.body = std::to_string(i);
    const io::HttpResponse response = run(std::move(request));
    EXPECT_EQ(response.body, "ok " + std::to_string(i));
  }
  EXPECT_EQ(peers, (std::vector<std::string>{"POST /write 0", "POST /write 1", "POST /write 2"}));
}

TEST_F(HttpClient, LargeBodiesGoBothWays) {
  auto server = io::listen_http(*loop_, {}, [&](io::ServerRequest request, std::unique_ptr<io::Responder> responder) {
    responder->respond({200, {}, request.body + request.body});
  });
  ASSERT_TRUE(server);
  io::HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/";
  request.body.assign(3 * 1024 * 1024, 'b');
  request.body_bytes_max = 8 * 1024 * 1024;
  const io::HttpResponse response = run(std::move(request));
  EXPECT_EQ(response.error, HttpError::kNone) << response.error_text;
  EXPECT_EQ(response.body_bytes, 6U * 1024 * 1024);
}

TEST_F(HttpClient, AHeadRequestHasNoBody) {
  auto server = io::listen_http(*loop_, {}, [&](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
    responder->respond({200, {{"X-A", "b"}}, "not sent"});
  });
  ASSERT_TRUE(server);
  for (int i = 0; i < 2; ++i) {  // twice: the connection stays in step
    io::HttpRequest request;
    request.method = "HEAD";
    request.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/";
    const io::HttpResponse response = run(std::move(request));
    EXPECT_EQ(response.error, HttpError::kNone) << response.error_text;
    EXPECT_EQ(response.header("content-length"), "8");
    EXPECT_EQ(response.body, "");
  }
}

}  // namespace
}  // namespace sonde
