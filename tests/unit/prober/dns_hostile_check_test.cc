// The dns check against servers and paths that lie: forged, second, foreign, broken and late answers (RELIABILITY 2.1).
#include <gtest/gtest.h>

#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/hostile_dns.h"

namespace sonde::test {
namespace {

using core::dns::Message;
using core::dns::Rcode;
using core::dns::Type;
using namespace std::chrono_literals;
namespace field = core::field;

constexpr std::string_view kLinger = "request: {linger: 150ms}";

TEST(DnsHostile, D11_AWrongIdIsCountedAndNamed) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Message m = with_address(q, "192.0.2.1");
                      m.id = static_cast<std::uint16_t>(m.id + 1);
                      back.send(m);
                    }};
  const auto m = bench.run(server.url(), "", 150ms);
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_EQ(integer_of(m, field::kDnsSpoofed), 1);
  EXPECT_EQ(m.outcome.detail, "ignored: an answer with a wrong id from 127.0.0.1:" + std::to_string(server.port()));
}

TEST(DnsHostile, D12_AWrongQuestionIsCounted) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Message m = with_address(q, "192.0.2.1");
                      m.questions.front().name = "bpp.test";
                      back.send(m);
                    }};
  const auto m = bench.run(server.url(), "", 150ms);
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_EQ(integer_of(m, field::kDnsSpoofed), 1);
}

TEST(DnsHostile, D13_AnAnswerFromAnotherPortIsIgnoredAndNamed) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send_from_elsewhere(with_address(q, "192.0.2.1"));
                    }};
  const auto m = bench.run(server.url(), "", 150ms);
  EXPECT_EQ(summary(m), "fail dns timeout");
  EXPECT_EQ(integer_of(m, field::kDnsSpoofed), 1);
  EXPECT_EQ(m.outcome.detail, "ignored: an answer from 127.0.0.1:" + std::to_string(server.elsewhere()));
}

TEST(DnsHostile, ForgeriesBeforeTheAnswerDoNotHideIt) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Message wrong = with_address(q, "198.51.100.6");
                      wrong.id = static_cast<std::uint16_t>(wrong.id + 1);
                      back.send(wrong);
                      back.send_from_elsewhere(with_address(q, "198.51.100.6"));
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  const auto m = bench.run(server.url());
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "192.0.2.1");
  EXPECT_EQ(integer_of(m, field::kDnsSpoofed), 2);
}

TEST(DnsHostile, D16_ASecondDifferentAnswerIsAConflict) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(with_address(q, "198.51.100.6"));
                      back.send_later(20ms, with_address(q, "192.0.2.1"));
                    }};
  const auto m = bench.run(server.url(), std::string{kLinger});
  EXPECT_EQ(summary(m), "degraded dns conflict");
  EXPECT_EQ(m.outcome.detail, "first 198.51.100.6, then 192.0.2.1");
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "198.51.100.6");
}

TEST(DnsHostile, D16_AConflictWhoseFirstAnswerIsWrongFails) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(reply_to(q, {}, Rcode::kNxDomain));
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  const auto m = bench.run(server.url(), "{request: {linger: 150ms}, expect: {answers: [192.0.2.1]}}");
  EXPECT_EQ(summary(m), "fail dns conflict");
  EXPECT_EQ(m.outcome.detail, "first NXDOMAIN, then 192.0.2.1");
}

TEST(DnsHostile, D16_LingeringIsNoPartOfTheDuration) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  const auto before = bench.loop().precise_now();
  const auto m = bench.run(server.url(), "request: {linger: 300ms}");
  EXPECT_GE(bench.loop().precise_now() - before, 300ms);
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 0.250);
  EXPECT_LE(seconds_of(m, field::kResolveSeconds), seconds_of(m, field::kDurationSeconds));
}

TEST(DnsHostile, D16_LingeringEndsBeforeTheDeadline) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  EXPECT_EQ(summary(bench.run(server.url(), "request: {linger: 10s}", 200ms)), "ok done none");
}

TEST(DnsHostile, D16_ByDefaultAFarAnswerIsLingeredFor) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send_later(20ms, with_address(q, "198.51.100.6"));
                      back.send_later(60ms, with_address(q, "192.0.2.1"));
                    }};
  EXPECT_EQ(summary(bench.run(server.url())), "degraded dns conflict");
}

TEST(DnsHostile, D17_EqualAnswersAreCountedAndFine) {
  CheckBench bench;
  HostileDns server{
      bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
        Message m = reply_to(q, {record("app.test", Type::kA, "192.0.2.1"), record("app.test", Type::kA, "192.0.2.2")});
        back.send(m);
        std::swap(m.answers[0], m.answers[1]);  // another order and TTL are no difference
        m.answers[0].ttl = 17;
        back.send(m);
      }};
  const auto m = bench.run(server.url(), std::string{kLinger});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kDnsDuplicates), 1);
}

TEST(DnsHostile, D18_AnAnswerWhereNoServerIsWasInjected) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(with_address(q, "198.51.100.6"));
                    }};
  const auto m = bench.run(server.url(), "expect: {silence: true}");
  EXPECT_EQ(summary(m), "fail dns injected");
  EXPECT_EQ(m.outcome.detail, "an answer where no server is: 198.51.100.6");
}

TEST(DnsHostile, D18_ExpectedSilenceIsOk) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message&, const Bytes&, const HostileDns::Back&) {}};
  EXPECT_EQ(summary(bench.run(server.url(), "expect: {silence: true}", 150ms)), "ok done none");
  io::UniqueFd nobody = bound_socket(SOCK_DGRAM);
  const int port = bound_port(nobody.get());
  nobody.reset();
  EXPECT_EQ(summary(bench.run("dns://127.0.0.1:" + std::to_string(port) + "/app.test", "expect: {silence: true}")),
            "ok done none");
}

TEST(DnsHostile, D19_APrivateAddressForAPublicNameIsABogonWhereAsked) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(with_address(q, "10.10.34.36"));
                    }};
  const auto m = bench.run(server.url(), "expect: {public_addresses: true}");
  EXPECT_EQ(summary(m), "fail dns bogon");
  EXPECT_EQ(m.outcome.detail, "10.10.34.36 is a private address");
  EXPECT_EQ(summary(bench.run(server.url())), "ok done none");
}

TEST(DnsHostile, D28_AnEmptyDatagramIsIgnored) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      back.send(Bytes{});
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  EXPECT_EQ(summary(bench.run(server.url())), "ok done none");
}

TEST(DnsHostile, D29_ADatagramOfSevenBytesIsIgnoredAndCounted) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes& raw, const HostileDns::Back& back) {
                      back.send(Bytes{raw.begin(), raw.begin() + 7});
                      back.send(with_address(q, "192.0.2.1"));
                    }};
  const auto m = bench.run(server.url());
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(integer_of(m, field::kDnsSpoofed), 1);
}

/// An answer whose one record has these bytes after the question.
HostileDns::Script with_record_bytes(std::string record) {
  return [record = std::move(record)](const Message&, const Bytes& raw, const HostileDns::Back& back) {
    Bytes out = raw;
    const std::size_t question_end = out.size() - 11;  // our OPT
    out.resize(question_end);
    out[2] |= 0x80;
    out[7] = 1;   // ANCOUNT
    out[11] = 0;  // ARCOUNT
    out.insert(out.end(), record.begin(), record.end());
    back.send(out);
  };
}

TEST(DnsHostile, D31_To_D34_BrokenRecordsAreMalformed) {
  using namespace std::string_literals;
  const std::string a = "\x00\x01\x00\x01\x00\x00\x00\x3c"s;  // type A, class IN, TTL 60
  const std::pair<const char*, std::string> cases[] = {
      {"D31 RDLENGTH past the end", "\xc0\x0c" + a + "\x01\x00\xc0\x00\x02\x01"s},
      {"D32 a pointer to itself", "\xc0\x1a"s + a + "\x00\x04\xc0\x00\x02\x01"s},
      {"D33 a pointer forward", "\xc0\xff"s + a + "\x00\x04\xc0\x00\x02\x01"s},
      {"D34 a label of 64 bytes", "\x40" + std::string(64, 'a') + "\x00"s + a + "\x00\x04\xc0\x00\x02\x01"s},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    CheckBench bench;
    HostileDns server{bench.loop(), with_record_bytes(bytes)};
    EXPECT_EQ(summary(bench.run(server.url())), "fail dns malformed");
  }
}

TEST(DnsHostile, D39_HostileBytesInANameAreEscaped) {
  using namespace std::string_literals;
  CheckBench bench;
  const std::string target =
      "\x0c"
      "a\nb,<script>"s +
      "\x00"s;
  HostileDns server{bench.loop(), with_record_bytes("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00"s +
                                                    static_cast<char>(target.size()) + target)};
  const auto m = bench.run(server.url("app.test", "CNAME"));
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kDnsAnswerSet), "a\\010b\\044\\060script\\062");
}

TEST(DnsHostile, AnErrorWithoutAQuestionIsAnAnswer) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Message m = reply_to(q, {}, Rcode::kRefused);
                      m.questions.clear();
                      m.edns = false;
                      back.send(m);
                    }};
  EXPECT_EQ(summary(bench.run(server.url())), "fail dns refused");
}

TEST(DnsHostile, D52_AMangledQuestionIsNoted) {
  CheckBench bench;
  HostileDns server{bench.loop(), [](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      Bytes out = wire(with_address(q, "192.0.2.1")).front();
                      out[13] = 'A';  // the first letter of the name
                      back.send(out);
                    }};
  const auto m = bench.run(server.url());
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(m.outcome.detail, "changes the case of the question");
}

TEST(DnsHostile, ManyQueriesShareASocketAndOneIcmpErrorEndsOnlyItsOwn) {
  CheckBench bench;
  io::UniqueFd nobody = bound_socket(SOCK_DGRAM);
  const int port = bound_port(nobody.get());
  const auto packet = io::DnsPacket::make({.name = "app.test"});
  ASSERT_TRUE(packet.has_value());
  const io::Endpoint there = *io::parse_endpoint("127.0.0.1:" + std::to_string(port), 53);
  int ended = 0;
  const auto ask = [&] {
    return bench.context().dns.query({&there, 1}, *packet, {}, [&ended](const io::DnsReply& r) {
      EXPECT_EQ(r.error, io::DnsError::kUnreachable);
      ++ended;
    });
  };
  const auto first = ask();  // reaches the socket, which is there but never answers
  nobody.reset();
  const auto second = ask();
  EXPECT_TRUE(run_loop_until(bench.loop(), [&ended] { return ended == 1; }));
  run_turns(bench.loop(), 20);
  EXPECT_EQ(ended, 1);
}

TEST(DnsHostile, D50_AnAnswerAfterTheDeadlineIsATimeoutAndNobodyElsesAnswer) {
  CheckBench bench;
  int asked = 0;
  HostileDns server{bench.loop(), [&asked](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      if (++asked == 1) return back.send_later(200ms, with_address(q, "198.51.100.6"));
                      back.send_later(250ms, with_address(q, "192.0.2.1"));
                    }};
  const auto late = bench.run(server.url(), "", 100ms);
  EXPECT_EQ(summary(late), "fail dns timeout");
  EXPECT_FALSE(has(late, field::kDnsRcode));
  EXPECT_FALSE(has(late, field::kDnsAnswerSet));
  EXPECT_FALSE(has(late, field::kResolveSeconds));
  EXPECT_LT(seconds_of(late, field::kDurationSeconds), 0.150);
  // It arrives while the next run waits: neither its answer, nor a forgery.
  const auto next = bench.run(server.url());
  EXPECT_EQ(summary(next), "ok done none") << next.outcome.detail;
  EXPECT_EQ(text_of(next, field::kDnsAnswerSet), "192.0.2.1");
  EXPECT_FALSE(has(next, field::kDnsSpoofed));
  EXPECT_FALSE(has(next, field::kDnsDuplicates));
  // But how late it was is known by now, and told once.
  EXPECT_FALSE(has(late, field::kDnsLateSeconds));
  EXPECT_GE(seconds_of(next, field::kDnsLateSeconds), 0.2);
  EXPECT_LT(seconds_of(next, field::kDnsLateSeconds), 2);
  EXPECT_FALSE(has(bench.run(server.url()), field::kDnsLateSeconds));
}

TEST(DnsHostile, D50_ALateAnswerIsToldByTheNextTimeoutTooAndOnlyForItsQuestion) {
  CheckBench bench;
  int asked = 0;
  HostileDns server{bench.loop(), [&asked](const Message& q, const Bytes&, const HostileDns::Back& back) {
                      if (++asked == 1) back.send_later(150ms, with_address(q, "192.0.2.1"));
                      if (q.questions.front().name != "app.test") back.send(with_address(q, "192.0.2.2"));
                    }};
  EXPECT_EQ(summary(bench.run(server.url(), "", 50ms)), "fail dns timeout");
  bool there = false;
  const auto wait = bench.loop().after(200ms, [&there] { there = true; });
  ASSERT_TRUE(run_loop_until(bench.loop(), [&there] { return there; }));
  EXPECT_FALSE(has(bench.run(server.url("other.test")), field::kDnsLateSeconds));
  const auto next = bench.run(server.url(), "", 50ms);
  EXPECT_EQ(summary(next), "fail dns timeout");
  EXPECT_GE(seconds_of(next, field::kDnsLateSeconds), 0.15);
}

}  // namespace
}  // namespace sonde::test
