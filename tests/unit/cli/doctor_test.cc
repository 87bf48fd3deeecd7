// What `sonde doctor` says of what was found: grades, promises, both languages, lines and JSON.
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/doctor_sinks.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_loop.h"
#include "tests/unit/cli/runs.h"

namespace sonde::cli {
namespace {

using pipeline::CanaryFate;
using pipeline::InfluxExamination;
using pipeline::InfluxOptions;
using pipeline::ServerKind;
using pipeline::SinkReply;
using Reading = InfluxExamination::Reading;
using Remains = InfluxExamination::Remains;

InfluxOptions options() {
  InfluxOptions o;
  o.name = "tsdb";
  o.url = "http://tsdb:8086";
  o.dead_letter_file = "/var/dead-letter-tsdb.jsonl";
  return o;
}

/// An InfluxDB 1 that does everything right.
InfluxExamination good() {
  InfluxExamination e;
  e.addresses.list = {"192.0.2.9"};
  e.answered_in = std::chrono::milliseconds{3};
  e.server = {.kind = ServerKind::kInflux1, .product = "InfluxDB 1.6.7", .start_time_visible = false};
  e.clock = pipeline::ClockBounds{.least = -std::chrono::milliseconds{900}, .most = std::chrono::milliseconds{200}};
  e.writes_taken = 3;
  e.reading = Reading::kDone;
  e.fate = {.first_copies = 1,
            .second_copies = 1,
            .moved_to = std::nullopt,
            .integer_kept = true,
            .integer_type_kept = true,
            .fraction_kept = true,
            .fraction_exactly = true,
            .text = CanaryFate::Text::kKept};
  e.types_known = true;
  e.remains = Remains::kRemoved;
  return e;
}

/// "check:grade" of everything but what is fine; each finding has both languages, and what is not fine says what to do.
std::string complaints(const InfluxExamination& e, const InfluxOptions& o = options()) {
  std::string out;
  for (const Diagnosis& d : diagnose_influx(o, e)) {
    EXPECT_EQ(d.about, "sink tsdb");
    EXPECT_FALSE(d.text.en.empty() || d.text.zh.empty()) << d.check;
    EXPECT_NE(d.text.en, d.text.zh) << d.check;
    EXPECT_EQ(d.text.en.find('\n'), std::string::npos);
    EXPECT_EQ(d.advice.en.empty(), d.advice.zh.empty()) << d.check;
    if (d.grade == Grade::kOk) continue;
    EXPECT_FALSE(d.advice.en.empty()) << d.check << " says nothing of what to do";
    out += (out.empty() ? "" : " ") + std::string{d.check} + (d.grade == Grade::kWarn ? ":warn" : ":fail");
  }
  return out;
}

const Diagnosis* find(const std::vector<Diagnosis>& all, std::string_view check) {
  const auto it = std::ranges::find(all, check, &Diagnosis::check);
  return it == all.end() ? nullptr : &*it;
}

TEST(DoctorSinks, AGoodDatabaseHasNoComplaintAndSaysWhichPromisesHold) {
  EXPECT_EQ(complaints(good()), "");
  const auto all = diagnose_influx(options(), good());
  for (const char* promise : {"P2", "P3", "P4", "P8", "P9", "P10", "P11"}) {
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Diagnosis& d) { return d.promise == promise; })) << promise;
  }
}

TEST(DoctorSinks, EachThingThatIsWrongIsTold) {
  struct Case {
    const char* expected;
    void (*spoil)(InfluxExamination&);
  };
  const Case cases[] = {
      {"reach:fail", [](InfluxExamination& e) { e.unreachable = "cannot connect"; }},
      {"clock:warn",
       [](InfluxExamination& e) {
         e.clock = pipeline::ClockBounds{std::chrono::seconds{2}, std::chrono::seconds{4}};
       }},
      {"clock:fail",
       [](InfluxExamination& e) {
         e.clock = pipeline::ClockBounds{-std::chrono::seconds{99}, -std::chrono::seconds{97}};
       }},
      {"once:fail",
       [](InfluxExamination& e) {
         e.fate = {};
         e.remains = Remains::kNothing;
       }},
      {"once:warn", [](InfluxExamination& e) { e.fate.first_copies = e.fate.second_copies = 3; }},
      {"once:warn", [](InfluxExamination& e) { e.reading = Reading::kForbidden; }},
      {"once:warn", [](InfluxExamination& e) { e.reading = Reading::kFailed; }},
      {"once:warn durability:warn",
       [](InfluxExamination& e) {
         e.reading = Reading::kNoWay;
         e.server.kind = ServerKind::kVictoriaGate;
       }},
      {"once:warn",
       [](InfluxExamination& e) {
         e.reading = Reading::kNoWay;
         e.server.kind = ServerKind::kHub;
       }},
      {"time:warn", [](InfluxExamination& e) { e.fate.second_copies = 0; }},
      {"time:fail", [](InfluxExamination& e) { e.fate.moved_to = core::from_unix_ms(1000); }},
      {"values:fail", [](InfluxExamination& e) { e.fate.fraction_kept = false; }},
      {"values:warn", [](InfluxExamination& e) { e.fate.text = CanaryFate::Text::kChanged; }},
      {"values:warn", [](InfluxExamination& e) { e.fate.text = CanaryFate::Text::kAbsent; }},
      {"types:fail",
       [](InfluxExamination& e) {
         e.conflicts = {{"success", "float", "integer"}};
       }},
      {"durability:warn", [](InfluxExamination& e) { e.server.kind = ServerKind::kUnknown; }},
      {"durability:warn", [](InfluxExamination& e) { e.server.kind = ServerKind::kVictoria; }},
      {"durability:warn",
       [](InfluxExamination& e) {
         e.server.kind = ServerKind::kVictoria;
         e.ack_hold = std::chrono::seconds{30};
       }},
      {"",
       [](InfluxExamination& e) {
         e.server = {.kind = ServerKind::kVictoria, .product = "VictoriaMetrics", .start_time_visible = true};
         e.ack_hold = std::chrono::seconds{30};
         e.fate.text = CanaryFate::Text::kAbsent;
         e.fate.integer_type_kept = false;
       }},
      {"canary:warn",
       [](InfluxExamination& e) {
         e.remains = Remains::kStays;
         e.remains_said = "forbidden";
       }},
      {"canary:warn", [](InfluxExamination& e) { e.remains = Remains::kNotKnown; }},
      {"", [](InfluxExamination& e) { e.remains = Remains::kStays; }},
      {"", [](InfluxExamination& e) { e.remains = Remains::kRemovedItSays; }},
      {"", [](InfluxExamination& e) { e.clock.reset(); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(&c - cases);
    InfluxExamination e = good();
    c.spoil(e);
    EXPECT_EQ(complaints(e), c.expected);
  }
}

TEST(DoctorSinks, ARefusedWriteSaysWhatHappensToResults) {
  struct Case {
    SinkReply::Kind kind;
    const char* promise;
  };
  for (const Case& c : {Case{SinkReply::Kind::kBlocked, "P9"}, Case{SinkReply::Kind::kRetry, "P9"},
                        Case{SinkReply::Kind::kDone, "P8"}}) {
    InfluxExamination e = good();
    e.writes_taken = 0;
    e.refusal = SinkReply{.kind = c.kind, .message = "not found (HTTP 404): database not found"};
    e.reading = Reading::kNotTried;
    e.types_known = false;
    e.remains = Remains::kNothing;
    EXPECT_EQ(complaints(e), "write:fail");
    const auto all = diagnose_influx(options(), e);
    const Diagnosis* write = find(all, "write");
    ASSERT_NE(write, nullptr);
    EXPECT_EQ(write->promise, c.promise);
    EXPECT_NE(write->text.en.find("database not found"), std::string::npos);
  }
}

TEST(DoctorFiles, AFileIsExaminedBesideItAndLeftAlone) {
  sonde::test::SimLoop loop;
  sonde::test::SimFiles files;
  files.set_contents("/out/truth.lp", "p n=1i 1\n");
  const auto all = examine_file(loop, files, {.name = "file", .path = "/out/truth.lp", .rotation = {}}, "here");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(std::ranges::all_of(all, [](const Diagnosis& d) { return d.grade == Grade::kOk; })) << all[0].text.en;
  EXPECT_EQ(files.contents("/out/truth.lp"), "p n=1i 1\n");
  EXPECT_FALSE(files.exists("/out/truth.lp.canary"));
}

TEST(DoctorFiles, ADiskThatRefusesIsToldAndNothingStays) {
  for (const auto operation : {sonde::test::FileOperation::kAppend, sonde::test::FileOperation::kSync}) {
    sonde::test::SimLoop loop;
    sonde::test::SimFiles files;
    files.set_contents("/out/truth.lp", "p n=1i 1\n");
    files.fail_next(operation, core::ErrorCode::kNoSpace);
    const auto all = examine_file(loop, files, {.name = "file", .path = "/out/truth.lp", .rotation = {}}, "here");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].grade, Grade::kFail);
    EXPECT_FALSE(files.exists("/out/truth.lp.canary"));
  }
}

TEST(Diagnoses, AreOneLineEachInColumnsWithACount) {
  const std::vector<Diagnosis> all = {
      {Grade::kOk, "machine", "clock", "P11", {"fine", "正常"}, {}},
      {Grade::kFail, "sink x\x1b[31m", "write", "P9", {"not authorized", "未授权"}, {"check the token", "检查令牌"}}};
  EXPECT_EQ(diagnoses_text(all, testing::plain()),
            "ok    machine     clock (P11)  fine\n"
            "fail  sink x[31m  write (P9)   not authorized → check the token\n"
            "1 ok, 0 warn, 1 fail\n");
  const std::string zh = diagnoses_text(all, testing::plain(core::Language::kChinese));
  EXPECT_NE(zh.find("正常  本机 "), std::string::npos) << zh;
  EXPECT_NE(zh.find("故障  出口 x"), std::string::npos) << zh;
  EXPECT_NE(zh.find("1 正常，0 注意，1 故障"), std::string::npos) << zh;
  EXPECT_NE(zh.find("未授权 → 检查令牌"), std::string::npos) << zh;
}

TEST(Diagnoses, AreOneJsonObjectPerLine) {
  const std::string text =
      diagnoses_json({{Grade::kWarn, "log", "space", "P5", {"little", "少"}, {"make room", "腾出空间"}},
                      {Grade::kOk, "machine", "files", "", {"a", "b"}, {}}},
                     core::Language::kEnglish);
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first, (nlohmann::json{{"about", "log"},
                                   {"check", "space"},
                                   {"promise", "P5"},
                                   {"grade", "warn"},
                                   {"text", "little"},
                                   {"advice", "make room"}}));
  const auto second = nlohmann::json::parse(text.substr(text.find('\n') + 1));
  EXPECT_EQ(second, (nlohmann::json{{"about", "machine"}, {"check", "files"}, {"grade", "ok"}, {"text", "a"}}));
}

}  // namespace
}  // namespace sonde::cli
