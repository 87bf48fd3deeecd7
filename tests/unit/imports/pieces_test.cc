// The pieces of imports that have rules of their own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/imports/json_path.h"
#include "cli/imports/relabel.h"
#include "cli/imports/tree.h"
#include "cli/imports/values.h"
#include "cli/yaml_text.h"
#include "tests/unit/imports/bench.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

TEST(JsonPath, NamesAndIndicesBecomePointers) {
  EXPECT_EQ(json_pointer(""), "");
  EXPECT_EQ(json_pointer("$"), "");
  EXPECT_EQ(json_pointer(".status"), "/status");
  EXPECT_EQ(json_pointer("data.items[0].name"), "/data/items/0/name");
  EXPECT_EQ(json_pointer("$.a-b[10][2]"), "/a-b/10/2");
  EXPECT_EQ(json_pointer("a/b.c~d"), "/a~1b/c~0d");
  for (const char* path : {"items[*].x", "$sum(a)", "a..b", "a[", "a[]", "a[-1]", "a[b]", "a b", "a[0]b", "a.", "."}) {
    EXPECT_FALSE(json_pointer(path).has_value()) << path;
  }
}

TEST(JsonPath, NumbersAndWordsAreNoTexts) {
  for (const char* word : {"0", "7", "-3", "1.5", "true", "false", "null"}) EXPECT_TRUE(is_json_word(word)) << word;
  for (const char* text : {"", "-", "01", "1.", ".5", "1e3", "0x1f", "True", "NaN", "1234567890123456789"}) {
    EXPECT_FALSE(is_json_word(text)) << text;
  }
}

TEST(JsonTree, EveryValueKnowsItsPlace) {
  core::ConfigErrors errors;
  const ConfigNode root =
      parse_json_tree("{\n  \"a\": [1, -2.5e3, true , null],\n\t\"b\\\"\\\\\": \"x\\\\\\\"y\"\n}", "f.json", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  const auto place = [](const ConfigNode& n) { return std::pair{n.line, n.column}; };
  const ConfigNode& list = *root.find("a");
  EXPECT_EQ(place(list), std::pair(2, 8));
  EXPECT_EQ(place(list.items.at(0)), std::pair(2, 9));
  EXPECT_EQ(place(list.items.at(1)), std::pair(2, 12));
  EXPECT_EQ(list.items.at(1).scalar, "-2.5e3");
  EXPECT_EQ(place(list.items.at(2)), std::pair(2, 20));
  EXPECT_EQ(place(list.items.at(3)), std::pair(2, 27));
  const auto& [key, value] = root.entries.at(1);
  EXPECT_EQ(key.scalar, "b\"\\");
  EXPECT_EQ(place(key), std::pair(3, 2));
  EXPECT_EQ(value.scalar, "x\\\"y");
  EXPECT_EQ(place(value), std::pair(3, 11));
}

TEST(JsonTree, MistakesHavePlaces) {
  for (const auto& [text, said] : {std::pair{"{\"a\": 1,\n  b}", "f.json:2:3: this is not JSON\n"},
                                   {"", "f.json:1:1: this is not JSON\n"},
                                   {"[1]\n]", "f.json:2:1: this is not JSON\n"},
                                   {"\"\xff\"", "f.json:1:2: this is not JSON\n"}}) {
    core::ConfigErrors errors;
    (void)parse_json_tree(text, "f.json", errors);
    EXPECT_EQ(errors.to_string(), said) << text;
  }
}

TEST(TomlTree, KeepsPlacesAndTheOrderOfTheFile) {
  core::ConfigErrors errors;
  const ConfigNode root = parse_toml_tree("z = 1\n[[b.a]]\n  y = \"t\"\n  x = [true, 2.5]\n", "f.toml", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(root.entries.at(0).key.scalar, "z");
  const ConfigNode& item = root.find("b")->find("a")->items.at(0);
  EXPECT_EQ(item.entries.at(0).key.scalar, "y");
  EXPECT_TRUE(item.entries.at(0).value.quoted);
  EXPECT_EQ(item.find("x")->items.at(1).scalar, "2.5");
  EXPECT_EQ(item.find("x")->line, 4);
  EXPECT_EQ(item.find("x")->column, 7);
  (void)parse_toml_tree("a = 1\na = 2\n", "f.toml", errors);
  EXPECT_TRUE(errors.to_string().starts_with("f.toml:2:5: this is not TOML: ")) << errors.to_string();
}

TEST(Variables, AreReadAsTheirProgramsDo) {
  const auto written = [](const char* text, Variables how) {
    Notes notes;
    ConfigNode node;
    node.kind = ConfigNode::Kind::kScalar;
    node.scalar = text;
    const ConfigNode out = text_with_variables(node, how, notes);
    return has_variable(out) ? out.written : "literal " + out.scalar;
  };
  EXPECT_EQ(written("a ${B_1} $C.d", Variables::kGatus), "a ${B_1} ${C}.d");
  EXPECT_EQ(written("$$x ${A}", Variables::kGatus), "$$x ${A}");
  EXPECT_EQ(written("$$x", Variables::kGatus), "literal $x");
  EXPECT_EQ(written("^ok$", Variables::kGatus), "literal ^ok$");
  EXPECT_EQ(written("${unclosed", Variables::kGatus), "literal ${unclosed");
  EXPECT_EQ(written("pa$$word $lower", Variables::kTelegraf), "literal pa$$word $lower");
  EXPECT_EQ(written("$TOKEN ${X:-y}", Variables::kTelegraf), "${TOKEN} ${X}");
  EXPECT_EQ(written("${A}", Variables::kNone), "literal ${A}");
}

struct Relabel : testing::Test {
  std::optional<Labels> apply(const char* yaml, Labels labels) {
    core::ConfigErrors errors;
    const ConfigNode list = core::parse_foreign_yaml(yaml, "p.yml", errors);
    EXPECT_TRUE(errors.empty()) << errors.to_string();
    return Relabeling{&list, notes}.apply(std::move(labels));
  }
  Notes notes;
};

TEST_F(Relabel, RunsEveryActionAsPrometheusDoes) {
  EXPECT_EQ(apply("[{source_labels: [a, b], separator: '-', target_label: c}]", {{"a", "1"}, {"b", "2"}})->at("c"),
            "1-2");
  EXPECT_EQ(apply("[{source_labels: [a], regex: '(\\d+)x', target_label: a, replacement: 'n${1}$1'}]", {{"a", "7x"}})
                ->at("a"),
            "n77");
  EXPECT_EQ(apply("[{source_labels: [a], regex: '7', target_label: a, replacement: z}]", {{"a", "7x"}})->at("a"), "7x")
      << "patterns are anchored";
  EXPECT_EQ(
      apply("[{source_labels: [a], regex: '(?P<n>.).*', target_label: '${n}l', replacement: '$n'}]", {{"a", "7x"}})
          ->at("7l"),
      "7");
  EXPECT_FALSE(apply("[{target_label: a, replacement: ''}]", {{"a", "1"}})->contains("a"));
  EXPECT_FALSE(apply("[{source_labels: [a], regex: x.*, action: drop}]", {{"a", "xy"}}));
  EXPECT_TRUE(apply("[{source_labels: [a], regex: x.*, action: keep}]", {{"a", "xy"}}));
  EXPECT_FALSE(apply("[{source_labels: [a], regex: x, action: keep}]", {{"a", "xy"}}));
  EXPECT_TRUE(apply("[{source_labels: [a], target_label: b, action: keepequal}]", {{"a", "1"}, {"b", "1"}}));
  EXPECT_FALSE(apply("[{source_labels: [a], target_label: b, action: dropequal}]", {{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(apply("[{regex: __meta_(.+), action: labelmap}]", {{"__meta_zone", "z"}})->at("zone"), "z");
  EXPECT_EQ(*apply("[{regex: a.*, action: labeldrop}]", {{"ab", "1"}, {"b", "2"}}), (Labels{{"b", "2"}}));
  EXPECT_EQ(*apply("[{regex: a.*, action: labelkeep}]", {{"ab", "1"}, {"b", "2"}}), (Labels{{"ab", "1"}}));
  EXPECT_EQ(apply("[{source_labels: [a], target_label: a, action: Uppercase}]", {{"a", "xy"}})->at("a"), "XY");
  EXPECT_TRUE(notes.all().empty());
}

TEST_F(Relabel, SaysWhatItLeavesOut) {
  (void)apply("[{source_labels: [a], modulus: 3, target_label: s, action: hashmod},\n {regex: '(', action: drop}]", {});
  ASSERT_EQ(notes.all().size(), 2U);
  EXPECT_EQ(to_string(notes.all()[0], core::Language::kEnglish),
            "p.yml:1:2: not carried over: relabel_configs: the action hashmod is left out");
  EXPECT_TRUE(to_string(notes.all()[1], core::Language::kChinese)
                  .starts_with("p.yml:2:2: 错误：relabel_configs：不是正则表达式："));
}

TEST(PleasantText, QuotesWhatNeedsIt) {
  EXPECT_EQ(pleasant_text("plain"), "plain");
  EXPECT_EQ(pleasant_text("No"), "\"No\"");
  EXPECT_EQ(pleasant_text("12"), "\"12\"");
  EXPECT_EQ(pleasant_text("{\"a\":1}"), "'{\"a\":1}'");
  EXPECT_EQ(pleasant_text("it's \"so\""), "'it''s \"so\"'");
  EXPECT_EQ(pleasant_text("a\"\n"), "\"a\\\"\\n\"");
  EXPECT_EQ(pleasant_text("\u202e\x7f"), "\"\\u202e\\u007f\"");
}

// One condition each: what it becomes, or the words with which it is left out.
TEST(GatusConditions, EachFormHasItsExpectation) {
  struct Case {
    const char* url;
    const char* condition;
    const char* expect;  // what the target's expect must hold
  };
  const Case cases[] = {
      {"https://x.example/", "[STATUS] == 200", "status: 200\n"},
      {"https://x.example/", "[STATUS] != 404", "status: [100-403, 405-599]\n"},
      {"https://x.example/", "[STATUS] == pat(2*)", "status: 200-299\n"},
      {"https://x.example/", "300 > [STATUS]", "status: 100-299\n"},
      {"https://x.example/", "[status] <= 299", "status: 100-299\n"},
      {"https://x.example/", "[BODY] == pong", "body_matches: ['(?s)^\\s*pong\\s*$$']\n"},
      {"https://x.example/", "[BODY] == pat(*a.b*)", "body: a.b\n"},
      {"https://x.example/", "[BODY] != pat(*down*)", "body_not_matches: [down]\n"},
      {"https://x.example/", "[BODY][0].id == 1", "- {pointer: \"/0/id\", equals: 1}\n"},
      {"https://x.example/", "[BODY].a == any(x, y)", "- {pointer: \"/a\", matches: \"^(?:x|y)$$\"}\n"},
      {"https://x.example/", "[BODY].a != null", "- {pointer: \"/a\", not_equals: null}\n"},
      {"https://x.example/", "[BODY].a >= 1.5", "- {pointer: \"/a\", greater_or_equal: 1.5}\n"},
      {"https://x.example/", "len([BODY]) == 2", "- {pointer: \"\", length: 2}\n"},
      {"https://x.example/", "len([BODY].a) >= 3", "- {pointer: \"/a/2\", exists: true}\n"},
      {"https://x.example/", "has([BODY].a) != true", "- {pointer: \"/a\", exists: false}\n"},
      {"https://x.example/", "[RESPONSE_TIME] <= 1s", "max_duration: 1s\n"},
      {"https://x.example/", "[CERTIFICATE_EXPIRATION] > 36h", "cert_days: 2\n"},
      {"https://x.example/", "[HEADER].Server != pat(*nginx*)",
       "- {name: Server, regex: nginx, allow_missing: true}\n"},
      {"tcp://x.example:1", "[BODY] == pat(OK *)", "- {expect: \"^OK .*$$\"}\n"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.condition);
    test::ImportBench bench;
    const std::string text =
        fmt::format("endpoints:\n  - {{name: t, url: \"{}\", conditions: [\"{}\"]}}\n", c.url, c.condition);
    const auto imported = bench.import_text("g.yaml", text);
    EXPECT_EQ(imported.targets, 1U) << test::ImportBench::notes(imported, core::Language::kEnglish);
    EXPECT_NE(imported.yaml.find(c.expect), std::string::npos) << imported.yaml;
    for (const Note& note : imported.notes)
      EXPECT_EQ(note.kind, NoteKind::kDiffers) << to_string(note, core::Language::kEnglish);
  }
  for (const char* lost : {"[IP] == 192.0.2.1", "[DOMAIN_EXPIRATION] > 720h", "[CONNECTED] == false",
                           "[BODY].a[*].b == 1", "[RESPONSE_TIME] > 5", "len([BODY].a) < 3", "[CONTEXT].x == 1",
                           "age([BODY].t) < 1h", "[BODY] > 3", "[STATUS] > x"}) {
    SCOPED_TRACE(lost);
    test::ImportBench bench;
    const auto imported = bench.import_text(
        "g.yaml", fmt::format("endpoints:\n  - {{name: t, url: \"https://x.example\", conditions: [\"{}\"]}}\n", lost));
    EXPECT_EQ(imported.targets, 1U);
    EXPECT_TRUE(test::ImportBench::notes(imported, core::Language::kEnglish)
                    .find("g.yaml:2:54: not carried over: the condition ") == 0)
        << test::ImportBench::notes(imported, core::Language::kEnglish);
  }
}

}  // namespace
}  // namespace sonde::cli::imports
