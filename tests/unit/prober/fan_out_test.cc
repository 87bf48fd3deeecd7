// Every address of a name, or both families, in one measurement (RELIABILITY C23 to C25, D43).
#include "prober/fan_out.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/tcp_listener.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::dns::Type;
using prober::NetSpec;
namespace field = core::field;

/// A bench whose resolver knows app.test by given addresses; no answer at all for a type that is to be silent.
class FanOut : public testing::Test {
 protected:
  void addresses(std::vector<std::string> ip4, std::vector<std::string> ip6 = {}) {
    answers_[Type::kA] = std::move(ip4);
    answers_[Type::kAaaa] = std::move(ip6);
    resolver_ = std::make_unique<DnsServer>(bench_.loop(), [this](const core::dns::Message& q, bool) {
      ++asked_[q.questions.front().type];
      if (q.questions.front().type == silent_) return std::vector<std::vector<std::uint8_t>>{};
      std::vector<core::dns::ResourceRecord> records;
      for (const std::string& a : answers_[q.questions.front().type]) {
        records.push_back(record(host_, q.questions.front().type, a));
      }
      return wire(reply_to(q, std::move(records)));
    });
    bench_.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(resolver_->port()), 53);
  }

  core::Measurement run(int port, const NetSpec& net, core::Duration timeout = 5s) {
    prober::TargetEntry entry = CheckBench::make_entry("tcp://" + host_ + ":" + std::to_string(port), "", timeout);
    entry.net = net;
    return run(entry);
  }

  core::Measurement run(const prober::TargetEntry& entry) {
    const prober::SelfWatch watch{bench_.loop()};
    std::optional<core::Measurement> result;
    prober::Run one{entry, bench_.context(), watch};
    one.start([&result](core::Measurement m) { result = std::move(m); });
    EXPECT_FALSE(result.has_value()) << "done was called from inside start";
    EXPECT_TRUE(run_loop_until(bench_.loop(), [&result] { return result.has_value(); }));
    return result ? std::move(*result) : core::Measurement{};
  }

  static constexpr NetSpec kAll{.all_addresses = true};
  static constexpr NetSpec kBoth{.family = NetSpec::Family::kBoth};

  CheckBench bench_{{.allow = "::1"}};
  std::string host_ = "app.test";
  std::map<Type, std::vector<std::string>> answers_;
  std::map<Type, int> asked_;
  std::optional<Type> silent_;  // never answered
  std::unique_ptr<DnsServer> resolver_;
};

/// A port that the same listener has at each of these addresses.
std::vector<std::unique_ptr<TcpListener>> listeners(const std::vector<const char*>& addresses) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::vector<std::unique_ptr<TcpListener>> out;
    int port = 0;
    for (const char* a : addresses) {
      out.push_back(std::make_unique<TcpListener>(a, port));
      if (!out.back()->usable()) break;
      port = out.back()->port();
    }
    if (out.size() == addresses.size() && out.back()->usable()) return out;
  }
  return {};
}

bool has_ip6() { return TcpListener{"::1"}.usable(); }

TEST_F(FanOut, AllAddressesWellIsOkWithOneMeasurement) {
  const auto servers = listeners({"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  ASSERT_FALSE(servers.empty());
  addresses({"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  const auto m = run(servers[0]->port(), kAll);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kAddresses), 3);
  EXPECT_EQ(integer_of(m, field::kAddressesFailed), 0);
  EXPECT_EQ(asked_[Type::kA], 1) << "resolved once";
  EXPECT_GT(seconds_of(m, field::kResolveSeconds), 0);
  EXPECT_GT(seconds_of(m, field::kConnectSeconds), 0);
  EXPECT_EQ(m.family, "ip4");
  for (const auto& s : servers) EXPECT_NE(s->accept_peer(), "") << "each address was tried";
}

TEST_F(FanOut, C25_OneDeadOfEightIsDegradedAndSaysWhich) {
  const auto servers =
      listeners({"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"});
  ASSERT_FALSE(servers.empty());
  addresses({"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.8", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"});
  const auto m = run(servers[0]->port(), kAll);
  EXPECT_EQ(summary(m), "degraded tcp some_addresses");
  EXPECT_EQ(m.outcome.detail, "1 of 8: 127.0.0.8 tcp_refused");
  EXPECT_EQ(integer_of(m, field::kAddresses), 8);
  EXPECT_EQ(integer_of(m, field::kAddressesFailed), 1);
  EXPECT_NE(text_of(m, field::kIp), "127.0.0.8") << "phases are those of an address that works";
  EXPECT_TRUE(has(m, field::kTcpRttSeconds));
}

TEST_F(FanOut, AllBadIsAFailureWithTheClassThatMostHave) {
  const FullListener silent{"127.0.0.3"};
  addresses({"127.0.0.3", "127.0.0.4", "127.0.0.5"});
  const auto m = run(silent.port(), kAll, 300ms);
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_EQ(m.outcome.detail, "3 of 3: 127.0.0.3 tcp_timeout; 127.0.0.4 tcp_refused; 127.0.0.5 tcp_refused");
  EXPECT_EQ(integer_of(m, field::kAddressesFailed), 3);
}

TEST_F(FanOut, MoreThanEightTakeTurnsAndSilentOnesDoNotKeepTheRestFromTheirs) {
  // Eight black holes first, then two that work: with one deadline for all the two would never be tried.
  std::vector<const char*> dead = {"127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4",
                                   "127.0.1.5", "127.0.1.6", "127.0.1.7", "127.0.1.8"};
  const TcpListener good{"127.0.2.1"};
  const TcpListener good_too{"127.0.2.2", good.port()};
  ASSERT_TRUE(good_too.usable());
  std::vector<std::unique_ptr<FullListener>> silent;
  std::vector<std::string> all;
  for (const char* a : dead) {
    silent.push_back(std::make_unique<FullListener>(a, good.port()));
    ASSERT_TRUE(silent.back()->usable());
    all.emplace_back(a);
  }
  all.insert(all.end(), {"127.0.2.1", "127.0.2.2"});
  addresses(all);
  const auto m = run(good.port(), kAll, 1s);
  EXPECT_EQ(summary(m), "degraded tcp some_addresses");
  EXPECT_TRUE(m.outcome.detail.starts_with("8 of 10: 127.0.1.1 tcp_timeout; ")) << m.outcome.detail;
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 0.95) << "the silent ones had half of the time";
}

TEST_F(FanOut, SixtyFourAreTriedAtMost) {
  host_ = "a";  // so short that all fit into one datagram
  std::vector<std::string> many;
  for (int i = 1; i <= 67; ++i) many.push_back("127.0.3." + std::to_string(i));
  addresses(many);
  const auto m = run(free_tcp_port(), kAll);
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_TRUE(m.outcome.detail.starts_with("64 of 64: ")) << m.outcome.detail;
  EXPECT_TRUE(m.outcome.detail.ends_with(" more")) << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kAddresses), 67);
  EXPECT_EQ(integer_of(m, field::kAddressesFailed), 64);
}

TEST_F(FanOut, OneAddressIsReportedAsWithoutFanOut) {
  addresses({"127.0.0.9"});
  const auto m = run(free_tcp_port(), kAll);
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_EQ(m.outcome.detail, "127.0.0.9: Connection refused");
}

TEST_F(FanOut, ANameThatDoesNotResolveIsADnsFailure) {
  addresses({});
  const auto m = run(80, kAll);
  EXPECT_EQ(summary(m), "fail dns nodata");
  EXPECT_FALSE(has(m, field::kAddressesFailed)) << "none was tried";
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

TEST_F(FanOut, AnAddressThatOurPolicyForbidsIsLeftOut) {
  const TcpListener server;
  addresses({"127.0.0.1", "192.168.7.7"});
  const auto m = run(server.port(), kAll);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kAddresses), 2);
}

TEST_F(FanOut, TheDeadlineEndsWhatRunsAndKeepsWhatIsKnown) {
  const FullListener silent{"127.0.0.5"};
  const TcpListener good{"127.0.0.6", silent.port()};
  ASSERT_TRUE(good.usable());
  addresses({"127.0.0.5", "127.0.0.6"});
  const auto m = run(silent.port(), kAll, 200ms);
  EXPECT_EQ(summary(m), "degraded tcp some_addresses");
  EXPECT_EQ(m.outcome.detail, "1 of 2: 127.0.0.5 tcp_timeout");
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.6");
}

TEST_F(FanOut, ADeadlineWithinTheLookUpIsADnsTimeout) {
  DnsServer silent{bench_.loop(), [](const core::dns::Message&, bool) { return decltype(wire({})){}; }};
  bench_.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(silent.port()), 53);
  EXPECT_EQ(summary(run(80, kAll, 200ms)), "fail dns timeout");
  NetSpec limited = kAll;
  limited.stage_timeouts[0] = 100ms;
  const auto m = run(80, limited, 5s);
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_EQ(m.outcome.detail, "longer than 100ms");
}

TEST_F(FanOut, C23_OneFamilySilentIsDegraded) {
  if (!has_ip6()) GTEST_SKIP() << "no IPv6 on loopback";
  const TcpListener good;
  const FullListener silent{"::1", good.port()};
  ASSERT_TRUE(silent.usable());
  addresses({"127.0.0.1"}, {"::1"});
  const auto m = run(good.port(), kBoth, 300ms);
  EXPECT_EQ(summary(m), "degraded tcp some_addresses");
  EXPECT_EQ(m.outcome.detail, "1 of 2: IPv6 tcp_timeout");
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
  EXPECT_EQ(m.family, "both");
}

TEST_F(FanOut, C24_BothFamiliesBadIsAFailureThatKeepsBothClasses) {
  if (!has_ip6()) GTEST_SKIP() << "no IPv6 on loopback";
  const FullListener silent;  // on IPv4; nobody listens on ::1 there
  addresses({"127.0.0.1"}, {"::1"});
  const auto m = run(silent.port(), kBoth, 300ms);
  EXPECT_EQ(summary(m), "fail tcp timeout");
  EXPECT_EQ(m.outcome.detail, "2 of 2: IPv4 tcp_timeout; IPv6 tcp_refused");
}

TEST_F(FanOut, BothFamiliesWellIsOk) {
  if (!has_ip6()) GTEST_SKIP() << "no IPv6 on loopback";
  const auto servers = listeners({"127.0.0.1", "::1"});
  ASSERT_FALSE(servers.empty());
  addresses({"127.0.0.1"}, {"::1"});
  const auto m = run(servers[0]->port(), kBoth);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(m.family, "both");
}

TEST_F(FanOut, D43_AFamilyWithoutAddressesIsABlemishOfBoth) {
  const TcpListener server;
  addresses({"127.0.0.1"}, {});
  for (const bool all : {false, true}) {
    NetSpec net = kBoth;
    net.all_addresses = all;
    const auto m = run(server.port(), net);
    EXPECT_EQ(summary(m), "degraded dns some_addresses");
    EXPECT_EQ(m.outcome.detail, "1 of 2: IPv6 dns_nodata");
    EXPECT_EQ(m.family, "both");
  }
}

TEST_F(FanOut, D44_ASilentAaaaIsABlemishAndDelaysNoA) {
  const TcpListener server;
  addresses({"127.0.0.1"});
  silent_ = Type::kAaaa;
  const auto m = run(server.port(), kBoth, 600ms);
  EXPECT_EQ(summary(m), "degraded dns some_addresses");
  EXPECT_EQ(m.outcome.detail, "1 of 2: IPv6 dns_timeout");
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
  EXPECT_LT(seconds_of(m, field::kResolveSeconds), 0.3) << "the time of the family that answered";
}

TEST_F(FanOut, WhatOnlyOurOwnSideKeepsFromBeingTriedMakesTheRunUnknown) {
  const TcpListener server;
  addresses({"127.0.0.1"}, {"fd00::7"});  // private: our policy
  const auto m = run(server.port(), kBoth);
  EXPECT_EQ(summary(m), "unknown tcp policy");
  EXPECT_EQ(m.outcome.detail, "1 of 2: IPv6 tcp_policy");
}

TEST_F(FanOut, AFailureBesideAFaultOfOurOwnIsAFailure) {
  addresses({"127.0.0.1"}, {"fd00::7"});
  EXPECT_EQ(summary(run(free_tcp_port(), kBoth)), "fail tcp refused");
}

TEST_F(FanOut, AFixedFamilyIsTheTagAlsoWhereNoAddressWasReached) {
  addresses({});
  NetSpec net;
  net.family = NetSpec::Family::kIp4;
  EXPECT_EQ(run(80, net).family, "ip4");
  net.family = NetSpec::Family::kIp6;
  EXPECT_EQ(run(80, net).family, "ip6");
}

TEST_F(FanOut, ALiteralAddressHasNothingToFanOut) {
  prober::TargetEntry entry = CheckBench::make_entry("tcp://127.0.0.1:80", "", 5s);
  entry.net.all_addresses = true;
  EXPECT_FALSE(prober::needs_fan_out(entry));
  entry = CheckBench::make_entry("dns:///app.test", "", 5s);
  entry.net.all_addresses = true;
  EXPECT_FALSE(prober::needs_fan_out(entry)) << "the own resolver is one address";
  entry = CheckBench::make_entry("tcp://app.test:80", "", 5s);
  EXPECT_FALSE(prober::needs_fan_out(entry));
  entry.net.all_addresses = true;
  EXPECT_TRUE(prober::needs_fan_out(entry));
}

TEST_F(FanOut, CancellingLeavesNothingBehind) {
  const FullListener silent;
  addresses({"127.0.0.1", "127.0.0.2"});
  prober::TargetEntry entry = CheckBench::make_entry("tcp://app.test:" + std::to_string(silent.port()), "", 5s);
  entry.net = kAll;
  const prober::SelfWatch watch{bench_.loop()};
  bool called = false;
  for (int turns = 0; turns < 20; ++turns) {
    prober::Run one{entry, bench_.context(), watch};
    one.start([&called](core::Measurement) { called = true; });
    run_turns(bench_.loop(), turns % 5);
  }
  run_turns(bench_.loop(), 5);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sonde::test
