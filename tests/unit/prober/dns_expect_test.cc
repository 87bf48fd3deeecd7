// What a dns target may ask for and expect: types, classes, flags, sets of answers, sections, TTLs, authority; and the
// mistakes in its configuration.
#include <gtest/gtest.h>

#include "tests/support/both_languages.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/hostile_dns.h"

namespace sonde::test {
namespace {

using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
namespace field = core::field;

/// A server that answers everything with these records, and what a target with `expect` makes of it.
class DnsExpectTest : public testing::Test {
 protected:
  std::string outcome(const Message& answer, const std::string& yaml, const std::string& type = "A",
                      const std::string& name = "app.test") {
    HostileDns server{bench_.loop(), [&](const Message& q, const Bytes&, const HostileDns::Back& back) {
                        Message m = answer;
                        m.id = q.id;
                        m.response = true;
                        m.questions = q.questions;
                        back.send(m);
                      }};
    last_ = bench_.run(server.url(name, type), yaml);
    queries_ = server.queries();
    return summary(last_);
  }
  /// The same with only `expect`.
  std::string judged(const Message& answer, const std::string& expect, const std::string& type = "A") {
    return outcome(answer, "expect: " + expect, type);
  }
  static Message answers(std::vector<core::dns::ResourceRecord> records) {
    Message m;
    m.answers = std::move(records);
    return m;
  }

  CheckBench bench_;
  core::Measurement last_;
  std::vector<Message> queries_;
};

using DnsExpect = DnsExpectTest;

constexpr const char* kOk = "ok done none";
constexpr const char* kMismatch = "fail dns answer_mismatch";

TEST_F(DnsExpect, SetsOfAnswersStandInFourRelations) {
  const Message two = answers({record("app.test", Type::kA, "192.0.2.1"), record("app.test", Type::kA, "192.0.2.2")});
  struct Case {
    const char* expect;
    const char* outcome;
  };
  const Case cases[] = {
      {"{answers: [192.0.2.2, 192.0.2.1]}", kOk},
      {"{answers: [192.0.2.1]}", kMismatch},
      {"{answers: {equal: [192.0.2.0/24]}}", kOk},
      {"{answers: {equal: [192.0.2.1, 192.0.2.2, 192.0.2.3]}}", kMismatch},
      {"{answers: {contains: [192.0.2.2]}}", kOk},
      {"{answers: {contains: [192.0.2.2, 192.0.2.3]}}", kMismatch},
      {"{answers: {subset: [192.0.2.1, 192.0.2.2, 192.0.2.3]}}", kOk},
      {"{answers: {subset: [192.0.2.1, 192.0.2.3]}}", kMismatch},
      {"{answers: {intersects: [192.0.2.3, 192.0.2.1]}}", kOk},
      {"{answers: {intersects: [192.0.2.3]}}", kMismatch},
      {"{answers: {contains: [192.0.2.1], subset: [192.0.2.0/30]}}", kOk},
      {"{answers: {contains: [192.0.2.1], subset: [192.0.2.0/32]}}", kMismatch},
      {"{answers_min: 2}", kOk},
      {"{answers_min: 3}", kMismatch},
  };
  for (const Case& c : cases) EXPECT_EQ(judged(two, c.expect), c.outcome) << c.expect << ": " << last_.outcome.detail;
}

TEST_F(DnsExpect, ItemsAreAddressesRangesAliasesPatternsAndTexts) {
  const Message aliased =
      answers({record("app.test", Type::kCname, "cdn.test"), record("cdn.test", Type::kAaaa, "2001:db8::9")});
  EXPECT_EQ(judged(aliased, "{answers: {subset: [CNAME CDN.test.]}}", "AAAA"), kOk);
  EXPECT_EQ(judged(aliased, "{answers: {subset: [CNAME other.test]}}", "AAAA"), kMismatch);
  EXPECT_EQ(judged(aliased, "{answers: ['2001:db8::/32']}", "AAAA"), kOk);
  EXPECT_EQ(judged(aliased, "{answers: ['2001:DB8:0::9']}", "AAAA"), kOk);
  EXPECT_EQ(judged(aliased, "{answers: [/^2001:.*9$/]}", "AAAA"), kOk);
  EXPECT_EQ(judged(aliased, "{answers: [/^2002:/]}", "AAAA"), kMismatch);
  const Message mx = answers({record("app.test", Type::kMx, "10 mx.app.test")});
  EXPECT_EQ(judged(mx, "{answers: [10 MX.app.test.]}", "MX"), kOk);
  EXPECT_EQ(judged(mx, "{answers: [20 mx.app.test]}", "MX"), kMismatch);
  const Message txt = answers({record("app.test", Type::kTxt, R"("v=spf1 " "-all")")});
  EXPECT_EQ(judged(txt, "{answers: ['v=spf1 -all']}", "TXT"), kOk);
  EXPECT_EQ(judged(txt, R"({answers: ['"v=spf1 " "-all"']})", "TXT"), kOk);
}

TEST_F(DnsExpect, EveryTypeCanBeAskedFor) {
  struct Case {
    const char* type;
    core::dns::ResourceRecord record;
  };
  const Case cases[] = {
      {"AAAA", record("app.test", Type::kAaaa, "2001:db8::1")},
      {"CNAME", record("app.test", Type::kCname, "www.app.test")},
      {"NS", record("app.test", Type::kNs, "ns.app.test")},
      {"MX", record("app.test", Type::kMx, "10 mx.app.test")},
      {"TXT", record("app.test", Type::kTxt, R"("a b")")},
      {"SOA", record("app.test", Type::kSoa, "ns.app.test admin.app.test 2026112501 1 2 3 4")},
      {"SRV", record("app.test", Type::kSrv, "1 2 443 app.test")},
      {"CAA", record("app.test", Type::kCaa, R"(0 issue "ca.test")")},
      {"PTR", record("app.test", Type::kPtr, "app.test")},
      {"HTTPS", record("app.test", Type::kHttps, R"(\# 3 000100)")},
      {"TYPE65280", record("app.test", static_cast<Type>(65280), R"(\# 2 abcd)")},
      {"ANY", record("app.test", Type::kTxt, R"("any")")},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(outcome(answers({c.record}), "", c.type), kOk) << c.type << ": " << last_.outcome.detail;
    EXPECT_EQ(integer_of(last_, field::kDnsAnswers), 1) << c.type;
  }
  EXPECT_EQ(outcome(answers({cases[5].record}), "", "SOA"), kOk);
  EXPECT_EQ(integer_of(last_, field::kDnsSerial), 2026112501);
  EXPECT_EQ(outcome(answers({cases[9].record}), "", "https"), kOk);
  EXPECT_EQ(text_of(last_, field::kDnsAnswerSet), "1 .");
}

TEST_F(DnsExpect, FlagsAndClassGoOut) {
  Message m = answers({record("version.bind", Type::kTxt, R"("9.18")")});
  m.answers[0].klass = 3;
  const std::string yaml =
      "request: {type: TXT, class: CH, recursion: false, dnssec: true, checking_disabled: true, linger: 0s}";
  HostileDns server{bench_.loop(), [&](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Message reply = m;
                      reply.id = q.id;
                      reply.response = true;
                      reply.questions = q.questions;
                      back.send(reply);
                    }};
  const auto result = bench_.run("dns://127.0.0.1:" + std::to_string(server.port()) + "/version.bind", yaml);
  EXPECT_EQ(summary(result), kOk) << result.outcome.detail;
  ASSERT_EQ(server.queries().size(), 1U);
  const Message& q = server.queries()[0];
  EXPECT_EQ(q.questions[0].klass, 3);
  EXPECT_EQ(q.questions[0].type, Type::kTxt);
  EXPECT_FALSE(q.recursion_desired);
  EXPECT_TRUE(q.edns && q.dnssec_ok && q.checking_disabled);
}

TEST_F(DnsExpect, WithoutEdnsNothingIsAdded) {
  EXPECT_EQ(outcome(answers({record("app.test", Type::kA, "192.0.2.1")}), "request: {edns: false}"), kOk);
  EXPECT_FALSE(queries_.at(0).edns);
  EXPECT_TRUE(queries_.at(0).recursion_desired);
}

TEST_F(DnsExpect, D41_AnotherClassOrTypeIsNodata) {
  Message m = answers({record("app.test", Type::kA, "192.0.2.1")});
  m.answers[0].klass = 3;
  EXPECT_EQ(outcome(m, ""), "fail dns nodata");
  EXPECT_EQ(outcome(answers({record("app.test", Type::kTxt, R"("x")")}), ""), "fail dns nodata");
}

TEST_F(DnsExpect, D42_TtlsAreClampedAndCanBeExpected) {
  const Message m =
      answers({record("app.test", Type::kA, "192.0.2.1", 0x80000000U), record("app.test", Type::kA, "192.0.2.2", 300)});
  EXPECT_EQ(outcome(m, ""), kOk);
  EXPECT_EQ(integer_of(last_, field::kDnsMinTtl), 0);
  EXPECT_EQ(judged(m, "{min_ttl: 60s}"), kMismatch);
  EXPECT_EQ(judged(m, "{max_ttl: 5m}"), kOk);
  EXPECT_EQ(judged(m, "{max_ttl: 4m}"), kMismatch);
  EXPECT_EQ(last_.outcome.detail, "a TTL of 300 s, expected 240 s or less");
}

TEST_F(DnsExpect, D49_MissingAuthorityIsLame) {
  Message m = answers({record("app.test", Type::kA, "192.0.2.1")});
  EXPECT_EQ(judged(m, "{authoritative: true}"), "fail dns lame");
  EXPECT_EQ(integer_of(last_, field::kDnsAuthoritative), 0);
  m.authoritative = true;
  EXPECT_EQ(judged(m, "{authoritative: true}"), kOk);
  EXPECT_EQ(integer_of(last_, field::kDnsAuthoritative), 1);
}

TEST_F(DnsExpect, RcodesAreAList) {
  Message m;
  m.rcode = static_cast<std::uint16_t>(Rcode::kNxDomain);
  EXPECT_EQ(judged(m, "{rcode: [NOERROR, nxdomain]}"), kOk);
  EXPECT_EQ(judged(m, "{rcode: 3}"), kOk);
  EXPECT_EQ(judged(m, "{rcode: REFUSED}"), "fail dns nxdomain");
  m.rcode = static_cast<std::uint16_t>(Rcode::kNoError);
  EXPECT_EQ(judged(m, "{rcode: NOERROR}"), kOk) << "written down, it needs no answer";
  EXPECT_EQ(judged(m, "{rcode: [NXDOMAIN, SERVFAIL]}"), kMismatch);
  EXPECT_EQ(last_.outcome.detail, "NOERROR, expected NXDOMAIN,SERVFAIL");
  m.rcode = 9;
  EXPECT_EQ(judged(m, "{rcode: NOTAUTH}"), kOk);
}

TEST_F(DnsExpect, PatternsAreMatchedAgainstTheWholeRecordOfASection) {
  Message m = answers({record("app.test", Type::kA, "192.0.2.1", 300), record("app.test", Type::kA, "192.0.2.2", 300)});
  m.authorities = {record("app.test", Type::kNs, "ns.app.test", 60)};
  struct Case {
    const char* expect;
    const char* outcome;
  };
  const Case cases[] = {
      {R"({answer_matches: ['^app\.test\.\t300\tIN\tA\t192\.0\.2\.[12]$']})", kOk},
      {R"({answer_matches: ['192\.0\.2\.1']})", kMismatch},
      {R"({answer_matches_any: ['192\.0\.2\.1']})", kOk},
      {R"({answer_matches_any: ['192\.0\.2\.9']})", kMismatch},
      {R"({answer_not_matches: ['192\.0\.2\.9']})", kOk},
      {R"({answer_not_matches: ['nothing', '\.2$']})", kMismatch},
      {R"({answer_matches_or_empty: ['192']})", kOk},
      {R"({answer_matches_or_empty: ['\.1$']})", kMismatch},
      {R"({authority_matches: ['app\.test\.\t60\tIN\tNS\tns\.app\.test\.']})", kOk},
      {R"({authority_not_matches: ['ns']})", kMismatch},
      {R"({authority_matches_any: ['other']})", kMismatch},
      {R"({additional_matches: ['.']})", kMismatch},
      {R"({additional_matches_any: ['.']})", kMismatch},
      {R"({additional_matches_or_empty: ['.']})", kOk},
      {R"({additional_not_matches: ['.']})", kOk},
  };
  for (const Case& c : cases) EXPECT_EQ(judged(m, c.expect), c.outcome) << c.expect << ": " << last_.outcome.detail;
  EXPECT_EQ(integer_of(last_, field::kDnsAuthority), 1);
  EXPECT_EQ(integer_of(last_, field::kDnsAdditional), 0);
}

TEST_F(DnsExpect, D46_AnExtendedErrorIsKeptAndChangesNoClass) {
  HostileDns server{bench_.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Bytes out = wire(reply_to(q, {}, Rcode::kServFail)).front();
                      out.back() = 6;  // RDLENGTH of OPT: option 15 with 2 bytes, "stale answer"
                      for (const int b : {0, 15, 0, 2, 0, 3}) out.push_back(static_cast<std::uint8_t>(b));
                      back.send(out);
                    }};
  const auto m = bench_.run(server.url());
  EXPECT_EQ(summary(m), "fail dns servfail");
  EXPECT_EQ(integer_of(m, field::kDnsEde), 3);
  EXPECT_EQ(m.outcome.detail, "SERVFAIL for app.test, extended error 3");
}

TEST_F(DnsExpect, D47_ServfailThatGoesAwayWithoutValidationIsBogus) {
  HostileDns server{bench_.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(q.checking_disabled ? with_address(q, "192.0.2.1") : reply_to(q, {}, Rcode::kServFail));
                    }};
  const auto m = bench_.run(server.url());
  EXPECT_EQ(summary(m), "fail dns bogus");
  EXPECT_EQ(server.queries().size(), 2U);
  EXPECT_EQ(integer_of(m, field::kDnsRcode), 2);
}

TEST_F(DnsExpect, D55_NamesInAllFormsAreAskedFor) {
  const std::pair<const char*, const char*> cases[] = {
      {"App.Test.", "app.test"},      {"_sip._udp.app.test", "_sip._udp.app.test"},
      {"*.app.test", "*.app.test"},   {"xn--fiqs8s.test", "xn--fiqs8s.test"},
      {"a%20b.test", "a\\032b.test"}, {".", "."}};
  for (const auto& [written, asked] : cases) {
    Message m = answers({record(asked, Type::kA, "192.0.2.1")});
    EXPECT_EQ(outcome(m, "", "A", written), kOk) << written << ": " << last_.outcome.detail;
    EXPECT_EQ(queries_.at(0).questions.at(0).name, asked);
  }
}

/// The errors of reading a dns target.
std::string mistakes(const std::string& url, const std::string& yaml = "{}") {
  core::ConfigErrors errors;
  core::Target target;
  target.url = url;
  const core::ConfigNode node = core::parse_yaml(yaml, "t.yaml", nullptr, errors);
  (void)prober::check_type(core::CheckKind::kDns)
      .parse(target, {.expect = node.find("expect"), .request = node.find("request"), .tls = node.find("tls")}, errors);
  EXPECT_EQ(in_one_language(errors), "");
  return errors.to_string();
}

TEST(DnsConfig, D55_NamesThatCannotBeAskedForAreErrors) {
  EXPECT_EQ(mistakes("dns://192.0.2.1/app.test"), "");
  EXPECT_NE(mistakes("dns://192.0.2.1/" + std::string(64, 'a') + ".test"), "");
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  EXPECT_NE(mistakes("dns://192.0.2.1/" + long_name), "");
  EXPECT_NE(mistakes("dns://192.0.2.1/a..b"), "");
  EXPECT_NE(mistakes("dns://192.0.2.1/例子.test").find("xn--"), std::string::npos);
  EXPECT_NE(mistakes("dns://192.0.2.1/%e4%be%8b.test").find("xn--"), std::string::npos);
}

TEST(DnsConfig, MistakesAreNamed) {
  const std::string url = "dns://192.0.2.1/app.test";
  const std::pair<const char*, const char*> cases[] = {
      {"request: {type: BLA}", "no record type"},
      {"request: {class: BLA}", "no class"},
      {"request: {dnssec: true, edns: false}", "dnssec needs edns"},
      {"request: {transport: tcp, linger: 1s}", "linger is for transport udp"},
      {"request: {transport: quic}", "udp"},
      {"request: {typ: A}", "did you mean \"type\""},
      {"tls: {}", "tls: is for targets that speak TLS"},
      {"{request: {transport: tcp}, expect: {silence: true}}", "silence is for transport udp"},
      {"expect: {rcode: NOPE}", "no response code"},
      {"expect: {rcode: 4096}", "no response code"},
      {"expect: {answers: []}", "empty list"},
      {"expect: {answers: {equals: [192.0.2.1]}}", "did you mean \"equal\""},
      {"expect: {answers: [/(/]}", "missing"},
      {"expect: {answers: ['']}", "it is empty"},
      {"expect: {answer_matches: ['(']}", "missing"},
  };
  for (const auto& [yaml, part] : cases)
    EXPECT_NE(mistakes(url, yaml).find(part), std::string::npos) << mistakes(url, yaml);
  EXPECT_NE(mistakes(url + "?type=A", "request: {type: A}").find("in the URL already"), std::string::npos);
}

}  // namespace
}  // namespace sonde::test
