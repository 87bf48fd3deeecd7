// Host, Origin and tokens.
#include "io/http_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "io/address.h"

namespace sonde::io {
namespace {

constexpr std::size_t kTokenFileBytesMax = 64 * 1024;

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// "host:8686" → "host", "[::1]:8686" → "[::1]"; anything else behind the name stays and so matches no name.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) {
    return host;
  }
  return host.ends_with(']') ? host : host.substr(0, colon);
}

// Takes the same time wherever the two differ; only the lengths can be told from it.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | static_cast<std::uint8_t>(a[i] ^ b[i]));
  }
  return difference == 0;
}

// RFC 4648 4, padding optional; nothing for other characters.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>((bits >> held) & 0xff));
  }
  return out;
}

// The secret that an Authorization header shows, or "".
std::string secret_of(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return {};
  const std::string scheme = lower(authorization.substr(0, space));
  std::string_view value = authorization.substr(space + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (scheme == "token" || scheme == "bearer") return std::string{value};
  if (scheme != "basic") return {};
  const auto pair = decode_base64(value);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  return colon == std::string::npos ? std::string{} : pair->substr(colon + 1);
}

// True when a browser says that a page of another origin sends this.
bool from_elsewhere(const ServerRequest& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "cross-site" || site == "same-site") return true;
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || lower(origin.substr(scheme + 3)) != lower(request.header("host"));
}

// The port and the host before it; nothing where `text` has neither form.
bool split_listen(std::string_view text, std::string_view& host, int& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port < 0 || port > 65535) return false;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != std::string_view::npos;
  }
  return !host.empty() && host.find(':') == std::string_view::npos;
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) {
  std::string_view host;
  int port = 0;
  if (!split_listen(text, host, port)) return std::nullopt;
  if (host == "localhost") host = "127.0.0.1";
  if (!parse_address(host)) return std::nullopt;
  return ListenAddress{std::string{host}, port};
}

bool is_loopback(std::string_view address) {
  const std::optional<IpAddress> ip = parse_address(address);
  if (!ip) return false;
  return ip->family == IpAddress::Family::kIp4 ? ip->bytes[0] == 127 : *ip == parse_address("::1");
}

std::vector<std::string> parse_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    tokens.emplace_back(line);
  }
  return tokens;
}

core::Result<std::vector<std::string>> read_tokens(Files& files, const std::string& path) {
  const auto fail = [&path](std::string_view why) {
    return core::Error{core::ErrorCode::kInvalid, "token_file " + path + " " + std::string{why}};
  };
  const auto alone = files.is_private(path);
  if (!alone) return fail("cannot be read: " + alone.error().message);
  if (!*alone) return fail("may be read by others: chmod 600 it");
  const auto text = files.read_all(path, kTokenFileBytesMax);
  if (!text) return fail("cannot be read: " + text.error().message);
  std::vector<std::string> tokens = parse_tokens(*text);
  if (tokens.empty()) return fail("has no token in it");
  return tokens;
}

HttpGuard::HttpGuard(GuardOptions options) : tokens_(std::move(options.tokens)), guard_reads_(options.guard_reads) {
  for (const std::string& name : options.allow_hosts) hosts_.push_back(lower(name));
  if (!is_loopback(options.address)) return;
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) hosts_.emplace_back(name);
  // 127.0.0.2 and its like, when that is what is listened on.
  if (options.address.find(':') == std::string::npos) hosts_.push_back(options.address);
}

bool HttpGuard::host_allowed(std::string_view host) const {
  return hosts_.empty() || std::ranges::find(hosts_, lower(without_port(host))) != hosts_.end();
}

bool HttpGuard::token_valid(std::string_view authorization) const {
  const std::string shown = secret_of(authorization);
  bool valid = false;
  for (const std::string& token : tokens_) valid = same_secret(token, shown) || valid;
  return valid;
}

std::optional<HttpGuard::Refusal> HttpGuard::refuse(const ServerRequest& request) const {
  if (!host_allowed(request.header("host"))) {
    return Refusal{421, "this server does not answer to that host name; name it in allow_hosts if it is yours"};
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if ((!reads || guard_reads_) && from_elsewhere(request)) {
    return Refusal{403, "pages of another origin may not do this"};
  }
  if (tokens_.empty() || request.path == "/-/healthy" || request.path == "/-/ready") return std::nullopt;
  if (token_valid(request.header("authorization"))) return std::nullopt;
  return Refusal{401, "a valid token is needed"};
}

}  // namespace sonde::io
