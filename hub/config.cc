// Reads `hub:`.
#include "hub/config.h"

#include <charconv>
#include <optional>

#include "io/address.h"

namespace sonde::hub {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

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

bool is_loopback(std::string_view address) {
  const std::optional<io::IpAddress> ip = io::parse_address(address);
  if (!ip) return false;
  return ip->family == io::IpAddress::Family::kIp4 ? ip->bytes[0] == 127 : *ip == io::parse_address("::1");
}

bool parse_listen(std::string_view text, HubConfig& config) {
  std::string_view host;
  int port = 0;
  if (!split_listen(text, host, port)) return false;
  if (host == "localhost") host = "127.0.0.1";
  if (!io::parse_address(host)) return false;  // a name could point elsewhere tomorrow
  config.address = std::string{host};
  config.port = port;
  return true;
}

HubConfig read_hub_config(const core::ConfigNode& node, core::ConfigErrors& errors) {
  HubConfig config;
  core::MapReader map{node, "hub", errors};
  const core::ConfigNode* listen = map.key("listen");
  if (listen != nullptr) {
    const auto text = core::read_string(*listen, errors);
    if (text && !parse_listen(*text, config)) {
      errors.add(listen->error("listen must be ADDRESS:PORT or [ADDRESS]:PORT, such as 127.0.0.1:8686"));
    }
  }
  if (const auto* n = map.key("directory")) config.directory = core::read_string(*n, errors).value_or("");
  if (const auto* n = map.key("round")) {
    config.round = core::read_duration(*n, milliseconds{100}, hours{1}, errors).value_or(config.round);
  }
  if (const auto* n = map.key("retention")) {
    config.retention = core::read_duration(*n, hours{1}, hours{24 * 366}, errors).value_or(config.retention);
  }
  if (const auto* n = map.key("token_file")) config.token_file = core::read_string(*n, errors).value_or("");
  if (const auto* n = map.key("allow_hosts")) config.allow_hosts = core::read_strings(*n, errors);
  map.finish();
  if (!is_loopback(config.address) && config.token_file.empty()) {
    errors.add((listen != nullptr ? *listen : node)
                   .error("hub listens on " + config.address +
                          ", which others can reach: set token_file, or listen on 127.0.0.1"));
  }
  return config;
}

}  // namespace sonde::hub
