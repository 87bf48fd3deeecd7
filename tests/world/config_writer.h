// Writes what probers and the hub need to watch this world: configurations, targets, the CA, and world.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "services.h"

namespace sonde::world {

struct OutputOptions {
  std::filesystem::path directory;  // made when missing; existing files of ours are replaced
  std::vector<std::string> sinks;   // further databases that the hub writes to
};

/// Writes ca.pem, targets.yaml, hub.yaml and vantage-NAME.yaml. Paths in them are absolute.
[[nodiscard]] core::Result<void> write_configurations(const Services& s, const OutputOptions& options);

/// Writes world.json, whole or not at all: who sees it knows that the world is up.
[[nodiscard]] core::Result<void> write_ready_file(const Services& s, const OutputOptions& options);

}  // namespace sonde::world
