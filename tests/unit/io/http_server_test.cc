// The HTTP server over raw sockets: requests right and wrong, limits, timeouts, streams.
#include "io/http_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/system_loop.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_loop.h"

namespace sonde {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::run_loop_until;

class HttpServer : public testing::Test {
 protected:
  void listen(io::HttpServerOptions options = {}) {
    auto server = io::listen_http(*loop_, std::move(options),
                                  [this](io::ServerRequest request, std::unique_ptr<io::Responder> responder) {
                                    seen_.push_back(request);
                                    if (handler_) return handler_(std::move(request), std::move(responder));
                                    responder->respond({200, {{"Content-Type", "text/plain"}}, "path " + request.path});
                                  });
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::unique_ptr<RawClient> connect(std::string bytes, std::size_t chunk = 0) {
    return std::make_unique<RawClient>(*loop_, server_->port(), std::move(bytes), chunk);
  }
  /// All that the server says to `bytes` until it closes.
  std::string ask(std::string bytes, std::size_t chunk = 0) {
    auto client = connect(std::move(bytes), chunk);
    EXPECT_TRUE(run_loop_until(*loop_, [&] { return client->ended(); })) << "the server does not close";
    return client->received();
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
  std::vector<io::ServerRequest> seen_;
  std::function<void(io::ServerRequest, std::unique_ptr<io::Responder>)> handler_;
  std::unique_ptr<io::HttpServer> server_;
};

const std::string kClose = "Host: h\r\nConnection: close\r\n\r\n";

TEST_F(HttpServer, ARequestIsParsedAndAnswered) {
  listen();
  const std::string answer = ask("GET /a%20b/%E4%BA%91?x=1&y=%2B+z&flag&&x=2 HTTP/1.1\r\nX-A:  b \r\n" + kClose);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
  EXPECT_NE(answer.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\npath /a b/云")) << answer;
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].method, "GET");
  EXPECT_EQ(seen_[0].header("x-a"), "b");
  EXPECT_EQ(seen_[0].header("none"), "");
  EXPECT_EQ(seen_[0].parameter("x"), "1");
  EXPECT_EQ(seen_[0].parameter("y"), "+ z");
  EXPECT_EQ(seen_[0].query.size(), 4U);
  EXPECT_EQ(seen_[0].peer, "127.0.0.1");
}

TEST_F(HttpServer, BytesMayComeOneByOne) {
  listen();
  const std::string answer =
      ask("POST /w HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 1);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].body, "hello");
}

TEST_F(HttpServer, ChunkedBodiesAreJoined) {
  listen();
  ask("POST /w HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kClose +
          "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
      7);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].body, "abcde");
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  listen();
  const std::string one = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string two = "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  const std::string answer = ask(one + two + "GET /3 HTTP/1.1\r\n" + kClose);
  ASSERT_EQ(seen_.size(), 3U);
  EXPECT_LT(answer.find("path /1"), answer.find("path /2"));
  EXPECT_LT(answer.find("path /2"), answer.find("path /3"));
  EXPECT_TRUE(answer.ends_with("path /3"));
}

TEST_F(HttpServer, APeerThatShutItsSideStillGetsAllAnswers) {
  listen();
  auto client = connect("");
  client->send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client->shut();
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->ended(); }));
  EXPECT_NE(client->received().find("path /1"), std::string::npos);
  EXPECT_NE(client->received().find("path /2"), std::string::npos);
}

TEST_F(HttpServer, Http10ClosesUnlessAskedToStay) {
  listen();
  EXPECT_NE(ask("GET / HTTP/1.0\r\n\r\n").find("Connection: close"), std::string::npos);
  auto client = connect("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->received().ends_with("path /"); }));
  EXPECT_NE(client->received().find("Connection: keep-alive"), std::string::npos);
  EXPECT_FALSE(client->ended());
}

TEST_F(HttpServer, HostileRequestsAreRefusedWithoutHarm) {
  listen({.body_bytes_max = 1000, .header_bytes_max = 2000});
  struct Case {
    const char* name;
    std::string bytes;
    int status;
  };
  const std::string post = "POST / HTTP/1.1\r\n";
  const std::vector<Case> cases = {
      {"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage\r\n\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", 400},
      {"bad escape", "GET /%zz HTTP/1.1\r\n" + kClose, 400},
      {"cut escape", "GET /%4 HTTP/1.1\r\n" + kClose, 400},
      {"NUL escaped", "GET /a%00b HTTP/1.1\r\n" + kClose, 400},
      {"bad escape in the query", "GET /?a=%g1 HTTP/1.1\r\n" + kClose, 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\n" + kClose, 400},
      {"asterisk target", "OPTIONS * HTTP/1.1\r\n" + kClose, 400},
      {"authority target", "CONNECT a:1 HTTP/1.1\r\n" + kClose, 400},
      {"HTTP/3.0", "GET / HTTP/3.0\r\n" + kClose, 400},
      {"space before colon", "GET / HTTP/1.1\r\nA : b\r\n" + kClose, 400},
      {"length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + kClose + "0\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n" + kClose + "abcd", 400},
      {"negative length", post + "Content-Length: -3\r\n" + kClose, 400},
      {"endless length", post + "Content-Length: 99999999999999999999999\r\n" + kClose, 400},
      {"bad chunk", post + "Transfer-Encoding: chunked\r\n" + kClose + "zz\r\n", 400},
      {"chunk overflow", post + "Transfer-Encoding: chunked\r\n" + kClose + "ffffffffffffffffff\r\n", 400},
      {"giant header", "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n" + kClose, 431},
      {"giant target", "GET /" + std::string(5000, 'x') + " HTTP/1.1\r\n" + kClose, 431},
      {"header without end", "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x'), 431},
      {"announced body too large", post + "Content-Length: 1001\r\n" + kClose, 413},
      {"chunked body too large",
       post + "Transfer-Encoding: chunked\r\n" + kClose + "400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n", 413},
  };
  for (const Case& each : cases) {
    for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}}) {
      SCOPED_TRACE(std::string(each.name) + (chunk == 0 ? " at once" : " byte by byte"));
      const std::string answer = ask(each.bytes, chunk);
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(each.status))) << answer;
      EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    }
  }
  EXPECT_EQ(seen_.size(), 0U);
  EXPECT_TRUE(ask("GET /still HTTP/1.1\r\n" + kClose).ends_with("path /still"));
}

TEST_F(HttpServer, EveryPrefixOfARequestThenACloseIsHarmless) {
  listen();
  const std::string request =
      "POST /w?a=b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t n = 0; n < request.size(); ++n) {
    clients.push_back(connect(request.substr(0, n)));
    clients.back()->shut();
  }
  ASSERT_TRUE(run_loop_until(*loop_, [&] {
    return std::all_of(clients.begin(), clients.end(), [](const auto& client) { return client->ended(); });
  }));
  EXPECT_EQ(seen_.size(), 0U);
}

TEST_F(HttpServer, ARefusalReachesAPeerThatIsStillSending) {
  listen({.body_bytes_max = 1000});
  const std::string answer =
      ask("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n" + kClose + std::string(3'000'000, 'x'));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer.substr(0, 100);
}

TEST_F(HttpServer, ContinueIsSentBeforeTheBodyWhenAskedFor) {
  listen();
  auto client = connect("POST /w HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" + kClose);
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->received() == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  client->send("abc");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->ended(); }));
  EXPECT_NE(client->received().find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST_F(HttpServer, ASlowHeaderIsCutOff) {
  listen({.header_timeout = 50ms});
  const std::string answer = ask("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408")) << answer;
  EXPECT_EQ(ask(""), "");  // one that never spoke is only closed
}

TEST_F(HttpServer, ASlowBodyAndAnIdleConnectionAreCutOff) {
  listen({.idle_timeout = 50ms});
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nContent-Length: 5\r\n" + kClose + "abc").starts_with("HTTP/1.1 408"));
  const std::string answer = ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("path /")) << answer;
}

TEST_F(HttpServer, MoreConnectionsThanAllowedAreClosedAtOnce) {
  listen({.connections_max = 2});
  auto first = connect("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  auto second = connect("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return seen_.size() == 2; }));
  EXPECT_EQ(ask("GET /3 HTTP/1.1\r\n" + kClose), "");
  first->close();
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return ask("GET /4 HTTP/1.1\r\n" + kClose).ends_with("path /4"); }));
}

TEST_F(HttpServer, AResponderMayAnswerLaterOrBeDropped) {
  std::unique_ptr<io::Responder> kept;
  handler_ = [&](const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
    if (request.path == "/later") kept = std::move(responder);
  };
  listen();
  EXPECT_TRUE(ask("GET /dropped HTTP/1.1\r\n" + kClose).starts_with("HTTP/1.1 500"));
  auto client = connect("GET /later HTTP/1.1\r\n" + kClose);
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return kept != nullptr; }));
  EXPECT_EQ(client->received(), "");
  kept->respond({202, {}, "done"});
  kept->respond({200, {}, "twice"});  // does nothing
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->ended(); }));
  EXPECT_TRUE(client->received().starts_with("HTTP/1.1 202"));
  EXPECT_EQ(client->received().find("twice"), std::string::npos);
}

TEST_F(HttpServer, ResponderAndStreamMayOutliveConnectionAndServer) {
  std::vector<std::unique_ptr<io::Responder>> kept;
  handler_ = [&](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
    kept.push_back(std::move(responder));
  };
  listen();
  auto first = connect("GET / HTTP/1.1\r\n" + kClose);
  auto second = connect("GET / HTTP/1.1\r\n" + kClose);
  auto third = connect("GET / HTTP/1.1\r\n" + kClose);
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return kept.size() == 3; }));
  auto stream = kept[0]->stream({200, {}, ""});
  EXPECT_TRUE(stream->open());
  server_.reset();
  EXPECT_FALSE(stream->open());
  EXPECT_FALSE(stream->send("x"));
  kept[1]->respond({200, {}, "x"});
  EXPECT_FALSE(kept[2]->stream({200, {}, ""})->open());
  kept.clear();
}

TEST_F(HttpServer, TheHandlerMayDestroyTheServer) {
  handler_ = [&](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
    server_.reset();
    responder->respond({200, {}, "too late"});
  };
  listen();
  EXPECT_EQ(ask("GET / HTTP/1.1\r\n" + kClose), "");
}

TEST_F(HttpServer, HeadersOfTheHandlerCannotSplitTheAnswer) {
  handler_ = [&](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
    responder->respond(
        {200, {{"X-Good", "1"}, {"X-Bad", "a\r\nInjected: 1"}, {"X Bad", "2"}, {"Content-Length", "999"}}, "body"});
  };
  listen();
  const std::string answer = ask("GET / HTTP/1.1\r\n" + kClose);
  EXPECT_NE(answer.find("X-Good: 1\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Injected"), std::string::npos);
  EXPECT_EQ(answer.find("X Bad"), std::string::npos);
  EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("999"), std::string::npos);
}

TEST_F(HttpServer, StatusesWithoutABodySendNone) {
  handler_ = [&](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
    responder->respond({204, {}, "ignored"});
  };
  listen();
  const std::string answer = ask("GET / HTTP/1.1\r\n" + kClose);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
}

// ---- Streams

class HttpServerStream : public HttpServer {
 protected:
  HttpServerStream() {
    handler_ = [this](const io::ServerRequest&, std::unique_ptr<io::Responder> responder) {
      stream_ = responder->stream({200, {{"Content-Type", "text/event-stream"}}, "ignored"});
    };
  }
  std::unique_ptr<io::EventStream> stream_;
};

TEST_F(HttpServerStream, EventsArriveUntilTheStreamIsDestroyed) {
  listen();
  auto client = connect("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return stream_ != nullptr; }));
  EXPECT_TRUE(stream_->send("data: 1\n\n"));
  EXPECT_TRUE(stream_->send("data: 2\n\n"));
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->received().ends_with("data: 2\n\n"); }));
  EXPECT_TRUE(client->received().starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(client->received().find("text/event-stream"), std::string::npos);
  EXPECT_EQ(client->received().find("Content-Length"), std::string::npos);
  EXPECT_EQ(client->received().find("ignored"), std::string::npos);
  stream_->send("last");
  stream_.reset();
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->ended(); }));
  EXPECT_TRUE(client->received().ends_with("last"));
}

TEST_F(HttpServerStream, APeerThatLeavesIsNoticed) {
  listen();
  auto client = connect("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return stream_ != nullptr && stream_->open(); }));
  client->close();
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return !stream_->open(); }));
  EXPECT_FALSE(stream_->send("x"));
}

TEST_F(HttpServerStream, ASlowReaderIsDisconnectedWhenItsQueueIsFull) {
  listen({.stream_queue_bytes_max = 100'000});
  auto client = connect("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return stream_ != nullptr; }));
  client->stop_reading();
  std::size_t sent = 0;
  // The kernel's buffers take some megabytes first.
  while (stream_->send(std::string(50'000, 'x')) && sent < 100'000'000) sent += 50'000;
  EXPECT_LT(sent, 100'000'000U);
  EXPECT_FALSE(stream_->open());
}

TEST_F(HttpServerStream, WhatAStreamingPeerSendsIsIgnored) {
  listen();
  auto client = connect("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return stream_ != nullptr; }));
  client->send(std::string(1'000'000, 'x'));
  test::run_turns(*loop_, 20);
  EXPECT_TRUE(stream_->send("data: 1\n\n"));
  ASSERT_TRUE(run_loop_until(*loop_, [&] { return client->received().ends_with("data: 1\n\n"); }));
}

// ---- Listening

TEST_F(HttpServer, ATakenPortIsBusy) {
  listen();
  auto second = io::listen_http(*loop_, {.port = server_->port()}, [](io::ServerRequest, auto) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, core::ErrorCode::kBusy);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
}

TEST_F(HttpServer, AddressesThatCannotBeUsedAreSaid) {
  for (const char* address : {"localhost", "", "192.0.2.1"}) {
    auto server = io::listen_http(*loop_, {.address = address}, [](io::ServerRequest, auto) {});
    EXPECT_FALSE(server) << address;
  }
  EXPECT_FALSE(io::listen_http(*loop_, {.port = 70000}, [](io::ServerRequest, auto) {}));
}

}  // namespace
}  // namespace sonde
