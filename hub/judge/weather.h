// Weather: how much fails lately, of all that is under no verdict, on each network's way to each country. Congestion in
// the evening and slow drift strike many cells a little: they are no news about any single path.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
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

  /// Sorts the cells into groups, and lets each point at its group's rates (`Cell::background`). Call when vantages,
  /// targets or cells have changed. Must outlive the cells' use.
  void regroup(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets, std::span<Cell> cells);

  /// Starts a round: everything so far is forgotten a little.
  void decay();
  /// Adds what one cell saw in the round. Leave out cells under a verdict, and those that fail all the time anyway.
  void add(std::uint32_t cell, const RoundTrials& round);
  /// The same for a round in which these channels were tried and none failed.
  void add_good(std::uint32_t cell, ChannelSet tried) { ++groups_[of_cell_[cell]].good_rounds[tried]; }
  /// Ends a round: the rates are those of what was added so far.
  void tell();

 private:
  struct Group {
    PerChannel n{};
    PerChannel k{};
    PerChannel rates{};
    std::array<std::uint32_t, 1U << kChannels> good_rounds{};  // of this round, by the channels tried
  };
  float keep_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> ids_;
  std::deque<Group> groups_;  // cells point into it
  std::vector<std::uint32_t> of_cell_;
};

}  // namespace sonde::hub::judge
