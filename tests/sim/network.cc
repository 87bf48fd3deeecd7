// Loss, distance, drift, gaps.
#include "network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace sonde::sim {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

double kilometres(const core::Vantage& v, const core::Target& t) {
  const auto radians = [](std::optional<double> degrees) { return degrees.value_or(0) * std::numbers::pi / 180; };
  const double a = std::pow(std::sin((radians(v.lat) - radians(t.lat)) / 2), 2) +
                   std::cos(radians(v.lat)) * std::cos(radians(t.lat)) *
                       std::pow(std::sin((radians(v.lon) - radians(t.lon)) / 2), 2);
  return 12742 * std::asin(std::sqrt(std::min(1.0, a)));
}

}  // namespace

double evening(std::int64_t at_ms) {
  const double hour = static_cast<double>((at_ms + 8 * kHour) % kDay) / static_cast<double>(kHour);
  const double away = std::min(std::abs(hour - 21), 24 - std::abs(hour - 21));
  return std::exp(-away * away / (2 * 2.5 * 2.5));
}

Network::Network(const World& world, const Noise& noise, std::uint64_t seed, std::int64_t start_ms, std::int64_t end_ms,
                 std::int64_t drift_ms)
    : noise_(noise), drift_ms_(drift_ms) {
  Rng cells = Rng::named(seed, "cells");
  make_cells(world, cells);
  Rng clocks = Rng::named(seed, "clocks");
  for (std::size_t v = 0; v < world.vantages.size(); ++v) {
    const double far_off = clocks.chance(1.0 / 9) && noise.skew_seconds > 0 ? (clocks.chance(0.5) ? 8 : -8) : 0;
    skew_ms_.push_back(static_cast<std::int64_t>(1000 * (far_off + noise.skew_seconds * clocks.normal())));
  }
  Rng resolvers = Rng::named(seed, "resolvers");
  for (std::size_t v = 0; v < world.vantages.size(); ++v) {
    lets_ask_others_.push_back(!resolvers.chance(noise.closed_resolvers));
  }
  Rng gaps = Rng::named(seed, "gaps");
  make_gaps(world, gaps, start_ms, end_ms);
  Rng routes = Rng::named(seed, "routes");
  make_routes(world, routes, std::max(start_ms, drift_ms), end_ms);
}

void Network::make_cells(const World& world, Rng& rng) {
  std::map<std::string, double> isp_drift;
  std::map<std::string, double> isp_loss;
  for (const core::Vantage& v : world.vantages) {
    isp_drift.try_emplace(v.isp, std::exp(0.35 * noise_.drift * rng.normal()));
    isp_loss.try_emplace(v.isp, rng.uniform(0.6, 1.6));
  }
  for (const core::Vantage& v : world.vantages) {
    for (const core::Target& t : world.targets) {
      Cell& c = cells_.emplace_back();
      c.crosses = crosses(v, t);
      c.base = 0.002 + kilometres(v, t) * 2 * 1.5 / 200'000 + (c.crosses ? 0.04 : 0) + rng.uniform(0, 0.005);
      c.spread = c.crosses ? 0.12 : 0.05;
      c.loss = (c.crosses ? rng.uniform(0.004, 0.016) : rng.uniform(0.0004, 0.0016)) * isp_loss[v.isp] * noise_.loss;
      c.drifted = isp_drift[v.isp] * std::exp(0.25 * noise_.drift * rng.normal());
      c.route = std::exp(0.02 * noise_.drift * rng.normal());
      if (c.crosses && rng.chance(noise_.blocked)) {
        static const std::vector<Failure> ways = {{core::Stage::kTcp, core::Cause::kTimeout},
                                                  {core::Stage::kTls, core::Cause::kReset},
                                                  {core::Stage::kTcp, core::Cause::kReset}};
        c.blocked = rng.pick(ways);
      } else if (rng.chance(noise_.flaky)) {
        c.loss = rng.uniform(0.1, 0.6);
      }
    }
  }
}

void Network::make_gaps(const World& world, Rng& rng, std::int64_t start_ms, std::int64_t end_ms) {
  gaps_.resize(world.vantages.size());
  const double count = noise_.gaps_per_day * static_cast<double>(end_ms - start_ms) / static_cast<double>(kDay);
  for (auto& gaps : gaps_) {
    for (double left = count; left > 0; --left) {
      if (left < 1 && !rng.chance(left)) break;
      const auto at = start_ms + static_cast<std::int64_t>(rng.uniform() * static_cast<double>(end_ms - start_ms));
      gaps.push_back({at, at + static_cast<std::int64_t>(rng.uniform(20'000, 150'000))});
    }
  }
}

void Network::make_routes(const World& world, Rng& rng, std::int64_t start_ms, std::int64_t end_ms) {
  const double count = noise_.routes_per_day * static_cast<double>(end_ms - start_ms) / static_cast<double>(kDay);
  for (double left = count; left > 0; --left) {
    if (left < 1 && !rng.chance(left)) break;
    Route& r = routes_.emplace_back();
    const core::Vantage& v = rng.pick(world.vantages);
    const core::Target& to = rng.pick(world.targets);
    r.from_ms = start_ms + static_cast<std::int64_t>(rng.uniform() * static_cast<double>(end_ms - start_ms));
    r.to_ms = r.from_ms + static_cast<std::int64_t>(rng.uniform(1, 6) * static_cast<double>(kHour));
    r.factor = rng.uniform(1.15, 1.6);
    r.cells.resize(world.cells());
    for (std::size_t cell = 0; cell < world.cells(); ++cell) {
      const core::Target& t = world.target_of(cell);
      r.cells[cell] = world.vantage_of(cell).isp == v.isp && t.provider == to.provider && t.region == to.region;
    }
  }
}

double Network::loss(std::size_t cell, std::int64_t at_ms) const {
  const Cell& c = cells_[cell];
  double p = c.loss;
  if (c.crosses) p *= 1 + 5 * evening(at_ms);
  if (at_ms >= drift_ms_) p *= c.drifted;
  return std::min(p, 0.95);
}

double Network::round_trip(std::size_t cell, std::int64_t at_ms, Rng& rng) const {
  const Cell& c = cells_[cell];
  double seconds = c.base * std::exp(c.spread * rng.normal());
  if (c.crosses) seconds *= 1 + 0.3 * evening(at_ms);
  if (at_ms >= drift_ms_) seconds *= c.route;
  for (const Route& r : routes_) {
    if (at_ms >= r.from_ms && at_ms < r.to_ms && r.cells[cell]) seconds *= r.factor;
  }
  return seconds;
}

bool Network::silent(std::size_t vantage, std::int64_t at_ms) const {
  return std::ranges::any_of(gaps_[vantage], [at_ms](const Gap& g) { return at_ms >= g[0] && at_ms < g[1]; });
}

}  // namespace sonde::sim
