// The dialer against loopback (RELIABILITY 2.2): how a connect ends, what it costs, and where it goes out.
#include "io/tcp_dialer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "io/sockaddr.h"
#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/tcp_listener.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using io::DialError;
using io::DialResult;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Dialer : public testing::Test {
 protected:
  io::TcpDialer make(std::optional<io::IpAddress> source = std::nullopt) {
    io::DialerOptions options;
    options.source = source;
    options.policy.allow("127.0.0.0/8");
    return io::TcpDialer{*loop_, std::move(options)};
  }
  static io::Endpoint local(int port) { return {*io::parse_address("127.0.0.1"), port}; }

  DialResult dial(const io::Endpoint& to, const io::DialFrom& from = {}) {
    io::TcpDialer dialer = make();
    std::optional<DialResult> result;
    const auto handle = dialer.dial(to, from, [&result](DialResult r) { result = std::move(r); });
    EXPECT_FALSE(result.has_value()) << "done was called from inside dial";
    EXPECT_TRUE(run_loop_until(*loop_, [&result] { return result.has_value(); }));
    return result ? std::move(*result) : DialResult{};
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
};

TEST_F(Dialer, C1_AConnectionSaysWhatTheKernelSaw) {
  const TcpListener server;
  const DialResult r = dial(local(server.port()));
  EXPECT_EQ(r.error, DialError::kNone);
  EXPECT_TRUE(r.fd);
  ASSERT_TRUE(r.rtt.has_value());
  EXPECT_GT(*r.rtt, 0us);
  EXPECT_EQ(r.retransmits, 0);
  EXPECT_GT(r.elapsed, 0us);
  EXPECT_LE(r.elapsed, *r.rtt);
}

TEST_F(Dialer, TheDelayOfOurOwnLoopIsNoConnectTime) {
  const TcpListener server;
  io::TcpDialer dialer = make();
  std::optional<DialResult> good;
  const auto one = dialer.dial(local(server.port()), {}, [&good](DialResult r) { good = std::move(r); });
  const auto until = loop_->precise_now() + 100ms;
  while (loop_->precise_now() < until) {
  }  // the loop is busy with something else
  ASSERT_TRUE(run_loop_until(*loop_, [&good] { return good.has_value(); }));
  EXPECT_LT(good->elapsed, 50ms);
}

TEST_F(Dialer, C2_ARefusalIsSaidAtOnce) { EXPECT_EQ(dial(local(free_tcp_port())).error, DialError::kRefused); }

TEST_F(Dialer, C16_AFullBacklogIsSilence) {
  const FullListener server;
  io::TcpDialer dialer = make();
  bool called = false;
  const auto handle = dialer.dial(local(server.port()), {}, [&called](const DialResult&) { called = true; });
  EXPECT_FALSE(run_loop_until(
      *loop_, [&called] { return called; }, 200ms));
}

TEST_F(Dialer, C17_OneLostSynIsOkWithTheWholeTimeAndTheCount) {
  FullListener server;
  io::TcpDialer dialer = make();
  std::optional<DialResult> result;
  const auto handle = dialer.dial(local(server.port()), {}, [&result](DialResult r) { result = std::move(r); });
  run_turns(*loop_, 2);
  server.drain();
  ASSERT_TRUE(run_loop_until(*loop_, [&result] { return result.has_value(); }));
  EXPECT_EQ(result->error, DialError::kNone);
  EXPECT_EQ(result->retransmits, 1);
  EXPECT_GE(result->elapsed, 900ms);  // the kernel sends a SYN again after one second, RFC 6298
  EXPECT_LT(*result->rtt, 500ms);     // the round trip alone does not say so
}

TEST_F(Dialer, C26_MulticastAndThisNetworkAreNeverDialled) {
  EXPECT_EQ(dial({*io::parse_address("0.0.0.0"), 80}).error, DialError::kPolicy);
  EXPECT_EQ(dial({*io::parse_address("224.0.0.1"), 80}).error, DialError::kPolicy);
  EXPECT_EQ(dial({*io::parse_address("255.255.255.255"), 80}).error, DialError::kPolicy);
}

TEST_F(Dialer, C30_NoDescriptorLeftIsOurOwnFault) {
  const TcpListener server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none_left = before;
  none_left.rlim_cur = 0;
  io::TcpDialer dialer = make();
  const auto dial_under = [&](const rlimit& limit, const io::DialFrom& from) {
    std::optional<DialError> error;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto handle = dialer.dial(local(server.port()), from, [&error](const DialResult& r) { error = r.error; });
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(run_loop_until(*loop_, [&error] { return error.has_value(); }));
    return error;
  };
  // UBSan opens a pipe when it meets a type for the first time, so the ways of success and of failure go first.
  EXPECT_EQ(dial_under(before, {}), DialError::kNone);
  EXPECT_EQ(dial_under(before, {.source = io::parse_address("192.0.2.1")}), DialError::kBadSource);
  EXPECT_EQ(dial_under(none_left, {}), DialError::kNoResource);
}

TEST_F(Dialer, C33_AForeignSourceIsAConfigurationFault) {
  const TcpListener server;
  const DialResult r = dial(local(server.port()), {.source = io::parse_address("192.0.2.1")});
  EXPECT_EQ(r.error, DialError::kBadSource);
  EXPECT_NE(r.detail.find("192.0.2.1"), std::string::npos);
}

TEST_F(Dialer, ASourceOfItsOwnGoesBeforeThatOfTheDialer) {
  TcpListener server;
  io::TcpDialer dialer = make(io::parse_address("127.0.0.55"));
  for (const auto& [own, seen] : {std::pair{"127.0.0.66", "127.0.0.66"}, std::pair{"::1", "127.0.0.55"}}) {
    std::optional<DialResult> result;
    const auto handle = dialer.dial(local(server.port()), {.source = io::parse_address(own)},
                                    [&result](DialResult r) { result = std::move(r); });
    ASSERT_TRUE(run_loop_until(*loop_, [&result] { return result.has_value(); }));
    EXPECT_EQ(result->error, DialError::kNone) << result->detail;
    EXPECT_EQ(server.accept_peer(), seen);
  }
}

TEST_F(Dialer, AnInterfaceIsTheWayOut) {
  const TcpListener server;
  const DialResult r = dial(local(server.port()), {.source = std::nullopt, .interface = "lo"});
  EXPECT_EQ(r.error, DialError::kNone) << r.detail;
}

TEST_F(Dialer, C34_AnInterfaceThatIsNotThereIsAConfigurationFault) {
  const TcpListener server;
  const DialResult r = dial(local(server.port()), {.source = std::nullopt, .interface = "nosuch0"});
  EXPECT_EQ(r.error, DialError::kBadSource);
  EXPECT_NE(r.detail.find("nosuch0"), std::string::npos);
}

TEST_F(Dialer, C36_TenThousandCancelsLeakNoDescriptor) {
  const FullListener server;
  io::TcpDialer dialer = make();
  const std::size_t before = open_descriptors();
  constexpr int kRounds = 100;
  constexpr int kAtOnce = 100;
  for (int i = 0; i < kRounds; ++i) {
    std::vector<io::Handle> handles;
    for (int j = 0; j < kAtOnce; ++j) {
      handles.push_back(dialer.dial(local(server.port()), {}, [](const DialResult&) { FAIL(); }));
    }
    if (i % 20 == 0) run_turns(*loop_, 1);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Dialer, C46_TwoDialersWithOneSourceDoNotTakeEachOthersPorts) {
  const TcpListener server;
  io::TcpDialer one = make(io::parse_address("127.0.0.77"));
  io::TcpDialer two = make(io::parse_address("127.0.0.77"));
  int good = 0;
  std::vector<io::Handle> handles;
  std::vector<DialResult> results;
  for (int i = 0; i < 32; ++i) {
    handles.push_back((i % 2 == 0 ? one : two).dial(local(server.port()), {}, [&](DialResult r) {
      good += r.error == DialError::kNone ? 1 : 0;
      results.push_back(std::move(r));
    }));
  }
  ASSERT_TRUE(run_loop_until(*loop_, [&results] { return results.size() == 32; }));
  EXPECT_EQ(good, 32);
}

TEST_F(Dialer, NothingOfOurOwnKeepsUsFromLoopback) {
  const io::TcpDialer dialer = make();
  EXPECT_EQ(dialer.own_fault(local(1), {}), DialError::kNone);
  EXPECT_EQ(dialer.own_fault(local(1), {.source = std::nullopt, .interface = "nosuch0"}), DialError::kBadSource);
}

}  // namespace
}  // namespace sonde::test
