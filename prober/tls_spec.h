// A target's `tls` map: whom to trust, who we are, which versions. The same for every check that speaks TLS.
#pragma once

#include <string>

#include "core/config_table.h"
#include "io/tls_client.h"

namespace sonde::prober {

/// What the map says is just what a TLS session is asked for.
using TlsSpec = io::TlsRequest;

extern const core::KeyTable kTlsKeys;

/// Reads the map; a null `node` gives the defaults. `host` is the name or address of the target's URL; `server_name`
/// takes its place. `alpn` stays empty unless the map has it. Adds an error for each mistake.
[[nodiscard]] TlsSpec read_tls_spec(const core::ConfigNode* node, const std::string& host, core::ConfigErrors& errors);

}  // namespace sonde::prober
