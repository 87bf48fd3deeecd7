// Redirects.
#include "prober/checks/http_redirect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/sanitize.h"
#include "core/text.h"
#include "prober/checks/http_spec.h"

namespace sonde::prober {
namespace {

constexpr std::size_t kLocationBytesMax = 8 * 1024;

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/// The scheme of an absolute reference, lower case, or "".
std::string scheme_of(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = reference.substr(0, colon);
  if (!std::ranges::all_of(scheme, is_scheme_character) || (scheme[0] >= '0' && scheme[0] <= '9')) return {};
  return core::lower_ascii(scheme);
}

/// Spaces, controls and bytes of other alphabets as %XX: servers send them, and a request line cannot hold them.
std::string escape(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  static constexpr std::string_view kUnsafe = "\"<>\\^`{|}";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && kUnsafe.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

/// RFC 3986 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash_at_end = false;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    slash_at_end = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string out;
  for (const std::string_view segment : kept) (out += '/') += segment;
  if (slash_at_end || out.empty()) out += '/';
  return out;
}

/// The reference resolved against `base`, as an absolute URL without fragment (RFC 3986 5.2.2).
std::string resolve(const core::Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (!scheme_of(reference).empty()) return std::string{reference};
  if (reference.starts_with("//")) return base.scheme + ":" + std::string{reference};
  const std::string root = base.scheme + "://" + authority(base);
  const std::string_view base_path = std::string_view{base.path}.substr(0, base.path.find('?'));
  if (reference.empty()) return root + base.path;
  if (reference.starts_with('?')) return root + std::string{base_path} + std::string{reference};
  const std::size_t query = std::min(reference.find('?'), reference.size());
  std::string path{reference.substr(0, query)};
  if (!path.starts_with('/')) path = std::string{base_path.substr(0, base_path.rfind('/') + 1)} + path;
  return root + remove_dot_segments(path) + std::string{reference.substr(query)};
}

/// One part of an IPv4 address as inet_aton(3) reads it: decimal, 0 octal, 0x hexadecimal.
std::optional<std::uint64_t> address_part(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "2852039166", "0xA9.254.43518": browsers take these for addresses, so the policy must see them as such (H41).
std::optional<std::string> odd_address(std::string_view host) {
  std::array<std::uint64_t, 4> parts{};
  std::size_t n = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    const auto part = address_part(host.substr(0, dot));
    if (!part || n == parts.size()) return std::nullopt;
    parts.at(n++) = *part;
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
  }
  std::uint64_t address = parts.at(n - 1);
  if (address >= (1ULL << (8 * (5 - n)))) return std::nullopt;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (parts.at(i) > 255) return std::nullopt;
    address |= parts.at(i) << (8 * (3 - i));
  }
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += (out.empty() ? "" : ".") + std::to_string((address >> static_cast<unsigned>(shift)) & 255);
  }
  return out;
}

core::Outcome forbidden(std::string_view location, std::string_view why) {
  return core::failed(core::Stage::kHttp, core::Cause::kRedirectForbidden,
                      core::sanitize(location, 120) + ": " + std::string{why});
}

/// The same host, and no step from TLS to plain text: credentials may go along.
bool is_same_owner(const core::Url& a, const core::Url& b) {
  if (a.host != b.host) return false;
  if (a.scheme == b.scheme) return a.port == b.port;
  return a.scheme == "http" && a.port == 80 && b.port == 443;
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::variant<HttpHopAsk, core::Outcome> follow(const HttpHopAsk& from, int status, std::string_view location) {
  if (location.size() > kLocationBytesMax) return forbidden(location, "the address is too long");
  const std::string absolute = resolve(from.url, escape(location));
  const std::string scheme = scheme_of(absolute);
  if (scheme != "http" && scheme != "https") return forbidden(location, "only http and https are followed");
  auto url = core::parse_url(absolute);
  if (!url) return forbidden(location, "this is no address to follow");
  if (const auto address = odd_address(url->host)) url->host = *address;
  HttpHopAsk next{.url = std::move(*url),
                  .method = from.method,
                  .with_body = from.with_body,
                  .with_credentials = from.with_credentials};
  const bool to_get = status == 303 ? from.method != "HEAD" : status <= 302 && from.method == "POST";
  if (to_get) {
    next.method = "GET";
    next.with_body = false;
  }
  if (!is_same_owner(from.url, next.url)) next.with_credentials = false;
  return next;
}

std::string authority(const core::Url& url) {
  const bool literal6 = url.host.find(':') != std::string::npos;
  const bool own_port = (url.scheme == "http" && url.port == 80) || (url.scheme == "https" && url.port == 443);
  return (literal6 ? "[" + url.host + "]" : url.host) + (own_port ? "" : ":" + std::to_string(url.port));
}

std::string to_text(const core::Url& url) { return url.scheme + "://" + authority(url) + url.path; }

bool may_hold_secret(std::string_view header_name) {
  static constexpr std::array<std::string_view, 9> kParts = {"auth",     "cookie",  "token",      "secret",   "key",
                                                             "password", "session", "credential", "signature"};
  const std::string name = core::lower_ascii(header_name);
  return std::ranges::any_of(kParts, [&name](std::string_view part) { return name.find(part) != name.npos; });
}

}  // namespace sonde::prober
