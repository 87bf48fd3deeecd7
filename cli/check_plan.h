// From what was typed to the targets that `sonde check` runs.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"
#include "core/config_node.h"
#include "io/files.h"
#include "prober/config.h"

namespace sonde::cli {

struct CheckPlan {
  prober::ProberConfig prober;               // without targets
  std::vector<prober::TargetEntry> targets;  // in the order given
  std::vector<std::string> remarks;          // for stderr: what was taken for what
};

/// Reads URLs, host names, lists and names. Mistakes go to `errors`; the plan is then not for use.
/// Lists are read from files or, once, from stdin.
[[nodiscard]] CheckPlan plan_check(const CheckOptions& options, io::Files& files, const Terminal& t,
                                   core::ConfigErrors& errors);

/// "KEY=VALUE" items as one map: VALUE is YAML, a key that is given twice becomes a list, maps are joined.
/// `option` names the place in messages.
[[nodiscard]] core::ConfigNode map_from_items(const std::vector<std::string>& items, std::string_view option,
                                              core::ConfigErrors& errors);

/// The lines of a list without comments, blanks and spaces around.
[[nodiscard]] std::vector<std::string> list_lines(std::string_view text);

}  // namespace sonde::cli
