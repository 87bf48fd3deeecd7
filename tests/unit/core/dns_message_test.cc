// The DNS codec with good messages: round trips, the presentation of each type, and what cannot be written.
#include "core/dns_message.h"

#include <gtest/gtest.h>

#include "dns_bytes.h"

namespace sonde::core::dns {
namespace {

TEST(DnsMessage, RoundTripKeepsEveryHeaderField) {
  Message m;
  m.id = 0xBEEF;
  m.response = m.authoritative = m.truncated = m.recursion_desired = true;
  m.recursion_available = m.authenticated = m.checking_disabled = true;
  m.opcode = 5;
  m.rcode = 3;
  m.questions = {{"example.test", Type::kAaaa, 3}};
  const auto wire = encode(m);
  ASSERT_TRUE(wire);
  const auto back = decode(*wire);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, 0xBEEF);
  EXPECT_TRUE(back->response && back->authoritative && back->truncated && back->recursion_desired);
  EXPECT_TRUE(back->recursion_available && back->authenticated && back->checking_disabled);
  EXPECT_EQ(back->opcode, 5);
  EXPECT_EQ(back->rcode, 3);
  ASSERT_EQ(back->questions.size(), 1U);
  EXPECT_EQ(back->questions[0].name, "example.test");
  EXPECT_EQ(back->questions[0].type, Type::kAaaa);
  EXPECT_EQ(back->questions[0].klass, 3);
  EXPECT_FALSE(back->edns);
}

TEST(DnsMessage, ClearHeaderFieldsStayClear) {
  Message m;
  m.id = 1;
  const auto back = decode(*encode(m));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->response || back->authoritative || back->truncated || back->recursion_desired);
  EXPECT_FALSE(back->recursion_available || back->authenticated || back->checking_disabled);
}

TEST(DnsMessage, RoundTripKeepsTheDataOfEveryWritableType) {
  struct Case {
    Type type;
    std::string data;
  };
  const std::vector<Case> cases = {
      {Type::kA, "192.0.2.1"},
      {Type::kAaaa, "2001:db8::1"},
      {Type::kAaaa, "::"},
      {Type::kAaaa, "1:0:2::3"},
      {Type::kCname, "www.example.test"},
      {Type::kNs, "ns1.example.test"},
      {Type::kPtr, "host.example.test"},
      {Type::kMx, "10 mx.example.test"},
      {Type::kTxt, R"("hello world" "" "quote \034 slash \092 newline \010 utf8 \195\169")"},
      {Type::kSoa, "ns.example.test admin.example.test 2025010101 7200 900 1209600 300"},
      {Type::kSrv, "1 2 5060 sip.example.test"},
      {Type::kCaa, R"(128 issue "ca.example.test; account=1")"},
      {static_cast<Type>(999), R"(\# 3 00ff10)"},
      {static_cast<Type>(999), R"(\# 0)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(type_name(c.type) + " " + c.data);
    Message m;
    m.response = true;
    m.answers = {{"a.example.test", c.type, 1, 300, c.data}};
    m.authorities = {{".", Type::kNs, 1, 5, "a.root.test"}};
    m.additionals = {{"b.example.test", c.type, 1, 1, c.data}};
    const auto wire = encode(m);
    ASSERT_TRUE(wire);
    const auto back = decode(*wire);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->answers.at(0).data, c.data);
    EXPECT_EQ(back->answers.at(0).name, "a.example.test");
    EXPECT_EQ(back->answers.at(0).ttl, 300U);
    EXPECT_EQ(back->authorities.at(0).name, ".");
    EXPECT_EQ(back->additionals.at(0).data, c.data);
  }
}

TEST(DnsMessage, EdnsCarriesSizeDoAndTheUpperRcodeBits) {
  Message m;
  m.edns = true;
  m.udp_payload = 1232;
  m.dnssec_ok = true;
  m.rcode = 16;  // BADVERS needs the upper bits
  m.additionals = {{"x.test", Type::kA, 1, 1, "192.0.2.9"}};
  const auto back = decode(*encode(m));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->edns);
  EXPECT_EQ(back->udp_payload, 1232);
  EXPECT_TRUE(back->dnssec_ok);
  EXPECT_EQ(back->rcode, 16);
  EXPECT_EQ(back->additionals.size(), 1U) << "OPT is not an additional record";
}

TEST(DnsMessage, FollowsCompressionInNamesAndData) {
  Bytes b = header(1, 2);
  append(b, kExample);  // at 12
  append16(b, 1);
  append16(b, 1);
  append_record(b, "\x03www\xC0\x0C"sv, Type::kCname,
                "\x03"
                "cdn\xC0\x0C"sv);
  append_record(b, "\xC0\x14"sv, Type::kA, "\xC0\x00\x02\x01"sv);  // 0x14 = "test" within the first name
  const auto m = decode(b);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->answers.at(0).name, "www.example.test");
  EXPECT_EQ(m->answers.at(0).data, "cdn.example.test");
  EXPECT_EQ(m->answers.at(1).name, "test");
  EXPECT_EQ(m->answers.at(1).data, "192.0.2.1");
}

TEST(DnsMessage, NamesAreLowerCaseAndEscaped) {
  EXPECT_EQ(data_of(Type::kCname,
                    "\x03WwW\x05"
                    "a.b\\c\x01*\x02_x\x00"sv),
            R"(www.a\046b\092c.*._x)");
  Message m;
  m.questions = {{R"(a\.b\065.x\\y)", Type::kA, 1}};
  const auto back = decode(*encode(m));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->questions[0].name, R"(a\046ba.x\092y)");
}

TEST(DnsMessage, EscapedNamesComeBackAsTheSameBytes) {
  std::string label;
  for (int c = 0; c < 256; ++c) {
    if (c >= 'A' && c <= 'Z') continue;  // these come back in lower case
    const Bytes wire = one_answer(std::string{'\x01', static_cast<char>(c), '\0'}, Type::kA, "\1\2\3\4"sv);
    const auto m = decode(wire);
    ASSERT_TRUE(m) << c;
    Message again;
    again.id = 0x1234;
    again.response = again.recursion_desired = again.recursion_available = true;
    again.answers = m->answers;
    EXPECT_EQ(*encode(again), wire) << m->answers[0].name;
  }
}

TEST(DnsMessage, PresentsHttpsParameters) {
  const auto rdata =
      "\x00\x01\x00"
      "\x00\x01\x00\x06\x02h2\x02h3"
      "\x00\x03\x00\x02\x01\xBB"
      "\x00\x04\x00\x08\xC0\x00\x02\x01\xC0\x00\x02\x02"
      "\x00\x06\x00\x10\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
      "\x00\x09\x00\x02\x01,"sv;
  EXPECT_EQ(data_of(Type::kHttps, rdata),
            R"(1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key9="\001,")");
}

TEST(DnsMessage, PresentsSoaMxSrvTxtCaaFromTheWire) {
  EXPECT_EQ(data_of(Type::kMx, "\x00\x0A\x02mx\x00"sv), "10 mx");
  EXPECT_EQ(data_of(Type::kSrv, "\x00\x01\x00\x02\x13\xC4\x03sip\x00"sv), "1 2 5060 sip");
  EXPECT_EQ(data_of(Type::kTxt,
                    "\x02hi\x00\x03"
                    "a\"b"sv),
            R"("hi" "" "a\034b")");
  EXPECT_EQ(data_of(Type::kCaa, "\x00\x05issueca.test"sv), R"(0 issue "ca.test")");
  EXPECT_EQ(data_of(Type::kSoa,
                    "\x01m\x00\x01r\x00"
                    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"sv),
            "m r 1 2 3 4 5");
}

TEST(DnsMessage, D34NamesThatAreTooLongAreNotWritten) {
  const auto writes = [](const std::string& name) {
    Message m;
    m.questions = {{name, Type::kA, 1}};
    const auto wire = encode(m);
    return wire.has_value();
  };
  EXPECT_TRUE(writes(std::string(63, 'a') + ".test."));
  EXPECT_FALSE(writes(std::string(64, 'a') + ".test"));
  std::string name;
  for (int i = 0; i < 3; ++i) name += std::string(63, 'a') + '.';
  EXPECT_TRUE(writes(name + std::string(61, 'a')));
  EXPECT_FALSE(writes(name + std::string(62, 'a')));
  EXPECT_FALSE(writes("a..b"));
  EXPECT_FALSE(writes(".a"));
  EXPECT_FALSE(writes("a\\"));
  EXPECT_FALSE(writes("a\\256"));
  EXPECT_FALSE(writes("a\\12"));
  EXPECT_TRUE(writes("."));
}

TEST(DnsMessage, DataThatDoesNotFitItsTypeIsNotWritten) {
  struct Case {
    Type type;
    std::string data;
  };
  const std::vector<Case> cases = {
      {Type::kA, "192.0.2"},
      {Type::kA, "192.0.2.256"},
      {Type::kA, "192.0.2.01"},
      {Type::kA, "192.0.2.1 x"},
      {Type::kA, ""},
      {Type::kAaaa, "1::2::3"},
      {Type::kAaaa, "1:2:3"},
      {Type::kAaaa, "12345::"},
      {Type::kAaaa, "1:2:3:4:5:6:7:8:9"},
      {Type::kAaaa, ":1::"},
      {Type::kAaaa, "1:"},
      {Type::kMx, "x mx.test"},
      {Type::kMx, "65536 mx"},
      {Type::kMx, "1"},
      {Type::kTxt, "\"open"},
      {Type::kSrv, "1 2 host"},
      {Type::kCaa, "0 issue"},
      {Type::kCaa, "256 issue \"x\""},
      {Type::kSoa, "a b 1 2 3 4"},
      {Type::kHttps, "1 ."},
      {static_cast<Type>(99), "abc"},
      {static_cast<Type>(99), R"(\# 2 00)"},
      {static_cast<Type>(99), R"(\# 1 0g)"},
      {Type::kTxt, '"' + std::string(256, 'a') + '"'},
  };
  for (const auto& c : cases) {
    Message m;
    m.answers = {{"x.test", c.type, 1, 1, c.data}};
    const auto wire = encode(m);
    EXPECT_FALSE(wire) << type_name(c.type) << " " << c.data;
    if (!wire) {
      EXPECT_EQ(wire.error().code, ErrorCode::kInvalid);
    }
  }
}

TEST(DnsMessage, AnAddressWithAnEmbeddedIp4IsWritten) {
  Message m;
  m.answers = {{"x.test", Type::kAaaa, 1, 1, "::ffff:192.0.2.1"}};
  EXPECT_EQ(decode(*encode(m))->answers.at(0).data, "::ffff:c000:201");
}

TEST(DnsMessage, AnRcodeWithoutRoomIsAnError) {
  Message m;
  m.rcode = 16;
  EXPECT_FALSE(encode(m));
  m.edns = true;
  EXPECT_TRUE(encode(m));
}

TEST(DnsMessage, AMessageThatIsTooLongIsAnError) {
  Message m;
  m.answers.assign(5000, {"name.test", Type::kA, 1, 1, "192.0.2.1"});
  EXPECT_FALSE(encode(m));
}

TEST(DnsMessage, TypeNamesAreReadInEitherCaseAndByNumber) {
  EXPECT_EQ(parse_type("aaaa"), Type::kAaaa);
  EXPECT_EQ(parse_type("A"), Type::kA);
  EXPECT_EQ(parse_type("Https"), Type::kHttps);
  EXPECT_EQ(parse_type("TYPE257"), Type::kCaa);
  EXPECT_FALSE(parse_type("TYPE65536"));
  EXPECT_FALSE(parse_type("TYPE"));
  EXPECT_FALSE(parse_type(""));
  EXPECT_FALSE(parse_type("AAAAA"));
  EXPECT_EQ(type_name(Type::kCaa), "CAA");
  EXPECT_EQ(type_name(static_cast<Type>(123)), "TYPE123");
}

TEST(DnsMessage, RcodesHaveTheirNames) {
  EXPECT_EQ(rcode_name(0), "NOERROR");
  EXPECT_EQ(rcode_name(3), "NXDOMAIN");
  EXPECT_EQ(rcode_name(5), "REFUSED");
  EXPECT_EQ(rcode_name(16), "BADVERS");
  EXPECT_EQ(rcode_name(12), "RCODE12");
  EXPECT_EQ(parse_rcode("nxdomain"), 3);
  EXPECT_EQ(parse_rcode("BADVERS"), 16);
  EXPECT_EQ(parse_rcode("BADSIG"), 16);
  EXPECT_EQ(parse_rcode("RCODE12"), 12);
  EXPECT_EQ(parse_rcode("4095"), 4095);
  for (const char* bad : {"", "4096", "NOPE", "RCODE", "-1"}) EXPECT_FALSE(parse_rcode(bad)) << bad;
}

TEST(DnsMessage, ClassesHaveTheirNames) {
  EXPECT_EQ(parse_class("in"), kClassIn);
  EXPECT_EQ(parse_class("CH"), 3);
  EXPECT_EQ(parse_class("ANY"), kClassAny);
  EXPECT_EQ(parse_class("CLASS7"), 7);
  EXPECT_EQ(parse_class("7"), 7);
  for (const char* bad : {"", "65536", "INN", "CLASS"}) EXPECT_FALSE(parse_class(bad)) << bad;
  EXPECT_EQ(class_name(3), "CH");
  EXPECT_EQ(class_name(7), "CLASS7");
}

TEST(DnsMessage, FurtherTypesHaveTheirPresentation) {
  EXPECT_EQ(data_of(Type::kDname, kExample), "example.test");
  EXPECT_EQ(data_of(Type::kSvcb, "\0\1\0"sv), "1 .");
  EXPECT_EQ(data_of(Type::kNaptr, "\0\1\0\2\1U\7E2U+sip\3!a!\0"sv), R"(1 2 "U" "E2U+sip" "!a!" .)");
  EXPECT_EQ(data_of(Type::kDs, "\0\5\x08\2\xab\xcd"sv), "5 8 2 abcd");
  EXPECT_EQ(data_of(Type::kTlsa, "\3\1\1\xab"sv), "3 1 1 ab");
  EXPECT_TRUE(is_corrupt(one_answer(kExample, Type::kDs, "\0\5\x08\2"sv)));
  EXPECT_TRUE(is_corrupt(one_answer(kExample, Type::kNaptr, "\0\1\0\2\x09U"sv)));
}

TEST(DnsMessage, ARecordsTextIsThatOfDig) {
  const auto text = [](Type type, std::string data) {
    return record_text({.name = "a.test", .type = type, .klass = 1, .ttl = 60, .data = std::move(data)});
  };
  EXPECT_EQ(text(Type::kA, "192.0.2.1"), "a.test.\t60\tIN\tA\t192.0.2.1");
  EXPECT_EQ(text(Type::kMx, "10 mx.test"), "a.test.\t60\tIN\tMX\t10 mx.test.");
  EXPECT_EQ(text(Type::kMx, "0 ."), "a.test.\t60\tIN\tMX\t0 .");
  EXPECT_EQ(text(Type::kCname, "b.test"), "a.test.\t60\tIN\tCNAME\tb.test.");
  EXPECT_EQ(text(Type::kSoa, "ns.test admin.test 1 2 3 4 5"), "a.test.\t60\tIN\tSOA\tns.test. admin.test. 1 2 3 4 5");
  EXPECT_EQ(text(Type::kHttps, "1 svc.test alpn=h2"), "a.test.\t60\tIN\tHTTPS\t1 svc.test. alpn=h2");
  EXPECT_EQ(record_text({.name = ".", .type = static_cast<Type>(123), .klass = 7, .ttl = 1, .data = "\\# 0"}),
            ".\t1\tCLASS7\tTYPE123\t\\# 0");
}

Bytes with_options(std::string_view options) {
  Bytes b = header(0, 0, 1);
  append(b, kRoot);
  for (const unsigned v : {41U, 1232U, 0U, 0U, static_cast<unsigned>(options.size())}) append16(b, v);
  append(b, options);
  return b;
}

TEST(DnsMessage, TheFirstExtendedErrorIsKept) {
  const auto m = decode(with_options("\0\x0a\0\2no\0\x0f\0\5\0\6why\0\x0f\0\2\0\7"sv));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->extended_error, 6);
  EXPECT_FALSE(decode(with_options(""))->extended_error);
  for (const std::string_view bad : {"\0\x0f\0\1\0"sv, "\0\x0f\0\x09\0\6"sv, "\0\x0f\0"sv}) {
    EXPECT_TRUE(is_corrupt(with_options(bad)));
  }
}

}  // namespace
}  // namespace sonde::core::dns
