// All cells, and what a round does to them. Healthy cells take one walk through memory per round; only those with
// failures cost more.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "hub/judge/cell.h"
#include "hub/judge/companions.h"
#include "hub/judge/inbox.h"
#include "hub/judge/topology.h"
#include "hub/judge/weather.h"

namespace sonde::hub::judge {

/// One owner. Cells are numbered in the order in which they were added, and never go away.
class CellTable {
 public:
  /// `round_ms`: length of a round.
  explicit CellTable(std::int64_t round_ms);

  [[nodiscard]] std::span<const Cell> cells() const { return cells_; }
  [[nodiscard]] std::size_t size() const { return cells_.size(); }
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t vantage, std::uint32_t target) const;

  /// Numbers of the runs in a round that count for nothing.
  struct Dropped {
    std::uint64_t duplicates = 0;
    std::uint64_t untrusted = 0;
  };
  /// What a round is told of the world around it. Lives for one call.
  struct Around {
    const Names& vantages;
    const Names& targets;
    std::span<const KnownTarget> known;  // by target
    const CompanionBook& companions;
    std::int64_t begin_ms;                             // of the round
    const std::function<bool(std::uint32_t)>& frozen;  // the cell is under an open incident
  };
  /// A round begins: what was forgets a little, and each cell takes its runs in the order of their identity. Pairs that
  /// are new become cells in the order of their names. `runs` are used up.
  Dropped take(std::vector<RunResult>& runs, const Around& around);

  /// Failures were found by `take` or are remembered from before: somebody may be at fault.
  [[nodiscard]] bool any_failures() const { return any_failures_; }

  /// The round ends: what is not frozen by now is learned as normal.
  void learn(const std::function<bool(std::uint32_t)>& frozen);

  /// An incident that is closed takes the failures of its cells with it, if these have recovered.
  void release(std::span<const std::uint32_t> cells);

  /// Vantages, targets or cells have changed.
  void regroup(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets);

 private:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  void add_newcomers(std::vector<RunResult>& runs, const Around& around);
  void add(std::uint32_t vantage, std::uint32_t target);
  [[nodiscard]] std::size_t slot_of(std::uint32_t vantage, std::uint32_t target) const;
  void take_cell(std::uint32_t i, std::span<const RunResult> runs, const Around& around, Dropped& dropped);

  std::int64_t round_ms_;
  float forget_;
  HourOfRound hour_;  // of the round
  Weather weather_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> slots_;  // cells by a hash of vantage and target; a power of two, at most half full
  std::vector<std::uint32_t> first_;  // by cell: its first run in the round, kNone without any
  std::vector<std::uint32_t> next_;   // by run: the cell's next one
  std::vector<std::uint32_t> later_;  // cells whose round is learned at its end, if at all
  std::size_t grouped_ = 0;           // cells that the weather knows
  bool any_failures_ = false;
};

}  // namespace sonde::hub::judge
