// The DNS codec: round trips, presentation of each type, and every malformed case of RELIABILITY that is about bytes.
#include "core/dns_message.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace sonde::core::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }
void append16(Bytes& out, unsigned v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8U));
  out.push_back(static_cast<std::uint8_t>(v & 0xFFU));
}

// A response header with the given counts.
Bytes header(unsigned questions, unsigned answers, unsigned additionals = 0) {
  Bytes b;
  for (const unsigned v : {0x1234U, 0x8180U, questions, answers, 0U, additionals}) append16(b, v);
  return b;
}

// One answer record: `name` and `rdata` are wire bytes.
void append_record(Bytes& out, std::string_view name, Type type, std::string_view rdata, std::uint32_t ttl = 60) {
  append(out, name);
  append16(out, static_cast<unsigned>(type));
  append16(out, 1);
  append16(out, ttl >> 16U);
  append16(out, ttl & 0xFFFFU);
  append16(out, static_cast<unsigned>(rdata.size()));
  append(out, rdata);
}

using namespace std::string_view_literals;
constexpr std::string_view kRoot = "\0"sv;
constexpr std::string_view kExample =
    "\x07"
    "example"
    "\x04"
    "test"
    "\0"sv;

Bytes one_answer(std::string_view name, Type type, std::string_view rdata, std::uint32_t ttl = 60) {
  Bytes b = header(0, 1);
  append_record(b, name, type, rdata, ttl);
  return b;
}

std::string data_of(Type type, std::string_view rdata) {
  const auto m = decode(one_answer(kExample, type, rdata));
  return m ? m->answers.at(0).data : "error: " + m.error().message;
}

bool is_corrupt(const Bytes& wire) {
  const auto m = decode(wire);
  return !m && m.error().code == ErrorCode::kCorrupt;
}

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

TEST(DnsMessage, AnOptThatIsMisplacedIsMalformed) {
  EXPECT_TRUE(is_corrupt(one_answer(kRoot, Type::kOpt, "")));
  Bytes twice = header(0, 0, 2);
  append_record(twice, kRoot, Type::kOpt, "");
  EXPECT_TRUE(is_corrupt(twice)) << "the second record is missing";
  append_record(twice, kRoot, Type::kOpt, "");
  EXPECT_TRUE(is_corrupt(twice)) << "two OPT records";
  Bytes named = header(0, 0, 1);
  append_record(named, kExample, Type::kOpt, "");
  EXPECT_TRUE(is_corrupt(named));
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

TEST(DnsMessage, D24AndD28EmptyMessageIsMalformed) { EXPECT_TRUE(is_corrupt({})); }

TEST(DnsMessage, D29SevenBytesAreMalformed) {
  const Bytes whole = header(0, 0);
  for (std::size_t n = 1; n < whole.size(); ++n) {
    EXPECT_TRUE(is_corrupt(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)))) << n;
  }
  EXPECT_TRUE(decode(whole));
}

TEST(DnsMessage, D30ACountThatPromisesMoreRecordsIsMalformed) {
  Bytes b = header(0, 500);
  append_record(b, kExample, Type::kA, "\1\2\3\4"sv);
  EXPECT_TRUE(is_corrupt(b));
  EXPECT_TRUE(is_corrupt(header(1, 0)));
}

TEST(DnsMessage, D31DataLengthPastTheEndIsMalformed) {
  Bytes b = one_answer(kExample, Type::kA, "\1\2\3\4"sv);
  b[b.size() - 5] = 5;
  EXPECT_TRUE(is_corrupt(b));
  b[b.size() - 5] = 255;
  EXPECT_TRUE(is_corrupt(b));
}

TEST(DnsMessage, D32APointerToItselfIsMalformed) {
  EXPECT_TRUE(is_corrupt(one_answer("\xC0\x0C"sv, Type::kA, "\1\2\3\4"sv)));
  // A loop over a label: "a" then back to it.
  EXPECT_TRUE(
      is_corrupt(one_answer("\x01"
                            "a\xC0\x0C"sv,
                            Type::kA, "\1\2\3\4"sv)));
}

TEST(DnsMessage, D33ForwardAndOutOfRangePointersAreMalformed) {
  EXPECT_TRUE(is_corrupt(one_answer("\xC0\x0E"sv, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer("\xFF\xFF"sv, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer(kExample, Type::kCname, "\xFF\xFF"sv)));
}

TEST(DnsMessage, PointersBeyondTheBoundAreMalformed) {
  // A chain of names: each points to the one before it. 64 hops are followed, 65 are not.
  for (const auto& [hops, good] : {std::pair{64, true}, std::pair{65, false}}) {
    Bytes chain = header(0, 1);
    Bytes rdata(1, 0);  // the root, then pointers
    const unsigned rdata_at = 12 + 1 + 10;
    for (int i = 0; i < hops - 1; ++i) {
      append16(rdata, 0xC000U | (rdata_at + (i == 0 ? 0U : static_cast<unsigned>(2 * i - 1))));
    }
    const unsigned last = rdata_at + static_cast<unsigned>(2 * (hops - 2) + 1);
    append_record(chain, kRoot, static_cast<Type>(999), std::string(rdata.begin(), rdata.end()));
    chain[7] = 2;
    Bytes pointer;
    append16(pointer, 0xC000U | last);
    append_record(chain, std::string(pointer.begin(), pointer.end()), Type::kA, "\1\2\3\4"sv);
    EXPECT_EQ(decode(chain).has_value(), good) << hops;
  }
}

TEST(DnsMessage, D34LongLabelsAndNamesAreMalformed) {
  // 64 as a length has the reserved bits 01.
  EXPECT_TRUE(is_corrupt(one_answer(std::string("\x40") + std::string(64, 'a') + '\0', Type::kA, "\1\2\3\4"sv)));
  std::string name;
  for (int i = 0; i < 3; ++i) name += '\x3F' + std::string(63, 'a');
  const std::string fits = name + '\x3D' + std::string(61, 'a') + '\0';      // 255 bytes
  const std::string too_long = name + '\x3E' + std::string(62, 'a') + '\0';  // 256 bytes
  EXPECT_TRUE(decode(one_answer(fits, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer(too_long, Type::kA, "\1\2\3\4"sv)));
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

TEST(DnsMessage, D39HostileBytesInNamesComeOutEscaped) {
  EXPECT_EQ(data_of(Type::kCname,
                    "\x0B"
                    "a\n,<script>\x00"sv),
            R"(a\010\044\060script\062)");
  EXPECT_EQ(data_of(Type::kCname, "\x04\x00\x1B\xFF=\x00"sv), R"(\000\027\255\061)");
}

TEST(DnsMessage, D42TtlZeroIsKeptAndTheTopBitReadsAsZero) {
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0))->answers.at(0).ttl, 0U);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0x7FFFFFFF))->answers.at(0).ttl, 0x7FFFFFFFU);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0x80000000))->answers.at(0).ttl, 0U);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0xFFFFFFFF))->answers.at(0).ttl, 0U);
}

TEST(DnsMessage, DataThatDoesNotFitItsTypeIsMalformed) {
  struct Case {
    Type type;
    std::string_view rdata;
  };
  const std::vector<Case> cases = {
      {Type::kA, "\1\2\3"sv},
      {Type::kA, "\1\2\3\4\5"sv},
      {Type::kA, ""sv},
      {Type::kAaaa, "\1\2\3\4"sv},
      {Type::kCname, ""sv},
      {Type::kCname,
       "\x01"
       "a\0\0"sv},
      {Type::kMx, "\0\1"sv},
      {Type::kSrv, "\0\1\0\1"sv},
      {Type::kTxt, ""sv},
      {Type::kTxt,
       "\x05"
       "abc"sv},
      {Type::kSoa, "\0\0\0\0"sv},
      {Type::kCaa, "\0"sv},
      {Type::kCaa, "\0\0x"sv},
      {Type::kCaa,
       "\0\x02"
       "a,x"sv},
      {Type::kHttps, "\0\1"sv},
      {Type::kHttps, "\0\1\0\0\4\0\0"sv},
      {Type::kHttps, "\0\1\0\0\4\0\3abc"sv},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(is_corrupt(one_answer(kExample, c.type, c.rdata))) << type_name(c.type) << " " << c.rdata.size();
  }
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

TEST(DnsMessage, D26KeepsAtMost4096RecordsOfAHugeAnswer) {
  Bytes b = header(0, 4200);
  for (int i = 0; i < 4200; ++i) append_record(b, kRoot, Type::kA, "\1\2\3\4"sv);
  const auto m = decode(b);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->answers.size(), 4096U);
}

TEST(DnsMessage, BytesAfterTheLastRecordAreIgnored) {
  Bytes b = one_answer(kExample, Type::kA, "\1\2\3\4"sv);
  append(b, "junk");
  EXPECT_TRUE(decode(b));
}

TEST(DnsMessage, EveryPrefixOfAGoodMessageIsMalformed) {
  Message m;
  m.response = m.edns = true;
  m.questions = {{"example.test", Type::kA, 1}};
  m.answers = {{"example.test", Type::kMx, 1, 1, "10 mx.example.test"}, {"example.test", Type::kTxt, 1, 1, "\"t\""}};
  const Bytes whole = *encode(m);
  ASSERT_TRUE(decode(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_TRUE(is_corrupt(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)))) << n;
  }
}

TEST(DnsMessage, RandomBytesNeverCrashAndStayBounded) {
  std::mt19937 random(20250601);  // fixed: a failure must come back
  std::uniform_int_distribution<int> byte(0, 255);
  std::uniform_int_distribution<std::size_t> length(0, 400);
  for (int round = 0; round < 20000; ++round) {
    Bytes b(length(random));
    for (auto& v : b) v = static_cast<std::uint8_t>(byte(random));
    if (b.size() > 12) {  // small counts get past the header more often
      for (std::size_t i = 4; i < 12; i += 2) b[i] = 0, b[i + 1] &= 3;
    }
    const auto m = decode(b);
    if (m) {
      EXPECT_LE(m->answers.size() + m->authorities.size() + m->additionals.size(), 9U);
    }
  }
}

TEST(DnsMessage, MutatedMessagesNeverCrashAndReencodeWhenRead) {
  Message m;
  m.response = m.edns = true;
  m.questions = {{"example.test", Type::kA, 1}};
  m.answers = {{"example.test", Type::kSoa, 1, 1, "a.test b.test 1 2 3 4 5"},
               {"example.test", Type::kCaa, 1, 1, "0 issue \"x\""},
               {"example.test", Type::kAaaa, 1, 1, "2001:db8::1"}};
  const Bytes whole = *encode(m);
  std::mt19937 random(7);
  std::uniform_int_distribution<std::size_t> place(0, whole.size() - 1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 20000; ++round) {
    Bytes b = whole;
    for (int i = 0; i < 3; ++i) b[place(random)] = static_cast<std::uint8_t>(byte(random));
    const auto back = decode(b);
    if (!back) continue;
    const auto again = encode(*back);
    if (!again) continue;  // a type that is only read
    const auto third = decode(*again);
    ASSERT_TRUE(third);
    EXPECT_EQ(*encode(*third), *again);
  }
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
  EXPECT_EQ(rcode_name(17), "RCODE17");
}

}  // namespace
}  // namespace sonde::core::dns
