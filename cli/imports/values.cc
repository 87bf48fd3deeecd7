// Making nodes.
#include "cli/imports/values.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

constexpr std::string_view kAnyValue = "1";  // a variable's: good as a host, a port, a header and a pattern

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_capital(char c) { return is_name_character(c) && (c < 'a' || c > 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Expander {
 public:
  Expander(const ConfigNode& node, Variables how, Notes& notes) : node_(node), how_(how), notes_(notes) {}

  ConfigNode expand() {
    const std::string& in = node_.scalar;
    for (std::size_t i = 0; i < in.size();) i += in[i] == '$' ? dollar(std::string_view{in}.substr(i)) : plain(in[i]);
    ConfigNode out = text(node_, judged_);
    if (found_) out.written = std::move(written_);
    return out;
  }

 private:
  std::size_t plain(char c) {
    judged_ += c;
    written_ += c;
    if (c == '$') written_ += c;
    return 1;
  }

  void reference(std::string_view name) {
    judged_ += kAnyValue;
    written_ += fmt::format("${{{}}}", name);
    found_ = true;
  }

  /// What begins with a $; returns how many characters it was.
  std::size_t dollar(std::string_view rest) {
    if (rest.starts_with("$$")) {
      plain('$');
      if (how_ == Variables::kTelegraf) plain('$');
      return 2;
    }
    if (rest.starts_with("${")) return braces(rest);
    std::size_t length = 1;
    const auto belongs = how_ == Variables::kTelegraf ? is_capital : is_name_character;
    while (length < rest.size() && belongs(rest[length])) ++length;
    const std::string_view name = rest.substr(1, length - 1);
    if (name.empty() || is_digit(name.front())) return plain('$');
    reference(name);
    return length;
  }

  std::size_t braces(std::string_view rest) {
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) return plain('$');
    std::string_view name = rest.substr(2, close - 2);
    const std::size_t colon = name.find(':');
    const std::string_view standard = colon == std::string_view::npos ? "" : name.substr(colon);
    name = name.substr(0, colon);
    if (name.empty() || !std::ranges::all_of(name, is_name_character)) return plain('$');
    if (!standard.empty()) {
      notes_.lost(node_, fmt::format("the default of the variable {}: here it must be set", name),
                  fmt::format("变量 {} 的默认值：在此必须设置该变量", name));
    }
    reference(name);
    return close + 1;
  }

  const ConfigNode& node_;
  Variables how_;
  Notes& notes_;
  std::string judged_;
  std::string written_;
  bool found_ = false;
};

}  // namespace

ConfigNode text(const ConfigNode& at, std::string_view value) {
  ConfigNode out = core::text_node(at, value);
  out.quoted = true;
  return out;
}

ConfigNode word(const ConfigNode& at, std::string_view value) { return core::text_node(at, value); }

ConfigNode variable(const ConfigNode& at, std::string_view name) {
  ConfigNode out = text(at, kAnyValue);
  out.written = fmt::format("${{{}}}", name);
  return out;
}

bool is_true(const ConfigNode& node) {
  if (node.kind != ConfigNode::Kind::kScalar) return false;
  return node.scalar != "false" && node.scalar != "0" && !node.scalar.empty();
}

ConfigNode text_with_variables(const ConfigNode& node, Variables how, Notes& notes) {
  if (node.kind != ConfigNode::Kind::kScalar) {
    if (node.kind != ConfigNode::Kind::kNull) notes.mistake(node, "this should be a text", "此处应为文本");
    return text(node, "");
  }
  if (how == Variables::kNone) return text(node, node.scalar);
  return Expander{node, how, notes}.expand();
}

bool has_variable(const ConfigNode& node) { return !node.written.empty(); }

std::string quote_pattern(std::string_view text) {
  constexpr std::string_view kSigns = "\\.+*?()|[]{}^$";
  std::string out;
  for (const char c : text) {
    if (kSigns.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string name_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url.substr(i).starts_with("${")) {
      ++i;
    } else if (url[i] != '}') {
      out += url[i];
    }
  }
  if (out.ends_with('/')) out.pop_back();
  return out;
}

}  // namespace sonde::cli::imports
