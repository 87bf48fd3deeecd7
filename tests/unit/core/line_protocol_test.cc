// Line protocol: what is written can be read back, and nothing hostile becomes a second line or a tag.
#include "core/line_protocol.h"

#include <array>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace sonde::core {
namespace {

Record sample() {
  Record r;
  r.measurement = "probe";
  r.add_tag("vantage", "shanghai ct");
  r.add_tag("check", "http");
  r.add_field("success", std::int64_t{1});
  r.add_field("duration_seconds", 0.25);
  r.add_field("detail", std::string{"say \"hi\" \\ there"});
  r.add_field("flag", true);
  r.time = from_unix_ms(1'700'000'000'123);
  return r;
}

TEST(LineProtocol, WritesSortedTagsAndTypedFields) {
  std::string out;
  ASSERT_TRUE(encode_line(sample(), out));
  EXPECT_EQ(out,
            "probe,check=http,vantage=shanghai\\ ct success=1i,duration_seconds=0.25,"
            "detail=\"say \\\"hi\\\" \\\\ there\",flag=true 1700000000123000000\n");
}

TEST(LineProtocol, ReadsBackWhatItWrote) {
  std::string out;
  ASSERT_TRUE(encode_line(sample(), out));
  out.pop_back();
  const auto back = decode_line(out, Precision::kNanoseconds, {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->measurement, "probe");
  EXPECT_EQ(back->tag("vantage"), "shanghai ct");
  EXPECT_EQ(back->integer("success"), 1);
  EXPECT_EQ(back->number("duration_seconds"), 0.25);
  EXPECT_EQ(back->text("detail"), "say \"hi\" \\ there");
  EXPECT_EQ(back->time, sample().time);
}

// Security, "line injection": bytes that act as syntax stay inside their value.
TEST(LineProtocol, HostileTagsStayOneLineAndOneTag) {
  const std::array hostile{std::string_view{"a\nprobe,x=1 y=2"}, std::string_view{"a,b=c d"}, std::string_view{"end\\"},
                           std::string_view{"\r\n"}, std::string_view{"=,= \\,"}};
  for (const std::string_view text : hostile) {
    SCOPED_TRACE(text);
    Record r;
    r.measurement = "probe";
    r.add_tag("target", text);
    r.add_field("success", std::int64_t{0});
    std::string out;
    ASSERT_TRUE(encode_line(r, out));
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
    const auto back = decode_line(std::string_view{out}.substr(0, out.size() - 1), Precision::kNanoseconds, {});
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->tags.size(), 1U);
    EXPECT_EQ(back->fields.size(), 1U);
  }
}

TEST(LineProtocol, LeavesOutWhatTheFormatCannotCarry) {
  Record r;
  r.measurement = "m";
  r.add_field("nan", std::numeric_limits<double>::quiet_NaN());
  std::string out = "kept";
  EXPECT_FALSE(encode_line(r, out));
  EXPECT_EQ(out, "kept");
  r.add_field("ok", 1.5);
  EXPECT_TRUE(encode_line(r, out));
  EXPECT_EQ(out, "keptm ok=1.5 0\n");
}

TEST(LineProtocol, RefusesLinesAndTagSetsThatAreTooLarge) {
  Record r;
  r.measurement = "m";
  r.add_field("text", std::string(kLineBytesMax, 'x'));
  std::string out;
  EXPECT_FALSE(encode_line(r, out));
  EXPECT_TRUE(out.empty());
  Record many;
  many.measurement = "m";
  many.add_field("f", 1.0);
  for (std::size_t i = 0; i <= kLineTagsMax; ++i) many.add_tag("t" + std::to_string(i), "v");
  EXPECT_FALSE(encode_line(many, out));
}

struct BadLine {
  std::string_view line;
  std::string_view message;
};

TEST(LineProtocol, ErrorsSayWhatAndWhere) {
  const std::array cases{
      BadLine{",t=1 f=1", "column 1: a line starts with the measurement's name"},
      BadLine{"m", "column 2: expected a space before the fields"},
      BadLine{"m,t f=1", "column 3: a tag is KEY=VALUE"},
      BadLine{"m,t= f=1", "column 5: a tag has no value"},
      BadLine{"m f", "column 3: a field is KEY=VALUE"},
      BadLine{"m f=", "column 5: not a value: expected a number, an integer with i, true, false or a text in quotes"},
      BadLine{"m f=1x", "column 5: not a value: expected a number, an integer with i, true, false or a text in quotes"},
      BadLine{"m f=9999999999999999999i", "column 5: not a 64-bit integer"},
      BadLine{"m f=\"open", "column 5: a text value has no closing quote"},
      BadLine{"m f=1 soon", "column 7: the timestamp is not an integer"},
      BadLine{"m f=nan",
              "column 5: not a value: expected a number, an integer with i, true, false or a text in quotes"},
  };
  for (const BadLine& c : cases) {
    SCOPED_TRACE(c.line);
    const auto result = decode_line(c.line, Precision::kNanoseconds, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, c.message);
  }
}

TEST(LineProtocol, TimestampsFollowThePrecision) {
  EXPECT_EQ(decode_line("m f=1 5", Precision::kSeconds, {})->time, from_unix_ms(5'000));
  EXPECT_EQ(decode_line("m f=1 5", Precision::kMilliseconds, {})->time, from_unix_ms(5));
  EXPECT_EQ(decode_line("m f=1", Precision::kSeconds, from_unix_ms(7))->time, from_unix_ms(7));
  EXPECT_FALSE(decode_line("m f=1 9223372036854775807", Precision::kSeconds, {}));
}

TEST(LineProtocol, ABadLineDoesNotSpoilItsNeighbours) {
  std::vector<std::string> good;
  std::vector<std::size_t> bad;
  decode_lines(
      "a f=1 1\n# comment\n\nb f=oops 2\nc f=\"two\nlines\" 3\r\nd f=4 4", Precision::kNanoseconds, {},
      [&good](const Record& r) { good.push_back(r.measurement); },
      [&bad](const LineError& e) { bad.push_back(e.line); });
  EXPECT_EQ(good, (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(bad, (std::vector<std::size_t>{4}));
}

TEST(LineProtocol, AnOpenQuoteCostsOnlyItsOwnLine) {
  int good = 0;
  int bad = 0;
  decode_lines(
      "m f=\"open 1\nm f=1 2\nm f=2 3\n", Precision::kNanoseconds, {}, [&good](const Record&) { ++good; },
      [&bad](const LineError&) { ++bad; });
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(good, 2);
}

// Random records survive the round trip; random bytes never crash the decoder. The seed is fixed, so a failure repeats.
TEST(LineProtocol, RandomRecordsRoundTripAndRandomBytesAreSurvived) {
  std::mt19937 random{20251124};
  const std::string_view alphabet = "ab ,=\\\"\n\r\t#é中0i.";
  const auto text = [&](std::size_t max) {
    std::string s;
    for (std::size_t n = random() % (max + 1); n > 0; --n) s += alphabet[random() % alphabet.size()];
    return s;
  };
  for (int i = 0; i < 2000; ++i) {
    Record r;
    r.measurement = "m" + text(5);
    r.add_tag("k" + text(3), "v" + text(8));
    r.add_field("f" + text(3), text(12));
    r.add_field("n", static_cast<double>(random()) / 3.0);
    r.time = from_unix_ns(static_cast<std::int64_t>(random()));
    std::string out;
    ASSERT_TRUE(encode_line(r, out));
    int seen = 0;
    decode_lines(
        out, Precision::kNanoseconds, {},
        [&](const Record& back) {
          ++seen;
          EXPECT_EQ(back.fields.at(0).second, r.fields.at(0).second);
          EXPECT_EQ(back.fields.at(1).second, r.fields.at(1).second);
          EXPECT_EQ(back.tags.size(), 1U);
        },
        [&](const LineError& e) { ADD_FAILURE() << e.message << " in " << out; });
    ASSERT_EQ(seen, 1) << out;
    decode_lines(
        text(200), Precision::kNanoseconds, {}, [](const Record&) {}, [](const LineError&) {});
  }
}

}  // namespace
}  // namespace sonde::core
