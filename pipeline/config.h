// The sections `log:` and `sinks:` of the configuration, read strictly into plain values.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config_node.h"
#include "core/config_table.h"
#include "io/files.h"
#include "pipeline/file_sink.h"
#include "pipeline/influx_sink.h"
#include "pipeline/log.h"

namespace sonde::pipeline {

struct InfluxConfig {
  InfluxOptions options;  // without token and password until load_secrets
  std::string token_file;
  std::string password_file;
  core::ConfigNode at;  // where it stands, for errors that come later

  bool operator==(const InfluxConfig& o) const {  // wherever it stands
    return options == o.options && token_file == o.token_file && password_file == o.password_file;
  }
};
struct StdoutConfig {
  std::string name;
  bool operator==(const StdoutConfig&) const = default;
};
using SinkConfig = std::variant<InfluxConfig, FileSinkOptions, StdoutConfig>;

/// The name that the sink and its cursor have.
[[nodiscard]] std::string_view name(const SinkConfig& sink);

/// The keys `log` and `sinks` of the root map.
extern const core::KeyTable kPipelineTable;

/// Reads the map `log`. The directory stays empty when it is not given: the caller chooses.
[[nodiscard]] LogOptions read_log_config(const core::ConfigNode& node, core::ConfigErrors& errors);

/// Reads the list `sinks` of a map whose table holds it. Names default to the kind, with host and port for influx
/// ("influx-tsdb-8428"), and must be unique. Mistakes go to `errors`.
[[nodiscard]] std::vector<SinkConfig> read_sinks_config(const core::TableReader& root, core::ConfigErrors& errors);

/// Reads token_file and password_file into the options. A file that its group or others may read, that is empty or
/// longer than 4 KiB, is an error. Only the last line break is cut off.
bool load_secrets(InfluxConfig& config, io::Files& files, core::ConfigErrors& errors);

}  // namespace sonde::pipeline
