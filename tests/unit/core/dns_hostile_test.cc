// The DNS codec with hostile bytes: every malformed case of RELIABILITY that is about bytes, and random ones.
#include <gtest/gtest.h>

#include <random>

#include "dns_bytes.h"

namespace sonde::core::dns {
namespace {

TEST(DnsHostile, AnOptThatIsMisplacedIsMalformed) {
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

TEST(DnsHostile, D24AndD28EmptyMessageIsMalformed) { EXPECT_TRUE(is_corrupt({})); }

TEST(DnsHostile, D29SevenBytesAreMalformed) {
  const Bytes whole = header(0, 0);
  for (std::size_t n = 1; n < whole.size(); ++n) {
    EXPECT_TRUE(is_corrupt(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)))) << n;
  }
  EXPECT_TRUE(decode(whole));
}

TEST(DnsHostile, D30ACountThatPromisesMoreRecordsIsMalformed) {
  Bytes b = header(0, 500);
  append_record(b, kExample, Type::kA, "\1\2\3\4"sv);
  EXPECT_TRUE(is_corrupt(b));
  EXPECT_TRUE(is_corrupt(header(1, 0)));
}

TEST(DnsHostile, D31DataLengthPastTheEndIsMalformed) {
  Bytes b = one_answer(kExample, Type::kA, "\1\2\3\4"sv);
  b[b.size() - 5] = 5;
  EXPECT_TRUE(is_corrupt(b));
  b[b.size() - 5] = 255;
  EXPECT_TRUE(is_corrupt(b));
}

TEST(DnsHostile, D32APointerToItselfIsMalformed) {
  EXPECT_TRUE(is_corrupt(one_answer("\xC0\x0C"sv, Type::kA, "\1\2\3\4"sv)));
  // A loop over a label: "a" then back to it.
  EXPECT_TRUE(
      is_corrupt(one_answer("\x01"
                            "a\xC0\x0C"sv,
                            Type::kA, "\1\2\3\4"sv)));
}

TEST(DnsHostile, D33ForwardAndOutOfRangePointersAreMalformed) {
  EXPECT_TRUE(is_corrupt(one_answer("\xC0\x0E"sv, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer("\xFF\xFF"sv, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer(kExample, Type::kCname, "\xFF\xFF"sv)));
}

TEST(DnsHostile, PointersBeyondTheBoundAreMalformed) {
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

TEST(DnsHostile, D34LongLabelsAndNamesAreMalformed) {
  // 64 as a length has the reserved bits 01.
  EXPECT_TRUE(is_corrupt(one_answer(std::string("\x40") + std::string(64, 'a') + '\0', Type::kA, "\1\2\3\4"sv)));
  std::string name;
  for (int i = 0; i < 3; ++i) name += '\x3F' + std::string(63, 'a');
  const std::string fits = name + '\x3D' + std::string(61, 'a') + '\0';      // 255 bytes
  const std::string too_long = name + '\x3E' + std::string(62, 'a') + '\0';  // 256 bytes
  EXPECT_TRUE(decode(one_answer(fits, Type::kA, "\1\2\3\4"sv)));
  EXPECT_TRUE(is_corrupt(one_answer(too_long, Type::kA, "\1\2\3\4"sv)));
}

TEST(DnsHostile, D39HostileBytesInNamesComeOutEscaped) {
  EXPECT_EQ(data_of(Type::kCname,
                    "\x0B"
                    "a\n,<script>\x00"sv),
            R"(a\010\044\060script\062)");
  EXPECT_EQ(data_of(Type::kCname, "\x04\x00\x1B\xFF=\x00"sv), R"(\000\027\255\061)");
}

TEST(DnsHostile, D42TtlZeroIsKeptAndTheTopBitReadsAsZero) {
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0))->answers.at(0).ttl, 0U);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0x7FFFFFFF))->answers.at(0).ttl, 0x7FFFFFFFU);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0x80000000))->answers.at(0).ttl, 0U);
  EXPECT_EQ(decode(one_answer(kExample, Type::kA, "\1\2\3\4"sv, 0xFFFFFFFF))->answers.at(0).ttl, 0U);
}

TEST(DnsHostile, DataThatDoesNotFitItsTypeIsMalformed) {
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

TEST(DnsHostile, D26KeepsAtMost4096RecordsOfAHugeAnswer) {
  Bytes b = header(0, 4200);
  for (int i = 0; i < 4200; ++i) append_record(b, kRoot, Type::kA, "\1\2\3\4"sv);
  const auto m = decode(b);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->answers.size(), 4096U);
}

TEST(DnsHostile, BytesAfterTheLastRecordAreIgnored) {
  Bytes b = one_answer(kExample, Type::kA, "\1\2\3\4"sv);
  append(b, "junk");
  EXPECT_TRUE(decode(b));
}

TEST(DnsHostile, EveryPrefixOfAGoodMessageIsMalformed) {
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

TEST(DnsHostile, RandomBytesNeverCrashAndStayBounded) {
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

TEST(DnsHostile, MutatedMessagesNeverCrashAndReencodeWhenRead) {
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

}  // namespace
}  // namespace sonde::core::dns
