// The waterfall as it is drawn, character by character, in both languages; and that nothing remote acts on a terminal.
#include "cli/waterfall.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/facts.h"
#include "cli/hops.h"
#include "runs.h"

namespace sonde::cli {
namespace {

using core::Cause;
using core::Language;
using core::Stage;
using namespace sonde::cli::testing;

std::string draw(const core::Target& target, const core::Measurement& m, const Terminal& t) {
  return "\n" + draw_waterfall(target, m, kNow, t);
}

TEST(Waterfall, ARunThatWentWellInEnglish) {
  EXPECT_EQ(draw(target_of("https://www.example.com/"), good_run(), plain()), R"(
● ok  https://www.example.com/  100 ms
  dns       ███▎                                10.0 ms  2 addresses
  tcp          ██████▌                          20.0 ms  93.184.216.34 · kernel RTT 19.5 ms
                                                         1 retransmit
  tls                 █████████████▏            40.0 ms  TLSv1.3 · ALPN h2 · 62 days left
                                                         for *.example.com · issued by R11
                                                         chain of 2
  wait                             ██████▌      20.0 ms  HTTP/2 200
  transfer                                ███   10.0 ms
            0 ──────────────────────── 100 ms
)");
}

TEST(Waterfall, ARunThatWentWellInChinese) {
  EXPECT_EQ(draw(target_of("https://www.example.com/"), good_run(), plain(Language::kChinese)), R"(
● 正常  https://www.example.com/  100 ms
  解析      ███▎                                10.0 ms  2 个地址
  连接         ██████▌                          20.0 ms  93.184.216.34 · 内核 RTT 19.5 ms
                                                         重传 1 次
  握手                █████████████▏            40.0 ms  TLSv1.3 · ALPN h2 · 剩余 62 天
                                                         用于 *.example.com · 颁发者 R11
                                                         证书链 2 级
  等待                             ██████▌      20.0 ms  HTTP/2 200
  传输                                    ███   10.0 ms
            0 ──────────────────────── 100 ms
)");
}

TEST(Waterfall, AStageThatNeverEndedLastsUntilTheEndAndWhatComesAfterIsNotReached) {
  EXPECT_EQ(draw(target_of("https://x.example/"), stuck_run(), plain()), R"(
● fail  https://x.example/  5.00 s
  dns       ███▎                                 500 ms
  tcp          ███▎                              500 ms  192.0.2.7
✗ tls              ░░░░░░░░░░░░░░░░░░░░░░░░░░    4.00 s
            0 ──────────────────────── 5.00 s
  not reached: http
  ✗ tls_timeout: no answer in time
  → Look at the server's TLS settings and log; --explain shows all that it sent.
)");
}

TEST(Waterfall, AFaultOfOurOwnSaysThatItIsOnThisSide) {
  core::Measurement m;
  m.outcome = core::failed(Stage::kTcp, Cause::kNoRoute, "Network is unreachable");
  m.set(field::kDurationSeconds, 0.001);
  const std::string en = draw(target_of("tcp://192.0.2.1:1", core::CheckKind::kTcp), m, plain());
  EXPECT_NE(en.find("● unknown"), en.npos);
  EXPECT_NE(en.find("the fault is on this side"), en.npos);
  const std::string zh = draw(target_of("tcp://192.0.2.1:1", core::CheckKind::kTcp), m, plain(Language::kChinese));
  EXPECT_NE(zh.find("故障在本机一侧"), zh.npos);
}

constexpr const char* kHops =
    R"([{"url":"http://a.example/","status":301,"connect":0.02,"processing":0.02},)"
    R"({"url":"https://www.b.example/","status":200,"connect":0.02,"tls":0.02,"processing":0.02}])";

TEST(Waterfall, TheHopsOfARedirectHaveTheirOwnBarsOnOneAxis) {
  core::Measurement m;
  m.set(field::kDurationSeconds, 0.1);
  m.set(field::kConnectSeconds, 0.04);
  m.set(field::kTlsSeconds, 0.02);
  m.set(field::kProcessingSeconds, 0.04);
  m.set(field::kCertNames, std::string{"*.b.example"});
  m.set(field::kHttpStatusCode, std::int64_t{200});
  m.set(field::kHttpVersion, std::string{"1.1"});
  m.set(field::kHttpRedirects, std::int64_t{1});
  m.set(field::kHttpHops, std::string{kHops});
  EXPECT_EQ(draw(target_of("http://a.example/"), m, plain()), R"(
● ok  http://a.example/  100 ms
    301 http://a.example/
  tcp       ██████▌                             20.0 ms
  wait             ██████▌                      20.0 ms
  ↪ 200 https://www.b.example/
  tcp                    ██████▌                20.0 ms
  tls                           ██████▌         20.0 ms  for *.b.example
  wait                                ██████▌   20.0 ms  HTTP/1.1 200 · after 1 redirect
            0 ──────────────────────── 100 ms
)");
}

TEST(Waterfall, HopsThatCannotBeReadAreNone) {
  const auto hops = read_hops(kHops);
  ASSERT_EQ(hops.size(), 2U);
  EXPECT_EQ(hops[0].status, 301);
  EXPECT_EQ(hops[0].phases[1], 0.02);
  EXPECT_FALSE(hops[0].phases[2].has_value());
  EXPECT_TRUE(read_hops("{\"url\":").empty());
  EXPECT_TRUE(read_hops("[1]").empty());
  EXPECT_TRUE(read_hops("").empty());
}

TEST(Waterfall, APoorAlphabetGetsSignsThatItHas) {
  Terminal t = plain();
  t.unicode = false;
  const std::string text = draw(target_of("https://x.example/"), stuck_run(), t);
  EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; })) << text;
  EXPECT_NE(text.find("x tls"), text.npos);
}

// RELIABILITY "Line injection": escape sequences, a second line, bidirectional overrides and broken UTF-8.
TEST(Waterfall, NothingRemoteReachesTheTerminal) {
  const std::string hostile =
      "\x1b]0;owned\x07\x1b[2J\r\nok\xE2\x80\xAE"
      "cba\xFF\xC2\x9B"
      "31m";
  core::Measurement m = good_run();
  m.outcome.status = core::Status::kFail;
  m.outcome.stage = Stage::kHttp;
  m.outcome.cause = Cause::kStatus;
  m.outcome.detail = hostile;  // not by core::failed: as if a check had forgotten to sanitize
  for (const core::Field* f : {&field::kIp, &field::kTlsVersion, &field::kAlpn, &field::kCertIssuer, &field::kCertNames,
                               &field::kCertChain, &field::kHttpVersion, &field::kDnsAnswerSet}) {
    m.set(*f, hostile);
  }
  core::Target target = target_of("https://x.example/" + hostile);
  target.name = hostile;
  const std::string text = draw_waterfall(target, m, kNow, plain());
  for (const std::string_view sequence : {"\x1b", "\x07", "\r", "\xE2\x80\xAE", "\xFF", "\xC2\x9B"}) {
    EXPECT_EQ(text.find(sequence), text.npos) << text;
  }
}

TEST(Waterfall, EveryCauseHasAdviceInBothLanguages) {
  for (const core::CauseInfo& info : core::all_causes()) {
    for (const Stage stage : {Stage::kDns, Stage::kTcp, Stage::kTls, Stage::kHttp, Stage::kDone}) {
      core::Outcome o{.status = core::Status::kFail, .stage = stage, .cause = info.cause, .detail = {}};
      const bool none = info.cause == Cause::kNone;
      EXPECT_EQ(advice(o, plain()).empty(), none) << info.name;
      EXPECT_EQ(advice(o, plain(Language::kChinese)).empty(), none) << info.name;
    }
  }
}

TEST(Facts, EveryFieldHasAMeaningInBothLanguages) {
  for (const core::Field& f : core::probe_fields()) {
    EXPECT_EQ(meaning_of(f, plain()), f.meaning);
    EXPECT_NE(meaning_of(f, plain(Language::kChinese)), f.meaning) << f.name << " lacks its line in cli/field_words.cc";
  }
}

TEST(Facts, ANameCoversAHostAsAWholeOrByItsFirstLabel) {
  EXPECT_EQ(covering_name("a.example,B.example", "b.EXAMPLE"), "b.example");
  EXPECT_EQ(covering_name("*.example.com", "www.example.com"), "*.example.com");
  EXPECT_EQ(covering_name("*.example.com", "a.b.example.com"), "");
  EXPECT_EQ(covering_name("*.example.com", "example.com"), "");
  EXPECT_EQ(covering_name("", "example.com"), "");
}

TEST(Facts, SizesAndDaysAreRoundedForPeople) {
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1256), "1.3 KB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(days_left(core::to_unix_ms(kNow) / 1000 + 86'399, kNow), 0);
  EXPECT_EQ(days_left(core::to_unix_ms(kNow) / 1000 - 1, kNow), -1);
}

}  // namespace
}  // namespace sonde::cli
