// Decayed counts per group.
#include "hub/judge/weather.h"

#include <cmath>
#include <utility>

namespace sonde::hub::judge {
namespace {

constexpr double kHalfLifeMs = 3600.0 * 1000;
constexpr float kPriorFailures = 0.5F;
constexpr float kPriorTrials = 300;

// A wrong answer over a good connection is nobody's weather, and neither is what a vantage says of itself.
constexpr bool has_weather(std::size_t c) { return c != index(Channel::kHttp) && c != index(Channel::kOwn); }

}  // namespace

Weather::Weather(std::int64_t round_ms)
    : keep_(static_cast<float>(std::exp2(-static_cast<double>(round_ms) / kHalfLifeMs))) {}

void Weather::regroup(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets,
                      std::span<Cell> cells) {
  of_cell_.resize(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const core::Vantage& v = vantages[cells[i].vantage];
    const std::pair key{v.isp.empty() ? v.name : v.isp, targets[cells[i].target].target.country};
    const auto [it, added] = ids_.try_emplace(key, static_cast<std::uint32_t>(groups_.size()));
    if (added) groups_.emplace_back();
    of_cell_[i] = it->second;
    cells[i].background = &groups_[it->second].rates;
  }
}

void Weather::decay() {
  for (Group& g : groups_) {
    for (float& x : g.n) x *= keep_;
    for (float& x : g.k) x *= keep_;
  }
}

void Weather::add(std::uint32_t cell, const RoundTrials& round) {
  Group& g = groups_[of_cell_[cell]];
  for (std::size_t c = 0; c < kChannels; ++c) {
    if (round.n[c] <= 0 || !has_weather(c)) continue;
    g.n[c] += 1;
    g.k[c] += round.k[c];
  }
}

void Weather::tell() {
  for (Group& g : groups_) {
    for (std::size_t tried = 0; tried < g.good_rounds.size(); ++tried) {
      const std::uint32_t rounds = std::exchange(g.good_rounds[tried], 0);
      for (std::size_t c = 0; rounds > 0 && c < kChannels; ++c) {
        if ((tried & bit(c)) != 0 && has_weather(c)) g.n[c] += static_cast<float>(rounds);
      }
    }
    for (std::size_t c = 0; c < kChannels; ++c) {
      g.rates[c] = has_weather(c) ? (g.k[c] + kPriorFailures) / (g.n[c] + kPriorTrials) : 0;
    }
  }
}

}  // namespace sonde::hub::judge
