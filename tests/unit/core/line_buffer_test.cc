// Numbers as std::to_chars writes them, texts escaped, and an end that nothing passes.
#include "core/line_buffer.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "core/time.h"

namespace sonde::core {
namespace {

std::string by_to_chars(double value) {
  std::array<char, 64> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string by_buffer(double value) {
  LineBuffer line;
  line.number(value);
  return std::string{line.view()};
}

TEST(LineBuffer, WritesDurationsAsToCharsDoes) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 200'000; ++i) {
    const auto ns = static_cast<std::int64_t>(random() >> (random() % 63 + 1));
    const double value = to_seconds(Duration{ns});
    ASSERT_EQ(by_buffer(value), by_to_chars(value)) << ns << " ns";
  }
  // Few digits: where the plain form and the one with an exponent are of one length.
  for (std::int64_t scale = 1; scale <= 1'000'000'000'000'000; scale *= 10) {
    for (std::int64_t digits = 1; digits < 200; ++digits) {
      const double value = to_seconds(Duration{digits * scale});
      ASSERT_EQ(by_buffer(value), by_to_chars(value)) << digits * scale << " ns";
    }
  }
}

TEST(LineBuffer, WritesAnyNumberAsToCharsDoes) {
  for (const double value : {0.0, -0.0, -0.25, 1e5, 99'999.999999999, 100'000.5, 0.1 + 0.2, 1e-9, 1e-10, 5e-324,
                             std::numeric_limits<double>::max(), 1.0, 3.0, 4.9999999994e-05, 0.0009999999999}) {
    EXPECT_EQ(by_buffer(value), by_to_chars(value));
  }
  std::mt19937_64 random{11};
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(by_buffer(value), by_to_chars(value));
    const double near = std::nextafter(to_seconds(Duration{static_cast<std::int64_t>(random() % 1'000'000'000)}), 1.0);
    ASSERT_EQ(by_buffer(near), by_to_chars(near));
  }
}

TEST(LineBuffer, EscapesTextAndKeys) {
  LineBuffer line;
  line.text(R"(say "hi" \ there)");
  line.byte(' ');
  line.key("a b,c=d\n\\", kSpecialInKeys);
  line.byte(' ');
  line.text("");
  EXPECT_EQ(line.view(), R"("say \"hi\" \\ there" a\ b\,c\=d\ / "")");
}

TEST(LineBuffer, NothingPassesItsEnd) {
  LineBuffer line;
  line.raw(std::string(kLineBytesMax, 'x'));
  EXPECT_FALSE(line.overflowed());
  line.byte('y');
  line.raw("yy");
  EXPECT_TRUE(line.overflowed());
  EXPECT_EQ(line.view(), std::string(kLineBytesMax, 'x'));
}

}  // namespace
}  // namespace sonde::core
