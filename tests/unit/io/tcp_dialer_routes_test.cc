// Connects that end on the way, in a network of the test's own with routes that lead nowhere (RELIABILITY 2.2).
#include <gtest/gtest.h>

#include <cstdlib>

#include "io/system_loop.h"
#include "io/tcp_dialer.h"
#include "tests/support/own_network.h"
#include "tests/support/run_loop.h"
#include "tests/support/tcp_listener.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using io::DialError;

// A link to a neighbour that is there as far as the kernel knows (.9, swallows all) and to one that is not (.7).
constexpr const char* kLink =
    "ip link add v0 type veth peer name v1; ip addr add 10.8.0.1/24 dev v0; ip link set v0 up; ip link set v1 up; "
    "ip neigh add 10.8.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent; "
    "echo 50 > /proc/sys/net/ipv4/neigh/v0/retrans_time_ms; ";

class DialerRoutes : public testing::Test {
 protected:
  static io::Endpoint to(const char* address) { return {*io::parse_address(address), 80}; }

  static io::TcpDialer make_dialer(io::Loop& loop) {
    io::DialerOptions options;
    options.policy.allow("10.0.0.0/8");
    options.policy.allow("fd00::/8");
    return io::TcpDialer{loop, std::move(options)};
  }

  /// How a connect ends within `wait`; nothing when it does not.
  static std::optional<DialError> dial(const char* address, core::Duration wait = 5s) {
    const auto loop = io::make_system_loop();
    io::TcpDialer dialer = make_dialer(*loop);
    std::optional<DialError> error;
    const auto handle = dialer.dial(to(address), {}, [&error](const io::DialResult& r) { error = r.error; });
    (void)run_loop_until(
        *loop, [&error] { return error.has_value(); }, wait);
    return error;
  }

  static void expect(const std::string& setup, const std::function<void()>& body) {
    switch (in_own_network(setup, body)) {
      case OwnNetworkResult::kPassed:
        return;
      case OwnNetworkResult::kFailed:
        FAIL() << "see the expectations above";
      case OwnNetworkResult::kNotHere:
        GTEST_SKIP() << kNoOwnNetwork;
    }
  }
};

TEST_F(DialerRoutes, C3_ABlackHoleOnTheWayIsSilence) {
  expect(kLink, [] { EXPECT_EQ(dial("10.8.0.9", 300ms), std::nullopt); });
}

TEST_F(DialerRoutes, C4_AHostThatIsNotThereIsUnreachable) {
  expect(kLink, [] { EXPECT_EQ(dial("10.8.0.7"), DialError::kUnreachable); });
}

TEST_F(DialerRoutes, C5_NoRouteIsOurOwnFault) {
  expect("", [] { EXPECT_EQ(dial("10.1.2.3"), DialError::kNoRoute); });
}

TEST_F(DialerRoutes, C5_AnUnreachableRouteOfOurOwnIsOurOwnFault) {
  expect("ip route add unreachable 10.1.0.0/16", [] { EXPECT_EQ(dial("10.1.2.3"), DialError::kNoRoute); });
}

TEST_F(DialerRoutes, C6_AProhibitingRouteOfOurOwnIsALocalRule) {
  expect("ip route add prohibit 10.1.0.0/16", [] { EXPECT_EQ(dial("10.1.2.3"), DialError::kBlocked); });
  expect("ip route add blackhole 10.1.0.0/16", [] { EXPECT_EQ(dial("10.1.2.3"), DialError::kBlocked); });
}

// A router behind the link that forbids fd00:6::/64 and knows no fd00:5::/64.
constexpr const char* kRouter =
    "ip link add v0 type veth peer name v1; unshare -n sleep 10 >/dev/null 2>&1 & router=$!; "
    "until [ \"$(readlink /proc/$router/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; do sleep 0.02; done; "
    "ip link set v1 netns $router; "
    "there() { nsenter -t $router -n \"$@\"; }; "
    "ip addr add fd00:8::1/64 dev v0 nodad; ip link set v0 up; "
    "there ip addr add fd00:8::2/64 dev v1 nodad; there ip link set v1 up; there ip link set lo up; "
    "there sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'; "
    "there ip -6 route add prohibit fd00:6::/64; "
    "ip -6 route add fd00:6::/64 via fd00:8::2; ip -6 route add fd00:5::/64 via fd00:8::2";

TEST_F(DialerRoutes, C6_ARouterThatForbidsIsProhibited) {
  expect(kRouter, [] { EXPECT_EQ(dial("fd00:6::1"), DialError::kProhibited); });
}

TEST_F(DialerRoutes, C4_ARouterWithoutARouteIsUnreachableAndNotOurs) {
  expect(kRouter, [] { EXPECT_EQ(dial("fd00:5::1"), DialError::kUnreachable); });
}

TEST_F(DialerRoutes, C29_NoLocalPortLeftIsOurOwnFault) {
  expect("echo '40000 40001' > /proc/sys/net/ipv4/ip_local_port_range; ip addr add 10.8.0.1/24 dev lo", [] {
    const TcpListener server{"10.8.0.1", 80};
    const auto loop = io::make_system_loop();
    io::TcpDialer dialer = make_dialer(*loop);
    std::vector<io::DialResult> results;
    std::vector<io::Handle> handles;
    for (int i = 0; i < 3; ++i) {
      handles.push_back(
          dialer.dial(to("10.8.0.1"), {}, [&results](io::DialResult r) { results.push_back(std::move(r)); }));
    }
    ASSERT_TRUE(run_loop_until(*loop, [&results] { return results.size() == 3; }));
    EXPECT_EQ(results[0].error, DialError::kNone);
    EXPECT_EQ(results[2].error, DialError::kNoResource);
  });
}

TEST_F(DialerRoutes, C32_AnInterfaceThatGoesDownMeanwhileIsSeenAsOurFault) {
  expect(kLink, [] {
    const auto loop = io::make_system_loop();
    io::TcpDialer dialer = make_dialer(*loop);
    const auto handle = dialer.dial(to("10.8.0.9"), {}, [](const io::DialResult&) { FAIL() << "nobody is there"; });
    run_turns(*loop, 3);
    EXPECT_EQ(dialer.own_fault(to("10.8.0.9"), {}), DialError::kNone);
    ASSERT_EQ(std::system("ip link set v0 down"), 0);  // NOLINT(concurrency-mt-unsafe): one thread
    EXPECT_EQ(dialer.own_fault(to("10.8.0.9"), {}), DialError::kNoRoute);
  });
}

}  // namespace
}  // namespace sonde::test
