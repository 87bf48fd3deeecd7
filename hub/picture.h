// The newest state of everything, in memory: which vantages and targets there are and what each pair saw last.
// Pure: fed with records, asked with a time. The store keeps it, the views are made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/outcome.h"
#include "core/record.h"
#include "core/target.h"
#include "core/time.h"

namespace sonde::hub {

/// A record's status as it is shown: a result that its own prober does not trust is `unknown`. Nothing where the record
/// has no status that this version knows.
[[nodiscard]] std::optional<core::Status> shown_status(const core::Record& probe);

struct VantageState {
  core::Vantage vantage;
  core::WallTime heard{};        // newest record of any kind
  core::WallTime described{};    // of the newest `vantage` record; zero when all that is known are tags of results
  core::WallTime suspect_at{};   // slot of the result that `suspect` is from
  bool suspect = false;          // the newest result was not trusted by its own prober
  core::WallTime clock_at{};     // of the newest `clock` record; zero where there is none
  core::Duration clock_ahead{};  // as it says: of the hub's clock
  bool clock_wrong = false;      // the same
};

struct TargetState {
  core::Target target;
  core::WallTime heard{};
  core::WallTime described{};
  std::map<std::string, core::Record, std::less<>> latest;  // newest `probe` record, by vantage
  bool seen_healthy = false;  // ok or degraded from any vantage, at any time that is remembered

  /// There are results, and none of them was ever a success. The judge takes what never worked for unreachable: its
  /// failures are no news, and no verdict comes of them (docs/verdicts.md).
  [[nodiscard]] bool never_healthy() const { return !seen_healthy && !latest.empty(); }
};

class Picture {
 public:
  /// Bounds, so that a wrong or hostile producer cannot fill the memory.
  static constexpr std::size_t kVantagesMax = 1000;
  static constexpr std::size_t kTargetsMax = 20000;
  static constexpr std::size_t kPairsMax = 400000;

  /// `round` is the interval of targets that do not say their own.
  explicit Picture(core::Duration round) : round_(round) {}

  /// Takes `probe`, `vantage`, `target`, `sonde` and `clock` records; others change nothing. Older ones than known
  /// change nothing. False when a bound was met and the record was left out.
  bool take(const core::Record& record);

  /// The target was healthy once, as something older than the records that were taken remembers.
  void note_healthy(std::string_view target);

  /// Forgets targets that nobody reports on any more (15 minutes or ten of their intervals behind the newest record)
  /// and vantages that were silent for a day. Measured against the newest record, not the clock: when everything is
  /// silent nothing is forgotten.
  void forget();

  [[nodiscard]] const std::map<std::string, VantageState, std::less<>>& vantages() const { return vantages_; }
  [[nodiscard]] const std::map<std::string, TargetState, std::less<>>& targets() const { return targets_; }
  [[nodiscard]] core::Duration round() const { return round_; }
  /// The target's own interval, else the round.
  [[nodiscard]] core::Duration every(const TargetState& target) const;

  /// The newest result of a pair when it is fresh at `now` (not older than three of the target's intervals), else null.
  [[nodiscard]] const core::Record* fresh(const TargetState& target, std::string_view vantage,
                                          core::WallTime now) const;

  /// Grows with every change.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Newest time in any record; zero when there is none.
  [[nodiscard]] core::WallTime newest() const { return newest_; }

 private:
  bool take_probe(const core::Record& record);
  bool take_vantage(const core::Record& record);
  bool take_target(const core::Record& record);
  void take_clock(const core::Record& record);
  VantageState* vantage_of(std::string_view name);
  TargetState* target_of(std::string_view name);

  core::Duration round_;
  std::map<std::string, VantageState, std::less<>> vantages_;
  std::map<std::string, TargetState, std::less<>> targets_;
  std::size_t pairs_ = 0;
  std::uint64_t version_ = 0;
  core::WallTime newest_{};
};

}  // namespace sonde::hub
