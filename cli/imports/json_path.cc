// Reading paths.
#include "cli/imports/json_path.h"

#include <algorithm>

#include "cli/imports/values.h"

namespace sonde::cli::imports {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What may stand in a name without quotes. Signs with a meaning in some language of paths are not among them.
bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-' ||
         c == '/' || c == '~' || c == '@';
}

void add_token(std::string& pointer, std::string_view token) {
  pointer += '/';
  for (const char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace

std::optional<std::string> json_pointer(std::string_view path) {
  if (path.starts_with('$')) path.remove_prefix(1);
  std::string out;
  bool first = true;
  while (!path.empty()) {
    if (path.front() == '[') {
      const std::size_t close = path.find(']');
      if (close == std::string_view::npos || close == 1) return std::nullopt;
      const std::string_view index = path.substr(1, close - 1);
      if (!std::ranges::all_of(index, is_digit)) return std::nullopt;
      add_token(out, index);
      path.remove_prefix(close + 1);
    } else {
      if (path.front() == '.') {
        path.remove_prefix(1);
      } else if (!first) {
        return std::nullopt;
      }
      const auto end = std::ranges::find_if_not(path, is_plain);
      const auto length = static_cast<std::size_t>(end - path.begin());
      if (length == 0) return std::nullopt;
      add_token(out, path.substr(0, length));
      path.remove_prefix(length);
    }
    first = false;
  }
  return out;
}

bool is_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? "0" : text.substr(dot + 1);
  if (whole.empty() || rest.empty() || (whole.size() > 1 && whole.front() == '0') || text.size() > 18) return false;
  return std::ranges::all_of(whole, is_digit) && std::ranges::all_of(rest, is_digit);
}

bool is_json_word(std::string_view text) {
  return text == "true" || text == "false" || text == "null" || is_json_number(text);
}

core::ConfigNode json_operand(const core::ConfigNode& at, std::string_view value) {
  if (value == "null") {
    core::ConfigNode out = word(at, "");
    out.kind = core::ConfigNode::Kind::kNull;
    return out;
  }
  return is_json_word(value) ? word(at, value) : text(at, value);
}

}  // namespace sonde::cli::imports
