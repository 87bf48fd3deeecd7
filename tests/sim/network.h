// What the network does on a day without faults: distance, loss that comes and goes, congestion in the evening, lost
// results, wrong clocks, drift.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "fault.h"
#include "fleet.h"
#include "random.h"

namespace sonde::sim {

/// Everything can be switched off by its number.
struct Noise {
  double loss = 1;                 // times the usual loss
  double blocked = 0.015;          // share of the pairs across the border that never worked
  double flaky = 0.003;            // share of the pairs that are always half broken
  double lost_results = 0.03;      // results that never arrive
  double late_results = 0.01;      // results that arrive some rounds late
  double twice = 0.005;            // results that arrive twice
  double gaps_per_day = 4;         // of each vantage: some rounds without a result
  double bursts_per_day = 50;      // short troubles (make_burst)
  double skew_seconds = 0.4;       // spread of the vantages' clocks; one in nine is 8 s off
  double drift = 1;                // after the training: 0 none, 1 log-sigma .35 per ISP and .25 per pair
  double closed_resolvers = 0.15;  // share of the vantages that can ask no resolver but their own
  double routes_per_day = 6;       // changes of route that stay for hours
};

class Network {
 public:
  /// `world` must outlive this. Drift begins at `drift_ms`.
  Network(const World& world, const Noise& noise, std::uint64_t seed, std::int64_t start_ms, std::int64_t end_ms,
          std::int64_t drift_ms);

  /// Share of healthy runs of the pair that fail at that time.
  [[nodiscard]] double loss(std::size_t cell, std::int64_t at_ms) const;
  /// One round trip now, seconds.
  [[nodiscard]] double round_trip(std::size_t cell, std::int64_t at_ms, Rng& rng) const;
  /// How the pair fails always, where it is blocked.
  [[nodiscard]] const std::optional<Failure>& blocked(std::size_t cell) const { return cells_[cell].blocked; }
  /// No result of the vantage arrives at that time.
  [[nodiscard]] bool silent(std::size_t vantage, std::int64_t at_ms) const;
  /// False where the vantage's network drops what goes to other resolvers than its own.
  [[nodiscard]] bool lets_ask_others(std::size_t vantage) const { return lets_ask_others_[vantage]; }
  /// The vantage's clock minus the true one.
  [[nodiscard]] std::int64_t skew_ms(std::size_t vantage) const { return skew_ms_[vantage]; }
  [[nodiscard]] const Noise& noise() const { return noise_; }

 private:
  struct Cell {
    double base = 0.01;  // round trip, seconds
    double spread = 0.05;
    double loss = 0.001;
    double drifted = 1;
    double route = 1;  // round trips after the drift
    bool crosses = false;
    std::optional<Failure> blocked;
  };
  struct Route {
    std::vector<bool> cells;
    std::int64_t from_ms = 0, to_ms = 0;
    double factor = 1;
  };
  using Gap = std::array<std::int64_t, 2>;

  void make_cells(const World& world, Rng& rng);
  void make_gaps(const World& world, Rng& rng, std::int64_t start_ms, std::int64_t end_ms);
  void make_routes(const World& world, Rng& rng, std::int64_t start_ms, std::int64_t end_ms);

  Noise noise_;
  std::int64_t drift_ms_;
  std::vector<Cell> cells_;
  std::vector<std::int64_t> skew_ms_;
  std::vector<bool> lets_ask_others_;
  std::vector<std::vector<Gap>> gaps_;  // by vantage
  std::vector<Route> routes_;
};

/// 0 … 1: how much of the evening's congestion there is at a UTC time (most at 21 h of China, sigma 2.5 h).
[[nodiscard]] double evening(std::int64_t at_ms);

}  // namespace sonde::sim
