// A whole configuration file: each part reads its own keys, this puts them together and decides what runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/files_in.h"
#include "cli/metrics_listener.h"
#include "core/config_node.h"
#include "hub/config.h"
#include "io/files.h"
#include "pipeline/config.h"
#include "prober/config.h"

namespace sonde::cli {

struct Configuration {
  std::string file;         // empty = no file, everything by default
  bool runs_prober = true;  // some of vantage, targets, apps, references, controls is there, or nothing says `hub`
  bool runs_hub = true;     // `hub` is there, or results would go nowhere (`metrics` is a place too)
  prober::ProberConfig prober;
  hub::HubConfig hub;
  std::optional<MetricsConfig> metrics;     // nothing = no listener of its own
  pipeline::LogOptions log;                 // the directory is chosen
  std::vector<pipeline::SinkConfig> sinks;  // with their secrets
};

/// Reads `path`, or the defaults where it is empty. Nothing when there are mistakes: they are all in `errors`.
[[nodiscard]] std::optional<Configuration> load_configuration(const std::string& path, io::Files& files,
                                                              const EmbeddedCatalogue& catalogue,
                                                              core::ConfigErrors& errors);

}  // namespace sonde::cli
