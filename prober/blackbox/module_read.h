// Reading the parts of a module. Internal to prober/blackbox/module*.cc.
#pragma once

#include <optional>
#include <string_view>

#include "core/config_table.h"
#include "prober/blackbox/module.h"

namespace sonde::prober::blackbox {

void read_http(const core::ConfigNode& node, Module& module, core::ConfigErrors& errors);
void read_tcp(const core::ConfigNode& node, Module& module, core::ConfigErrors& errors);
void read_dns(const core::ConfigNode& node, Module& module, core::ConfigErrors& errors);

/// preferred_ip_protocol and ip_protocol_fallback, with blackbox's defaults.
void read_family(const core::TableReader& map, Module& module);
/// source_ip_address.
void read_source(const core::TableReader& map, Module& module, core::ConfigErrors& errors);
/// tls_config → our `tls` map.
void read_tls_config(const core::ConfigNode* node, Module& module, core::ConfigErrors& errors);

/// Reports keys of `map` that are known and not served.
void refuse(const core::ConfigNode& node, const core::KeyTable& map, std::string_view module,
            core::ConfigErrors& errors);

/// "10MB", "5KiB", "1024": K, M, G and T count 1024 each, with or without i.
[[nodiscard]] std::optional<std::int64_t> parse_go_bytes(std::string_view text);

}  // namespace sonde::prober::blackbox
