// docs/measurement.md holds a row for each field and each cause of the program, word for word; so does its Chinese
// twin, where the meaning of a field is the translator's.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

#include "core/outcome.h"
#include "core/schema.h"
#include "prober/checks/checks.h"

namespace sonde::test {
namespace {

std::string type_word(core::FieldType type) {
  switch (type) {
    case core::FieldType::kInteger:
      return "integer";
    case core::FieldType::kFloat:
      return "float";
    case core::FieldType::kString:
      return "string";
  }
  return "";
}

std::string row_of(const core::Field& f) {
  std::ostringstream out;
  out << "| `" << f.name << "` | " << type_word(f.type) << " | " << f.unit << " | " << f.meaning << " | " << f.source
      << " |\n";
  return out.str();
}

std::string row_of(const core::CauseInfo& c) {
  std::ostringstream out;
  out << "| " << static_cast<int>(c.cause) << " | `" << c.name << "` | " << c.en << " | " << c.zh << " |\n";
  return out.str();
}

std::string document(std::string_view name) {
  std::ostringstream text;
  text << std::ifstream{std::string{SONDE_SOURCE_DIR} + "/docs/" + std::string{name}}.rdbuf();
  return text.str();
}

TEST(MeasurementDoc, HasARowForEachFieldAndCause) {
  const std::string text = document("measurement.md");
  std::string missing;
  for (const core::Field& f : core::probe_fields()) {
    if (text.find(row_of(f)) == std::string::npos) missing += row_of(f);
  }
  for (const core::CauseInfo& c : core::all_causes()) {
    if (text.find(row_of(c)) == std::string::npos) missing += row_of(c);
  }
  EXPECT_EQ(missing, "") << "put these rows into docs/measurement.md";
}

TEST(MeasurementDoc, TheChineseOneHasThemToo) {
  const std::string text = document("measurement.zh-CN.md");
  std::string missing;
  for (const core::Field& f : core::probe_fields()) {
    std::ostringstream start;
    start << "\n| `" << f.name << "` | " << type_word(f.type) << " | " << f.unit << " | ";
    if (text.find(start.str()) == std::string::npos) missing += row_of(f);
  }
  for (const core::CauseInfo& c : core::all_causes()) {
    std::ostringstream row;
    row << "\n| " << static_cast<int>(c.cause) << " | `" << c.name << "` | " << c.zh << " |\n";
    if (text.find(row.str()) == std::string::npos) missing += row.str();
  }
  EXPECT_EQ(missing, "") << "put these rows into docs/measurement.zh-CN.md";
}

TEST(MeasurementDoc, EveryFieldOfACheckIsAFieldOfProbe) {
  for (const prober::CheckType* type : prober::all_checks()) {
    for (const core::Field* f : type->fields) {
      const auto all = core::probe_fields();
      EXPECT_NE(std::ranges::find(all, f->name, &core::Field::name), all.end()) << f->name;
    }
  }
}

}  // namespace
}  // namespace sonde::test
