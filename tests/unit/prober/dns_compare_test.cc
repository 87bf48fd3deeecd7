// Resolvers that are asked the same question and disagree (RELIABILITY D48).
#include "prober/checks/dns_compare.h"

#include <gtest/gtest.h>

#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/hostile_dns.h"

namespace sonde::test {
namespace {

using core::Cause;
using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
using prober::DnsAnswer;
using namespace std::chrono_literals;
namespace field = core::field;

DnsAnswer answer(std::vector<std::string> data, std::vector<std::string> aliases = {}) {
  DnsAnswer out;
  out.cause = data.empty() ? Cause::kNodata : Cause::kNone;
  out.data = std::move(data);
  out.aliases = std::move(aliases);
  return out;
}

DnsAnswer failure(Cause cause) {
  DnsAnswer out;
  out.cause = cause;
  return out;
}

TEST(DnsCompare, D48_WhatAContentNetworkExplainsIsNoDisagreement) {
  struct Case {
    const char* what;
    DnsAnswer a;
    DnsAnswer b;
    bool disagree;
  };
  const Case cases[] = {
      {"one address in common", answer({"192.0.2.1", "192.0.2.2"}), answer({"192.0.2.2"}), false},
      {"the same network", answer({"198.51.100.1"}), answer({"198.51.7.1"}), false},
      {"other networks", answer({"198.51.100.1"}), answer({"203.0.113.1"}), true},
      {"the same IPv6 network", answer({"2001:db8:1::1"}), answer({"2001:db8:2::1"}), false},
      {"other IPv6 networks", answer({"2001:db8::1"}), answer({"2001:db9::1"}), true},
      {"an alias in common", answer({"198.51.100.1"}, {"a.cdn.test", "eu.one.test"}),
       answer({"203.0.113.1"}, {"a.cdn.test", "cn.two.test"}), false},
      {"the same operator's aliases", answer({"198.51.100.1"}, {"eu.cdn.test"}),
       answer({"203.0.113.1"}, {"cn.x.cdn.test"}), false},
      {"aliases of two operators", answer({"198.51.100.1"}, {"a.cdn.test"}), answer({"203.0.113.1"}, {"a.other.test"}),
       true},
      {"an alias at one of them", answer({"198.51.100.1"}, {"a.cdn.test"}), answer({"203.0.113.1"}), true},
      {"none at one of them", answer({"198.51.100.1"}), answer({}), true},
      {"no such name at one of them", failure(Cause::kNxdomain), answer({"198.51.100.1"}), true},
      {"none at both", failure(Cause::kNxdomain), answer({}), false},
      {"a server in trouble says nothing of the name", answer({"198.51.100.1"}), failure(Cause::kServfail), false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(disagree(c.a, c.b), c.disagree);
    EXPECT_EQ(disagree(c.b, c.a), c.disagree);
  }
}

/// A server that answers `address`, or with `rcode` where that is empty.
struct Fixed {
  Fixed(io::Loop& loop, std::string address, Rcode rcode = Rcode::kNoError)
      : server(loop, [address, rcode](const Message& q, const Bytes&, const HostileDns::Back& back) {
          back.send(address.empty() ? reply_to(q, {}, rcode) : with_address(q, address));
        }) {}
  [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(server.port()); }
  HostileDns server;
};

std::string with(const std::vector<const Fixed*>& others) {
  std::string out;
  for (const Fixed* f : others) out += (out.empty() ? "" : ", ") + ("\"" + f->place() + "\"");
  return "request: {compare_with: [" + out + "]}";
}

TEST(DnsCompare, D48_AnAnswerThatNobodyElseHasIsDegraded) {
  CheckBench bench;
  const Fixed own{bench.loop(), "203.0.113.1"};
  const Fixed like{bench.loop(), "203.0.113.77"};
  const Fixed other{bench.loop(), "198.51.100.7"};
  const Fixed none{bench.loop(), "", Rcode::kNxDomain};
  const auto m = bench.run(own.server.url(), with({&like, &other, &none}));
  EXPECT_EQ(summary(m), "degraded dns disagree");
  EXPECT_EQ(m.outcome.detail, "203.0.113.1, but " + other.place() + ": 198.51.100.7; " + none.place() + ": nxdomain");
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "203.0.113.1");
  EXPECT_EQ(own.server.queries().size(), 1U);
  EXPECT_EQ(other.server.queries().size(), 1U);
}

TEST(DnsCompare, D48_AgreementIsOk) {
  CheckBench bench;
  const Fixed own{bench.loop(), "203.0.113.1"};
  const Fixed like{bench.loop(), "203.0.113.77"};
  EXPECT_EQ(summary(bench.run(own.server.url(), with({&like}))), "ok done none");
}

TEST(DnsCompare, D48_AFailureStaysWhatItIsAndNamesTheOthers) {
  CheckBench bench;
  const Fixed own{bench.loop(), "", Rcode::kNxDomain};
  const Fixed other{bench.loop(), "198.51.100.7"};
  const auto m = bench.run(own.server.url(), with({&other}));
  EXPECT_EQ(summary(m), "fail dns nxdomain");
  EXPECT_EQ(m.outcome.detail, "NXDOMAIN for app.test; but " + other.place() + ": 198.51.100.7");
}

TEST(DnsCompare, D48_OneThatIsSilentIsWaitedForASecondAndCountsForNothing) {
  CheckBench bench;
  const Fixed own{bench.loop(), "203.0.113.1"};
  const Fixed other{bench.loop(), "198.51.100.7"};
  HostileDns silent{bench.loop(), [](const Message&, const Bytes&, const HostileDns::Back&) {}};
  const std::string place = "127.0.0.1:" + std::to_string(silent.port());
  const auto began = bench.loop().precise_now();
  auto m = bench.run(own.server.url(), "request: {compare_with: [\"" + place + "\", \"" + other.place() + "\"]}");
  EXPECT_EQ(summary(m), "degraded dns disagree");
  EXPECT_GE(bench.loop().precise_now() - began, 1s);
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 0.9) << "waiting for others is no part of the run's duration";
  // The run's own deadline comes first where it is nearer.
  m = bench.run(own.server.url(), "request: {compare_with: [\"" + place + "\"]}", 200ms);
  EXPECT_EQ(summary(m), "ok done none");
}

TEST(DnsCompare, D48_OneThatThePolicyDeniesIsNotAsked) {
  CheckBench bench;
  const Fixed own{bench.loop(), "203.0.113.1"};
  const auto m = bench.run(own.server.url(), "request: {compare_with: [10.0.0.53]}");
  EXPECT_EQ(summary(m), "unknown dns policy");
  EXPECT_NE(m.outcome.detail.find("10.0.0.53"), std::string::npos) << m.outcome.detail;
  EXPECT_TRUE(own.server.queries().empty());
}

TEST(DnsCompare, WhatCannotBeComparedIsAMistakeInTheConfiguration) {
  const auto mistake = [](const std::string& url, const std::string& yaml) {
    core::ConfigErrors errors;
    core::Target target;
    target.url = url;
    const core::ConfigNode node = core::parse_yaml(yaml, "test.yaml", nullptr, errors);
    (void)prober::parse_dns_spec(target, {.request = &node}, errors);
    return errors.to_string();
  };
  const std::string url = "dns://192.0.2.53/app.test";
  EXPECT_EQ(mistake(url, "compare_with: [192.0.2.54, \"[2001:db8::1]:5353\"]"), "");
  EXPECT_NE(mistake(url, "compare_with: [resolver.test]").find("is not ADDRESS or ADDRESS:PORT"), std::string::npos);
  EXPECT_NE(mistake(url, "{compare_with: [192.0.2.54], type: TXT}").find("types A and AAAA"), std::string::npos);
  EXPECT_NE(mistake(url, "{compare_with: [192.0.2.54], transport: tcp}").find("transport udp"), std::string::npos);
  std::string nine;
  for (int i = 1; i <= 9; ++i) nine += (i > 1 ? ", " : "") + ("192.0.2." + std::to_string(i));
  EXPECT_NE(mistake(url, "compare_with: [" + nine + "]").find("at most 8"), std::string::npos);
}

}  // namespace
}  // namespace sonde::test
