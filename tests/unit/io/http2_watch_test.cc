// Watching the frames of an HTTP/2 server, whatever pieces they come in.
#include "io/http2_watch.h"

#include <gtest/gtest.h>

#include "tests/support/http2_frames.h"

namespace sonde::test {
namespace {

using io::Http2End;
using io::Http2Watch;

Http2Watch watched(const std::string& bytes, std::size_t piece = 0) {
  Http2Watch watch;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = piece == 0 ? bytes.size() : std::min(piece, bytes.size() - at);
    watch.take(std::string_view{bytes}.substr(at, n), core::MonoTime{core::Duration{static_cast<int>(at) + 1}});
    at += n;
  }
  return watch;
}

TEST(Http2Watch, AnOrdinaryAnswerIsNoEnd) {
  const std::string bytes = http2_settings() + http2_head() + http2_data("hello");
  for (const std::size_t piece : {0U, 1U, 7U}) {
    const Http2Watch watch = watched(bytes, piece);
    EXPECT_TRUE(watch.any());
    EXPECT_EQ(watch.end(), Http2End::kNone);
    EXPECT_FALSE(watch.flooded());
    EXPECT_TRUE(watch.answered_at());
  }
  EXPECT_EQ(watched(bytes, 1).answered_at()->time_since_epoch().count(), 18) << "the last byte of the frame's head";
}

TEST(Http2Watch, ResetsAndGoawaysKeepTheirCodes) {
  for (const std::size_t piece : {0U, 1U}) {
    const Http2Watch reset = watched(http2_settings() + http2_reset(7), piece);
    EXPECT_EQ(reset.end(), Http2End::kStreamReset);
    EXPECT_EQ(reset.code(), "REFUSED_STREAM (7)");
    EXPECT_FALSE(reset.is_unprocessed());
    const Http2Watch away = watched(http2_goaway(0, 11) + http2_reset(8), piece);
    EXPECT_EQ(away.end(), Http2End::kGoaway) << "the first end counts";
    EXPECT_EQ(away.code(), "ENHANCE_YOUR_CALM (11)");
    EXPECT_TRUE(away.is_unprocessed());
  }
  EXPECT_EQ(watched(http2_reset(4711)).code(), "unknown code (4711)");
}

TEST(Http2Watch, AGracefulGoawayThatCountsOurStreamIsNoEnd) {
  EXPECT_EQ(watched(http2_goaway(1, 0)).end(), Http2End::kNone);
  EXPECT_EQ(watched(http2_goaway(0x7FFFFFFF, 0)).end(), Http2End::kNone);
  EXPECT_EQ(watched(http2_goaway(1, 2)).end(), Http2End::kGoaway);
  EXPECT_EQ(watched(http2_frame(3, 0, 3, four_bytes(1))).end(), Http2End::kNone) << "another stream";
  EXPECT_EQ(watched(http2_frame(7, 0, 0, "xx")).end(), Http2End::kNone) << "too short";
}

TEST(Http2Watch, H55_FramesThatSayNothingAreAFlood) {
  struct Case {
    const char* name;
    std::string frame;
  };
  for (const Case& each :
       {Case{"settings", http2_settings()}, Case{"ping", http2_frame(6, 0, 0, "12345678")},
        Case{"empty data", http2_data("", false)}, Case{"empty continuation", http2_frame(9, 0, 1, "")},
        Case{"priority", http2_frame(2, 0, 1, "12345")}, Case{"unknown", http2_frame(99, 0, 0, "")}}) {
    SCOPED_TRACE(each.name);
    Http2Watch watch;
    for (int i = 0; i < 1000; ++i) watch.take(each.frame, core::MonoTime{});
    EXPECT_FALSE(watch.flooded());
    watch.take(each.frame, core::MonoTime{});
    EXPECT_TRUE(watch.flooded());
  }
  Http2Watch bytes;
  for (int i = 0; i < 100; ++i) bytes.take(http2_frame(9, 0, 1, std::string(16'000, 'x')), core::MonoTime{});
  EXPECT_TRUE(bytes.flooded());
  Http2Watch body;
  for (int i = 0; i < 10'000; ++i) body.take(http2_data("x", false), core::MonoTime{});
  EXPECT_FALSE(body.flooded());
}

}  // namespace
}  // namespace sonde::test
