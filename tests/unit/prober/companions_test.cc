// Companions: what the prober grants, how each is made, and what its record says.
#include "prober/companions.h"

#include <fstream>
#include <sstream>

#include "prober/checks/checks.h"
#include "tests/unit/prober/fake_check.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::CompanionAsk;
using core::CompanionKind;
using prober::companion_entry;
using prober::second_resolver;
using prober::TargetEntry;

using Companions = ProberTest;

prober::ProberConfig with_second_resolver(std::size_t targets) {
  prober::ProberConfig config;
  config.second_resolver = "127.0.0.2";
  for (std::size_t i = 0; i < targets; ++i) config.targets.push_back(fake_target("t" + std::to_string(i)));
  return config;
}

CompanionAsk ask_for(std::size_t target) { return {"v", "t" + std::to_string(target), CompanionKind::kSecondResolver}; }

TEST_F(Companions, AreRecordsOfTheirOwnAndNoRunsOfTheSchedule) {
  make(with_second_resolver(1));
  prober_->start();
  EXPECT_TRUE(prober_->ask(ask_for(0)));
  loop_.run_for(1s);
  const auto made = of("companion");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].tag("companion"), "second_resolver");
  EXPECT_EQ(made[0].tag("target"), "t0");
  EXPECT_EQ(made[0].tag("vantage"), "v");
  EXPECT_EQ(made[0].integer("success"), 1);
  loop_.run_for(60s);
  EXPECT_EQ(of("companion").size(), 1U);
  for (const core::Record& r : of("probe")) EXPECT_EQ(r.tag("companion"), "");
  EXPECT_EQ(prober_->snapshot().companions, 1U);
  EXPECT_EQ(prober_->snapshot().runs, of("probe").size());
}

TEST_F(Companions, AreMadeThreeSecondsApart) {
  make(with_second_resolver(5));
  prober_->start();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(prober_->ask(ask_for(i)));
  loop_.run_for(20s);
  const auto made = of("companion");
  ASSERT_EQ(made.size(), 5U);
  for (std::size_t i = 1; i < made.size(); ++i) EXPECT_GE(made[i].time - made[i - 1].time, 3s);
}

TEST_F(Companions, TakeInTheLongRunNoMoreThanOneForAHundredRuns) {
  make(with_second_resolver(20));  // two runs a second
  prober_->start();
  for (int second = 0; second < 3600; ++second) {
    for (std::size_t i = 0; i < 20; ++i) (void)prober_->ask(ask_for(i));
    loop_.run_for(1s);
  }
  const std::size_t made = of("companion").size();
  EXPECT_LE(made, 15U + 72U + 1U);  // what was saved up, and 1 % of 7,200
  EXPECT_GE(made, 15U + 72U - 2U);
  EXPECT_GT(prober_->snapshot().companions_refused, 1000U);
}

TEST_F(Companions, ASmallScheduleStillGrantsOneAMinute) {
  make(with_second_resolver(1));
  prober_->start();
  for (int second = 0; second < 3600; ++second) {
    (void)prober_->ask(ask_for(0));
    loop_.run_for(1s);
  }
  EXPECT_NEAR(static_cast<double>(of("companion").size()), 15 + 60, 2);
}

TEST_F(Companions, AreOnlyGrantedForItsOwnTargetsAndWhereAllowed) {
  make(with_second_resolver(1));
  EXPECT_FALSE(prober_->ask(ask_for(0))) << "not running yet";
  prober_->start();
  EXPECT_FALSE(prober_->ask({"another", "t0", CompanionKind::kSecondResolver}));
  EXPECT_TRUE(prober_->ask(ask_for(7)));                                // no such target
  EXPECT_TRUE(prober_->ask({"v", "t0", CompanionKind::kLastAddress}));  // nothing has worked yet
  loop_.run_for(10s);
  EXPECT_TRUE(of("companion").empty());
  EXPECT_EQ(prober_->snapshot().companions_refused, 2U);

  prober::ProberConfig closed = with_second_resolver(1);
  closed.companions = false;
  make(std::move(closed));
  prober_->start();
  EXPECT_TRUE(prober_->ask(ask_for(0)));
  loop_.run_for(10s);
  EXPECT_TRUE(of("companion").empty());
  EXPECT_EQ(prober_->snapshot().companions_refused, 1U);
}

TEST_F(Companions, EndWithTheProber) {
  make(with_second_resolver(3));
  prober_->start();
  for (std::size_t i = 0; i < 3; ++i) (void)prober_->ask(ask_for(i));
  loop_.run_for(50ms);
  prober_->stop();
  loop_.run_for(60s);
  EXPECT_TRUE(of("companion").empty());
}

TargetEntry entry_of(std::string_view url) {
  auto entry = prober::target_from_url(url, 5s);
  EXPECT_TRUE(entry.has_value()) << url;
  return std::move(*entry);
}

const auto kSecond = io::parse_endpoint("192.0.2.53", 53);
const auto kAddress = io::parse_address("192.0.2.7");

TEST(CompanionEntry, TheSecondResolverIsAskedInPlaceOfTheOwn) {
  const TargetEntry of = entry_of("https://shop.example/health");
  const auto entry = companion_entry(CompanionKind::kSecondResolver, of, kSecond, kAddress);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->net.resolver, kSecond);
  EXPECT_FALSE(entry->net.pinned.has_value());
  EXPECT_EQ(entry->target.url, of.target.url);
  EXPECT_EQ(entry->spec, of.spec);
  EXPECT_FALSE(companion_entry(CompanionKind::kSecondResolver, of, std::nullopt, kAddress));
  for (const char* url : {"https://192.0.2.1/", "dns://192.0.2.1/shop.example"}) {
    EXPECT_FALSE(companion_entry(CompanionKind::kSecondResolver, entry_of(url), kSecond, kAddress)) << url;
  }
}

TEST(CompanionEntry, TheLastAddressIsTakenWithoutResolving) {
  TargetEntry of = entry_of("https://shop.example/");
  of.net.family = prober::NetSpec::Family::kBoth;
  of.net.all_addresses = true;
  const auto entry = companion_entry(CompanionKind::kLastAddress, of, kSecond, kAddress);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->net.pinned, kAddress);
  EXPECT_EQ(entry->net.family, prober::NetSpec::Family::kIp4);
  EXPECT_FALSE(entry->net.all_addresses);
  EXPECT_FALSE(companion_entry(CompanionKind::kLastAddress, of, kSecond, std::nullopt));
}

TEST(CompanionEntry, ThePlainPortIsATcpConnectionToTheSameHost) {
  const auto named =
      companion_entry(CompanionKind::kPlainPort, entry_of("https://shop.example/a?b"), kSecond, kAddress);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->target.url, "tcp://shop.example:80");
  EXPECT_EQ(named->target.check, core::CheckKind::kTcp);
  EXPECT_EQ(named->type, &prober::kTcpCheck);
  EXPECT_EQ(named->net.pinned, kAddress);
  const auto literal =
      companion_entry(CompanionKind::kPlainPort, entry_of("tls://[2001:db8::1]:443"), kSecond, kAddress);
  ASSERT_TRUE(literal.has_value());
  EXPECT_EQ(literal->target.url, "tcp://[2001:db8::1]:80");
  EXPECT_FALSE(literal->net.pinned.has_value());
}

class SecondResolver : public testing::Test {
 protected:
  SecondResolver() { context_.resolver = io::parse_endpoint("10.0.0.53", 53); }
  [[nodiscard]] std::string chosen(std::string_view configured, core::Partition p, bool catalogued) const {
    const auto found = second_resolver(configured, p, context_, catalogued);
    return found ? to_string(*found) : "";
  }
  SimLoop loop_;
  NoHttp http_;
  std::unique_ptr<io::DnsClient> dns_ = io::make_dns_client(loop_, {});
  io::TcpDialer dialer_{loop_, {}};
  std::unique_ptr<io::TlsClient> tls_ = std::move(*io::make_tls_client(loop_, {}));
  prober::CheckContext context_{loop_, *dns_, dialer_, *tls_, http_, std::nullopt, "test"};
};

TEST_F(SecondResolver, IsTheConfiguredOneElseTheSystemsNextElseAPublicOneForNamesOfTheCatalogue) {
  const auto domestic = core::Partition::kDomestic;
  const auto overseas = core::Partition::kOverseas;
  EXPECT_EQ(chosen("192.0.2.1:5353", domestic, false), "192.0.2.1:5353");
  EXPECT_EQ(chosen("none", domestic, true), "");
  EXPECT_EQ(chosen("", domestic, false), "") << "names of one's own are told to nobody else";
  EXPECT_EQ(chosen("", domestic, true), "223.5.5.5:53");
  EXPECT_EQ(chosen("", overseas, true), "1.1.1.1:53");
  context_.resolver = io::parse_endpoint("1.1.1.1", 53);
  EXPECT_EQ(chosen("", overseas, true), "8.8.8.8:53");
  context_.more_resolvers = {*io::parse_endpoint("10.0.0.54", 53)};
  EXPECT_EQ(chosen("", domestic, false), "10.0.0.54:53");
}

TEST(PublicResolvers, StandInTheListOfTheCatalogue) {
  std::ifstream file{std::string{SONDE_SOURCE_DIR} + "/targets/resolvers.yaml"};
  std::stringstream text;
  text << file.rdbuf();
  for (const char* known : {"\"223.5.5.5\"", "\"119.29.29.29\"", "\"1.1.1.1\"", "\"8.8.8.8\""}) {
    EXPECT_NE(text.str().find(known), std::string::npos) << known;
  }
}

}  // namespace
}  // namespace sonde::test
