// Weather: how much fails lately, of all that is under no verdict, on each network's way to each country. Congestion in
// the evening and slow drift strike many cells a little: they are no news about any single path.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/target.h"
#include "hub/judge/cell.h"
#include "hub/judge/topology.h"

namespace sonde::hub::judge {

/// One owner. Groups cells by (ISP of the vantage, country of the target) and keeps a rate per group and layer that
/// forgets with a half-life of one hour.
class Weather {
 public:
  /// `round_ms`: length of a round.
  explicit Weather(std::int64_t round_ms);

  /// Sorts the cells into groups. Call when vantages, targets or cells have changed.
  void regroup(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets,
               std::span<const Cell> cells);

  /// Starts a round: everything so far is forgotten a little.
  void decay();
  /// Adds what one cell saw in the round. Leave out cells under a verdict, and those that fail all the time anyway.
  void add(std::uint32_t cell, const Trials& round);
  /// Writes each group's rates into its cells (`Cell::background`), where baselines take them from.
  void tell(std::span<Cell> cells) const;

 private:
  struct Group {
    PerChannel n{};
    PerChannel k{};
  };
  float keep_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> ids_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> of_cell_;
};

}  // namespace sonde::hub::judge
