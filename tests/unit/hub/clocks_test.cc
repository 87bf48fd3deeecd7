// Whose clock is wrong, as the hub finds out from writes: slow ones must not look like it.
#include "hub/clocks.h"

#include <gtest/gtest.h>

#include <random>

#include "core/clock_record.h"
#include "core/schema.h"
#include "tests/unit/hub/bench.h"

namespace sonde::hub {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// One prober and its hub. Time passes; the prober writes; each message takes as long as the test says.
struct Exchange {
  /// A write that takes `there`, and its answer that takes `back`.
  std::optional<core::Record> write(core::Duration there = milliseconds{30}, core::Duration back = milliseconds{30}) {
    pipeline::ClockNote note{.vantage = "v1", .sent = wall + ahead, .heard = {}};
    if (said) note.heard = {.said = *said, .ago = mono - answered};
    pass(there);
    auto record = clocks.note(note, wall, mono);
    said = wall;
    pass(back);
    answered = mono;
    return record;
  }
  void pass(core::Duration d) {
    wall += d;
    mono += d;
  }
  [[nodiscard]] VantageClock seen() const { return clocks.find("v1").value_or(VantageClock{}); }

  Clocks clocks;
  core::WallTime wall = core::from_unix_ms(test::kNowMs);  // the hub's
  core::MonoTime mono{hours{1}};
  core::Duration ahead{};
  std::optional<core::WallTime> said;
  core::MonoTime answered{};
};

TEST(Clocks, P11_AClockThatIsAheadIsFoundWithTheFirstWrite) {
  Exchange x;
  x.ahead = seconds{5};
  const auto record = x.write();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->measurement, core::clock_record::kMeasurement);
  EXPECT_EQ(record->tag("vantage"), "v1");
  EXPECT_EQ(record->integer("wrong"), 1);
  EXPECT_NEAR(static_cast<double>(record->integer("ahead_ms").value_or(0)), 5000, 100);
  EXPECT_TRUE(x.seen().wrong);
}

TEST(Clocks, P11_AClockThatIsBehindIsFoundWithTheSecondWrite) {
  for (const core::Duration ahead : {core::Duration{-milliseconds{1200}}, core::Duration{-hours{3}}}) {
    Exchange x;
    x.ahead = ahead;
    EXPECT_FALSE(x.write()) << "it may as well be slow";
    x.pass(seconds{1});
    ASSERT_TRUE(x.write());
    EXPECT_TRUE(x.seen().wrong);
    EXPECT_NEAR(core::to_seconds(x.seen().ahead), core::to_seconds(ahead), 0.1);
    ASSERT_TRUE(x.seen().error);
    EXPECT_LT(*x.seen().error, milliseconds{100});
  }
}

TEST(Clocks, P11_LessThanASecondIsNotWrong) {
  for (const int ahead_ms : {-900, -500, 0, 500, 900}) {
    Exchange x;
    x.ahead = milliseconds{ahead_ms};
    for (int i = 0; i < 100; ++i) {
      const auto record = x.write();
      EXPECT_EQ(record ? record->integer("wrong").value_or(-1) : 0, 0);
      x.pass(seconds{1});
    }
    EXPECT_FALSE(x.seen().wrong);
  }
}

TEST(Clocks, P11_SlowMessagesNeverMakeAClockWrong) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    const auto up_to = [&random](int ms) { return milliseconds{std::uniform_int_distribution{0, ms}(random)}; };
    Exchange x;
    x.ahead = up_to(1800) - milliseconds{900};
    for (int i = 0; i < 50; ++i) {
      x.write(up_to(20'000), up_to(20'000));
      ASSERT_FALSE(x.seen().wrong) << "seed " << seed << " write " << i;
      x.pass(up_to(3000));
    }
  }
}

TEST(Clocks, P11_ItIsRightAgainWhenItIsWithinASecond) {
  Exchange x;
  x.ahead = seconds{90};
  x.write();
  x.pass(seconds{1});
  x.write();
  ASSERT_TRUE(x.seen().wrong);
  x.ahead = seconds{2};
  x.pass(seconds{1});
  x.write();
  EXPECT_TRUE(x.seen().wrong) << "two seconds are still too much";
  x.ahead = milliseconds{200};
  x.pass(seconds{1});
  const auto record = x.write();
  ASSERT_TRUE(record) << "a change is told at once";
  EXPECT_EQ(record->integer("wrong"), 0);
  EXPECT_FALSE(x.seen().wrong);
}

TEST(Clocks, P11_ItIsRightAgainAlsoOverAPathThatTakesSeconds) {
  Exchange x;
  x.ahead = seconds{60};
  x.write(seconds{3}, seconds{3});
  ASSERT_TRUE(x.seen().wrong);
  x.ahead = {};
  for (int i = 0; i < 3; ++i) {
    x.pass(seconds{1});
    x.write(seconds{3}, seconds{3});
  }
  EXPECT_FALSE(x.seen().wrong);
}

TEST(Clocks, P11_ItIsRepeatedWhileItIsWrongAndRarelyWhileItIsNot) {
  Exchange x;
  const auto records_of = [&x](int writes) {
    int n = 0;
    core::WallTime last{};
    for (int i = 0; i < writes; ++i) {
      if (const auto record = x.write()) {
        ++n;
        EXPECT_GT(record->time, last);
        last = record->time;
      }
      x.pass(milliseconds{940});
    }
    return n;
  };
  EXPECT_EQ(records_of(121), 2) << "with the second write, and a minute later";
  x.ahead = -seconds{5};
  EXPECT_NEAR(records_of(120), 12, 1);
}

TEST(Clocks, P11_OurOwnClockBeingSetIsSeenAsTheDifferenceThatItMakes) {
  for (const int step : {-10, 10}) {
    Exchange x;
    x.write();
    x.pass(seconds{1});
    x.write();
    ASSERT_FALSE(x.seen().wrong);
    x.wall += seconds{step};
    x.ahead -= seconds{step};
    for (int i = 0; i < 3; ++i) {
      x.pass(seconds{1});
      x.write();
    }
    EXPECT_TRUE(x.seen().wrong);
    EXPECT_NEAR(core::to_seconds(x.seen().ahead), -step, 0.1);
  }
}

TEST(Clocks, P11_MemoryIsBounded) {
  Clocks clocks;
  const core::WallTime wall = core::from_unix_ms(test::kNowMs);
  core::MonoTime mono{hours{1}};
  for (std::size_t i = 0; i < 2 * Clocks::kVantagesMax; ++i) {
    clocks.note({.vantage = "v" + std::to_string(i), .sent = wall, .heard = {}}, wall, mono);
  }
  EXPECT_EQ(clocks.all().size(), Clocks::kVantagesMax);
  mono += hours{25};
  clocks.note({.vantage = "late", .sent = wall, .heard = {}}, wall, mono);
  EXPECT_EQ(clocks.all().size(), 1U) << "who was silent for a day makes place";
}

}  // namespace
}  // namespace sonde::hub
