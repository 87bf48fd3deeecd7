// What the reading of a file refuses before any table is asked: the exact words, with their place, in both languages.
#include <gtest/gtest.h>

#include <map>

#include "core/config_node.h"

namespace sonde::core {
namespace {

class Variables final : public VariableLookup {
 public:
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override {
    const auto it = values_.find(variable);
    return it == values_.end() ? std::nullopt : std::optional{it->second};
  }

 private:
  std::map<std::string, std::string, std::less<>> values_{{"SET", "value"}, {"SECRET", "hunter2"}};
};

struct Case {
  std::string_view yaml;
  std::string_view en;
  std::string_view zh;
};

TEST(ConfigWords, EachKindOfMistakeIsSaidInBothLanguages) {
  constexpr Case kCases[] = {
      {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" stands twice; the first is on line 1\n",
       "f.yaml:3:1: 键“a”出现了两次；第一次在第 1 行\n"},
      {"a: &x 1\n", "f.yaml:1:4: anchors (&name) are not supported; write the value out each time\n",
       "f.yaml:1:4: 不支持锚点（&name）；请每次都直接写出值\n"},
      {"a: &x {b: 1}\n", "f.yaml:1:4: anchors (&name) are not supported; write the value out each time\n",
       "f.yaml:1:4: 不支持锚点（&name）；请每次都直接写出值\n"},
      {"a: !secret x\n", "f.yaml:1:4: tags (!name) are not supported\n", "f.yaml:1:4: 不支持标签（!name）\n"},
      {"[a, b]: 1\n", "f.yaml:1:1: a key must be a single word\n", "f.yaml:1:1: 键必须是单个词\n"},
      {"a: ${NONE}\n", "f.yaml:1:4: the variable NONE is not set\n", "f.yaml:1:4: 变量 NONE 没有设置\n"},
      {"a: ${NONE\n", "f.yaml:1:4: a variable is written ${NAME}; for a plain $ write $$\n",
       "f.yaml:1:4: 变量写作 ${NAME}；普通的 $ 请写 $$\n"},
      {"a: ${SET:-x}\n", "f.yaml:1:4: a variable is written ${NAME}; for a plain $ write $$\n",
       "f.yaml:1:4: 变量写作 ${NAME}；普通的 $ 请写 $$\n"},
      {"${SET}: 1\n", "f.yaml:1:1: variables are for values, not for keys\n",
       "f.yaml:1:1: 变量只能用于值，不能用于键\n"},
      {"a: 1\n---\nb: 2\n", "f.yaml: only one YAML document per file\n", "f.yaml: 每个文件只能有一个 YAML 文档\n"},
  };
  const Variables variables;
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    ConfigErrors errors;
    (void)parse_yaml(c.yaml, "f.yaml", &variables, errors);
    EXPECT_EQ(errors.to_string(), c.en);
    EXPECT_EQ(errors.to_string(Language::kChinese), c.zh);
  }
}

TEST(ConfigWords, AnAliasIsRefusedTooAndNeverFollowed) {
  ConfigErrors errors;
  (void)parse_yaml("a: &x 1\nb: *x\n", "f.yaml", nullptr, errors);
  ASSERT_EQ(errors.all().size(), 2U);
  EXPECT_EQ(to_string(errors.all()[1]), "f.yaml:2:4: aliases (*name) are not supported; write the value out");
}

TEST(ConfigWords, ADollarIsPlainExceptBeforeABrace) {
  const Variables variables;
  ConfigErrors errors;
  const ConfigNode root = parse_yaml("a: $5\nb: $${SET}\nc: x${SET}y$\n", "f.yaml", &variables, errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(root.find("a")->scalar, "$5");
  EXPECT_EQ(root.find("b")->scalar, "${SET}");
  EXPECT_EQ(root.find("c")->scalar, "xvaluey$");
  EXPECT_EQ(root.find("c")->written, "x${SET}y$");
}

TEST(ConfigWords, AFileWithoutVariablesRefusesThem) {
  ConfigErrors errors;
  (void)parse_yaml("a: ${SET}\n", "https://x.example/t.yaml", nullptr, errors);
  EXPECT_EQ(errors.to_string(), "https://x.example/t.yaml:1:4: variables are replaced only in files of this machine\n");
}

TEST(ConfigWords, WhatCameFromAVariableIsNotShown) {
  const Variables variables;
  ConfigErrors errors;
  const ConfigNode root = parse_yaml("a: ${SECRET}\n", "f.yaml", &variables, errors);
  (void)read_duration(*root.find("a"), std::chrono::seconds{1}, std::chrono::hours{1}, errors);
  EXPECT_EQ(errors.to_string().find("hunter2"), std::string::npos);
  EXPECT_NE(errors.to_string().find("${SECRET}"), std::string::npos);
}

TEST(ConfigWords, APathIsTakenFromTheFolderOfItsFile) {
  ConfigErrors errors;
  const auto path = [&errors](std::string_view file) {
    const ConfigNode root = parse_yaml("p: secrets/token\n", file, nullptr, errors);
    return read_path(*root.find("p"), errors);
  };
  EXPECT_EQ(path("/etc/sonde/sonde.yaml"), "/etc/sonde/secrets/token");
  EXPECT_EQ(path("sonde.yaml"), "secrets/token");
  EXPECT_TRUE(errors.empty());
  EXPECT_FALSE(path("https://x.example/t.yaml").has_value());
  EXPECT_EQ(errors.to_string(),
            "https://x.example/t.yaml:1:4: a document from a URL may not name files of this machine\n");
}

}  // namespace
}  // namespace sonde::core
