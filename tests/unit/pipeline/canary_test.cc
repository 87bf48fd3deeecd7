// What a canary bears, and what databases' answers say of it.
#include "pipeline/canary.h"

#include <gtest/gtest.h>

#include "core/line_protocol.h"
#include "pipeline/read_back.h"

namespace sonde::pipeline {
namespace {

constexpr core::WallTime kNow = core::from_unix_ns(1'748'736'000'123'456'789);  // 2025-06-01T00:00:00.123456789Z

/// What a database gives back that keeps everything, `copies` times each.
std::vector<StoredValue> stored(const Canary& canary, int copies = 1) {
  std::vector<StoredValue> out;
  core::decode_lines(
      canary.lines(), core::Precision::kNanoseconds, {},
      [&](const core::Record& r) {
        for (const auto& [name, value] : r.fields) {
          for (int i = 0; i < copies; ++i) out.push_back({name, r.time, value});
        }
      },
      [](const core::LineError& e) { ADD_FAILURE() << e.message; });
  return out;
}

TEST(Canary, HasTwoPointsOfItsOwnMeasurementOnWholeMilliseconds) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  EXPECT_EQ(core::to_unix_ns(canary.first), 1'748'736'000'123'000'000);
  EXPECT_EQ(canary.second() - canary.first, std::chrono::milliseconds{1});
  const std::string lines = canary.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_TRUE(lines.starts_with("sonde_canary,canary=doctor,sink=tsdb,vantage=here ")) << lines;
}

TEST(Canary, ItsTagsNeedNoQuotingInAnyLanguage) {
  const Canary canary = canary_for("a b'\"\\,=|\n(x)", "sink-1.2:\xe6\x8e\xa2", kNow);
  EXPECT_EQ(canary.vantage, "a_b________x_");
  EXPECT_EQ(canary.sink, "sink-1.2_\xe6\x8e\xa2");
}

TEST(Canary, P2IsCountedByCopies) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  for (const int copies : {1, 3}) {
    const CanaryFate fate = read_fate(canary, stored(canary, copies));
    EXPECT_TRUE(fate.found());
    EXPECT_EQ(fate.first_copies, copies);
    EXPECT_EQ(fate.second_copies, copies);
    EXPECT_FALSE(fate.moved_to);
    EXPECT_TRUE(fate.integer_kept && fate.integer_type_kept && fate.fraction_kept && fate.fraction_exactly);
    EXPECT_EQ(fate.text, CanaryFate::Text::kKept);
  }
  EXPECT_FALSE(read_fate(canary, {}).found());
}

TEST(Canary, OtherCanariesAreNotOurs) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  EXPECT_FALSE(read_fate(canary, stored(canary_for("here", "tsdb", kNow - std::chrono::minutes{5}))).found());
}

TEST(Canary, P3ATimeThatWasCutIsSeen) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  auto values = stored(canary);
  for (StoredValue& v : values) v.time = core::from_unix_ms(core::to_unix_ms(v.time) / 1000 * 1000);
  const CanaryFate fate = read_fate(canary, values);
  ASSERT_TRUE(fate.moved_to);
  EXPECT_EQ(core::to_unix_ms(*fate.moved_to), 1'748'736'000'000);
  EXPECT_EQ(fate.first_copies, 0);
}

TEST(Canary, ValuesThatChangedAreSeen) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  auto values = stored(canary);
  for (StoredValue& v : values) {  // as single precision, and a text as VictoriaMetrics keeps it
    if (auto* i = std::get_if<std::int64_t>(&v.value)) {
      v.value = static_cast<double>(static_cast<float>(*i));
    } else if (auto* d = std::get_if<double>(&v.value)) {
      v.value = static_cast<double>(static_cast<float>(*d));
    } else {
      v.value = 0.0;
    }
  }
  const CanaryFate fate = read_fate(canary, values);
  EXPECT_EQ(fate.first_copies, 1) << "it is there, whatever became of its value";
  EXPECT_FALSE(fate.integer_kept || fate.fraction_kept);
  EXPECT_EQ(fate.text, CanaryFate::Text::kChanged);
}

TEST(Canary, ADecimalOf15DigitsIsKeptThoughNotExactly) {
  const Canary canary = canary_for("here", "tsdb", kNow);
  const CanaryFate fate = read_fate(canary, {{"sonde_canary_fraction", canary.first, 0.3}});
  EXPECT_TRUE(fate.fraction_kept);
  EXPECT_FALSE(fate.fraction_exactly);
}

TEST(ReadBack, AnswersOfInfluxDb1) {
  const auto values = read_values(
      QueryLanguage::kInfluxQl,
      R"({"results":[{"statement_id":0,"series":[{"name":"sonde_canary","columns":["time","fraction","vantage","whole",)"
      R"("words"],"values":[[1748736000123000000,0.30000000000000004,"here",9007199254740991,"x \"y\""],)"
      R"([1748736000124000000,null,"here",1,null]]}]}]})");
  ASSERT_TRUE(values) << values.error().message;
  ASSERT_EQ(values->size(), 6U);
  EXPECT_EQ(std::get<double>(values->at(0).value), 0.1 + 0.2);
  EXPECT_EQ(core::to_unix_ns(values->at(0).time), 1'748'736'000'123'000'000);
  EXPECT_EQ(std::get<std::int64_t>(values->at(2).value), 9'007'199'254'740'991);
  EXPECT_EQ(std::get<std::string>(values->at(3).value), "x \"y\"");
  EXPECT_TRUE(read_values(QueryLanguage::kInfluxQl, R"({"results":[{"statement_id":0}]})")->empty());
  const auto refused = read_values(QueryLanguage::kInfluxQl, R"({"results":[{"error":"database not found: x"}]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "database not found: x");
}

// An answer as InfluxDB 2.7 documents it ("Annotated CSV"): one table for each type of value.
TEST(ReadBack, AnswersOfInfluxDb2) {
  const auto values = read_values(
      QueryLanguage::kFlux,
      "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string\r\n"
      ",result,table,_start,_stop,_time,_value,_field,vantage\r\n"
      ",,0,2025-05-31T23:00:00Z,2025-06-01T01:00:00Z,2025-06-01T00:00:00.123Z,9007199254740991,whole,here\r\n"
      "\r\n"
      "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,string,string,string\r\n"
      ",result,table,_start,_stop,_time,_value,_field,vantage\r\n"
      ",,1,2025-05-31T23:00:00Z,2025-06-01T01:00:00Z,2025-06-01T00:00:00Z,\"a \"\"quoted\"\", b\",words,here\r\n\r\n");
  ASSERT_TRUE(values) << values.error().message;
  ASSERT_EQ(values->size(), 2U);
  EXPECT_EQ(values->at(0).name, "whole");
  EXPECT_EQ(core::to_unix_ms(values->at(0).time), 1'748'736'000'123);
  EXPECT_EQ(std::get<std::int64_t>(values->at(0).value), 9'007'199'254'740'991);
  EXPECT_EQ(std::get<std::string>(values->at(1).value), "a \"quoted\", b");
  EXPECT_TRUE(read_values(QueryLanguage::kFlux, "\r\n")->empty());
  EXPECT_FALSE(read_values(QueryLanguage::kFlux, "#datatype,string,string\n,error,reference\n,failed,897\n"));
}

TEST(ReadBack, AnswersOfInfluxDb3) {
  const auto values =
      read_values(QueryLanguage::kSql, R"([{"time":"2025-06-01T00:00:00.123","whole":9007199254740991,"words":"w"},)"
                                       R"({"time":"2025-06-01T00:00:00.123456789Z","fraction":0.5}])");
  ASSERT_TRUE(values) << values.error().message;
  ASSERT_EQ(values->size(), 3U);
  EXPECT_EQ(core::to_unix_ms(values->at(0).time), 1'748'736'000'123);
  EXPECT_EQ(core::to_unix_ns(values->at(2).time), core::to_unix_ns(kNow));
  EXPECT_FALSE(read_values(QueryLanguage::kSql, R"({"error":"table not found"})"));
}

TEST(ReadBack, AnswersOfVictoriaMetrics) {
  const auto values = read_values(
      QueryLanguage::kExport, R"({"metric":{"__name__":"sonde_canary_whole","sink":"s"},"values":[9007199254740991,)"
                              R"(9007199254740991],"timestamps":[1748736000123,1748736000123]})"
                              "\n"
                              R"({"metric":{"__name__":"sonde_canary_fraction"},"values":[0.30000000000000004],)"
                              R"("timestamps":[1748736000123]})"
                              "\n");
  ASSERT_TRUE(values) << values.error().message;
  ASSERT_EQ(values->size(), 3U);
  EXPECT_EQ(values->at(1).name, "sonde_canary_whole");
  EXPECT_EQ(core::to_unix_ms(values->at(1).time), 1'748'736'000'123);
  EXPECT_TRUE(read_values(QueryLanguage::kExport, "")->empty());
}

TEST(ReadBack, WhatIsNoAnswerIsAnErrorInEveryLanguage) {
  for (const QueryLanguage language :
       {QueryLanguage::kInfluxQl, QueryLanguage::kFlux, QueryLanguage::kSql, QueryLanguage::kExport}) {
    for (const char* body : {"<html>log in</html>", "{", "[1]", "{\"results\":[7]}", "a,b\n1,2\n", "{\"metric\":1}",
                             "{\"results\":[{\"series\":[{\"columns\":[1],\"values\":[[1]]}]}]}"}) {
      EXPECT_FALSE(read_values(language, body)) << static_cast<int>(language) << " " << body;
    }
  }
}

TEST(ReadBack, FieldsOfAnotherTypeAreNamed) {
  const auto conflicts = read_type_conflicts(
      R"({"results":[{"series":[{"name":"probe","columns":["fieldKey","fieldType"],"values":[["success","float"],)"
      R"(["duration_seconds","float"],["status","string"],["somebody_elses","boolean"],["cause","integer"]]}]}]})");
  ASSERT_TRUE(conflicts) << conflicts.error().message;
  ASSERT_EQ(conflicts->size(), 2U);
  EXPECT_EQ(conflicts->at(0).field, "success");
  EXPECT_EQ(conflicts->at(0).there, "float");
  EXPECT_EQ(conflicts->at(0).ours, "integer");
  EXPECT_EQ(conflicts->at(1).field, "cause");
}

}  // namespace
}  // namespace sonde::pipeline
