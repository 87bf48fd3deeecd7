// The way to a service: limits of single stages, waiting for a place among the handshakes, and where it goes out.
#include "prober/stages/approach.h"

#include <gtest/gtest.h>

#include "prober/handshake_gate.h"
#include "tests/support/own_network.h"
#include "tests/support/tcp_listener.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Stage;
namespace field = core::field;

/// A target whose `stage` may take `limit`.
prober::TargetEntry limited(const std::string& url, Stage stage, core::Duration limit) {
  prober::TargetEntry entry = CheckBench::make_entry(url, "", 5s);
  entry.net.stage_timeouts.at(static_cast<std::size_t>(stage)) = limit;
  return entry;
}

core::Measurement run(CheckBench& bench, const prober::TargetEntry& entry) {
  const prober::SelfWatch watch{bench.loop()};
  std::optional<core::Measurement> result;
  prober::Run one{entry, bench.context(), watch};
  one.start([&result](core::Measurement m) { result = std::move(m); });
  EXPECT_TRUE(run_loop_until(bench.loop(), [&result] { return result.has_value(); }));
  return result ? std::move(*result) : core::Measurement{};
}

TEST(StageTimeout, OfDnsEndsTheRunThereWithoutATime) {
  CheckBench bench;
  DnsServer silent{bench.loop(), [](const core::dns::Message&, bool) { return decltype(wire({})){}; }};
  bench.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(silent.port()), 53);
  const auto m = run(bench, limited("tcp://app.test:80", Stage::kDns, 100ms));
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_EQ(m.outcome.detail, "longer than 100ms");
  EXPECT_FALSE(has(m, field::kResolveSeconds));
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 2);
}

TEST(StageTimeout, C3_OfTcpEndsTheRunThereWithoutATime) {
  CheckBench bench;
  const FullListener silent;
  const auto m = run(bench, limited("tcp://app.test:" + std::to_string(silent.port()), Stage::kTcp, 100ms));
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_EQ(m.outcome.detail, "127.0.0.1: longer than 100ms");
  EXPECT_TRUE(has(m, field::kResolveSeconds));
  EXPECT_FALSE(has(m, field::kConnectSeconds));
  EXPECT_EQ(m.family, "ip4");
}

TEST(StageTimeout, OfTcpKeepsTheTimeOfNoEarlierAddress) {
  CheckBench bench;
  const FullListener silent;  // on 127.0.0.1 only, so that 127.0.0.2 refuses
  DnsServer two{bench.loop(), [](const core::dns::Message& q, bool) {
                  return wire(reply_to(q, {record("app.test", core::dns::Type::kA, "127.0.0.2"),
                                           record("app.test", core::dns::Type::kA, "127.0.0.1")}));
                }};
  bench.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(two.port()), 53);
  const auto m = run(bench, limited("tcp://app.test:" + std::to_string(silent.port()), Stage::kTcp, 100ms));
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_FALSE(has(m, field::kConnectSeconds));
  EXPECT_NE(m.outcome.detail.find("127.0.0.2: "), std::string::npos) << m.outcome.detail;
}

TEST(StageTimeout, T39_OfTlsEndsTheRunThereWithoutATime) {
  CheckBench bench;
  const TcpListener silent;
  const auto m = run(bench, limited("tls://127.0.0.1:" + std::to_string(silent.port()), Stage::kTls, 100ms));
  EXPECT_EQ(summary(m), "fail tls timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_FALSE(has(m, field::kTlsSeconds));
}

TEST(StageTimeout, OfHttpEndsTheRunThere) {
  CheckBench bench;
  const TcpListener silent;
  const auto m = run(bench, limited("http://127.0.0.1:" + std::to_string(silent.port()) + "/", Stage::kHttp, 100ms));
  EXPECT_EQ(summary(m), "fail http timeout");
  EXPECT_FALSE(has(m, field::kProcessingSeconds));
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 2);
}

TEST(StageTimeout, OfOneStageDoesNotTouchTheOthers) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.then = Script::Then::kKeepOpen}};
  const auto m =
      run(bench, limited("tcp://app.test:" + std::to_string(server.port()), Stage::kTls, std::chrono::milliseconds{1}));
  EXPECT_EQ(summary(m), "ok done none");
}

TEST(StageTimeout, TheWholeRunsTimeoutStillHolds) {
  CheckBench bench;
  const FullListener silent;
  auto entry = limited("tcp://127.0.0.1:" + std::to_string(silent.port()), Stage::kTcp, 4s);
  entry.target.timeout = 100ms;
  const auto m = run(bench, entry);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_NEAR(seconds_of(m, field::kDurationSeconds), 0.1, 0.4);
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

/// A service that takes a connection and then answers no ClientHello, asked by a tcp check whose first step is TLS.
prober::TargetEntry starttls_entry(const TcpListener& silent, core::Duration timeout) {
  return CheckBench::make_entry("tcp://127.0.0.1:" + std::to_string(silent.port()),
                                "expect: {steps: [{starttls: true}]}", timeout);
}

TEST(StageTimeout, AHandshakeAmidADialogueHasTheLimitOfTls) {
  CheckBench bench;
  const TcpListener silent;
  auto entry = starttls_entry(silent, 5s);
  entry.net.stage_timeouts.at(static_cast<std::size_t>(Stage::kTls)) = 100ms;
  const auto m = run(bench, entry);
  EXPECT_EQ(summary(m), "fail tls timeout");
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 4);
}

TEST(HandshakePlaces, AHandshakeAmidADialogueNeedsAPlaceToo) {
  CheckBench bench;
  prober::HandshakeGate gate{bench.loop(), 1};
  bench.context().handshakes = &gate;
  io::Handle taken;
  ASSERT_TRUE(gate.enter(taken, [] {}));
  const TcpListener silent;
  EXPECT_EQ(summary(run(bench, starttls_entry(silent, 200ms))), "unknown tls overload");
}

/// Two runs at once where there is one place; the first never ends its handshake by itself.
struct Queue {
  explicit Queue(const std::string& second_url, core::Duration second_timeout) {
    bench.context().handshakes = &gate;
    first.emplace(first_entry, bench.context(), watch);
    second_entry = limited(second_url, Stage::kTls, 150ms);
    second_entry.target.timeout = second_timeout;
    first->start([this](core::Measurement m) { first_result = std::move(m); });
    EXPECT_TRUE(run_loop_until(bench.loop(), [this] { return gate.inside() == 1; }));
    second.emplace(second_entry, bench.context(), watch);
    second->start([this](core::Measurement m) { second_result = std::move(m); });
    EXPECT_TRUE(run_loop_until(bench.loop(), [this] { return second_result.has_value(); }));
  }
  TcpListener silent;
  CheckBench bench;
  prober::HandshakeGate gate{bench.loop(), 1};
  prober::SelfWatch watch{bench.loop()};
  prober::TargetEntry first_entry =
      limited("tls://127.0.0.1:" + std::to_string(silent.port()), Stage::kTls, std::chrono::milliseconds{300});
  prober::TargetEntry second_entry;
  std::optional<core::Measurement> first_result;
  std::optional<core::Measurement> second_result;
  std::optional<prober::Run> first;
  std::optional<prober::Run> second;
};

TEST(HandshakePlaces, AWaitIsAPhaseOfItsOwnAndNotTheTargets) {
  const TcpListener silent;
  const Queue q{"tls://127.0.0.1:" + std::to_string(silent.port()), 5s};
  ASSERT_TRUE(q.first_result.has_value());
  EXPECT_EQ(summary(*q.first_result), "fail tls timeout");
  EXPECT_FALSE(has(*q.first_result, field::kTlsWaitSeconds)) << "it did not wait";
  const double waited = seconds_of(*q.second_result, field::kTlsWaitSeconds);
  EXPECT_GT(waited, 0.2);
  EXPECT_LT(waited, 2);
  // Its own limit of 150 ms began when it had a place.
  EXPECT_EQ(summary(*q.second_result), "fail tls timeout");
  EXPECT_EQ(q.second_result->outcome.detail, "longer than 150ms");
  EXPECT_FALSE(has(*q.second_result, field::kTlsSeconds));
}

TEST(HandshakePlaces, ARunThatFindsNoneIsOurOwnOverload) {
  const TcpListener silent;
  const Queue q{"tls://127.0.0.1:" + std::to_string(silent.port()), 100ms};
  EXPECT_EQ(summary(*q.second_result), "unknown tls overload");
  EXPECT_FALSE(has(*q.second_result, field::kTlsSeconds));
  EXPECT_TRUE(has(*q.second_result, field::kConnectSeconds));
}

TEST(WayOut, ATargetsOwnSourceIsUsed) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {.wait_for = "x", .say = "y"}};
  prober::TargetEntry entry = CheckBench::make_entry(server.url("tcp"), "expect: {send: x}", 5s);
  entry.net.source = io::parse_address("127.0.0.88");
  EXPECT_EQ(summary(run(bench, entry)), "ok done none");
  EXPECT_EQ(server.peer(), "127.0.0.88");
}

TEST(WayOut, C34_AnInterfaceThatIsNotThereIsAConfigurationFault) {
  CheckBench bench;
  ScriptedServer server{bench.loop(), {}};
  prober::TargetEntry entry = CheckBench::make_entry(server.url("tcp"), "", 5s);
  entry.net.interface = "nosuch0";
  const auto m = run(bench, entry);
  EXPECT_EQ(summary(m), "unknown tcp config");
  EXPECT_NE(m.outcome.detail.find("nosuch0"), std::string::npos);
}

TEST(WayOut, C32_ATimeoutWithoutARouteIsOurOwnFault) {
  const auto result = in_own_network(
      "ip link add v0 type veth peer name v1; ip addr add 10.8.0.1/24 dev v0; ip link set v0 up; ip link set v1 up; "
      "ip neigh add 10.8.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent",
      [] {
        CheckBench bench{{.allow = "10.0.0.0/8"}};
        const auto entry = limited("tcp://10.8.0.9:80", Stage::kTcp, 300ms);
        const auto down = bench.loop().after(50ms, [] {
          EXPECT_EQ(std::system("ip link set v0 down"), 0);  // NOLINT(concurrency-mt-unsafe): one thread
        });
        EXPECT_EQ(summary(run(bench, entry)), "unknown tcp no_route");
        const auto silent = run(bench, limited("tcp://127.0.0.1:9", Stage::kTcp, 300ms));
        EXPECT_EQ(summary(silent), "fail tcp refused");
      });
  if (result == OwnNetworkResult::kNotHere) GTEST_SKIP() << kNoOwnNetwork;
  EXPECT_EQ(result, OwnNetworkResult::kPassed);
}

}  // namespace
}  // namespace sonde::test
