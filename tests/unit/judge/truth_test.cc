// Truth files: what is read, what is written, and what is said of mistakes.
#include "hub/judge/truth.h"

#include <gtest/gtest.h>

namespace sonde::hub::judge {
namespace {

TEST(Truth, ReadsALineOfTheWorld) {
  const TruthFile f = read_truths(
      R"({"id":"media-503","start_ms":1000,"end_ms":2000,"component":"app:media","equivalent":["endpoint:media"],"kind":"http_status","percent":50})"
      "\n\n");
  ASSERT_TRUE(f.errors.empty()) << f.errors[0].en;
  ASSERT_EQ(f.truths.size(), 1U);
  EXPECT_EQ(f.truths[0].id, "media-503");
  EXPECT_EQ(core::to_unix_ms(f.truths[0].start), 1000);
  EXPECT_EQ(core::to_unix_ms(f.truths[0].end), 2000);
  EXPECT_EQ(f.truths[0].component, "app:media");
  EXPECT_EQ(f.truths[0].equivalent, std::vector<std::string>{"endpoint:media"});
  EXPECT_EQ(f.truths[0].kind, "http_status");
  EXPECT_EQ(f.truths[0].percent, 50);
  EXPECT_FALSE(f.truths[0].off_model);
  EXPECT_FALSE(f.truths[0].optional);
}

TEST(Truth, WhatIsWrittenIsReadBackInTheOrderOfTime) {
  Truth t;
  t.id = "b";
  t.start = core::from_unix_ms(5000);
  t.end = core::from_unix_ms(6000);
  t.component = "edge:p@US";
  t.accept = {"peering:x>p"};
  t.off_model = true;
  t.optional = true;
  Truth first;
  first.id = "a";
  first.start = core::from_unix_ms(1000);
  first.end = core::from_unix_ms(9000);
  const TruthFile f = read_truths(to_json_line(t) + to_json_line(first));
  ASSERT_TRUE(f.errors.empty()) << f.errors[0].en;
  ASSERT_EQ(f.truths.size(), 2U);
  EXPECT_EQ(f.truths[0].id, "a");
  EXPECT_EQ(f.truths[0].component, "") << "a fault of no component";
  EXPECT_EQ(f.truths[1].accept, t.accept);
  EXPECT_TRUE(f.truths[1].off_model);
  EXPECT_TRUE(f.truths[1].optional);
}

struct Mistake {
  const char* text;
  const char* en;
  const char* zh;
};

TEST(Truth, SaysWhereAndWhatIsWrong) {
  const std::string good = R"({"id":"x","start_ms":1,"end_ms":2,"component":"app:a"})"
                           "\n";
  const Mistake mistakes[] = {
      {"{\"id\": nonsense}", "line 2, column 9: this is not JSON; a line is one object",
       "第 2 行第 9 列：不是 JSON；每行是一个对象"},
      {"[1]", "line 2: a line is one JSON object", "第 2 行：每行是一个 JSON 对象"},
      {R"({"id":"a","start_ms":1,"end_ms":2})", "line 2: \"component\" is missing", "第 2 行：缺少“component”"},
      {R"({"id":"a","start_ms":1.5,"end_ms":2,"component":""})",
       "line 2: \"start_ms\" must be a whole number of milliseconds since 1970",
       "第 2 行：“start_ms”必须是自 1970 年起的整数毫秒"},
      {R"({"id":"a","start_ms":3,"end_ms":2,"component":""})", "line 2: \"end_ms\" is before \"start_ms\"",
       "第 2 行：“end_ms”早于“start_ms”"},
      {R"({"id":"a","start_ms":1,"end_ms":2,"component":"","percent":101})",
       "line 2: \"percent\" must be a number from 0 to 100", "第 2 行：“percent”必须是介于 0 与 100 之间的数"},
      {R"({"id":"a","start_ms":1,"end_ms":2,"component":"","equivalent":"app:a"})",
       "line 2: \"equivalent\" must be a list of texts", "第 2 行：“equivalent”必须是文本列表"},
      {R"({"id":"x","start_ms":1,"end_ms":2,"component":""})", "line 2: the id \"x\" stands twice in the file",
       "第 2 行：文件中有两个 id \"x\""},
      {R"({"id":"","start_ms":1,"end_ms":2,"component":""})", "line 2: \"id\" is empty", "第 2 行：“id”为空"},
      {R"({"id":"a","start_ms":1,"end_ms":2,"component":"","optional":1})",
       "line 2: \"optional\" must be true or false", "第 2 行：“optional”必须是布尔值 true 或 false"},
  };
  for (const Mistake& m : mistakes) {
    SCOPED_TRACE(m.text);
    const TruthFile f = read_truths(good + m.text);
    ASSERT_EQ(f.errors.size(), 1U);
    EXPECT_EQ(f.errors[0].en, m.en);
    EXPECT_EQ(f.errors[0].zh, m.zh);
  }
}

TEST(Truth, NamesTheNearestKeyAndKind) {
  const TruthFile f = read_truths(R"({"id":"a","start_ms":1,"end_ms":2,"component":"","equivalnt":[]})");
  ASSERT_EQ(f.errors.size(), 1U);
  EXPECT_TRUE(f.errors[0].en.starts_with("line 1: unknown key \"equivalnt\"; allowed are id start_ms"))
      << f.errors[0].en;
  EXPECT_TRUE(f.errors[0].en.ends_with("; did you mean \"equivalent\"?")) << f.errors[0].en;
  const TruthFile g = read_truths(R"({"id":"a","start_ms":1,"end_ms":2,"component":"regoin:p/r"})");
  ASSERT_EQ(g.errors.size(), 1U);
  EXPECT_TRUE(g.errors[0].en.starts_with("line 1: \"regoin:p/r\" is no component key")) << g.errors[0].en;
  EXPECT_TRUE(g.errors[0].en.ends_with("; did you mean \"region\"?")) << g.errors[0].en;
}

TEST(Truth, StopsAtTenMistakes) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "nonsense\n";
  EXPECT_EQ(read_truths(text).errors.size(), 10U);
}

TEST(Truth, KnowsClassesOfKeys) {
  EXPECT_EQ(class_of_key("app:a"), BlameClass::kApp);
  EXPECT_EQ(class_of_key("ca:x"), BlameClass::kApp);
  EXPECT_EQ(class_of_key("service-region:p/r/s"), BlameClass::kProvider);
  EXPECT_EQ(class_of_key("resolver:x"), BlameClass::kDns);
  EXPECT_EQ(class_of_key("border:two-way"), BlameClass::kPath);
  EXPECT_EQ(class_of_key("host-region:p/r"), BlameClass::kVantage);
  EXPECT_FALSE(class_of_key("app"));
  EXPECT_FALSE(class_of_key("app:"));
  EXPECT_FALSE(class_of_key("nonsense:x"));
}

}  // namespace
}  // namespace sonde::hub::judge
