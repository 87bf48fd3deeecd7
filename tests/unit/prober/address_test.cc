// Addresses, endpoints and the address policy (RELIABILITY H40 to H44, C26).
#include "io/address.h"

#include <gtest/gtest.h>

#include "io/dns_client.h"

namespace sonde::test {
namespace {

using io::AddressPolicy;
using io::parse_address;
using io::parse_endpoint;

std::string denied(const AddressPolicy& policy, std::string_view text) {
  const auto address = parse_address(text);
  return address ? std::string{policy.denied(*address)} : "not an address";
}

TEST(Address, RoundTripsAndRefusesOtherForms) {
  EXPECT_EQ(to_string(*parse_address("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_string(*parse_address("2001:DB8:0::1")), "2001:db8::1");
  for (const char* bad : {"", "2852039166", "0x7f.1", "127.1", "010.0.0.1", "1.2.3.4.5", "::1%lo", "[::1]", "a.b"}) {
    EXPECT_FALSE(parse_address(bad).has_value()) << bad;
  }
}

TEST(Endpoint, TakesTheDefaultPortAndBrackets) {
  EXPECT_EQ(to_string(*parse_endpoint("192.0.2.1", 53)), "192.0.2.1:53");
  EXPECT_EQ(to_string(*parse_endpoint("192.0.2.1:5353", 53)), "192.0.2.1:5353");
  EXPECT_EQ(to_string(*parse_endpoint("2001:db8::1", 53)), "[2001:db8::1]:53");
  EXPECT_EQ(to_string(*parse_endpoint("[2001:db8::1]:5353", 53)), "[2001:db8::1]:5353");
  for (const char* bad : {"", "dns.test", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[::1", "[::1]5", "[::1]:"}) {
    EXPECT_FALSE(parse_endpoint(bad, 53).has_value()) << bad;
  }
}

TEST(AddressPolicy, H43_DeniesWhatNoProbeShouldReach) {
  const AddressPolicy policy;
  const std::pair<const char*, const char*> cases[] = {
      {"169.254.169.254", "metadata"}, {"100.100.100.200", "metadata"}, {"169.254.0.23", "metadata"},
      {"168.63.129.16", "metadata"},   {"192.0.0.192", "metadata"},     {"169.254.170.2", "metadata"},
      {"fd00:ec2::254", "metadata"},   {"127.0.0.1", "loopback"},       {"::1", "loopback"},
      {"10.1.2.3", "private"},         {"172.16.0.1", "private"},       {"172.31.255.255", "private"},
      {"192.168.1.1", "private"},      {"fd12::1", "private"},          {"100.64.0.1", "shared"},
      {"169.254.1.1", "link-local"},   {"fe80::1", "link-local"},       {"0.0.0.0", "this-network"},
      {"224.0.0.1", "multicast"},      {"ff02::1", "multicast"},        {"255.255.255.255", "reserved"},
      {"192.0.2.1", "documentation"},  {"2001:db8::1", "documentation"}};
  for (const auto& [address, kind] : cases) EXPECT_EQ(denied(policy, address), kind) << address;
}

TEST(AddressPolicy, AllowsThePublicInternet) {
  const AddressPolicy policy;
  for (const char* address : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "223.5.5.5", "2400:3200::1", "11.0.0.1"}) {
    EXPECT_EQ(denied(policy, address), "") << address;
  }
}

TEST(AddressPolicy, H42_LooksInsideMappedAndTranslatedForms) {
  const AddressPolicy policy;
  EXPECT_EQ(denied(policy, "::ffff:169.254.169.254"), "metadata");
  EXPECT_EQ(denied(policy, "64:ff9b::7f00:1"), "loopback");
}

TEST(AddressPolicy, TheLocalConfigurationCanAllow) {
  AddressPolicy policy;
  EXPECT_TRUE(policy.allow("10.0.0.0/9"));
  EXPECT_EQ(denied(policy, "10.127.0.1"), "");
  EXPECT_EQ(denied(policy, "10.128.0.1"), "private");
  EXPECT_TRUE(policy.allow("::1"));
  EXPECT_EQ(denied(policy, "::1"), "");
  for (const char* bad : {"10.0.0.0/33", "10.0.0.0/", "x", "10.0.0.0/-1", "::/129"})
    EXPECT_FALSE(policy.allow(bad)) << bad;
}

TEST(ResolvConf, TakesNameserversOnly) {
  const auto servers = io::parse_resolv_conf(
      "# x\nsearch a.test\nnameserver 192.0.2.1\n nameserver 192.0.2.9\nnameserver\t2001:db8::1 # y\n"
      "nameserver bad\noptions ndots:1\nnameservers 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4");
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(to_string(servers[0]), "192.0.2.1:53");
  EXPECT_EQ(to_string(servers[1]), "[2001:db8::1]:53");
  EXPECT_EQ(to_string(servers[2]), "192.0.2.3:53");
  EXPECT_TRUE(io::parse_resolv_conf("").empty());
}

}  // namespace
}  // namespace sonde::test
