// Tables that say of every field of another program's file what becomes of it here: the reader walks by them, and
// docs/imports.md shows them (a test compares).
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/imports/notes.h"
#include "core/config_node.h"
#include "core/text.h"

namespace sonde::cli::imports {

/// One field. `Reader` is the class that carries over.
template <typename Reader>
struct Row {
  std::string_view field;
  void (Reader::*take)(const core::ConfigNode&) = nullptr;  // null: it has no counterpart
  std::string_view en;                                      // what it becomes, or why nothing
  std::string_view zh;
  std::string_view harmless = {};  // values, with | between, that change nothing, so that nothing is said of them
};

/// The same for the documentation.
struct FieldRow {
  std::string_view field;
  bool carried = false;
  std::string_view en;
  std::string_view zh;
};
struct FieldTable {
  std::string_view title;
  std::vector<FieldRow> rows;
};

template <typename Reader>
[[nodiscard]] FieldTable describe(std::string_view title, std::span<const Row<Reader>> rows) {
  FieldTable out{title, {}};
  for (const auto& row : rows) out.rows.push_back({row.field, row.take != nullptr, row.en, row.zh});
  return out;
}

/// Whether a value says nothing: it is empty, or one of those with | between.
[[nodiscard]] bool is_harmless(const core::ConfigNode& value, std::string_view harmless);
/// Says that `key` is not one that we know; `names` are.
void unknown_field(const core::ConfigNode& key, std::span<const std::string_view> names, Notes& notes);

/// Hands each entry of a map to its row. A node that is no map is a mistake that is said.
template <typename Reader>
void walk(const core::ConfigNode& map, std::span<const Row<Reader>> rows, Reader& reader, Notes& notes) {
  if (map.kind == core::ConfigNode::Kind::kNull) return;
  if (map.kind != core::ConfigNode::Kind::kMap) return notes.mistake(map, "this should be a map", "此处应为映射");
  for (const auto& [key, value] : map.entries) {
    const auto it = std::ranges::find(rows, std::string_view{key.scalar}, &Row<Reader>::field);
    if (it == rows.end()) {
      std::vector<std::string_view> names;
      for (const auto& row : rows) names.push_back(row.field);
      unknown_field(key, names, notes);
    } else if (it->take != nullptr) {
      (reader.*it->take)(value);
    } else if (!is_harmless(value, it->harmless)) {
      notes.lost(key, fmt::format("{}: {}", it->field, it->en), fmt::format("{}：{}", it->field, it->zh));
    }
  }
}

}  // namespace sonde::cli::imports
