// Reads `hub:`.
#include "hub/config.h"

#include <optional>

#include "io/http_guard.h"

namespace sonde::hub {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

}  // namespace

bool parse_listen(std::string_view text, HubConfig& config) {
  auto listen = io::parse_listen(text);
  if (!listen) return false;
  config.address = std::move(listen->address);
  config.port = listen->port;
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
  if (!io::is_loopback(config.address) && config.token_file.empty()) {
    errors.add((listen != nullptr ? *listen : node)
                   .error("hub listens on " + config.address +
                          ", which others can reach: set token_file, or listen on 127.0.0.1"));
  }
  return config;
}

}  // namespace sonde::hub
