// Reading answers of metadata services.
#include "prober/metadata_answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sonde::prober {
namespace {

constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kTokenBytesMax = 4096;
constexpr int kDepthMax = 32;

/// The text at a JSON pointer. The pointers are ours; the document is not.
std::optional<std::string> text_at(std::string_view body, std::string_view pointer) {
  using nlohmann::json;
  bool too_deep = false;
  const json::parser_callback_t limit = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep |= depth > kDepthMax;
    return depth <= kDepthMax;
  };
  const json document = json::parse(body, limit, false);
  const json::json_pointer at{std::string{pointer}};
  if (too_deep || document.is_discarded() || !document.contains(at)) return std::nullopt;
  const json& value = document.at(at);
  return value.is_string() ? std::optional{value.get<std::string>()} : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= kNameBytesMax && text.front() != '-' && std::ranges::all_of(text, fits);
}

/// Whether `zone` is one of `region`: the region and one letter, or the region, a dash and more.
bool belongs_to(std::string_view zone, std::string_view region) {
  if (!zone.starts_with(region)) return false;
  const std::string_view rest = zone.substr(region.size());
  const bool letter = rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'z';
  return letter || (rest.size() > 1 && rest[0] == '-');
}

/// The region that was told, or else the one with the longest name that the zone begins with.
const CatalogueRegion* region_of(const CatalogueProvider& provider, std::string_view region, std::string_view zone) {
  const CatalogueRegion* best = nullptr;
  for (const CatalogueRegion& r : provider.regions) {
    if (r.name == region) return &r;
    const bool fits = region.empty() && belongs_to(zone, r.name);
    if (fits && (best == nullptr || r.name.size() > best->name.size())) best = &r;
  }
  return best;
}

}  // namespace

std::optional<std::string> name_in(std::string_view body, std::string_view where) {
  std::string held;
  if (where != kWholeBody) {
    auto text = text_at(body, where);
    if (!text) return std::nullopt;
    held = std::move(*text);
    body = held;
  }
  std::string_view text = trimmed(body);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with("projects/")) text = text.substr(text.rfind('/') + 1);
  std::string out{text};
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return is_name(out) ? std::optional{std::move(out)} : std::nullopt;
}

std::optional<std::string> token_in(std::string_view body, const MetadataToken& token) {
  std::optional<std::string> text = token.pointer.empty() ? std::string{trimmed(body)} : text_at(body, token.pointer);
  if (!text || text->empty() || text->size() > kTokenBytesMax) return std::nullopt;
  const bool visible = std::ranges::all_of(*text, [](char c) { return c > 0x20 && c < 0x7F; });
  return visible ? text : std::nullopt;
}

std::optional<DetectedPlace> place_of(const Catalogue& catalogue, std::span<const std::string_view> providers,
                                      std::string region, std::string zone) {
  if ((region.empty() && zone.empty()) || providers.empty()) return std::nullopt;
  for (const std::string_view name : providers) {
    const CatalogueProvider* provider = catalogue.find(name);
    const CatalogueRegion* known = provider == nullptr ? nullptr : region_of(*provider, region, zone);
    if (known != nullptr) return DetectedPlace{provider->name, known->name, std::move(zone), known->place};
  }
  // A region that is newer than the catalogue: zones are the region and, after the last dash, their own part.
  if (region.empty()) region = zone.substr(0, zone.rfind('-'));
  return DetectedPlace{std::string{providers.front()}, std::move(region), std::move(zone), std::nullopt};
}

}  // namespace sonde::prober
