// The hub's part of the configuration, read strictly into plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config_table.h"
#include "core/time.h"

namespace sonde::hub {

struct HubConfig {
  std::string address = "127.0.0.1";  // to listen on; without brackets
  int port = 8686;                    // 0 = any free port
  std::string directory;              // for the hub's database; empty = the caller chooses before Hub::start
  core::Duration round = std::chrono::seconds{10};        // the usual interval of the targets; the judge's unit of time
  core::Duration retention = std::chrono::hours{24 * 7};  // of results and closed incidents
  std::string token_file;                                 // one token a line; empty = no authentication (loopback only)
  std::vector<std::string> allow_hosts;                   // further names in the Host header, without port
  bool operator==(const HubConfig&) const = default;
};

/// Splits "IP4:PORT", "[IP6]:PORT" or "localhost:PORT" into `config`. False when it is none of these.
bool parse_listen(std::string_view text, HubConfig& config);

/// The key `hub` of the root map.
extern const core::KeyTable kHubTable;

/// Reads the map `hub`. An address that is not loopback
/// without a token_file is an error that says so. Mistakes go to `errors`; the result is then not fit for use.
[[nodiscard]] HubConfig read_hub_config(const core::ConfigNode& node, core::ConfigErrors& errors);

}  // namespace sonde::hub
