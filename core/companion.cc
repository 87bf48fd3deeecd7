// Companions by name, and the header in which they are asked for.
#include "core/companion.h"

#include <algorithm>
#include <array>

#include "core/percent.h"

namespace sonde::core {
namespace {

constexpr std::array<std::string_view, kCompanionKinds> kNames{"second_resolver", "last_address", "plain_port"};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<CompanionAsk> read_ask(std::string_view text) {
  const std::size_t first = text.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('/', first + 1);
  if (second == std::string_view::npos || text.find('/', second + 1) != std::string_view::npos) return std::nullopt;
  auto vantage = percent_decode(text.substr(0, first), false);
  const auto kind = parse_companion_kind(text.substr(first + 1, second - first - 1));
  auto target = percent_decode(text.substr(second + 1), false);
  if (!vantage || vantage->empty() || !kind || !target || target->empty()) return std::nullopt;
  return CompanionAsk{std::move(*vantage), std::move(*target), *kind};
}

}  // namespace

std::string_view name(CompanionKind k) { return kNames.at(static_cast<std::size_t>(k)); }

std::optional<CompanionKind> parse_companion_kind(std::string_view text) {
  const auto it = std::ranges::find(kNames, text);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<CompanionKind>(it - kNames.begin());
}

std::string write_asks(std::span<const CompanionAsk> asks) {
  std::string text;
  for (const CompanionAsk& a : asks.first(std::min(asks.size(), kAsksInHeaderMax))) {
    if (!text.empty()) text += ", ";
    text += percent_encode(a.vantage);
    text += '/';
    text += name(a.kind);
    text += '/';
    text += percent_encode(a.target);
  }
  return text;
}

std::vector<CompanionAsk> read_asks(std::string_view text) {
  std::vector<CompanionAsk> asks;
  while (!text.empty() && asks.size() < kAsksInHeaderMax) {
    const std::size_t comma = text.find(',');
    if (auto ask = read_ask(trimmed(text.substr(0, comma)))) asks.push_back(std::move(*ask));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return asks;
}

}  // namespace sonde::core
