// The effective configuration as YAML: what a file says, with every default written out and no secret in it.
#pragma once

#include <string>

#include "cli/configuration.h"
#include "core/config_node.h"

namespace sonde::cli {

/// `root` is the tree that `c` was read from. The text is a configuration again and means the same:
/// - a value that came from ${VAR} stands as ${VAR}, paths are absolute, sources of targets stay sources;
/// - a secret that stands in the file itself is replaced by kRedacted (then, and only then, it does not mean the same).
/// - what `vantage: auto` came to is written out, with a remark in `language` where it comes from.
/// `working_directory` is what relative paths of the command line are relative to.
[[nodiscard]] std::string print_configuration(const core::ConfigNode& root, const Configuration& c,
                                              const std::string& working_directory,
                                              core::Language language = core::Language::kEnglish);

inline constexpr std::string_view kRedacted = "<redacted>";

}  // namespace sonde::cli
