// What two processes tell each other of their clocks, and what follows.
#include "pipeline/clock_note.h"

#include <gtest/gtest.h>

namespace sonde::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kNowMs = 1'764'000'000'000;

core::WallTime at(std::int64_t ms) { return core::from_unix_ms(kNowMs + ms); }

TEST(ClockNote, P11_GoesThroughAHeaderAndBack) {
  ClockNote note{.vantage = "杭州, 1=\r\n", .sent = at(0), .heard = {}};
  EXPECT_EQ(read_clock_note(to_header(note)), note);
  note.heard = {.said = at(-5), .ago = milliseconds{980}};
  EXPECT_EQ(read_clock_note(to_header(note)), note);
  EXPECT_EQ(to_header({.vantage = "v 1", .sent = at(0), .heard = note.heard}),
            "sent=1764000000000, heard=1763999999995, ago=980, vantage=v%201");
  EXPECT_EQ(read_now(to_now_header(at(7))), at(7));
}

TEST(ClockNote, P11_WhatIsNoSuchNoteIsNone) {
  for (const char* text : {"", "sent=1", "vantage=v", "sent=, vantage=v", "sent=x, vantage=v", "sent=-1, vantage=v",
                           "sent=9223372036854775807, vantage=v", "sent=99999999999999999999, vantage=v",
                           "sent=1, vantage=", "sent=1, vantage=%", "sent=1, vantage=%00", "sent=1 2, vantage=v", ",,,",
                           "====", "sent", "vantage"}) {
    EXPECT_FALSE(read_clock_note(text)) << text;
  }
  EXPECT_FALSE(read_clock_note("sent=1, vantage=" + std::string(2000, 'v')));
  for (const char* text : {"", "x", "-1", "1.5", "99999999999999999999"}) EXPECT_FALSE(read_now(text)) << text;
  // Half of what was heard is nothing heard; a later version may say more.
  const auto note = read_clock_note("sent=1,heard=2,  colour=red , vantage=v");
  ASSERT_TRUE(note);
  EXPECT_FALSE(note->heard);
}

TEST(ClockNote, P11_BoundsHoldHoweverLongMessagesTake) {
  // The sender is `ahead`; its last answer took `back` and came `ago` ago, the request takes `there`.
  for (const std::int64_t ahead : {-7'200'000, -5000, -1, 0, 1, 5000, 7'200'000}) {
    for (const std::int64_t back : {0, 40, 3000, 60'000}) {
      for (const std::int64_t there : {0, 40, 3000, 60'000}) {
        const std::int64_t ago = 1000;
        const ClockNote note{.vantage = "v",
                             .sent = at(ahead),
                             .heard = ClockNote::Heard{.said = at(-ago - back), .ago = milliseconds{ago}}};
        const ClockOffset offset = offset_of(note, at(there));
        EXPECT_LE(offset.least, milliseconds{ahead});
        ASSERT_TRUE(offset.most);
        EXPECT_GE(*offset.most, milliseconds{ahead});
        EXPECT_EQ(*offset.most - offset.least, milliseconds{back + there}) << "no wider than messages were slow";
      }
    }
  }
}

}  // namespace
}  // namespace sonde::pipeline
