// What verbs read from this machine: the embedded catalogue, environment variables, resolv.conf.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "hub/assets.h"
#include "io/files.h"
#include "prober/config.h"

namespace sonde::cli {

/// ${VAR} in configuration files: the process environment.
class EnvironmentVariables final : public core::VariableLookup {
 public:
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override;
};

/// The catalogue that is built in, unpacked once.
class EmbeddedCatalogue final : public prober::CatalogueSource {
 public:
  EmbeddedCatalogue();
  [[nodiscard]] std::optional<std::string_view> find(std::string_view file_name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

/// The page that is built in.
class EmbeddedPage final : public hub::AssetSource {
 public:
  [[nodiscard]] std::optional<hub::Asset> find(std::string_view path) const override;
};

/// The text of /etc/resolv.conf, or "" when there is none.
[[nodiscard]] std::string read_resolv_conf(io::Files& files);

/// This machine's name, or "localhost".
[[nodiscard]] std::string host_name();

/// Where state is kept when the configuration names no place: $STATE_DIRECTORY (systemd), $XDG_STATE_HOME/sonde,
/// ~/.local/state/sonde.
[[nodiscard]] std::string default_state_directory();

}  // namespace sonde::cli
