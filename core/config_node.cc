// Strict readers over configuration trees.
#include "core/config_node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/sanitize.h"
#include "core/text.h"

namespace sonde::core {
namespace {

constexpr std::size_t kLineBytesMax = 4096;  // of one mistake as it is shown

BilingualText describe(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::kNull:
      return {"nothing", "空"};
    case ConfigNode::Kind::kScalar:
      return {"a single value", "单个值"};
    case ConfigNode::Kind::kSequence:
      return {"a list", "列表"};
    case ConfigNode::Kind::kMap:
      return {"a map", "映射"};
  }
  return {};
}

bool expect_scalar(const ConfigNode& n, std::string_view en, std::string_view zh, ConfigErrors& errors) {
  if (n.kind == ConfigNode::Kind::kScalar) return true;
  const BilingualText found = describe(n.kind);
  errors.add(
      n.error(fmt::format("expected {}, found {}", en, found.en), fmt::format("应为{}，实际是{}", zh, found.zh)));
  return false;
}

template <typename Number>
std::optional<Number> parse_all(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(const ConfigError& e, Language language) {
  const std::string& words = language == Language::kChinese && !e.zh.empty() ? e.zh : e.message;
  const std::string at = e.line == 0 ? std::string{} : fmt::format("{}:{}:", e.line, e.column);
  return sanitize(fmt::format("{}:{} {}", e.file, at, words), kLineBytesMax);
}

std::string ConfigErrors::to_string(Language language) const {
  std::string text;
  for (const ConfigError& e : errors_) text += core::to_string(e, language) + "\n";
  return text;
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  const auto it = std::ranges::find_if(entries, [key](const auto& e) { return e.key.scalar == key; });
  return it == entries.end() ? nullptr : &it->value;
}

ConfigError ConfigNode::error(std::string message, std::string zh) const {
  return ConfigError{.file = file, .line = line, .column = column, .message = std::move(message), .zh = std::move(zh)};
}

std::optional<std::string> read_string(const ConfigNode& n, ConfigErrors& errors) {
  if (!expect_scalar(n, "a text", "文本", errors)) return std::nullopt;
  return n.scalar;
}

std::optional<bool> read_bool(const ConfigNode& n, ConfigErrors& errors) {
  if (!expect_scalar(n, "true or false", " true 或 false", errors)) return std::nullopt;
  if (!n.quoted && n.scalar == "true") return true;
  if (!n.quoted && n.scalar == "false") return false;
  errors.add(n.error(fmt::format("expected true or false, found \"{}\"", n.shown()),
                     fmt::format("应为 true 或 false，实际是“{}”", n.shown())));
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const ConfigNode& n, std::int64_t min, std::int64_t max,
                                         ConfigErrors& errors) {
  if (!expect_scalar(n, "a whole number", "整数", errors)) return std::nullopt;
  const auto number = n.quoted ? std::nullopt : parse_all<std::int64_t>(n.scalar);
  const bool octal_look = n.scalar.size() > 1 && n.scalar[0] == '0';
  if (number && !octal_look && *number >= min && *number <= max) return number;
  errors.add(n.error(fmt::format("expected a whole number from {} to {}, found \"{}\"", min, max, n.shown()),
                     fmt::format("应为 {} 到 {} 的整数，实际是“{}”", min, max, n.shown())));
  return std::nullopt;
}

std::optional<double> read_number(const ConfigNode& n, double min, double max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a number", "数字", errors)) return std::nullopt;
  const auto number = n.quoted ? std::nullopt : parse_all<double>(n.scalar);
  if (number && std::isfinite(*number) && *number >= min && *number <= max) return number;
  errors.add(n.error(fmt::format("expected a number from {} to {}, found \"{}\"", min, max, n.shown()),
                     fmt::format("应为 {} 到 {} 的数字，实际是“{}”", min, max, n.shown())));
  return std::nullopt;
}

std::optional<Duration> read_duration(const ConfigNode& n, Duration min, Duration max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a duration", "时长", errors)) return std::nullopt;
  const auto duration = parse_duration(n.scalar);
  if (duration && *duration >= min && *duration <= max) return duration;
  const std::string from = format_duration(min);
  const std::string to = format_duration(max);
  errors.add(
      n.error(fmt::format("expected a duration with its unit from {} to {} (such as 10s, 250ms, 2m), found \"{}\"",
                          from, to, n.shown()),
              fmt::format("应为 {} 到 {} 的时长并带单位（如 10s、250ms、2m），实际是“{}”", from, to, n.shown())));
  return std::nullopt;
}

std::optional<std::int64_t> read_bytes(const ConfigNode& n, std::int64_t min, std::int64_t max, ConfigErrors& errors) {
  if (!expect_scalar(n, "a size", "大小", errors)) return std::nullopt;
  const auto bytes = parse_bytes(n.scalar);
  if (bytes && *bytes >= min && *bytes <= max) return bytes;
  const std::string from = format_bytes(min);
  const std::string to = format_bytes(max);
  errors.add(n.error(
      fmt::format("expected a size from {} to {} (such as 64KiB, 8MiB, 1GiB), found \"{}\"", from, to, n.shown()),
      fmt::format("应为 {} 到 {} 的大小（如 64KiB、8MiB、1GiB），实际是“{}”", from, to, n.shown())));
  return std::nullopt;
}

std::optional<std::string> read_choice(const ConfigNode& n, std::span<const std::string_view> allowed,
                                       ConfigErrors& errors) {
  const std::string all = fmt::format("{}", fmt::join(allowed, ", "));
  if (!expect_scalar(n, "one of " + all, "以下之一：" + all, errors)) return std::nullopt;
  if (std::ranges::find(allowed, std::string_view{n.scalar}) != allowed.end()) return n.scalar;
  const BilingualText close = did_you_mean(n.scalar, allowed);
  errors.add(n.error(fmt::format("\"{}\" is not allowed here; allowed: {}{}", n.shown(), all, close.en),
                     fmt::format("这里不能写“{}”；可用：{}{}", n.shown(), all, close.zh)));
  return std::nullopt;
}

std::vector<std::string> read_strings(const ConfigNode& n, ConfigErrors& errors) {
  if (n.kind == ConfigNode::Kind::kScalar) return {n.scalar};
  if (n.kind != ConfigNode::Kind::kSequence) {
    const BilingualText found = describe(n.kind);
    errors.add(n.error("expected a list of texts, found " + found.en, fmt::format("应为文本列表，实际是{}", found.zh)));
    return {};
  }
  std::vector<std::string> texts;
  for (const ConfigNode& item : n.items) {
    if (auto text = read_string(item, errors)) texts.push_back(std::move(*text));
  }
  return texts;
}

bool is_remote(std::string_view file) { return file.starts_with("https://") || file.starts_with("http://"); }

std::optional<std::string> read_path(const ConfigNode& n, ConfigErrors& errors) {
  if (!expect_scalar(n, "a path", "路径", errors)) return std::nullopt;
  if (n.scalar.empty()) {
    errors.add(n.error("expected a path, found an empty text", "应为路径，实际是空文本"));
    return std::nullopt;
  }
  if (is_remote(n.file)) {
    errors.add(n.error("a document from a URL may not name files of this machine", "来自 URL 的文档不能引用本机文件"));
    return std::nullopt;
  }
  const std::size_t slash = n.file.rfind('/');
  if (n.scalar.starts_with('/') || slash == std::string::npos) return n.scalar;
  return n.file.substr(0, slash + 1) + n.scalar;
}

}  // namespace sonde::core
