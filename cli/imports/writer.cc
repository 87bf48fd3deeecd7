// Writing YAML.
#include "cli/imports/writer.h"

#include <algorithm>
#include <array>

#include "cli/yaml_text.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using Kind = ConfigNode::Kind;

/// As our reader takes it back: bare only where it cannot become null, a map or a list.
std::string scalar_text(const ConfigNode& node) {
  std::string value = node.written;
  if (value.empty()) {
    for (const char c : node.scalar) value.append(c == '$' ? 2 : 1, c);
  }
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-";
  const bool plain = !node.quoted && !value.empty() && value != "null" && value.front() != '-' &&
                     value.find_first_not_of(kPlain) == std::string::npos;
  if (plain) return value;
  // An address of the web needs no quotes, and people read it.
  constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-:?=&%~";
  const std::size_t scheme = value.find("://");
  if (scheme != std::string::npos && scheme <= 8 && value.find_first_not_of(kUrl) == std::string::npos &&
      !value.ends_with(':')) {
    return value;
  }
  return pleasant_text(value);
}

class Writer {
 public:
  std::string write(std::span<const ConfigNode> apps) {
    if (apps.empty()) return "apps: []\n";
    out_ = "apps:\n";
    for (const ConfigNode& app : apps) item(app, 1);
    return std::move(out_);
  }

 private:
  void indent(int depth) { out_.append(static_cast<std::size_t>(2 * depth), ' '); }

  void map(const ConfigNode& node, int depth) {
    for (const auto& [key, value] : node.entries) {
      indent(depth);
      entry(key, value, depth);
    }
  }

  void entry(const ConfigNode& key, const ConfigNode& value, int depth) {
    out_ += quoted_text(key.scalar) + ":";
    if (const bool flat = is_flat(value); flat) {
      out_ += " " + flow(value) + "\n";
    } else if (value.kind == Kind::kMap) {
      out_ += "\n";
      map(value, depth + 1);
    } else {
      out_ += "\n";
      for (const ConfigNode& below : value.items) item(below, depth + 1);
    }
  }

  /// An item of a list: its first key stands behind the dash.
  void item(const ConfigNode& node, int depth) {
    indent(depth);
    out_ += "- ";
    if (depth > 1 || is_flat(node)) {
      out_ += flow(node) + "\n";
      return;
    }
    bool first = true;
    for (const auto& [key, value] : node.entries) {
      if (!first) indent(depth + 1);
      first = false;
      entry(key, value, depth + 1);
    }
  }

  /// What fits on the line of its key.
  static bool is_flat(const ConfigNode& node) {
    if (node.kind == Kind::kMap) return node.entries.empty();
    if (node.kind != Kind::kSequence) return true;
    return std::ranges::all_of(node.items, [](const ConfigNode& n) { return n.kind == Kind::kScalar; });
  }

  static std::string flow(const ConfigNode& node) {
    std::string out;
    const auto comma = [&out] { return out.empty() ? "" : ", "; };
    switch (node.kind) {
      case Kind::kNull:
        return "null";
      case Kind::kScalar:
        return scalar_text(node);
      case Kind::kSequence:
        for (const ConfigNode& below : node.items) out += comma() + flow_value(below);
        return "[" + out + "]";
      case Kind::kMap:
        for (const auto& [key, value] : node.entries)
          out += comma() + quoted_text(key.scalar) + ": " + flow_value(value);
        return "{" + out + "}";
    }
    return out;
  }

  /// Inside of brackets a bare text may hold no sign of theirs; a URL could (`?`, `:`), so it gets its quotes.
  static std::string flow_value(const ConfigNode& node) {
    if (node.kind != Kind::kScalar) return flow(node);
    const std::string text = scalar_text(node);
    return text.find("://") != std::string::npos && text.front() != '"' && text.front() != '\'' ? "\"" + text + "\""
                                                                                                : text;
  }

  std::string out_;
};

}  // namespace

std::string write_targets(std::span<const ConfigNode> apps) { return Writer{}.write(apps); }

}  // namespace sonde::cli::imports
