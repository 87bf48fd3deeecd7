// What is read from this machine: environment variables, names, resolv.conf, where state is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config_node.h"
#include "io/files.h"

namespace sonde::cli {

/// ${VAR} in configuration files: the process environment.
class EnvironmentVariables final : public core::VariableLookup {
 public:
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override;
};

/// The text of /etc/resolv.conf, or "" when there is none.
[[nodiscard]] std::string read_resolv_conf(io::Files& files);

/// This machine's name, or "localhost".
[[nodiscard]] std::string host_name();

/// Where state is kept when the configuration names no place: $STATE_DIRECTORY (systemd), $XDG_STATE_HOME/sonde,
/// ~/.local/state/sonde.
[[nodiscard]] std::string default_state_directory();

}  // namespace sonde::cli
