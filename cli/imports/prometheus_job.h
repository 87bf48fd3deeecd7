// One job of a prometheus.yml on its way to targets. Internal to blackbox.cc and prometheus_job.cc.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/imports/draft.h"
#include "cli/imports/relabel.h"
#include "prober/blackbox/module.h"

namespace sonde::cli::imports {

class Job {
 public:
  /// `global` may be null. Everything must outlive this.
  Job(const core::ConfigNode& map, const core::ConfigNode* global, const prober::blackbox::Modules& modules,
      std::set<std::string>& used, Targets& targets);

  // One for each field; `seen` is for those that are looked up where another field needs them.
  void seen(const core::ConfigNode& /*node*/) {}
  void static_configs(const core::ConfigNode& list);
  void file_sd_configs(const core::ConfigNode& list);

  /// Whether it is a job of a blackbox_exporter; what is not is said.
  [[nodiscard]] bool asks_blackbox();

 private:
  [[nodiscard]] std::string text(std::string_view field, std::string_view standard) const;
  void group(const core::ConfigNode& map);
  void file(const std::string& path, const core::ConfigNode& at);
  void one(const core::ConfigNode& address, const core::ConfigNode* labels);
  void probe(const core::ConfigNode& at, const Labels& labels);
  void name_it(Draft& draft, const Labels& labels, const std::string& target, const std::string& module);
  void set_reach(const prober::blackbox::Module& module, Draft& draft) const;
  void set_pace(const prober::blackbox::Module& module, const Labels& labels, Draft& draft);
  [[nodiscard]] std::optional<core::Duration> duration(const Labels& labels, std::string_view label,
                                                       const core::ConfigNode& at);

  const core::ConfigNode& map_;
  const core::ConfigNode* global_;
  const prober::blackbox::Modules& modules_;
  std::set<std::string>& used_;
  Targets& targets_;
  Notes& notes_;
  Relabeling relabeling_;
  Labels params_;
};

}  // namespace sonde::cli::imports
