// What a file's name says about it.
#include "hub/assets.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sonde::hub {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kMimes{{
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"json", "application/json; charset=utf-8"},
    {"webmanifest", "application/manifest+json"},
    {"txt", "text/plain; charset=utf-8"},
}};

bool is_hash(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= 8 && std::ranges::all_of(text, is_hex);
}

// "app.2b86429abd.css" → "2b86429abd"; "" without a middle part.
std::string_view middle_part(std::string_view path) {
  const std::size_t last = path.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  const std::size_t before = path.rfind('.', last - 1);
  return before == std::string_view::npos ? std::string_view{} : path.substr(before + 1, last - before - 1);
}

}  // namespace

Asset make_asset(std::string_view path, std::string_view gzip, std::string_view hash) {
  const std::size_t dot = path.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  const auto known = std::ranges::find(kMimes, extension, &std::pair<std::string_view, std::string_view>::first);
  return Asset{.gzip = gzip,
               .mime = known == kMimes.end() ? std::string_view{"application/octet-stream"} : known->second,
               .etag = '"' + std::string{hash} + '"',
               .immutable = is_hash(middle_part(path))};
}

}  // namespace sonde::hub
