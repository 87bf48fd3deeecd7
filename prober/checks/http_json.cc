// JSON assertions.
#include "prober/checks/http_json.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace sonde::prober {
namespace {

using nlohmann::json;
using Kind = JsonComparison::Kind;

constexpr std::size_t kShownBytesMax = 60;
constexpr int kDepthMax = 128;
constexpr std::size_t kBytesMax = 4 * 1024 * 1024;  // parsing more would hold the loop for too long
constexpr std::int64_t kLengthMax = 1'000'000'000;

constexpr std::array kRuleKeys = {
    core::Key{.name = "pointer",
              .kind = core::KeyKind::kText,
              .pattern = "^(/([^~]|~[01])*)?$",
              .required = true,
              .en = "JSON pointer (RFC 6901) to the value, such as /status or /items/0/name; \"\" is the whole body",
              .zh = "指向值的 JSON 指针（RFC 6901），如 /status、/items/0/name；\"\" 表示整个响应体"},
    core::Key{.name = "equals",
              .kind = core::KeyKind::kAny,
              .en = "the value is this number, text (in quotes where it looks like a number), true, false or null",
              .zh = "值等于此数字、文本（形似数字时加引号）、true、false 或 null"},
    core::Key{.name = "not_equals",
              .kind = core::KeyKind::kAny,
              .en = "the value exists and is not this one",
              .zh = "值存在且不等于此值"},
    core::Key{.name = "less", .kind = core::KeyKind::kAny, .en = "the value is less", .zh = "值小于此值"},
    core::Key{.name = "greater", .kind = core::KeyKind::kAny, .en = "the value is greater", .zh = "值大于此值"},
    core::Key{.name = "less_or_equal",
              .kind = core::KeyKind::kAny,
              .en = "the value is less or equal",
              .zh = "值小于或等于此值"},
    core::Key{.name = "greater_or_equal",
              .kind = core::KeyKind::kAny,
              .en = "the value is greater or equal",
              .zh = "值大于或等于此值"},
    core::Key{.name = "matches",
              .kind = core::KeyKind::kText,
              .en = "the value is a text in which this regular expression (RE2) is found",
              .zh = "值为文本，且其中能匹配此正则表达式（RE2）"},
    core::Key{.name = "exists",
              .kind = core::KeyKind::kBool,
              .en = "whether the pointer leads to a value at all (null is one)",
              .zh = "指针是否指向任何值（null 也算）"},
    core::Key{.name = "length",
              .kind = core::KeyKind::kInteger,
              .min = 0,
              .max = kLengthMax,
              .en = "number of items of an array, of members of an object, or of bytes of a text",
              .zh = "数组的元素数、对象的成员数或文本的字节数"}};

struct NamedKind {
  std::string_view name;
  Kind kind;
};
constexpr std::array<NamedKind, 6> kOperators = {{{"equals", Kind::kEquals},
                                                  {"not_equals", Kind::kNotEquals},
                                                  {"less", Kind::kLess},
                                                  {"greater", Kind::kGreater},
                                                  {"less_or_equal", Kind::kLessOrEqual},
                                                  {"greater_or_equal", Kind::kGreaterOrEqual}}};

std::string_view words(Kind kind) {
  switch (kind) {
    case Kind::kEquals:
      return "is not ";
    case Kind::kNotEquals:
      return "is ";
    case Kind::kLess:
      return "is not less than ";
    case Kind::kGreater:
      return "is not greater than ";
    case Kind::kLessOrEqual:
      return "is greater than ";
    case Kind::kGreaterOrEqual:
      return "is less than ";
    case Kind::kExists:
      return "";
    case Kind::kLength:
      return "has not the length ";
  }
  return "";
}

/// The tokens of a pointer; nothing when it is not one.
std::optional<std::vector<std::string>> tokens_of(std::string_view pointer) {
  std::vector<std::string> out;
  if (!pointer.empty() && pointer.front() != '/') return std::nullopt;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      out.emplace_back();
    } else if (c != '~') {
      out.back() += c;
    } else {
      const char escape = ++i < pointer.size() ? pointer[i] : '\0';
      if (escape != '0' && escape != '1') return std::nullopt;
      out.back() += escape == '0' ? '~' : '/';
    }
  }
  return out;
}

/// A scalar of YAML as JSON; nothing for a list or a map.
std::optional<std::string> operand_of(const core::ConfigNode& node) {
  if (node.kind == core::ConfigNode::Kind::kNull) return "null";
  if (node.kind != core::ConfigNode::Kind::kScalar) return std::nullopt;
  if (!node.quoted) {
    const json value = json::parse(node.scalar, nullptr, false);
    if (value.is_primitive() && !value.is_discarded()) return value.dump();
  }
  return json(node.scalar).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Deeper than any honest answer; each level costs the parser far more than its one byte.
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDepthMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

const json* find(const json& document, const std::vector<std::string>& tokens) {
  const json* at = &document;
  for (const std::string& token : tokens) {
    if (at->is_object()) {
      const auto it = at->find(token);
      if (it == at->end()) return nullptr;
      at = &*it;
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      const bool number = error == std::errc{} && end == token.data() + token.size();
      if (!number || (token.size() > 1 && token.front() == '0') || index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

bool holds(const JsonComparison& comparison, const json* value) {
  const json operand = json::parse(comparison.operand, nullptr, false);
  if (comparison.kind == Kind::kExists) return (value != nullptr) == operand.get<bool>();
  if (value == nullptr) return false;
  const bool ordered = (value->is_number() && operand.is_number()) || (value->is_string() && operand.is_string());
  switch (comparison.kind) {
    case Kind::kEquals:
      return *value == operand;
    case Kind::kNotEquals:
      return *value != operand;
    case Kind::kLess:
      return ordered && *value < operand;
    case Kind::kGreater:
      return ordered && *value > operand;
    case Kind::kLessOrEqual:
      return ordered && *value <= operand;
    case Kind::kGreaterOrEqual:
      return ordered && *value >= operand;
    case Kind::kLength: {
      const bool sized = value->is_structured() || value->is_string();
      const std::size_t size = value->is_string() ? value->get_ref<const std::string&>().size() : value->size();
      return sized && size == operand.get<std::size_t>();
    }
    case Kind::kExists:
      return true;
  }
  return false;
}

std::string shown(const json* value) {
  if (value == nullptr) return "nothing";
  if (value->is_structured()) return value->is_array() ? "an array" : "an object";
  std::string text = value->dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "…";
  return text;
}

}  // namespace

const core::KeyTable kJsonRuleKeys{"json", kRuleKeys};

std::optional<JsonRule> read_json_rule(const core::ConfigNode& node, core::ConfigErrors& errors) {
  const core::TableReader map{node, kJsonRuleKeys, errors};
  JsonRule rule;
  if (const auto* n = map.node("pointer")) rule.pointer = core::read_string(*n, errors).value_or("");  // "" is one
  if (auto tokens = tokens_of(rule.pointer)) {
    rule.tokens = std::move(*tokens);
  } else {
    errors.add(map.node("pointer")->error("not a JSON pointer: it starts with / and writes ~ as ~0 and / as ~1",
                                          "不是 JSON 指针：须以 / 开头，~ 写作 ~0，/ 写作 ~1"));
  }
  for (const auto& [name, kind] : kOperators) {
    const core::ConfigNode* n = map.node(name);
    if (n == nullptr) continue;
    if (auto operand = operand_of(*n)) {
      rule.comparisons.push_back({kind, std::move(*operand)});
    } else {
      errors.add(n->error("expected a number, a text, true, false or null", "应为数字、文本、true、false 或 null"));
    }
  }
  if (const auto exists = map.boolean("exists"))
    rule.comparisons.push_back({Kind::kExists, *exists ? "true" : "false"});
  if (const auto length = map.integer("length")) rule.comparisons.push_back({Kind::kLength, std::to_string(*length)});
  if (const auto* n = map.node("matches")) rule.matches = Pattern::read(*n, errors);
  if (node.kind == core::ConfigNode::Kind::kMap && rule.comparisons.empty() && map.node("matches") == nullptr) {
    rule.comparisons.push_back({Kind::kExists, "true"});  // a pointer alone asks that there is something
  }
  return rule;
}

std::string judge_json(const std::vector<JsonRule>& rules, std::string_view body) {
  if (rules.empty()) return {};
  if (body.size() > kBytesMax) return "the body is too large to be read as JSON (4 MiB)";
  if (nests_too_deep(body)) return "the body nests deeper than " + std::to_string(kDepthMax) + " levels";
  const json document = json::parse(body, nullptr, false);
  if (document.is_discarded()) return "the body is not JSON";
  for (const JsonRule& rule : rules) {
    const json* value = find(document, rule.tokens);
    for (const JsonComparison& comparison : rule.comparisons) {
      if (holds(comparison, value)) continue;
      if (comparison.kind == Kind::kExists || value == nullptr) {
        return "json " + rule.pointer + (value == nullptr ? " does not exist" : " exists");
      }
      return "json " + rule.pointer + " is " + shown(value) + ", which " + std::string{words(comparison.kind)} +
             comparison.operand;
    }
    if (!rule.matches) continue;
    if (value == nullptr || !value->is_string() || !rule.matches->found_in(value->get_ref<const std::string&>())) {
      return "json " + rule.pointer + " is " + shown(value) + ", which does not match " + rule.matches->text();
    }
  }
  return {};
}

}  // namespace sonde::prober
