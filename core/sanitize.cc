// UTF-8 repair and removal of characters that could act instead of being read.
#include "core/sanitize.h"

#include <algorithm>
#include <cstdint>

namespace sonde::core {
namespace {

std::uint8_t byte(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

bool continuation(std::string_view text, std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xBF) {
  return i < text.size() && byte(text, i) >= low && byte(text, i) <= high;
}

bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

bool is_space_like(std::uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_control(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200E && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

std::uint32_t code_point(std::string_view sequence) {
  if (sequence.size() == 1) return byte(sequence, 0);
  std::uint32_t code = byte(sequence, 0) & (0x7FU >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) code = (code << 6U) | (byte(sequence, i) & 0x3FU);
  return code;
}

bool acts(std::uint32_t code) { return is_space_like(code) || is_control(code); }

std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t lead = byte(text, 0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continuation(text, 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const std::uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const std::uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return continuation(text, 1, low, high) && continuation(text, 2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const std::uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return continuation(text, 1, low, high) && continuation(text, 2) && continuation(text, 3) ? 4 : 0;
  }
  return 0;
}

std::string sanitize(std::string_view remote, std::size_t bytes_max) {
  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (std::ranges::all_of(remote, is_printable_ascii)) return std::string{remote.substr(0, bytes_max)};  // most of it
  std::string clean;
  bool space_pending = false;
  while (!remote.empty()) {
    std::size_t length = utf8_sequence(remote);
    std::string_view piece = length == 0 ? kReplacement : remote.substr(0, length);
    remote.remove_prefix(length == 0 ? 1 : length);
    const std::uint32_t code = code_point(piece);
    if (is_space_like(code)) {
      space_pending = !clean.empty();
      continue;
    }
    if (is_control(code)) continue;
    if (clean.size() + piece.size() + (space_pending ? 1 : 0) > bytes_max) break;
    if (space_pending && code != ' ') clean += ' ';
    space_pending = false;
    clean += piece;
  }
  return clean;
}

}  // namespace sonde::core
