// Prometheus's relabel_configs, run as Prometheus runs them: a job says with them which label becomes the target, the
// module and the labels of a probe.
// Source: Prometheus, configuration, relabel_config.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/imports/notes.h"

namespace sonde::cli::imports {

using Labels = std::map<std::string, std::string, std::less<>>;

class Relabeling {
 public:
  /// Reads a list of rules; null is none. What cannot be done (hashmod, bad patterns) is noted and left out.
  Relabeling(const core::ConfigNode* list, Notes& notes);
  ~Relabeling();
  Relabeling(const Relabeling&) = delete;
  Relabeling& operator=(const Relabeling&) = delete;

  /// The labels after all rules; nothing when a rule drops the target.
  [[nodiscard]] std::optional<Labels> apply(Labels labels) const;

 private:
  struct Rule;
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace sonde::cli::imports
