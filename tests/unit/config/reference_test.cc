// docs/configuration*.md against the tables: the second half is what `sonde config reference` prints.
#include "cli/config_reference.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "cli/configuration.h"
#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

constexpr std::string_view kMark = "<!-- from here on: sonde config reference -->\n\n";

struct Page {
  const char* path;
  core::Language language;
};

TEST(ConfigReference, ThePagesAreWhatTheTablesSay) {
  for (const Page& page : {Page{"docs/configuration.md", core::Language::kEnglish},
                           Page{"docs/configuration.zh-CN.md", core::Language::kChinese}}) {
    std::ifstream file{std::string{SONDE_SOURCE_DIR} + "/" + page.path};
    std::stringstream text;
    text << file.rdbuf();
    const auto at = text.str().find(kMark);
    ASSERT_NE(at, std::string::npos) << page.path << " has no mark";
    EXPECT_TRUE(text.str().substr(at + kMark.size()) == cli::config_reference(page.language))
        << page.path << " is older than the tables. Write it again with: docs/write-configuration.sh";
  }
}

void expect_both_languages(const core::KeyTable& table, std::set<const core::KeyTable*>& done) {
  if (!done.insert(&table).second) return;
  for (const core::Key& key : table.keys) {
    EXPECT_FALSE(key.en.empty()) << table.what << "." << key.name << " has no English meaning";
    EXPECT_FALSE(key.zh.empty()) << table.what << "." << key.name << " has no Chinese meaning";
    if (key.of != nullptr) expect_both_languages(*key.of, done);
  }
  for (const core::KeyTable* form : table.forms) expect_both_languages(*form, done);
}

TEST(ConfigReference, EveryKeyIsExplainedInBothLanguages) {
  std::set<const core::KeyTable*> done;
  expect_both_languages(cli::root_table(), done);
}

}  // namespace
}  // namespace sonde::test
