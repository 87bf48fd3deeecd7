// Connections that a real server on loopback cannot spoil: local rules, a peer that vanishes, packets that get lost by
// size (RELIABILITY 2.2). The peer is a TUN device in a network of the test's own, the rule a filter of system calls.
#include <gtest/gtest.h>

#include "tests/support/own_network.h"
#include "tests/support/system_call_fault.h"
#include "tests/support/tun_peer.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

/// One tcp check on a thread whose `number` ends with `error`; nothing where the kernel forbids such filters.
std::optional<core::Measurement> run_under_fault(long number, int error) {
  std::optional<core::Measurement> m;
  on_own_thread([&] {
    CheckBench bench;
    ScriptedServer server{bench.loop(), {}};
    const std::string url = server.url("tcp");
    if (fail_system_call(number, error)) m = bench.run(url);
  });
  return m;
}

TEST(TcpHostile, C7_ALocalRuleThatForbidsIsOurs) {
  const auto m = run_under_fault(SYS_connect, EPERM);
  if (!m) GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_EQ(summary(*m), "unknown tcp policy");
  EXPECT_NE(m->outcome.detail.find("Operation not permitted"), std::string::npos) << m->outcome.detail;
  EXPECT_FALSE(has(*m, field::kConnectSeconds)) << "nothing went out";
  EXPECT_FALSE(has(*m, field::kTcpRttSeconds));
}

TEST(TcpHostile, C31_NoBuffersAndNoMemoryAreOurs) {
  for (const auto& [number, error] :
       {std::pair{SYS_socket, ENOBUFS}, {SYS_socket, ENOMEM}, {SYS_connect, ENOBUFS}, {SYS_connect, ENOMEM}}) {
    SCOPED_TRACE(std::to_string(number) + " " + std::to_string(error));
    const auto m = run_under_fault(number, error);
    if (!m) GTEST_SKIP() << "seccomp filters are not allowed here";
    EXPECT_EQ(summary(*m), "unknown tcp no_fd");
    EXPECT_FALSE(m->outcome.detail.empty());
    EXPECT_FALSE(has(*m, field::kConnectSeconds));
  }
}

/// Runs one check of the peer: its `expect` map, its timeout and the scheme of its URL.
struct RunCheck {
  CheckBench& bench;
  core::Measurement operator()(const std::string& expect, core::Duration timeout,
                               const std::string& scheme = "tcp") const {
    return bench.run(scheme + "://" + kTunPeerAddress + ":80", "expect: " + expect, timeout);
  }
};

/// Runs `body` against a peer that behaves so.

void with_peer(const TunPeer::Behaviour& behaviour, const std::function<void(TunPeer&, const RunCheck&)>& body) {
  const auto in_child = [&] {
    CheckBench bench{{.allow = "10.9.0.0/24"}};
    TunPeer peer{bench.loop(), behaviour};
    ASSERT_TRUE(peer.works());
    body(peer, RunCheck{bench});
  };
  switch (in_own_network(kTunSetup, in_child)) {
    case OwnNetworkResult::kPassed:
      return;
    case OwnNetworkResult::kFailed:
      FAIL() << "see the expectations above";
    case OwnNetworkResult::kNotHere:
      GTEST_SKIP() << kNoOwnNetwork << ", and /dev/net/tun";
  }
}

std::string send_bytes(std::size_t count) { return "{send: \"" + std::string(count, 'x') + "\", banner: OK}"; }

TEST(TcpHostile, TheTunPeerIsAServerLikeAnyOther) {
  with_peer({.says = "OK\r\n"}, [](TunPeer& peer, const RunCheck& run) {
    const auto m = run(send_bytes(3000), 5s);
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_EQ(peer.received(), 3000U);
    EXPECT_EQ(integer_of(m, field::kTcpRetransmits), 0);
  });
}

TEST(TcpHostile, C15_APeerThatVanishesAfterTheConnectIsATimeout) {
  with_peer({.answers_data = false}, [](TunPeer& peer, const RunCheck& run) {
    const auto m = run(send_bytes(5), 900ms);
    EXPECT_EQ(summary(m), "fail tcp timeout");
    EXPECT_EQ(m.outcome.detail, "what was sent was never acknowledged: the peer may be gone");
    EXPECT_TRUE(has(m, field::kConnectSeconds));
    EXPECT_GE(integer_of(m, field::kTcpRetransmits), 1);
    EXPECT_GE(peer.dropped(), 2);
    EXPECT_LT(seconds_of(m, field::kDurationSeconds), 0.95);
  });
}

TEST(TcpHostile, C19_AResetAfterTheFirstBytesSaysSo) {
  with_peer({.resets_data = true}, [](TunPeer&, const RunCheck& run) {
    const auto m = run(send_bytes(5), 5s);
    EXPECT_EQ(summary(m), "fail tcp reset");
    EXPECT_EQ(m.outcome.detail, "after our first bytes");
    EXPECT_TRUE(has(m, field::kTcpRttSeconds));
    EXPECT_FALSE(has(m, field::kExpectMatch));
  });
}

TEST(TcpHostile, C20_AResetFromNearerIsTheSameReset) {
  with_peer({.resets_data = true, .ttl_of_reset = 3}, [](TunPeer&, const RunCheck& run) {
    const auto m = run(send_bytes(5), 5s);
    EXPECT_EQ(summary(m), "fail tcp reset");
    EXPECT_EQ(m.outcome.detail, "after our first bytes");
  });
}

TEST(TcpHostile, C22_LargePacketsThatVanishAreTheMtu) {
  with_peer({.largest = 1000}, [](TunPeer& peer, const RunCheck& run) {
    const auto m = run(send_bytes(3000), 2s);  // 1460, 1460 and 80: the last arrives
    EXPECT_EQ(summary(m), "fail tcp pmtu");
    EXPECT_EQ(m.outcome.detail, "a short segment was acknowledged, a full one before it never");
    EXPECT_GE(integer_of(m, field::kTcpRetransmits), 2);
    EXPECT_GE(peer.dropped(), 3);
    EXPECT_EQ(peer.received(), 0U);
  });
}

TEST(TcpHostile, C22_WhatIsShortGetsThrough) {
  with_peer({.largest = 1000, .says = "OK\r\n"},
            [](TunPeer&, const RunCheck& run) { EXPECT_EQ(summary(run(send_bytes(900), 5s)), "ok done none"); });
}

TEST(TcpHostile, C22_ThePeersLargePacketsThatVanishAreTheMtuToo) {
  struct Case {
    const char* scheme;
    std::string expect;
  };
  for (const Case& c : {Case{"tcp", send_bytes(5)}, Case{"tls", "{}"}, Case{"http", "{}"}}) {
    SCOPED_TRACE(c.scheme);
    with_peer({.says = std::string(3000, 'x'), .lost_of_answer = 2920}, [&c](TunPeer&, const RunCheck& run) {
      const auto m = run(c.expect, 1600ms, c.scheme);
      EXPECT_EQ(summary(m), "fail tcp pmtu");
      EXPECT_EQ(m.outcome.detail, "a later segment of the peer's answer came, the full ones before it never");
      EXPECT_TRUE(has(m, field::kConnectSeconds));
    });
  }
}

TEST(TcpHostile, C22_AGapThatIsYoungMayStillBeFilled) {
  with_peer({.says = std::string(3000, 'x'), .lost_of_answer = 2920}, [](TunPeer&, const RunCheck& run) {
    EXPECT_EQ(summary(run(send_bytes(5), 700ms)), "fail tcp timeout");
    EXPECT_EQ(summary(run("{}", 700ms, "http")), "fail http timeout");
  });
}

TEST(TcpHostile, C22_APeerThatIsSilentIsNoQuestionOfSize) {
  with_peer({}, [](TunPeer&, const RunCheck& run) {
    EXPECT_EQ(summary(run(send_bytes(5), 1200ms)), "fail tcp timeout");
    EXPECT_EQ(summary(run("{}", 1200ms, "tls")), "fail tls timeout");
  });
}

TEST(TcpHostile, C45_EveryThirdConnectionResetIsSeenAsOftenAsItIs) {
  CheckBench bench;
  ScriptedServer good{bench.loop(), {.wait_for = "x", .say = "OK"}};
  ScriptedServer bad{bench.loop(), {.wait_for = "x", .say = "", .then = Script::Then::kReset}};
  std::string seen;
  for (int i = 1; i <= 9; ++i) {  // a balancer that sends every third connection to a broken host
    const auto m = bench.run((i % 3 == 0 ? bad : good).url("tcp"), "expect: {send: x, banner: OK}");
    seen += summary(m) == "ok done none" ? '.' : summary(m) == "fail tcp reset" ? 'R' : '?';
  }
  EXPECT_EQ(seen, "..R..R..R") << "nothing is retried away, nothing lingers";
}

}  // namespace
}  // namespace sonde::test
