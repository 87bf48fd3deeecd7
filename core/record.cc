// Look-ups in a record. Records are small, so linear search is the fastest map.
#include "core/record.h"

#include <algorithm>

namespace sonde::core {

void Record::add_tag(std::string_view key, std::string_view value) {
  if (!value.empty()) tags.emplace_back(key, value);
}

void Record::add_field(std::string_view key, FieldValue value) { fields.emplace_back(key, std::move(value)); }

std::string_view Record::tag(std::string_view key) const {
  const auto it = std::ranges::find_if(tags, [key](const auto& t) { return t.first == key; });
  return it == tags.end() ? std::string_view{} : std::string_view{it->second};
}

const FieldValue* Record::field(std::string_view key) const {
  const auto it = std::ranges::find_if(fields, [key](const auto& f) { return f.first == key; });
  return it == fields.end() ? nullptr : &it->second;
}

std::optional<std::string_view> Record::text(std::string_view key) const {
  const FieldValue* value = field(key);
  const auto* held = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (held == nullptr) return std::nullopt;
  return std::string_view{*held};
}

std::optional<double> Record::number(std::string_view key) const {
  const FieldValue* value = field(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* d = std::get_if<double>(value)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(value)) return static_cast<double>(*i);
  if (const auto* b = std::get_if<bool>(value)) return *b ? 1.0 : 0.0;
  return std::nullopt;
}

std::optional<std::int64_t> Record::integer(std::string_view key) const {
  const FieldValue* value = field(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(value)) return *i;
  if (const auto* b = std::get_if<bool>(value)) return *b ? 1 : 0;
  return std::nullopt;
}

}  // namespace sonde::core
