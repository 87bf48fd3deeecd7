// Reads a configuration file into all its parts.
#include "cli/configuration.h"

#include <algorithm>
#include <array>
#include <variant>

#include <fmt/format.h>

namespace sonde::cli {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;
constexpr std::array kTargetKeys{"targets", "apps", "references", "controls"};
constexpr std::array kProberKeys{"vantage", "targets", "apps", "references", "controls"};

core::ConfigNode read_tree(const std::string& path, io::Files& files, core::ConfigErrors& errors) {
  const EnvironmentVariables variables;
  core::ConfigNode root;
  if (path.empty()) {
    root.kind = core::ConfigNode::Kind::kMap;
    return root;
  }
  const core::Result<std::string> text = files.read_all(path, kFileBytesMax);
  if (!text) {
    errors.add({path, 0, 0, text.error().message});
    return root;
  }
  return core::parse_yaml(*text, path, &variables, errors);
}

// Loopback probers and hubs of one machine may share a state directory: each keeps to a folder of its own.
void choose_directories(Configuration& c) {
  const std::string state = default_state_directory();
  c.log.own_tags = {c.runs_prober ? std::pair<std::string, std::string>{"vantage", c.prober.vantage.name}
                                  : std::pair<std::string, std::string>{"instance", "hub"}};
  if (c.log.directory.empty()) c.log.directory = state + "/log";
  if (c.hub.directory.empty()) c.hub.directory = state + "/hub";
  for (pipeline::SinkConfig& sink : c.sinks) {
    if (auto* influx = std::get_if<pipeline::InfluxConfig>(&sink)) {
      influx->options.dead_letter_file = fmt::format("{}/dead-letter-{}.jsonl", c.log.directory, influx->options.name);
    }
  }
}

}  // namespace

std::optional<Configuration> load_configuration(const std::string& path, io::Files& files,
                                                const EmbeddedCatalogue& catalogue, core::ConfigErrors& errors) {
  const core::ConfigNode root = read_tree(path, files, errors);
  if (root.kind == core::ConfigNode::Kind::kNull) {
    if (errors.empty()) errors.add({path, 0, 0, "the file is empty"});
    return std::nullopt;
  }
  Configuration c;
  c.file = path;
  core::MapReader map{root, "the configuration", errors};
  const auto has = [&root](std::string_view key) { return root.find(key) != nullptr; };
  c.runs_prober = std::ranges::any_of(kProberKeys, has) || !has("hub");
  c.runs_hub = has("hub") || (!has("sinks") && !has("metrics"));

  if (const core::ConfigNode* node = map.key("hub")) c.hub = hub::read_hub_config(*node, errors);
  if (const core::ConfigNode* node = map.key("log")) c.log = pipeline::read_log_config(*node, errors);
  if (const core::ConfigNode* node = map.key("sinks")) c.sinks = pipeline::read_sinks_config(*node, errors);
  if (const core::ConfigNode* node = map.key("metrics")) c.metrics = read_metrics_config(*node, path, files, errors);
  for (pipeline::SinkConfig& sink : c.sinks) {
    if (auto* influx = std::get_if<pipeline::InfluxConfig>(&sink)) pipeline::load_secrets(*influx, files, errors);
  }
  if (c.runs_prober) {
    const EnvironmentVariables variables;
    const prober::ConfigSources sources{catalogue, files, &variables, host_name(), SONDE_VERSION};
    c.prober = prober::read_prober_config(map, path, sources, errors);
    // In the place of a blackbox_exporter only what is asked for is probed, not the catalogue.
    const bool stand_in = c.metrics && !c.metrics->blackbox_file.empty() && std::ranges::none_of(kTargetKeys, has);
    if (stand_in) c.prober.targets.clear();
  }
  map.finish();
  if (!errors.empty()) return std::nullopt;
  choose_directories(c);
  return c;
}

}  // namespace sonde::cli
