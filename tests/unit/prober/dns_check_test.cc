// The dns check against a DNS server in process: one test per cause (RELIABILITY 2.1).
#include <gtest/gtest.h>

#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
using namespace std::chrono_literals;
namespace field = core::field;

DnsServer::Answer with_rcode(Rcode rcode) {
  return [rcode](const Message& q, bool) { return wire(reply_to(q, {}, rcode)); };
}

TEST(DnsCheck, D1_AnswerIsOkWithItsFacts) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     return wire(reply_to(q, {record("app.test", Type::kA, "192.0.2.9", 300),
                                              record("app.test", Type::kA, "192.0.2.1", 60)}));
                   }};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kDnsRcode), 0);
  EXPECT_EQ(integer_of(m, field::kDnsAnswers), 2);
  EXPECT_EQ(integer_of(m, field::kDnsMinTtl), 60);
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "192.0.2.1,192.0.2.9");
  EXPECT_EQ(text_of(m, field::kIp), "127.0.0.1");
  EXPECT_EQ(m.family, "ip4");
  EXPECT_GT(seconds_of(m, field::kResolveSeconds), 0);
  EXPECT_FALSE(has(m, field::kConnectSeconds));
}

TEST(DnsCheck, D2_Nxdomain) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kNxDomain)};
  const auto m = bench.run(server.url("no.test"));
  EXPECT_EQ(summary(m), "fail dns nxdomain");
  EXPECT_EQ(integer_of(m, field::kDnsRcode), 3);
}

TEST(DnsCheck, D3_NoDataIsKeptApartFromNxdomain) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kNoError)};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns nodata");
}

TEST(DnsCheck, D4_Servfail) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kServFail)};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns servfail");
}

TEST(DnsCheck, D5_Refused) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kRefused)};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns refused");
}

TEST(DnsCheck, D6_Notimp) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kNotImp)};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns notimp");
}

TEST(DnsCheck, D7_FormerrWithEdnsIsAskedAgainWithout) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     if (q.edns) return wire(reply_to(q, {}, Rcode::kFormErr));
                     return wire(reply_to(q, {record("app.test", Type::kA, "192.0.2.1")}));
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "ok done none");
  EXPECT_EQ(server.queries(), 2);
}

TEST(DnsCheck, D8_FormerrAlways) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kFormErr)};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns formerr");
}

TEST(DnsCheck, D9_SilenceIsATimeoutAtTheDeadline) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message&, bool) { return std::vector<std::vector<std::uint8_t>>{}; }};
  const auto m = bench.run(server.url("app.test"), "", 150ms);
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_FALSE(has(m, field::kResolveSeconds));
  EXPECT_GE(seconds_of(m, field::kDurationSeconds), 0.150);
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 1.0);
}

TEST(DnsCheck, D10_IcmpPortUnreachableIsNotATimeout) {
  CheckBench bench;
  io::UniqueFd nobody = bound_socket(SOCK_DGRAM);
  const int port = bound_port(nobody.get());
  nobody.reset();
  const auto m = bench.run("dns://127.0.0.1:" + std::to_string(port) + "/app.test");
  EXPECT_EQ(summary(m), "fail dns unreachable");
}

TEST(DnsCheck, D11_WrongIdIsIgnored) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     Message m = reply_to(q, {record("app.test", Type::kA, "192.0.2.1")});
                     m.id = static_cast<std::uint16_t>(m.id + 1);
                     return wire(m);
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"), "", 150ms)), "fail dns timeout");
}

TEST(DnsCheck, D12_WrongQuestionIsIgnored) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     Message m = reply_to(q, {});
                     m.questions.front().name = "other.test";
                     return wire(m);
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"), "", 150ms)), "fail dns timeout");
}

TEST(DnsCheck, D14_QrClearIsMalformed) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) { return wire(q); }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns malformed");
}

TEST(DnsCheck, D15_UnusualRcode) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(static_cast<Rcode>(9))};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "fail dns rcode_other");
  EXPECT_EQ(integer_of(m, field::kDnsRcode), 9);
}

Message cut(const Message& q) {
  Message m = reply_to(q, {});
  m.truncated = true;
  return m;
}

TEST(DnsCheck, D20_TruncationGoesToTcp) {
  CheckBench bench;
  DnsServer server{bench.loop(),
                   [](const Message& q, bool tcp) {
                     return wire(tcp ? reply_to(q, {record("app.test", Type::kA, "192.0.2.1")}) : cut(q));
                   },
                   DnsServer::Tcp::kServe};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "192.0.2.1");
}

TEST(DnsCheck, D21_TruncationAndTcpRefused) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) { return wire(cut(q)); }, DnsServer::Tcp::kRefuse};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns tcp_refused");
}

TEST(DnsCheck, D23_TcpLengthSaysMoreThanIsSent) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) { return wire(cut(q)); }, DnsServer::Tcp::kShort};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns tcp_short");
}

TEST(DnsCheck, D26_AnUdpAnswerBeyond512BytesIsWhole) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     std::vector<core::dns::ResourceRecord> answers;
                     for (int i = 0; i < 40; ++i)
                       answers.push_back(record("app.test", Type::kA, "192.0.2." + std::to_string(i)));
                     return wire(reply_to(q, std::move(answers)));
                   }};
  const auto m = bench.run(server.url("app.test"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kDnsAnswers), 40);
}

TEST(DnsCheck, D30_CountsThatLieAreMalformed) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     auto out = wire(reply_to(q, {record("app.test", Type::kA, "192.0.2.1")}));
                     out.front()[6] = 1;  // ANCOUNT 500
                     out.front()[7] = 0xF4;
                     return out;
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns malformed");
}

TEST(DnsCheck, D36_AliasesInACircle) {
  CheckBench bench;
  DnsServer server{
      bench.loop(), [](const Message& q, bool) {
        return wire(reply_to(q, {record("a.test", Type::kCname, "b.test"), record("b.test", Type::kCname, "a.test")}));
      }};
  EXPECT_EQ(summary(bench.run(server.url("a.test"))), "fail dns cname_loop");
}

TEST(DnsCheck, D35_AnAliasOfItself) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     return wire(reply_to(q, {record("a.test", Type::kCname, "a.test")}));
                   }};
  EXPECT_EQ(summary(bench.run(server.url("a.test"))), "fail dns cname_loop");
}

TEST(DnsCheck, D37_SixteenAliasesAreFollowedAndSeventeenAreTooMany) {
  CheckBench bench;
  int aliases = 16;
  DnsServer server{bench.loop(), [&aliases](const Message& q, bool) {
                     std::vector<core::dns::ResourceRecord> records;
                     const auto owner = [](int i) { return "a" + std::to_string(i) + ".test"; };
                     for (int i = 0; i < aliases; ++i) records.push_back(record(owner(i), Type::kCname, owner(i + 1)));
                     records.push_back(record(owner(aliases), Type::kA, "192.0.2.1"));
                     return wire(reply_to(q, std::move(records)));
                   }};
  EXPECT_EQ(summary(bench.run(server.url("a0.test"))), "ok done none");
  aliases = 17;
  EXPECT_EQ(summary(bench.run(server.url("a0.test"))), "fail dns cname_depth");
}

TEST(DnsCheck, D38_AChainIntoANameThatIsNotThereNamesIt) {
  CheckBench bench;
  DnsServer server{
      bench.loop(), [](const Message& q, bool) {
        return wire(reply_to(q, {record("a.test", Type::kCname, "gone.example")}, core::dns::Rcode::kNxDomain));
      }};
  const auto m = bench.run(server.url("a.test"));
  EXPECT_EQ(summary(m), "fail dns nxdomain");
  EXPECT_EQ(m.outcome.detail, "NXDOMAIN for a.test, by way of gone.example");
}

TEST(DnsCheck, D40_RecordsOfAnotherOwnerAreIgnored) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     return wire(reply_to(q, {record("other.test", Type::kA, "192.0.2.1")}));
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"))), "fail dns nodata");
}

TEST(DnsCheck, ExpectedAnswersMustMatch) {
  CheckBench bench;
  DnsServer server{bench.loop(), [](const Message& q, bool) {
                     return wire(reply_to(q, {record("app.test", Type::kA, "192.0.2.1")}));
                   }};
  EXPECT_EQ(summary(bench.run(server.url("app.test"), "expect: {answers: [192.0.2.1]}")), "ok done none");
  EXPECT_EQ(summary(bench.run(server.url("app.test"), "expect: {answers: [192.0.2.2]}")), "fail dns answer_mismatch");
}

TEST(DnsCheck, AnExpectedNxdomainIsOk) {
  CheckBench bench;
  DnsServer server{bench.loop(), with_rcode(Rcode::kNxDomain)};
  EXPECT_EQ(summary(bench.run(server.url("no.test"), "expect: {rcode: NXDOMAIN}")), "ok done none");
}

TEST(DnsCheck, AnEmptyHostAsksTheOwnResolver) {
  CheckBench bench;
  EXPECT_EQ(summary(bench.run("dns:///app.test")), "ok done none");
}

TEST(DnsCheck, D54_NoResolverIsOurOwnFault) {
  CheckBench bench{{.with_resolver = false}};
  EXPECT_EQ(summary(bench.run("dns:///app.test")), "unknown dns no_resolver");
}

}  // namespace
}  // namespace sonde::test
