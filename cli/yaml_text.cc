// Quoting.
#include "cli/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/sanitize.h"

namespace sonde::cli {
namespace {

/// Characters beyond JSON's own escapes that no reader of a file should have to trust.
std::string escape_acting(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(core::utf8_sequence(text), 1);
    const std::string_view piece = text.substr(0, length);
    const std::uint32_t code = core::code_point(piece);
    out += core::acts(code) ? fmt::format("\\u{:04x}", code) : std::string{piece};
    text.remove_prefix(length);
  }
  return out;
}

bool is_plain_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = core::utf8_sequence(text);
    if (length == 0 || core::acts(core::code_point(text.substr(0, length)))) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

// JSON's strings are YAML's double-quoted ones (YAML 1.2, chapter 1.3).
std::string quoted_text(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
  // What YAML 1.1 or 1.2 takes for something else than text.
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto is_word = [text](std::string_view word) {
    return std::ranges::equal(text, word,
                              [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  };
  const bool plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos &&
                     std::isalpha(static_cast<unsigned char>(text[0])) != 0 && std::ranges::none_of(kWords, is_word);
  if (plain) return std::string{text};
  return escape_acting(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string pleasant_text(std::string_view text) {
  if (text.find_first_of("\"\\") == std::string_view::npos || !is_plain_line(text)) return quoted_text(text);
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWords = {"auth", "cookie", "token", "secret", "password", "key"};
  std::string lower{name};
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kWords, [&lower](std::string_view w) { return lower.find(w) != std::string::npos; });
}

}  // namespace sonde::cli
