// A whole configuration: each part reads its own keys, this puts them together and decides what runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/metrics_listener.h"
#include "core/config_table.h"
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

/// The keys of the root map: those of prober, pipeline and hub. Schema and reference are made from it.
[[nodiscard]] const core::KeyTable& root_table();

/// The parts of `wanted` that differ from `running` and that only a restart can change, by their keys: "hub, log".
/// Empty when a running process can take `wanted` over.
[[nodiscard]] std::string needs_restart(const Configuration& running, const Configuration& wanted);

/// What reading a configuration needs from outside. Everything must outlive the call.
struct ConfigurationInputs {
  io::Files& files;
  const prober::CatalogueSource& catalogue;
  const core::VariableLookup& variables;
  std::string host_name;
  std::string state_directory;
  const prober::TargetDocuments* documents = nullptr;   // of URLs; null: an item with a URL is an error
  const prober::VantageDetection* detection = nullptr;  // as in prober::ConfigSources, and the next two
  bool vantage_needed = true;
  bool keep_written = true;
};

/// The tree of the file at `path`; an empty map where `path` is empty. Nothing when it cannot be read at all.
[[nodiscard]] std::optional<core::ConfigNode> read_configuration_tree(const std::string& path,
                                                                      const ConfigurationInputs& inputs,
                                                                      core::ConfigErrors& errors);

/// Reads a tree that came from `path`. Nothing when there are mistakes: they are all in `errors`.
[[nodiscard]] std::optional<Configuration> read_configuration(const core::ConfigNode& root, const std::string& path,
                                                              const ConfigurationInputs& inputs,
                                                              core::ConfigErrors& errors);

/// Both, with this process's environment and state directory, for verbs that look at a configuration once. Waits up to
/// 10 s for documents of URLs. `root` takes the tree where it is wanted.
[[nodiscard]] std::optional<Configuration> load_configuration(const std::string& path, io::Files& files,
                                                              const prober::CatalogueSource& catalogue,
                                                              core::ConfigErrors& errors,
                                                              core::ConfigNode* root = nullptr);

}  // namespace sonde::cli
