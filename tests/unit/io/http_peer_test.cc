// A peer that vanishes in the middle of a request: its network goes away, without a FIN or a reset (RELIABILITY 1.5,
// "slow sink"). In a network of the test's own, whose loopback is taken down.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "io/http_client.h"
#include "io/system_loop.h"
#include "tests/support/own_network.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_loop.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;

void vanish_after_the_request() {
  const auto loop = io::make_system_loop();
  const auto client = io::make_http_client(*loop);
  RawServer server{*loop, {.bytes = "", .end = RawScript::End::kHold}};
  io::HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/write";
  request.body = "p n=1i 1\n";
  request.timeout = 60s;
  request.peer_timeout = 1s;
  std::optional<io::HttpResponse> answer;
  const io::Handle handle = client->fetch(std::move(request), [&](io::HttpResponse r) { answer = std::move(r); });
  const bool asked = run_loop_until(*loop, [&] { return server.received().ends_with("p n=1i 1\n"); });
  ASSERT_TRUE(asked);
  ASSERT_EQ(std::system("ip link set lo down"), 0);  // NOLINT(concurrency-mt-unsafe)
  const auto before = loop->precise_now();
  ASSERT_TRUE(run_loop_until(
      *loop, [&] { return answer.has_value(); }, 20s));
  EXPECT_NE(answer->error, io::HttpError::kNone);
  EXPECT_LT(loop->precise_now() - before, 10s) << "not the 60 s of the request";
}

TEST(HttpPeer, OneThatVanishesAfterTheRequestIsFoundOutBeforeTheTimeout) {
  switch (in_own_network("true", vanish_after_the_request)) {
    case OwnNetworkResult::kPassed:
      return;
    case OwnNetworkResult::kFailed:
      FAIL() << "see above";
    case OwnNetworkResult::kNotHere:
      GTEST_SKIP() << kNoOwnNetwork;
  }
}

}  // namespace
}  // namespace sonde::test
