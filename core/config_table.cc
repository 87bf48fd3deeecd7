// Reading maps by their tables.
#include "core/config_table.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/check.h"
#include "core/text.h"

namespace sonde::core {
namespace {

std::vector<std::string_view> names_of(const KeyTable& table) {
  std::vector<std::string_view> names;
  for (const Key& key : table.keys) names.push_back(key.name);
  return names;
}

}  // namespace

const Key* KeyTable::find(std::string_view name) const {
  const auto it = std::ranges::find(keys, name, &Key::name);
  return it == keys.end() ? nullptr : &*it;
}

bool KeyTable::may_be_empty() const { return !exactly_one && std::ranges::none_of(keys, &Key::required); }

const KeyTable& KeyTable::form_of(const ConfigNode& node) const {
  const auto has_marker = [&node](const KeyTable* form) { return node.find(form->marker) != nullptr; };
  const auto it = std::ranges::find_if(forms, has_marker);
  return it == forms.end() ? *this : **it;
}

TableReader::TableReader(const ConfigNode& node, const KeyTable& table, ConfigErrors& errors)
    : node_(node), table_(table), errors_(errors) {
  if (node.kind == ConfigNode::Kind::kNull && table.may_be_empty()) return;
  if (node.kind != ConfigNode::Kind::kMap) {
    errors.add(node.error(fmt::format("{}: expected a map of settings", table.what),
                          fmt::format("{}：应为由设置组成的映射", table.what)));
    return;
  }
  const auto names = names_of(table);
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  for (const auto& [key, value] : node.entries) {
    if (table.find(key.scalar) != nullptr) continue;
    const BilingualText close = did_you_mean(key.scalar, names);
    errors.add(key.error(fmt::format("{}: unknown key \"{}\"{}; allowed: {}", table.what, key.scalar, close.en, all),
                         fmt::format("{}：未知的键“{}”{}；可用：{}", table.what, key.scalar, close.zh, all)));
  }
  for (const Key& key : table.keys) {
    if (key.required && node.find(key.name) == nullptr) {
      errors.add(node.error(fmt::format("{} needs \"{}\"", table.what, key.name),
                            fmt::format("{} 缺少“{}”", table.what, key.name)));
    }
  }
  const auto known = std::ranges::count_if(table.keys, [&node](const Key& k) { return node.find(k.name) != nullptr; });
  const bool only_known = static_cast<std::size_t>(known) == node.entries.size();  // else said above
  if (table.exactly_one && known != 1 && only_known) {
    errors.add(node.error(fmt::format("{}: write one of {}, and only one", table.what, all),
                          fmt::format("{}：请写且只写以下之一：{}", table.what, all)));
  }
}

const ConfigNode* TableReader::node(std::string_view name) const {
  SONDE_CHECK(table_.find(name) != nullptr, "a key that the table does not have");
  return node_.find(name);
}

const Key& TableReader::key(std::string_view name, KeyKind kind) const {
  const Key* key = table_.find(name);
  SONDE_CHECK(key != nullptr && key->kind == kind, "a key that the table does not have, or not of this kind");
  return *key;
}

std::optional<std::string> TableReader::text(std::string_view name) const {
  const Key& k = key(name, KeyKind::kText);
  const ConfigNode* n = node_.find(name);
  if (n == nullptr) return std::nullopt;
  auto text = read_string(*n, errors_);
  if (!k.required || !text || !text->empty()) return text;
  errors_.add(n->error(fmt::format("{}: \"{}\" is empty", table_.what, name),
                       fmt::format("{}：“{}”是空的", table_.what, name)));
  return std::nullopt;
}

std::optional<std::string> TableReader::path(std::string_view name) const {
  const ConfigNode* n = node_.find(key(name, KeyKind::kPath).name);
  return n == nullptr ? std::nullopt : read_path(*n, errors_);
}

std::optional<bool> TableReader::boolean(std::string_view name) const {
  const ConfigNode* n = node_.find(key(name, KeyKind::kBool).name);
  return n == nullptr ? std::nullopt : read_bool(*n, errors_);
}

std::optional<std::int64_t> TableReader::integer(std::string_view name) const {
  const Key& k = key(name, KeyKind::kInteger);
  const ConfigNode* n = node_.find(name);
  return n == nullptr ? std::nullopt : read_integer(*n, k.min, k.max, errors_);
}

std::optional<double> TableReader::number(std::string_view name) const {
  const Key& k = key(name, KeyKind::kNumber);
  const ConfigNode* n = node_.find(name);
  return n == nullptr ? std::nullopt : read_number(*n, static_cast<double>(k.min), static_cast<double>(k.max), errors_);
}

std::optional<Duration> TableReader::duration(std::string_view name) const {
  const Key& k = key(name, KeyKind::kDuration);
  const ConfigNode* n = node_.find(name);
  using std::chrono::milliseconds;
  return n == nullptr ? std::nullopt : read_duration(*n, milliseconds{k.min}, milliseconds{k.max}, errors_);
}

std::optional<std::int64_t> TableReader::bytes(std::string_view name) const {
  const Key& k = key(name, KeyKind::kBytes);
  const ConfigNode* n = node_.find(name);
  return n == nullptr ? std::nullopt : read_bytes(*n, k.min, k.max, errors_);
}

std::optional<std::string> TableReader::choice(std::string_view name) const {
  const Key& k = key(name, KeyKind::kChoice);
  const ConfigNode* n = node_.find(name);
  return n == nullptr ? std::nullopt : read_choice(*n, k.choices, errors_);
}

std::vector<std::string> TableReader::texts(std::string_view name) const {
  const ConfigNode* n = node_.find(key(name, KeyKind::kTexts).name);
  return n == nullptr ? std::vector<std::string>{} : read_strings(*n, errors_);
}

std::vector<std::pair<std::string, std::string>> TableReader::text_map(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> out;
  const ConfigNode* n = node_.find(key(name, KeyKind::kTextMap).name);
  if (n == nullptr) return out;
  if (n->kind != ConfigNode::Kind::kMap) {
    errors_.add(n->error(fmt::format("{} is a map of texts", name), fmt::format("{} 应为文本到文本的映射", name)));
  }
  for (const auto& [entry_key, value] : n->entries) {
    if (auto text = read_string(value, errors_)) out.emplace_back(entry_key.scalar, std::move(*text));
  }
  return out;
}

std::span<const ConfigNode> TableReader::list(std::string_view name) const {
  const ConfigNode* n = node_.find(key(name, KeyKind::kList).name);
  if (n == nullptr) return {};
  if (n->kind != ConfigNode::Kind::kSequence) {
    errors_.add(n->error(fmt::format("{} is a list", name), fmt::format("{} 应为列表", name)));
  }
  return n->items;
}

}  // namespace sonde::core
