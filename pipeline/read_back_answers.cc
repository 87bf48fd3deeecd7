// What databases answer to queries: JSON of InfluxDB 1 and 3, annotated CSV of InfluxDB 2, JSON lines of
// VictoriaMetrics.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/sanitize.h"
#include "core/schema.h"
#include "core/text.h"
#include "pipeline/read_back.h"

namespace sonde::pipeline {
namespace {

using Json = nlohmann::json;
using Values = std::vector<StoredValue>;

core::Error not_an_answer(std::string_view body) {
  return {core::ErrorCode::kCorrupt, "this is no answer to a query: " + core::sanitize(body),
          "这不是查询的应答：" + core::sanitize(body)};
}
core::Error refused(const std::string& words) { return {core::ErrorCode::kInvalid, core::sanitize(words)}; }

Json parse(std::string_view body) { return Json::parse(body, nullptr, false); }

std::optional<core::FieldValue> value_of(const Json& j) {
  if (j.is_boolean()) return core::FieldValue{j.get<bool>()};
  if (j.is_number_integer()) return core::FieldValue{j.get<std::int64_t>()};
  if (j.is_number()) return core::FieldValue{j.get<double>()};
  if (j.is_string()) return core::FieldValue{j.get<std::string>()};
  return std::nullopt;
}

/// The series of an answer of InfluxDB 1, or the words with which it refuses.
core::Result<Json> influxql_series(std::string_view body) {
  const Json answer = parse(body);
  if (!answer.is_object()) return not_an_answer(body);
  Json all = Json::array();
  if (answer.contains("error") && answer["error"].is_string()) return refused(answer["error"].get<std::string>());
  if (!answer.contains("results") || !answer["results"].is_array()) return not_an_answer(body);
  for (const Json& result : answer["results"]) {
    if (!result.is_object()) return not_an_answer(body);
    if (result.contains("error") && result["error"].is_string()) return refused(result["error"].get<std::string>());
    if (!result.contains("series")) continue;
    for (const Json& series : result["series"]) {
      const bool whole = series.is_object() && series.contains("columns") && series.contains("values") &&
                         series["columns"].is_array() && series["values"].is_array();
      if (!whole) return not_an_answer(body);
      all.push_back(series);
    }
  }
  return all;
}

/// The rows of a series as {column: value}.
std::vector<std::map<std::string, Json>> rows_of(const Json& series) {
  std::vector<std::map<std::string, Json>> rows;
  for (const Json& values : series["values"]) {
    std::map<std::string, Json> row;
    for (std::size_t i = 0; values.is_array() && i < std::min(values.size(), series["columns"].size()); ++i) {
      const Json& column = series["columns"][i];
      if (column.is_string()) row[column.get<std::string>()] = values[i];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

core::Result<Values> read_influxql(std::string_view body) {
  const auto all = influxql_series(body);
  if (!all) return all.error();
  Values out;
  for (const Json& series : *all) {
    for (const auto& row : rows_of(series)) {
      const auto time = row.find("time");
      if (time == row.end() || !time->second.is_number_integer()) return not_an_answer(body);
      for (const auto& [name, json] : row) {
        if (auto value = value_of(json); value && name != "time")
          out.push_back({name, core::from_unix_ns(time->second.get<std::int64_t>()), std::move(*value)});
      }
    }
  }
  return out;
}

/// "2025-06-01T00:00:00.001Z"; InfluxDB 3 leaves the Z out.
std::optional<core::WallTime> parse_time(std::string text) {
  if (!text.ends_with('Z')) text += 'Z';
  return core::parse_utc(text);
}

core::Result<Values> read_sql(std::string_view body) {
  const Json rows = parse(body);
  if (rows.is_object() && rows.contains("error") && rows["error"].is_string())
    return refused(rows["error"].get<std::string>());
  if (!rows.is_array()) return not_an_answer(body);
  Values out;
  for (const Json& row : rows) {
    if (!row.is_object() || !row.contains("time") || !row["time"].is_string()) return not_an_answer(body);
    const auto time = parse_time(row["time"].get<std::string>());
    if (!time) return not_an_answer(body);
    for (const auto& [name, json] : row.items()) {
      if (auto value = value_of(json); value && name != "time") out.push_back({name, *time, std::move(*value)});
    }
  }
  return out;
}

core::Result<Values> read_export(std::string_view body) {
  Values out;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (line.empty()) continue;
    const Json series = parse(line);
    const bool whole = series.is_object() && series.contains("metric") && series.contains("values") &&
                       series.contains("timestamps") && series["metric"].is_object() && series["values"].is_array() &&
                       series["timestamps"].is_array() && series["values"].size() == series["timestamps"].size();
    if (!whole) return not_an_answer(line);
    const std::string name = series["metric"].value("__name__", "");
    for (std::size_t i = 0; i < series["values"].size(); ++i) {
      const Json& stamp = series["timestamps"][i];
      auto value = value_of(series["values"][i]);
      if (!stamp.is_number_integer()) return not_an_answer(line);
      if (value) out.push_back({name, core::from_unix_ms(stamp.get<std::int64_t>()), std::move(*value)});
    }
  }
  return out;
}

/// The rows of a CSV text (RFC 4180), each a list of cells; an empty line is a row without cells.
std::vector<std::vector<std::string>> csv_rows(std::string_view text) {
  std::vector<std::vector<std::string>> rows{{}};
  std::string cell;
  bool quoted = false;
  bool any = false;
  const auto end_cell = [&] { rows.back().push_back(std::exchange(cell, {})); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = any = true;
    } else if (c == ',') {
      end_cell();
      any = true;
    } else if (c == '\n') {
      if (any || !cell.empty()) end_cell();
      any = false;
      rows.emplace_back();
    } else if (c != '\r') {
      cell += c;
      any = true;
    }
  }
  if (any) end_cell();
  return rows;
}

std::optional<core::FieldValue> csv_value(const std::string& text, std::string_view type) {
  if (type == "string") return core::FieldValue{text};
  if (type == "boolean") return core::FieldValue{text == "true"};
  const char* end = text.data() + text.size();
  if (type == "long") {
    std::int64_t n = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, n);
    if (error == std::errc{} && stop == end) return core::FieldValue{n};
  }
  if (type == "double") {
    double n = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, n);
    if (error == std::errc{} && stop == end) return core::FieldValue{n};
  }
  return std::nullopt;
}

/// One table of annotated CSV: which cell is what.
struct CsvTable {
  std::vector<std::string> types;
  std::vector<std::string> columns;

  [[nodiscard]] std::size_t place(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
  }
  [[nodiscard]] bool has(std::string_view name) const { return place(name) < std::min(columns.size(), types.size()); }
  [[nodiscard]] std::optional<StoredValue> read(const std::vector<std::string>& row) const {
    if (row.size() != columns.size()) return std::nullopt;
    const auto when = parse_time(row[place("_time")]);
    auto what = csv_value(row[place("_value")], types[place("_value")]);
    if (!when || !what) return std::nullopt;
    return StoredValue{row[place("_field")], *when, std::move(*what)};
  }
};

/// Tables follow each other: a row of datatypes, a row of column names, rows of values, an empty row.
core::Result<Values> read_csv(std::string_view body) {
  Values out;
  CsvTable table;
  for (const std::vector<std::string>& row : csv_rows(body)) {
    if (row.empty()) {
      table = {};
    } else if (row.front() == "#datatype") {
      table = {.types = row, .columns = {}};
    } else if (table.columns.empty()) {
      table.columns = row;
      if (std::ranges::find(row, "error") != row.end()) return refused(std::string{body});
      if (!table.has("_time") || !table.has("_value") || !table.has("_field")) return not_an_answer(body);
    } else {
      auto value = table.read(row);
      if (!value) return not_an_answer(body);
      out.push_back(std::move(*value));
    }
  }
  return out;
}

std::string_view influx_type(core::FieldType type) {
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

}  // namespace

core::Result<std::vector<StoredValue>> read_values(QueryLanguage language, std::string_view body) {
  switch (language) {
    case QueryLanguage::kNone:
      return Values{};
    case QueryLanguage::kInfluxQl:
      return read_influxql(body);
    case QueryLanguage::kFlux:
      return read_csv(body);
    case QueryLanguage::kSql:
      return read_sql(body);
    case QueryLanguage::kExport:
      return read_export(body);
  }
  return Values{};
}

core::Result<std::vector<TypeConflict>> read_type_conflicts(std::string_view body) {
  const auto all = influxql_series(body);
  if (!all) return all.error();
  std::vector<TypeConflict> out;
  for (const Json& series : *all) {
    for (const auto& row : rows_of(series)) {
      const auto key = row.find("fieldKey");
      const auto type = row.find("fieldType");
      const bool whole = key != row.end() && type != row.end() && key->second.is_string() && type->second.is_string();
      if (!whole) return not_an_answer(body);
      const auto fields = core::probe_fields();
      const auto ours = std::ranges::find(fields, key->second.get<std::string>(), &core::Field::name);
      const auto there = type->second.get<std::string>();
      if (ours == fields.end() || there == influx_type(ours->type)) continue;
      out.push_back({.field = std::string{ours->name},
                     .there = core::sanitize(there),
                     .ours = std::string{influx_type(ours->type)}});
    }
  }
  return out;
}

}  // namespace sonde::pipeline
