// Record: one point of the stream, as a value. Everything Sonde stores, sends or judges is a Record.
// The names that records use are listed in core/schema.h; the text form is core/line_protocol.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/time.h"

namespace sonde::core {

/// The four field types of line protocol (unsigned integers are read as signed).
using FieldValue = std::variant<std::int64_t, double, bool, std::string>;

/// A point: identity is (measurement, sorted tags, time). Fields keep the order in which they were set.
struct Record {
  std::string measurement;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::pair<std::string, FieldValue>> fields;
  WallTime time{};

  /// Adds a tag; an empty value is left out, because line protocol has no empty tags.
  void add_tag(std::string_view key, std::string_view value);
  void add_field(std::string_view key, FieldValue value);

  /// The tag's value, or "" where it is absent. The view lives as long as the record is not changed.
  [[nodiscard]] std::string_view tag(std::string_view key) const;
  [[nodiscard]] const FieldValue* field(std::string_view key) const;
  /// The field as text, number or integer; nothing where it is absent or of another type.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const;
  /// Integers and booleans convert to a number too.
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
};

}  // namespace sonde::core
