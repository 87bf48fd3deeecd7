// Assertions about a JSON body: a pointer (RFC 6901) and comparisons with what it points to. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_table.h"
#include "prober/checks/pattern.h"

namespace sonde::prober {

struct JsonComparison {
  enum class Kind { kEquals, kNotEquals, kLess, kGreater, kLessOrEqual, kGreaterOrEqual, kExists, kLength };
  Kind kind = Kind::kExists;
  std::string operand;  // as JSON
};

struct JsonRule {
  std::string pointer;              // as configured
  std::vector<std::string> tokens;  // its reference tokens, unescaped
  std::vector<JsonComparison> comparisons;
  std::optional<Pattern> matches;
};

/// The keys of one item of `expect.json`.
extern const core::KeyTable kJsonRuleKeys;

/// One item of `expect.json`; nothing after a mistake.
[[nodiscard]] std::optional<JsonRule> read_json_rule(const core::ConfigNode& node, core::ConfigErrors& errors);

/// What the first rule that does not hold finds wrong with `body`, or "". No rules: anything is right.
[[nodiscard]] std::string judge_json(const std::vector<JsonRule>& rules, std::string_view body);

}  // namespace sonde::prober
