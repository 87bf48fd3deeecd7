// Strict readers over configuration trees.
#include "core/config_node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"

namespace sonde::core {
namespace {

std::string_view describe(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::kNull:
      return "nothing";
    case ConfigNode::Kind::kScalar:
      return "a single value";
    case ConfigNode::Kind::kSequence:
      return "a list";
    case ConfigNode::Kind::kMap:
      return "a map";
  }
  return "";
}

bool expect_scalar(const ConfigNode& n, std::string_view what, ConfigErrors& errors) {
  if (n.kind == ConfigNode::Kind::kScalar) return true;
  errors.add(n.error(fmt::format("expected {}, found {}", what, describe(n.kind))));
  return false;
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> names) {
  const auto close = nearest(wrong, names);
  return close ? fmt::format("; did you mean \"{}\"?", *close) : std::string{};
}

template <typename Number>
std::optional<Number> parse_all(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct ByteUnit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array kByteUnits{ByteUnit{"KiB", 1LL << 10}, ByteUnit{"MiB", 1LL << 20}, ByteUnit{"GiB", 1LL << 30},
                                ByteUnit{"TiB", 1LL << 40}, ByteUnit{"B", 1}};

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t scale = 1;
  for (const ByteUnit& unit : kByteUnits) {
    if (text.ends_with(unit.name)) {
      text.remove_suffix(unit.name.size());
      scale = unit.bytes;
      break;
    }
  }
  const auto number = parse_all<std::int64_t>(text);
  if (!number || *number < 0 || *number > INT64_MAX / scale) return std::nullopt;
  return *number * scale;
}

std::string format_bytes(std::int64_t bytes) {
  for (const ByteUnit& unit : {kByteUnits[3], kByteUnits[2], kByteUnits[1], kByteUnits[0]}) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return fmt::format("{}", bytes);
}

}  // namespace

std::string to_string(const ConfigError& e) {
  if (e.line == 0) return fmt::format("{}: {}", e.file, e.message);
  return fmt::format("{}:{}:{}: {}", e.file, e.line, e.column, e.message);
}

std::string ConfigErrors::to_string() const {
  std::string text;
  for (const ConfigError& e : errors_) text += core::to_string(e) + "\n";
  return text;
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  const auto it = std::ranges::find_if(entries, [key](const auto& e) { return e.key.scalar == key; });
  return it == entries.end() ? nullptr : &it->value;
}

ConfigError ConfigNode::error(std::string message) const {
  return ConfigError{.file = file, .line = line, .column = column, .message = std::move(message)};
}

std::optional<std::string> read_string(const ConfigNode& n, ConfigErrors& errors) {
  if (!expect_scalar(n, "a text", errors)) return std::nullopt;
  return n.scalar;
}

std::optional<bool> read_bool(const ConfigNode& n, ConfigErrors& errors) {
  if (!expect_scalar(n, "true or false", errors)) return std::nullopt;
  if (!n.quoted && n.scalar == "true") return true;
  if (!n.quoted && n.scalar == "false") return false;
  errors.add(n.error(fmt::format("expected true or false, found \"{}\"", n.scalar)));
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const ConfigNode& n, std::int64_t min, std::int64_t max,
                                         ConfigErrors& errors) {
  if (!expect_scalar(n, "a whole number", errors)) return std::nullopt;
  const auto number = n.quoted ? std::nullopt : parse_all<std::int64_t>(n.scalar);
  const bool octal_look = n.scalar.size() > 1 && n.scalar[0] == '0';
  if (number && !octal_look && *number >= min && *number <= max) return number;
  errors.add(n.error(fmt::format("expected a whole number from {} to {}, found \"{}\"", min, max, n.scalar)));
  return std::nullopt;
}

std::optional<double> read_number(const ConfigNode& n, double min, double max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a number", errors)) return std::nullopt;
  const auto number = n.quoted ? std::nullopt : parse_all<double>(n.scalar);
  if (number && std::isfinite(*number) && *number >= min && *number <= max) return number;
  errors.add(n.error(fmt::format("expected a number from {} to {}, found \"{}\"", min, max, n.scalar)));
  return std::nullopt;
}

std::optional<Duration> read_duration(const ConfigNode& n, Duration min, Duration max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a duration", errors)) return std::nullopt;
  const auto duration = parse_duration(n.scalar);
  if (duration && *duration >= min && *duration <= max) return duration;
  errors.add(
      n.error(fmt::format("expected a duration with its unit from {} to {} (such as 10s, 250ms, 2m), found \"{}\"",
                          format_duration(min), format_duration(max), n.scalar)));
  return std::nullopt;
}

std::optional<std::int64_t> read_bytes(const ConfigNode& n, std::int64_t min, std::int64_t max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a size", errors)) return std::nullopt;
  const auto bytes = parse_bytes(n.scalar);
  if (bytes && *bytes >= min && *bytes <= max) return bytes;
  errors.add(n.error(fmt::format("expected a size from {} to {} (such as 64KiB, 8MiB, 1GiB), found \"{}\"",
                                 format_bytes(min), format_bytes(max), n.scalar)));
  return std::nullopt;
}

std::optional<std::string> read_choice(const ConfigNode& n, std::span<const std::string_view> allowed,
                                       ConfigErrors& errors) {
  if (!expect_scalar(n, fmt::format("one of {}", fmt::join(allowed, ", ")), errors)) return std::nullopt;
  if (std::ranges::find(allowed, std::string_view{n.scalar}) != allowed.end()) return n.scalar;
  errors.add(n.error(fmt::format("\"{}\" is not allowed here; allowed: {}{}", n.scalar, fmt::join(allowed, ", "),
                                 did_you_mean(n.scalar, allowed))));
  return std::nullopt;
}

std::vector<std::string> read_strings(const ConfigNode& n, ConfigErrors& errors) {
  if (n.kind == ConfigNode::Kind::kScalar) return {n.scalar};
  if (n.kind != ConfigNode::Kind::kSequence) {
    errors.add(n.error(fmt::format("expected a list of texts, found {}", describe(n.kind))));
    return {};
  }
  std::vector<std::string> texts;
  for (const ConfigNode& item : n.items) {
    if (auto text = read_string(item, errors)) texts.push_back(std::move(*text));
  }
  return texts;
}

MapReader::MapReader(const ConfigNode& node, std::string_view what, ConfigErrors& errors)
    : node_(node), what_(what), errors_(errors) {
  if (node.kind != ConfigNode::Kind::kMap) {
    errors.add(node.error(fmt::format("{}: expected a map of settings, found {}", what, describe(node.kind))));
  }
}

const ConfigNode* MapReader::key(std::string_view key) {
  allow(key);
  return node_.find(key);
}

const ConfigNode* MapReader::required(std::string_view name) {
  const ConfigNode* value = key(name);
  if (value == nullptr && node_.kind == ConfigNode::Kind::kMap) {
    errors_.add(node_.error(fmt::format("{} needs \"{}\"", what_, name)));
  }
  return value;
}

void MapReader::allow(std::string_view key) { known_.emplace_back(key); }

void MapReader::finish() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& [key, value] : node_.entries) {
    if (std::ranges::find(known, std::string_view{key.scalar}) != known.end()) continue;
    errors_.add(key.error(fmt::format("{}: unknown key \"{}\"{}; allowed: {}", what_, key.scalar,
                                      did_you_mean(key.scalar, known), fmt::join(known, ", "))));
  }
}

}  // namespace sonde::core
