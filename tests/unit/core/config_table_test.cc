// Reading maps by their tables: what is refused, where, and with which words.
#include "core/config_table.h"

#include <gtest/gtest.h>

#include <array>

namespace sonde::core {
namespace {

constexpr std::array<std::string_view, 2> kColours = {"red", "green"};
constexpr std::array kKeys = {Key{.name = "url", .required = true},
                              Key{.name = "every", .kind = KeyKind::kDuration, .min = 100, .max = 60'000},
                              Key{.name = "colour", .kind = KeyKind::kChoice, .choices = kColours},
                              Key{.name = "count", .kind = KeyKind::kInteger, .min = 1, .max = 9},
                              Key{.name = "headers", .kind = KeyKind::kTextMap}};
constexpr KeyTable kTable{"thing", kKeys};

struct Parsed {
  explicit Parsed(std::string_view yaml) : node(parse_yaml(yaml, "f.yaml", nullptr, errors)) {}
  ConfigErrors errors;
  ConfigNode node;
};

TEST(ConfigTable, ReadsEachKindInsideItsLimits) {
  Parsed p{"{url: x, every: 2s, colour: red, count: 3, headers: {A: b}}"};
  const TableReader r{p.node, kTable, p.errors};
  EXPECT_EQ(r.text("url"), "x");
  EXPECT_EQ(r.duration("every"), std::chrono::seconds{2});
  EXPECT_EQ(r.choice("colour"), "red");
  EXPECT_EQ(r.integer("count"), 3);
  ASSERT_EQ(r.text_map("headers").size(), 1U);
  EXPECT_EQ(r.text_map("headers")[0].second, "b");
  EXPECT_TRUE(p.errors.empty()) << p.errors.to_string();
}

TEST(ConfigTable, UnknownAndMissingKeysAreReportedWithPlaceAndNearestName) {
  Parsed p{"evry: 2s\n"};
  const TableReader r{p.node, kTable, p.errors};
  ASSERT_EQ(p.errors.all().size(), 2U);
  EXPECT_EQ(to_string(p.errors.all()[0]),
            "f.yaml:1:1: thing: unknown key \"evry\"; did you mean \"every\"?; allowed: url, every, colour, count, "
            "headers");
  EXPECT_EQ(to_string(p.errors.all()[1]), "f.yaml:1:1: thing needs \"url\"");
}

TEST(ConfigTable, ValuesOutsideTheLimitsOfTheTableAreErrors) {
  Parsed p{"{url: x, every: 2h, colour: rod, count: 10}"};
  const TableReader r{p.node, kTable, p.errors};
  EXPECT_FALSE(r.duration("every").has_value());
  EXPECT_FALSE(r.choice("colour").has_value());
  EXPECT_FALSE(r.integer("count").has_value());
  EXPECT_EQ(p.errors.all().size(), 3U);
}

TEST(ConfigTableDeathTest, AskingForAKeyTheTableDoesNotHaveIsABug) {
  Parsed p{"{url: x}"};
  const TableReader r{p.node, kTable, p.errors};
  EXPECT_DEATH((void)r.text("uri"), "a key that the table does not have");
}

}  // namespace
}  // namespace sonde::core
