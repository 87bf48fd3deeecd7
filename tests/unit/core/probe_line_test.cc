// The short way from a measurement to its line writes what the long way (Record, then encode_line) writes.
#include "core/probe_line.h"

#include <array>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "core/line_protocol.h"

namespace sonde::core {
namespace {

constexpr WallTime kSlot = from_unix_ns(1'700'000'000'123'456'789);

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }

  std::string text() {
    static constexpr std::array kPieces{"a",  "Z9", "\"", "\\",   ",",    "=", " ",
                                        "\n", "\r", "\t", "中文", "\xFF", "#", "i"};
    std::string out;
    for (auto n = below(12); n > 0; --n) out += kPieces[below(kPieces.size())];
    return out;
  }

  double number() {
    switch (below(6)) {
      case 0:
        return to_seconds(Duration{static_cast<std::int64_t>(below(10'000'000'000))});
      case 1:
        return to_seconds(Duration{static_cast<std::int64_t>(below(100'000))});
      case 2:
        return static_cast<double>(below(1'000'000)) / 1000;
      case 3:
        return 0;
      case 4:
        return std::numeric_limits<double>::infinity();
      default:
        return static_cast<double>(static_cast<std::int64_t>(random_())) * 1e-7;
    }
  }

  FieldValue value() {
    switch (below(4)) {
      case 0:
        return static_cast<std::int64_t>(random_()) >> below(64);
      case 1:
        return number();
      case 2:
        return once_in(2);
      default:
        return text();
    }
  }

  Measurement measurement() {
    Measurement m;
    const auto causes = all_causes();
    m.outcome = {.status = static_cast<Status>(below(4)),
                 .stage = static_cast<Stage>(below(5)),
                 .cause = causes[below(causes.size())].cause,
                 .detail = text()};
    if (once_in(2)) m.outcome = {};
    m.family = std::array{"", "ip4", "ip6"}[below(3)];
    for (auto n = below(40); n > 0; --n) m.set(probe_fields()[below(probe_fields().size())], value());
    return m;
  }

  Vantage vantage() {
    return {.name = text(), .provider = text(), .region = text(), .partition = static_cast<Partition>(below(2))};
  }

  Target target() {
    Target t{.name = text(), .provider = text(), .region = text(), .service = text()};
    t.check = static_cast<CheckKind>(below(4));
    t.role = static_cast<Role>(below(3));
    if (once_in(2)) t.partition = static_cast<Partition>(below(2));
    return t;
  }

 private:
  std::mt19937_64 random_;
};

TEST(ProbeLine, IsTheLineOfTheRecordForAnyMeasurement) {
  Generator any{20251125};
  for (int i = 0; i < 20'000; ++i) {
    SCOPED_TRACE(i);
    const Measurement m = any.measurement();
    const Vantage v = any.vantage();
    const Target t = any.target();
    const ProbeTags tags{v, t};
    const ProbeResult result{m, v, t, tags, kSlot + std::chrono::milliseconds{i}};
    std::string long_way = "kept\n";
    std::string short_way = "kept\n";
    ASSERT_EQ(encode_line(to_record(m, v, t, result.slot), long_way), encode_line(result, short_way));
    ASSERT_EQ(long_way, short_way);
  }
}

TEST(ProbeLine, RefusesWhatTheRecordRefuses) {
  Vantage v{.name = "here"};
  Target t{.name = "shop"};
  Measurement m;
  std::string out = "kept\n";
  for (const std::size_t bytes : {kLineBytesMax, kLineBytesMax / 2, kLineBytesMax - 200}) {
    m.outcome.detail = std::string(bytes, '"');  // each takes two bytes
    EXPECT_FALSE(encode_line({m, v, t, ProbeTags{v, t}, kSlot}, out));
  }
  m.outcome.detail.clear();
  t.name = std::string(kLineBytesMax, 'x');
  EXPECT_FALSE(encode_line({m, v, t, ProbeTags{v, t}, kSlot}, out));
  EXPECT_EQ(out, "kept\n");
}

TEST(ProbeLine, TheLongestLineIsTheSameBothWays) {
  const Vantage v{.name = "here"};
  const Target t{.name = "shop"};
  const ProbeTags tags{v, t};
  Measurement m;
  std::string empty;
  m.outcome.detail = "x";
  ASSERT_TRUE(encode_line({m, v, t, tags, kSlot}, empty));
  for (const std::size_t more : {0U, 1U}) {
    m.outcome.detail = std::string(kLineBytesMax - empty.size() + 1 + more, 'x');
    std::string long_way;
    std::string short_way;
    EXPECT_EQ(encode_line(to_record(m, v, t, kSlot), long_way), more == 0);
    EXPECT_EQ(encode_line({m, v, t, tags, kSlot}, short_way), more == 0);
    EXPECT_EQ(short_way, long_way);
    EXPECT_EQ(short_way.size(), more == 0 ? kLineBytesMax : 0);
  }
}

TEST(ProbeLine, TagsAreReadyOnceMade) {
  EXPECT_FALSE(ProbeTags{}.ready());
  EXPECT_TRUE((ProbeTags{Vantage{}, Target{}}.ready()));
}

}  // namespace
}  // namespace sonde::core
