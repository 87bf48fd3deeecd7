// Configuration errors name file, line, column, what is allowed and the nearest name.
#include "core/config_node.h"

#include <array>
#include <map>

#include <gtest/gtest.h>

#include "tests/support/both_languages.h"

namespace sonde::core {
namespace {

class Variables final : public VariableLookup {
 public:
  explicit Variables(std::map<std::string, std::string, std::less<>> values) : values_(std::move(values)) {}
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override {
    const auto it = values_.find(variable);
    if (it == values_.end()) return std::nullopt;
    return it->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

std::string errors_of(std::string_view text) {
  ConfigErrors errors;
  const ConfigNode root = parse_yaml(text, "f.yaml", nullptr, errors);
  EXPECT_EQ(test::in_one_language(errors), "");
  return errors.to_string();
}

TEST(ConfigNode, KeepsPlacesOfKeysAndValues) {
  ConfigErrors errors;
  const ConfigNode root = parse_yaml("a: 1\nb:\n  - x\n  - y\n", "f.yaml", nullptr, errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  const ConfigNode* b = root.find("b");
  ASSERT_NE(b, nullptr);
  ASSERT_EQ(b->items.size(), 2U);
  EXPECT_EQ(b->items[1].scalar, "y");
  EXPECT_EQ(b->items[1].line, 4);
  EXPECT_EQ(b->items[1].column, 5);
}

TEST(ConfigNode, RefusesDuplicateKeysAndNamesTheFirst) {
  EXPECT_EQ(errors_of("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: the key \"a\" stands twice; the first is on line 1\n");
}

TEST(ConfigNode, RefusesAliases) {
  EXPECT_EQ(errors_of("a: &x 1\nb: *x\n"),
            "f.yaml:1:4: anchors (&name) are not supported; write the value out each time\n"
            "f.yaml:2:4: aliases (*name) are not supported; write the value out\n");
}

TEST(ConfigNode, RefusesTwoDocuments) {
  EXPECT_EQ(errors_of("a: 1\n---\nb: 2\n"), "f.yaml: only one YAML document per file\n");
}

TEST(ConfigNode, SyntaxErrorsHaveAPlace) { EXPECT_TRUE(errors_of("a: [1, 2\n").starts_with("f.yaml:2:1: ")); }

TEST(ConfigNode, AMistakeIsOneLineThatSteersNoTerminal) {
  ConfigErrors errors;
  errors.add({.file = "https://x\x1b[2J", .line = 1, .column = 2, .message = "unknown key a\nb\x1b]0;c\a\u202e"});
  EXPECT_EQ(errors.to_string(), "https://x[2J:1:2: unknown key a b]0;c\n");
}

TEST(ConfigNode, DeepNestingIsAnErrorNotACrash) {
  EXPECT_NE(errors_of(std::string(100, '[') + std::string(100, ']')).find("nested deeper than 32 levels"),
            std::string::npos);
  EXPECT_FALSE(errors_of(std::string(100'000, '[')).empty());
}

TEST(ConfigNode, VariablesAreReplacedAndMissingOnesAreErrors) {
  const Variables variables{{{"HOST", "db.example.com"}}};
  ConfigErrors errors;
  const ConfigNode root = parse_yaml("url: http://${HOST}:1/$$x\nbad: ${NONE}\n", "f.yaml", &variables, errors);
  EXPECT_EQ(root.find("url")->scalar, "http://db.example.com:1/$x");
  EXPECT_EQ(errors.to_string(), "f.yaml:2:6: the variable NONE is not set\n");
}

struct ScalarCase {
  std::string_view yaml;
  std::string_view error;  // empty = fine
};

TEST(ConfigNode, ScalarsSayWhatIsAllowed) {
  constexpr std::array kChoices{std::string_view{"app"}, std::string_view{"control"}};
  const std::array cases{
      ScalarCase{"integer: 12", ""},
      ScalarCase{"integer: 010", "expected a whole number from 0 to 99, found \"010\""},
      ScalarCase{"integer: 100", "expected a whole number from 0 to 99, found \"100\""},
      ScalarCase{"integer: [1]", "expected a whole number, found a list"},
      ScalarCase{"bool: true", ""},
      ScalarCase{"bool: yes", "expected true or false, found \"yes\""},
      ScalarCase{"duration: 10s", ""},
      ScalarCase{"duration: 10",
                 "expected a duration with its unit from 1s to 1h (such as 10s, 250ms, 2m), found \"10\""},
      ScalarCase{"duration: 2h",
                 "expected a duration with its unit from 1s to 1h (such as 10s, 250ms, 2m), found \"2h\""},
      ScalarCase{"bytes: 8MiB", ""},
      ScalarCase{"bytes: 8MB", "expected a size from 0 to 1GiB (such as 64KiB, 8MiB, 1GiB), found \"8MB\""},
      ScalarCase{"choice: app", ""},
      ScalarCase{"choice: contrl", "\"contrl\" is not allowed here; allowed: app, control; did you mean \"control\"?"},
  };
  for (const ScalarCase& c : cases) {
    SCOPED_TRACE(c.yaml);
    ConfigErrors errors;
    const ConfigNode root = parse_yaml(c.yaml, "f.yaml", nullptr, errors);
    const std::string kind = root.entries.at(0).key.scalar;
    const ConfigNode& value = root.entries.at(0).value;
    if (kind == "integer") (void)read_integer(value, 0, 99, errors);
    if (kind == "bool") (void)read_bool(value, errors);
    if (kind == "duration") (void)read_duration(value, std::chrono::seconds{1}, std::chrono::hours{1}, errors);
    if (kind == "bytes") (void)read_bytes(value, 0, 1LL << 30, errors);
    if (kind == "choice") (void)read_choice(value, kChoices, errors);
    ASSERT_EQ(errors.all().size(), c.error.empty() ? 0U : 1U);
    if (!c.error.empty()) {
      EXPECT_EQ(errors.all()[0].message, c.error);
      EXPECT_EQ(test::in_one_language(errors), "");
    }
  }
}

TEST(ForeignYaml, DollarsArePlainAndAnchorsAreFollowed) {
  ConfigErrors errors;
  const ConfigNode root = parse_foreign_yaml(
      "base: &b {every: 1m, url: a}\n"
      "one:\n"
      "  url: \"$x ${Y} $$\"\n"
      "  <<: *b\n"
      "two: *b\n"
      "three: {<<: [*b, {more: yes}], every: 2m}\n"
      "\"<<\": plain\n",
      "f.yaml", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(root.find("one")->find("url")->scalar, "$x ${Y} $$");
  EXPECT_TRUE(root.find("one")->find("url")->written.empty());
  EXPECT_EQ(root.find("one")->find("every")->scalar, "1m");
  EXPECT_EQ(root.find("one")->find("every")->line, 1) << "a value stands where it is written";
  EXPECT_EQ(root.find("two")->find("url")->scalar, "a");
  EXPECT_EQ(root.find("three")->find("every")->scalar, "2m") << "what stands there itself counts";
  EXPECT_EQ(root.find("three")->find("more")->scalar, "yes");
  EXPECT_EQ(root.find("<<")->scalar, "plain");
}

TEST(ForeignYaml, AliasesStayWithinBounds) {
  const auto errors_of = [](const std::string& text) {
    ConfigErrors errors;
    (void)parse_foreign_yaml(text, "f.yaml", errors);
    EXPECT_EQ(test::in_one_language(errors), "");
    return errors.to_string();
  };
  std::string deep = "a0: &a0 x\n";
  for (int i = 1; i < 40; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(errors_of(deep).find("nested deeper than 32 levels"), std::string::npos) << errors_of(deep);
  std::string wide = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'h'; ++c) {
    wide += std::string{c} + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) wide += std::string{i == 0 ? "*" : ", *"} + static_cast<char>(c - 1);
    wide += "]\n";
  }
  EXPECT_NE(errors_of(wide).find("aliases make more than 200000 values"), std::string::npos) << errors_of(wide);
  EXPECT_NE(errors_of("a: &a [*a]\n").find("inside of what it names"), std::string::npos);
}

}  // namespace
}  // namespace sonde::core
