// Host, Origin and tokens.
#include "hub/guard.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "hub/answer.h"

namespace sonde::hub {
namespace {

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
bool from_elsewhere(const io::ServerRequest& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "cross-site" || site == "same-site") return true;
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || lower(origin.substr(scheme + 3)) != lower(request.header("host"));
}

}  // namespace

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

Guard::Guard(const HubConfig& config, std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  for (const std::string& name : config.allow_hosts) hosts_.push_back(lower(name));
  if (!is_loopback(config.address)) return;
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) hosts_.emplace_back(name);
  // 127.0.0.2 and its like, when that is what is listened on.
  if (config.address.find(':') == std::string::npos) hosts_.push_back(config.address);
}

bool Guard::host_allowed(std::string_view host) const {
  return hosts_.empty() || std::ranges::find(hosts_, lower(without_port(host))) != hosts_.end();
}

bool Guard::token_valid(std::string_view authorization) const {
  const std::string shown = secret_of(authorization);
  bool valid = false;
  for (const std::string& token : tokens_) valid = same_secret(token, shown) || valid;
  return valid;
}

std::optional<io::ServerResponse> Guard::refuse(const io::ServerRequest& request) const {
  if (!host_allowed(request.header("host"))) {
    return error_answer(421, "this hub does not answer to that host name; name it in hub.allow_hosts if it is yours");
  }
  if (request.method != "GET" && request.method != "HEAD" && from_elsewhere(request)) {
    return error_answer(403, "pages of another origin may not write here");
  }
  if (tokens_.empty() || request.path == "/-/healthy" || request.path == "/-/ready") return std::nullopt;
  if (token_valid(request.header("authorization"))) return std::nullopt;
  io::ServerResponse response = error_answer(401, "a valid token is needed");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Sonde\", charset=\"UTF-8\"");
  return response;
}

}  // namespace sonde::hub
