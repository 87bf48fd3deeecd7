// The tcp check against sockets in process (RELIABILITY 2.2).
#include <gtest/gtest.h>

#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

TEST(TcpCheck, C1_AcceptIsOkWithTimesFromTheKernel) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.then = Script::Then::kKeepOpen}};
  const auto m = bench.run("tcp://app.test:" + std::to_string(server.port()));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_GT(seconds_of(m, field::kResolveSeconds), 0);
  EXPECT_GT(seconds_of(m, field::kConnectSeconds), 0);
  EXPECT_GE(seconds_of(m, field::kTcpRttSeconds), 0);
  EXPECT_EQ(integer_of(m, field::kTcpRetransmits), 0);
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
  EXPECT_EQ(integer_of(m, field::kAddresses), 1);
  EXPECT_LE(seconds_of(m, field::kResolveSeconds) + seconds_of(m, field::kConnectSeconds),
            seconds_of(m, field::kDurationSeconds));
  EXPECT_FALSE(has(m, field::kTlsSeconds));
  EXPECT_EQ(integer_of(m, field::kSuspect), 0);
}

TEST(TcpCheck, ALiteralAddressHasNoResolveTime) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {}};
  const auto m = bench.run(server.url("tcp"));
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_FALSE(has(m, field::kResolveSeconds));
}

TEST(TcpCheck, C2_Refused) {
  CheckBench bench;
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(free_port()));
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_FALSE(has(m, field::kTcpRttSeconds));
}

TEST(TcpCheck, C3_ASynThatIsDroppedIsATimeout) {
  CheckBench bench;
  const io::UniqueFd server = bound_socket(SOCK_STREAM);
  listen(server.get(), 0);
  std::vector<io::UniqueFd> fillers;  // the accept queue is full after these
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_in to = loopback_address(bound_port(server.get()));
    (void)connect(fillers.back().get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  const auto m = bench.run("tcp://127.0.0.1:" + std::to_string(bound_port(server.get())), "", 200ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

TEST(TcpCheck, C8_ResetBeforeTheBanner) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.wait_for = "HELLO", .say = "", .then = Script::Then::kReset}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {send: HELLO, banner: OK}")), "fail tcp reset");
}

TEST(TcpCheck, C9_ClosedBeforeTheBanner) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {banner: OK}")), "fail tcp closed");
}

TEST(TcpCheck, C10_SilenceWhereABannerIsExpected) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.then = Script::Then::kKeepOpen}};
  const auto m = bench.run(server.url("tcp"), "expect: {banner: OK}", 150ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
}

TEST(TcpCheck, C12_WrongBanner) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.say = "220 other\r\n\x1b[31m"}};
  const auto m = bench.run(server.url("tcp"), "expect: {banner: SSH-2.0}");
  EXPECT_EQ(summary(m), "fail tcp expect_mismatch");
  EXPECT_EQ(m.outcome.detail.find('\x1b'), std::string::npos);
}

TEST(TcpCheck, C40_ServerThatSpeaksFirst) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.say = "SSH-2.0-OpenSSH_9\r\n", .then = Script::Then::kKeepOpen}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {banner: SSH-2.0}")), "ok done none");
}

TEST(TcpCheck, SendsAndExpects) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.wait_for = "PING", .say = "+PONG\r\n"}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {send: \"PING\\r\\n\", banner: PONG}")), "ok done none");
}

TEST(TcpCheck, UsesTheSourceAddressOfTheVantage) {
  CheckBench bench{{.source = "127.0.0.77"}};
  ScriptedServer server{bench.loop(), {.wait_for = "x", .say = "y"}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"), "expect: {send: x}")), "ok done none");
  EXPECT_EQ(server.peer(), "127.0.0.77");
}

TEST(TcpCheck, C33_ASourceThatIsNotOursIsAConfigurationFault) {
  CheckBench bench{{.source = "192.0.2.1"}};
  ScriptedServer server{bench.loop(), {}};
  EXPECT_EQ(summary(bench.run(server.url("tcp"))), "unknown tcp config");
}

TEST(TcpCheck, ADeniedAddressIsPolicyAndNeverConnected) {
  CheckBench bench{{.allow_loopback = false}};
  const auto m = bench.run("tcp://127.0.0.1:1");
  EXPECT_EQ(summary(m), "unknown tcp policy");
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

TEST(TcpCheck, D19_APublicNameThatPointsToLoopbackIsBogon) {
  CheckBench bench{{.allow_loopback = false}};
  EXPECT_EQ(summary(bench.run("tcp://app.test:443")), "fail dns bogon");
}

TEST(TcpCheck, D10_AnOwnResolverThatIsNotThereIsOurFault) {
  CheckBench bench;
  bench.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(free_port()), 53);
  EXPECT_EQ(summary(bench.run("tcp://app.test:443")), "unknown dns no_resolver");
}

TEST(TcpCheck, C25_ADeadAddressBeforeAGoodOneIsDegraded) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {}};  // on 127.0.0.1 only, so that 127.0.0.2 refuses
  DnsServer two{bench.loop(), [](const core::dns::Message& q, bool) {
                  return wire(reply_to(q, {record("app.test", core::dns::Type::kA, "127.0.0.2"),
                                           record("app.test", core::dns::Type::kA, "127.0.0.1")}));
                }};
  bench.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(two.port()), 53);
  const auto m = bench.run("tcp://app.test:" + std::to_string(server.port()));
  EXPECT_EQ(summary(m), "degraded tcp some_addresses");
  EXPECT_NE(m.outcome.detail.find("127.0.0.2"), std::string::npos);
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
}

TEST(TcpCheck, CancellingLeavesNothingBehind) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {}};
  const auto entry = CheckBench::make_entry(server.url("tcp"), "", 5s);
  const prober::SelfWatch watch{bench.loop()};
  bool called = false;
  for (int i = 0; i < 100; ++i) {
    prober::Run run{entry, bench.context(), watch};
    run.start([&called](core::Measurement) { called = true; });
  }
  run_turns(bench.loop(), 3);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sonde::test
