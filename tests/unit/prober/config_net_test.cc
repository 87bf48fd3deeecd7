// The keys that say how a target is reached: on a target, and in `vantage` for all.
#include "prober/config_net.h"

#include <gtest/gtest.h>

#include "io/files.h"
#include "prober/config.h"
#include "prober/config_keys.h"

#include "tests/support/both_languages.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::Stage;
using prober::NetSpec;
using prober::ProberConfig;

class NoCatalogue final : public prober::CatalogueSource {
 public:
  [[nodiscard]] std::optional<std::string_view> find(std::string_view) const override { return std::nullopt; }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
};

class ConfigNet : public testing::Test {
 protected:
  ProberConfig read(const std::string& yaml) {
    errors_ = {};
    const core::ConfigNode root = core::parse_yaml(yaml, "c.yaml", nullptr, errors_);
    const core::TableReader map{root, prober::kProberTable, errors_};
    return prober::read_prober_config(
        map, {.catalogue = catalogue_, .files = *files_, .host_name = "h", .version = "1"}, errors_);
  }
  std::string error(const std::string& yaml) {
    (void)read(yaml);
    EXPECT_EQ(errors_.all().size(), 1U) << errors_.to_string();
    EXPECT_EQ(in_one_language(errors_), "");
    return errors_.empty() ? "" : core::to_string(errors_.all().front());
  }
  static Duration limit(const NetSpec& net, Stage stage) {
    return net.stage_timeouts.at(static_cast<std::size_t>(stage));
  }
  NoCatalogue catalogue_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  core::ConfigErrors errors_;
};

TEST_F(ConfigNet, ATargetSaysHowItIsReached) {
  const auto c = read(
      "targets:\n  - {name: a, url: 'tcp://a.test:1', family: both, addresses: all, source: 10.0.0.5, interface: eth1,"
      " resolver: '9.9.9.9:54', timeouts: {dns: 1s, tcp: 250ms, tls: 2s, http: 3s}}\n");
  ASSERT_TRUE(errors_.empty()) << errors_.to_string();
  const NetSpec& net = c.targets.at(0).net;
  EXPECT_EQ(net.family, NetSpec::Family::kBoth);
  EXPECT_TRUE(net.all_addresses);
  EXPECT_EQ(net.source, io::parse_address("10.0.0.5"));
  EXPECT_EQ(net.interface, "eth1");
  EXPECT_EQ(net.resolver, io::parse_endpoint("9.9.9.9:54", 53));
  EXPECT_EQ(limit(net, Stage::kDns), 1s);
  EXPECT_EQ(limit(net, Stage::kTcp), 250ms);
  EXPECT_EQ(limit(net, Stage::kTls), 2s);
  EXPECT_EQ(limit(net, Stage::kHttp), 3s);
}

TEST_F(ConfigNet, WhatTheVantageSaysHoldsForAllTargetsThatDoNotSayOtherwise) {
  const auto c = read(
      "vantage: {name: v, family: ip4, interface: eth0, source: 10.0.0.1, timeouts: {tcp: 1s, tls: 2s}}\n"
      "targets:\n  - {name: a, url: 'tcp://a.test:1'}\n"
      "  - {name: b, url: 'tcp://b.test:1', family: ip6, timeouts: {tcp: 3s}}\n");
  ASSERT_TRUE(errors_.empty()) << errors_.to_string();
  const NetSpec& a = c.targets.at(0).net;
  EXPECT_EQ(a.family, NetSpec::Family::kIp4);
  EXPECT_EQ(a.interface, "eth0");
  EXPECT_FALSE(a.source.has_value());  // the clients have it already
  EXPECT_EQ(c.source, "10.0.0.1");
  EXPECT_EQ(limit(a, Stage::kTcp), 1s);
  const NetSpec& b = c.targets.at(1).net;
  EXPECT_EQ(b.family, NetSpec::Family::kIp6);
  EXPECT_EQ(limit(b, Stage::kTcp), 3s);
  EXPECT_EQ(limit(b, Stage::kTls), 2s);
  EXPECT_EQ(limit(b, Stage::kDns), 0s);
}

TEST_F(ConfigNet, FirstAddressOfAnyFamilyIsTheDefault) {
  const auto c = read("targets:\n  - {name: a, url: 'tcp://a.test:1'}\n");
  EXPECT_EQ(c.targets.at(0).net.family, NetSpec::Family::kAny);
  EXPECT_FALSE(c.targets.at(0).net.all_addresses);
  EXPECT_EQ(c.runs_in_flight_max, 512U);
  EXPECT_EQ(c.handshakes_in_flight_max, 32U);
  EXPECT_EQ(read("handshakes_in_flight: 4\ntargets: []\n").handshakes_in_flight_max, 4U);
}

TEST_F(ConfigNet, CompanionsAreGrantedUnlessItIsSaidOtherwise) {
  EXPECT_EQ(read("second_resolver: none\ncompanions: false\ntargets: []\n").second_resolver, "none");
  EXPECT_FALSE(read("companions: false\ntargets: []\n").companions);
  EXPECT_TRUE(read("targets: []\n").companions);
  EXPECT_NE(error("second_resolver: nobody\ntargets: []\n").find("ADDRESS:PORT or none"), std::string::npos);
}

TEST_F(ConfigNet, C35_ACanaryIsAnAddressWhereNobodyIs) {
  EXPECT_EQ(read("captive_canary: 192.0.2.1\ntargets: []\n").captive_canary, io::parse_endpoint("192.0.2.1:80", 0));
  EXPECT_FALSE(read("targets: []\n").captive_canary.has_value());
  EXPECT_NE(error("captive_canary: 8.8.8.8\ntargets: []\n").find("reserved for documentation"), std::string::npos);
  EXPECT_NE(error("captive_canary: yes\ntargets: []\n").find("reserved for documentation"), std::string::npos);
}

TEST_F(ConfigNet, EachMistakeSaysWhatIsAllowed) {
  const auto target = [](const std::string& keys) {
    return "targets:\n  - {name: a, url: 'tcp://a.test:1', " + keys + "}\n";
  };
  EXPECT_NE(error(target("family: ipv4")).find("any, ip4, ip6, both"), std::string::npos);
  EXPECT_NE(error(target("addresses: some")).find("first, all"), std::string::npos);
  EXPECT_NE(error(target("source: eth0")).find("source is an IPv4 or IPv6 address"), std::string::npos);
  EXPECT_NE(error(target("interface: 'a/b'")).find("interface is the name"), std::string::npos);
  EXPECT_NE(error(target("interface: abcdefghijklmnop")).find("interface is the name"), std::string::npos);
  EXPECT_NE(error(target("resolver: dns.test")).find("resolver is ADDRESS"), std::string::npos);
  EXPECT_NE(error(target("timeouts: {tpc: 1s}")).find("allowed: dns, tcp, tls, http"), std::string::npos);
  EXPECT_NE(error(target("timeouts: {tcp: 1h}")).find("5m"), std::string::npos);
}

}  // namespace
}  // namespace sonde::test
