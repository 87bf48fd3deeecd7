// Reads a configuration file into all its parts.
#include "cli/configuration.h"

#include <algorithm>
#include <array>
#include <variant>

#include <fmt/format.h>

#include "prober/config_keys.h"

namespace sonde::cli {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;
constexpr std::array kTargetKeys{"targets", "apps", "references", "controls"};
constexpr std::array kProberKeys{"vantage", "targets", "apps", "references", "controls"};

// Loopback probers and hubs of one machine may share a state directory: each keeps to a folder of its own.
void choose_directories(Configuration& c, const std::string& state) {
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

// A key that would have no effect is a mistake.
void refuse_prober_keys(const core::ConfigNode& root, core::ConfigErrors& errors) {
  for (const core::ConfigEntry& entry : root.entries) {
    if (prober::kProberTable.find(entry.key.scalar) == nullptr) continue;
    errors.add(entry.key.error(
        fmt::format("\"{}\" is for a prober, and this configuration runs a hub alone: give it a vantage",
                    entry.key.scalar),
        fmt::format("“{}”只对探针有效，而此配置只运行中心：请写上 vantage", entry.key.scalar)));
  }
}

std::vector<core::Key> all_keys() {
  std::vector<core::Key> keys;
  for (const core::KeyTable* part : {&prober::kProberTable, &pipeline::kPipelineTable, &hub::kHubTable}) {
    keys.insert(keys.end(), part->keys.begin(), part->keys.end());
  }
  keys.push_back({.name = "metrics",
                  .kind = core::KeyKind::kMap,
                  .of = &kMetricsKeys,
                  .en = "a listener for Prometheus: /metrics, and /probe in the place of blackbox_exporter",
                  .zh = "供 Prometheus 抓取的监听：/metrics，以及代替 blackbox_exporter 的 /probe"});
  return keys;
}

}  // namespace

const core::KeyTable& root_table() {
  static const std::vector<core::Key> kKeys = all_keys();
  static const core::KeyTable kTable{.what = "configuration", .keys = kKeys};
  return kTable;
}

std::string needs_restart(const Configuration& running, const Configuration& wanted) {
  const bool both = running.metrics && wanted.metrics;
  const bool same_listener = both ? running.metrics->listen == wanted.metrics->listen &&
                                        running.metrics->token_file == wanted.metrics->token_file &&
                                        running.metrics->allow_hosts == wanted.metrics->allow_hosts
                                  : !running.metrics && !wanted.metrics;
  const std::pair<bool, std::string_view> parts[] = {
      {running.runs_prober == wanted.runs_prober, "vantage"},
      {running.runs_hub == wanted.runs_hub && (!running.runs_hub || running.hub == wanted.hub), "hub"},
      {running.log == wanted.log, "log"},
      {running.sinks == wanted.sinks, "sinks"},
      {same_listener, "metrics"}};
  std::string out;
  for (const auto& [same, key] : parts) {
    if (!same) out += (out.empty() ? "" : ", ") + std::string{key};
  }
  return out;
}

std::optional<core::ConfigNode> read_configuration_tree(const std::string& path, const ConfigurationInputs& inputs,
                                                        core::ConfigErrors& errors) {
  core::ConfigNode root;
  root.kind = core::ConfigNode::Kind::kMap;
  if (path.empty()) return root;
  const core::Result<std::string> text = inputs.files.read_all(path, kFileBytesMax);
  if (!text) {
    errors.add({path, 0, 0, text.error().message, text.error().zh});
    return std::nullopt;
  }
  root = core::parse_yaml(*text, path, &inputs.variables, errors);
  if (root.kind != core::ConfigNode::Kind::kNull) return root;
  if (errors.empty()) errors.add({path, 0, 0, "the file is empty", "文件是空的"});
  return std::nullopt;
}

std::optional<Configuration> read_configuration(const core::ConfigNode& root, const std::string& path,
                                                const ConfigurationInputs& inputs, core::ConfigErrors& errors) {
  Configuration c;
  c.file = path;
  const core::TableReader map{root, root_table(), errors};
  const auto has = [&root](std::string_view key) { return root.find(key) != nullptr; };
  c.runs_prober = std::ranges::any_of(kProberKeys, has) || !has("hub");
  c.runs_hub = has("hub") || (!has("sinks") && !has("metrics"));

  if (const core::ConfigNode* node = map.node("hub")) c.hub = hub::read_hub_config(*node, errors);
  if (const core::ConfigNode* node = map.node("log")) c.log = pipeline::read_log_config(*node, errors);
  c.sinks = pipeline::read_sinks_config(map, errors);
  if (const core::ConfigNode* node = map.node("metrics")) c.metrics = read_metrics_config(*node, inputs.files, errors);
  for (pipeline::SinkConfig& sink : c.sinks) {
    if (auto* influx = std::get_if<pipeline::InfluxConfig>(&sink))
      pipeline::load_secrets(*influx, inputs.files, errors);
  }
  if (!c.runs_prober) refuse_prober_keys(root, errors);
  if (c.runs_prober) {
    const prober::ConfigSources sources{.catalogue = inputs.catalogue,
                                        .files = inputs.files,
                                        .variables = &inputs.variables,
                                        .host_name = inputs.host_name,
                                        .version = SONDE_VERSION,
                                        .documents = inputs.documents,
                                        .detection = inputs.detection,
                                        .vantage_needed = inputs.vantage_needed,
                                        .keep_written = inputs.keep_written};
    c.prober = prober::read_prober_config(map, sources, errors);
    // In the place of a blackbox_exporter only what is asked for is probed, not the catalogue.
    const bool stand_in = c.metrics && !c.metrics->blackbox_file.empty() && std::ranges::none_of(kTargetKeys, has);
    if (stand_in) c.prober.targets.clear();
  }
  if (!errors.empty()) return std::nullopt;
  choose_directories(c, inputs.state_directory);
  return c;
}

}  // namespace sonde::cli
