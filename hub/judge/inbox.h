// Records wait here until their round closes, so that the order of their arrival does not matter.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/target.h"
#include "hub/judge/clock_watch.h"
#include "hub/judge/companions.h"
#include "hub/judge/run_result.h"
#include "hub/judge/topology.h"

namespace sonde::hub::judge {

/// Names of vantages and targets as small ids. Ids depend on the order of arrival, so nothing may be ordered by them:
/// use `rank`.
class Names {
 public:
  std::uint32_t id(std::string_view name);
  [[nodiscard]] const std::string& name(std::uint32_t id) const { return names_[id]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  /// By id: the name's place in alphabetical order.
  [[nodiscard]] std::vector<std::uint32_t> rank() const;

 private:
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::vector<std::string> names_;
};

/// What arrived for one round.
struct PendingRound {
  std::vector<RunResult> runs;
  std::vector<CompanionResult> companions;
  std::map<std::uint32_t, std::pair<std::int64_t, core::Vantage>> vantages;  // newest by time, then by content
  std::map<std::uint32_t, std::pair<std::int64_t, core::Target>> targets;
  std::map<std::uint32_t, core::Vantage> tagged_vantages;  // what the tags of results say, for want of a record
  std::map<std::uint32_t, core::Target> tagged_targets;
  std::map<std::uint32_t, ClockNews> clocks;  // by vantage

  void add(std::uint32_t id, std::int64_t time_ms, core::Vantage v);
  void add(std::uint32_t id, std::int64_t time_ms, core::Target t);
  /// Notes what the tags of a probe record say of its vantage and target.
  void add_tags(const RunResult& run, const core::Record& record);
};

/// Sorts the runs by (vantage name, target name, time, check, family) and drops those that came twice.
/// Returns how many were dropped.
std::uint64_t sort_and_deduplicate(std::vector<RunResult>& runs, const Names& vantages, const Names& targets);

/// The same for runs of one cell.
std::uint64_t sort_and_deduplicate(std::vector<RunResult>& runs_of_cell);

}  // namespace sonde::hub::judge
