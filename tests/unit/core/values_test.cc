// Outcomes, texts, URLs and records: the small values everything else relies on.
#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "core/measurement.h"
#include "core/outcome.h"
#include "core/sanitize.h"
#include "core/target.h"
#include "core/text.h"

namespace sonde::core {
namespace {

TEST(Outcome, CausesHaveUniqueNamesAndNumbersAndBothLanguages) {
  std::set<std::string_view> names;
  std::set<std::uint16_t> numbers;
  for (const CauseInfo& c : all_causes()) {
    EXPECT_TRUE(names.insert(c.name).second) << c.name;
    EXPECT_TRUE(numbers.insert(static_cast<std::uint16_t>(c.cause)).second) << c.name;
    EXPECT_EQ(parse_cause(c.name), c.cause);
    EXPECT_FALSE(c.en.empty());
    EXPECT_FALSE(c.zh.empty());
  }
}

TEST(Outcome, OurOwnFaultsAreUnknownNeverFail) {
  EXPECT_EQ(failed(Stage::kTcp, Cause::kNoRoute).status, Status::kUnknown);
  EXPECT_EQ(failed(Stage::kDns, Cause::kNoResolver).status, Status::kUnknown);
  EXPECT_EQ(failed(Stage::kTcp, Cause::kRefused).status, Status::kFail);
}

struct SanitizeCase {
  std::string_view in;
  std::string_view out;
};

TEST(Sanitize, RemovesWhatCouldActAndRepairsUtf8) {
  const std::array cases{
      SanitizeCase{"plain", "plain"},
      SanitizeCase{"two\r\nlines", "two lines"},
      SanitizeCase{"\x1b[31mred", "[31mred"},
      SanitizeCase{"bad\xff"
                   "byte",
                   "bad\xEF\xBF\xBD"
                   "byte"},
      SanitizeCase{"\xE2\x80\xAE"
                   "rtl",
                   "rtl"},
      SanitizeCase{"\xC0\xAF"
                   "overlong",
                   "\xEF\xBF\xBD\xEF\xBF\xBDoverlong"},
      SanitizeCase{"\xED\xA0\x80"
                   "surrogate",
                   "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDsurrogate"},
      SanitizeCase{"中文", "中文"},
      SanitizeCase{" \n lead\n", "  lead"},
  };
  for (const SanitizeCase& c : cases) EXPECT_EQ(sanitize(c.in), c.out);
}

TEST(Sanitize, CutsAtACodePoint) {
  EXPECT_EQ(sanitize("中中中", 7), "中中");
  EXPECT_LE(sanitize(std::string(1000, 'x')).size(), kDetailBytesMax);
}

TEST(Url, ReadsEachScheme) {
  const auto https = parse_url("https://Shop.Example.com/healthz?a=1#frag");
  ASSERT_TRUE(https);
  EXPECT_EQ(https->host, "shop.example.com");
  EXPECT_EQ(https->port, 443);
  EXPECT_EQ(https->path, "/healthz?a=1");
  EXPECT_EQ(https->query, "a=1");
  const auto v6 = parse_url("tcp://[2001:DB8::1]:5432");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "2001:db8::1");
  EXPECT_EQ(v6->port, 5432);
  const auto dns = parse_url("dns://192.0.2.1/example.com?type=AAAA");
  ASSERT_TRUE(dns);
  EXPECT_EQ(dns->port, 53);
  EXPECT_EQ(dns->path, "/example.com?type=AAAA");
  EXPECT_EQ(check_kind(*dns), CheckKind::kDns);
}

TEST(Url, RefusesWithAReason) {
  for (const std::string_view text :
       {"example.com", "ftp://x/", "https://", "https://user:pw@x/", "tcp://x", "https://x:0/", "https://x:65536/",
        "https://a b/", "https://x\n/", "dns://192.0.2.1", "https://[::1/", "https://ex<script>/"}) {
    SCOPED_TRACE(text);
    const auto url = parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_FALSE(url.error().message.empty());
  }
}

TEST(Text, DurationsReadAndWrite) {
  EXPECT_EQ(parse_duration("250ms"), std::chrono::milliseconds{250});
  EXPECT_EQ(parse_duration("1.5m"), std::chrono::seconds{90});
  EXPECT_FALSE(parse_duration("10"));
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("1e99d"));
  EXPECT_EQ(format_duration(std::chrono::seconds{90}), "90s");
  EXPECT_EQ(format_duration(std::chrono::hours{24}), "1d");
  EXPECT_EQ(human_duration(std::chrono::microseconds{1234}), "1.23 ms");
  EXPECT_EQ(human_duration(std::chrono::milliseconds{45'600}), "45.6 s");
}

TEST(Text, GlobsAndNearestNamesAndWidths) {
  EXPECT_TRUE(glob_match("cn-*", "cn-hangzhou"));
  EXPECT_TRUE(glob_match("*-?", "us-east-1"));
  EXPECT_FALSE(glob_match("cn-*", "us-east-1"));
  EXPECT_TRUE(glob_match("a*b*c", "aXbYbZc"));
  constexpr std::array kNames{std::string_view{"alibaba"}, std::string_view{"azure"}};
  EXPECT_EQ(nearest("azur", kNames), "azure");
  EXPECT_FALSE(nearest("oracle", kNames));
  EXPECT_EQ(display_width("中文a"), 5);
  EXPECT_EQ(format_utc(from_unix_ms(1'764'000'000'000)), "2025-11-24T16:00:00Z");
}

TEST(Text, ParsesUtcTimes) {
  struct Case {
    const char* text;
    std::int64_t ns;
  };
  for (const Case& c :
       {Case{"2025-11-24T16:00:00Z", 1'764'000'000'000'000'000}, Case{"2025-11-24", 1'763'942'400'000'000'000},
        Case{"1970-01-01T00:00:00Z", 0}, Case{"2024-02-29T23:59:59.5Z", 1'709'251'199'500'000'000},
        Case{"2025-11-24T16:00:00.001Z", 1'764'000'000'001'000'000},
        Case{"2025-11-24T16:00:00.123456789Z", 1'764'000'000'123'456'789},
        Case{"2261-12-31T23:59:59Z", 9'214'646'399'000'000'000}}) {
    const auto time = parse_utc(c.text);
    ASSERT_TRUE(time) << c.text;
    EXPECT_EQ(to_unix_ns(*time), c.ns) << c.text;
  }
  for (std::int64_t ms = 1; ms < 9'000'000'000'000; ms = ms * 3 + 12'345'678) {
    const WallTime second = std::chrono::floor<std::chrono::seconds>(from_unix_ms(ms));
    EXPECT_EQ(parse_utc(format_utc(second)), second) << ms;
  }
}

TEST(Text, RefusesWhatIsNoUtcTime) {
  for (const char* text : {"",
                           "Z",
                           "2025",
                           "2025-11",
                           "2025-11-2",
                           "2025-1-24",
                           "25-11-24",
                           "2025-13-01",
                           "2025-00-01",
                           "2025-02-29",
                           "2025-11-24T",
                           "2025-11-24T16:00",
                           "2025-11-24T16:00Z",
                           "2025-11-24T16:00:00",
                           "2025-11-24T24:00:00Z",
                           "2025-11-24T16:60:00Z",
                           "2025-11-24T16:00:60Z",
                           "2025-11-24T16:00:00+00:00",
                           "2025-11-24T16:00:00Zx",
                           "2025-11-24T16:00:00.Z",
                           "2025-11-24T16:00:00.1234567890Z",
                           "2025-11-24T16:00:00.1",
                           "2025-11-24T16:00:0 Z",
                           "2025-11-24T16:00:-1Z",
                           "2025-11-24 16:00:00Z",
                           " 2025-11-24",
                           "-025-11-24",
                           "+2025-11-24",
                           "1969-12-31",
                           "2262-01-01",
                           "2025-11-24T16:00:nanZ"}) {
    EXPECT_FALSE(parse_utc(text)) << text;
  }
}

TEST(Measurement, RecordHasOutcomeFirstAndLeavesOutWhatWasNotReached) {
  Measurement m;
  m.outcome = failed(Stage::kTls, Cause::kExpired, "notAfter 2020-01-01");
  m.family = "ip4";
  m.set_seconds(field::kConnectSeconds, std::chrono::milliseconds{10});
  m.set_seconds(field::kConnectSeconds, std::chrono::milliseconds{20});
  Vantage v;
  v.name = "here";
  Target t;
  t.name = "shop";
  const Record r = to_record(m, v, t, from_unix_ns(1'700'000'000'123'456'789));
  EXPECT_EQ(r.integer("success"), 0);
  EXPECT_EQ(r.integer("cause_code"), 60);
  EXPECT_EQ(r.text("stage"), "tls");
  EXPECT_EQ(r.number("connect_seconds"), 0.02);
  EXPECT_EQ(r.field("processing_seconds"), nullptr);
  EXPECT_EQ(r.tag("family"), "ip4");
  EXPECT_EQ(r.time, from_unix_ms(1'700'000'000'123));
}

TEST(Target, RecordsGoThereAndBack) {
  Target t;
  t.name = "checkout";
  t.url = "https://checkout.example.com/";
  t.role = Role::kApp;
  t.app = "checkout";
  t.provider = "aws";
  t.region = "us-east-1";
  t.partition = Partition::kOverseas;
  t.depends_on = {"aws/us-east-1/object-storage", "aws/us-east-1/kv"};
  t.lat = 39.0;
  t.every = std::chrono::seconds{10};
  const Target back = target_from_record(to_record(t, {}));
  EXPECT_EQ(back.name, t.name);
  EXPECT_EQ(back.depends_on, t.depends_on);
  EXPECT_EQ(back.partition, t.partition);
  EXPECT_EQ(back.lat, t.lat);
  EXPECT_EQ(back.every, t.every);
  EXPECT_FALSE(back.lon);
  Vantage v;
  v.name = "shanghai-ct";
  v.partition = Partition::kDomestic;
  v.isp = "ct";
  EXPECT_EQ(vantage_from_record(to_record(v, {})).isp, "ct");
  EXPECT_EQ(vantage_from_record(to_record(v, {})).partition, Partition::kDomestic);
}

}  // namespace
}  // namespace sonde::core
