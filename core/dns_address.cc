// Addresses to text and back.
#include "core/dns_address.h"

#include <charconv>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace sonde::core::dns {
namespace {

struct Run {
  std::size_t at = 0;
  std::size_t length = 0;
};

// RFC 5952 4.2: the longest run of zero groups, the first of equals, never a single one.
Run longest_zeros(const std::array<std::uint16_t, 8>& groups) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      current.length = 0;
      continue;
    }
    if (current.length++ == 0) current.at = i;
    if (current.length > best.length) best = current;
  }
  return best.length >= 2 ? best : Run{groups.size(), 0};
}

// Appends the groups of `text` (no "::" in it) to `out`, two bytes each; false if malformed.
bool append_groups(std::string_view text, std::vector<std::uint8_t>& out) {
  while (!text.empty()) {
    const std::size_t n = std::min(text.find(':'), text.size());
    const auto word = text.substr(0, n);
    if (n == text.size() && word.find('.') != std::string_view::npos) {
      const auto ip4 = parse_ip4(word);
      if (!ip4) return false;
      out.insert(out.end(), ip4->begin(), ip4->end());
      return true;
    }
    std::uint16_t group = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + n, group, 16);
    if (n == 0 || n > 4 || error != std::errc{} || end != word.data() + n) return false;
    out.push_back(static_cast<std::uint8_t>(group >> 8U));
    out.push_back(static_cast<std::uint8_t>(group & 0xFFU));
    if (n == text.size()) return true;
    text.remove_prefix(n + 1);
    if (text.empty()) return false;  // ends in a colon
  }
  return true;
}

}  // namespace

std::string present_ip4(std::span<const std::uint8_t> b) {
  std::array<char, 16> text{};  // by hand: it is in every answer of every check
  char* at = text.data();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, text.data() + text.size(), b[i]).ptr;
  }
  return {text.data(), at};
}

std::string present_ip6(std::span<const std::uint8_t> b) {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<std::uint16_t>(b[2 * i] << 8U | b[2 * i + 1]);
  const Run zeros = longest_zeros(groups);
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.at) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    fmt::format_to(std::back_inserter(out), "{:x}", groups[i]);
  }
  return out;
}

std::optional<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text) {
  std::array<std::uint8_t, 4> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out[i]);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || (digits > 1 && text.front() == '0')) return std::nullopt;
    text.remove_prefix(digits);
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

std::optional<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text) {
  std::vector<std::uint8_t> head;
  std::vector<std::uint8_t> tail;
  const std::size_t gap = text.find("::");
  if (!append_groups(text.substr(0, gap), head)) return std::nullopt;
  if (gap != std::string_view::npos && !append_groups(text.substr(gap + 2), tail)) return std::nullopt;
  const std::size_t given = head.size() + tail.size();
  if (gap == std::string_view::npos ? given != 16 : given > 14) return std::nullopt;
  std::array<std::uint8_t, 16> out{};
  std::copy(head.begin(), head.end(), out.begin());
  std::copy(tail.begin(), tail.end(), out.end() - static_cast<std::ptrdiff_t>(tail.size()));
  return out;
}

}  // namespace sonde::core::dns
