// Naive, majority, BlameIt (Jin et al., SIGCOMM 2019), SCORE (Kompella et al., NSDI 2005), 007 (Arzani et al., NSDI
// 2018).
#include "baselines.h"

#include <algorithm>
#include <map>

namespace sonde::sim {
namespace {

double ratio(std::size_t part, std::size_t of) {
  return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

std::string key_of(const core::Target& t) {
  switch (t.role) {
    case core::Role::kApp:
      return "app:" + t.app;
    case core::Role::kReference:
      return "service-region:" + t.provider + "/" + t.region + "/" + t.service;
    case core::Role::kControl:
      break;
  }
  return "endpoint:" + t.name;
}

/// The component of a kind with most failing pairs, among those that fail in at least `share` of theirs.
std::string worst(const View& view, std::string_view kind, double share) {
  std::string key;
  std::size_t most = 0;
  for (const auto& [name, cells] : view.components.all()) {
    if (kind_of(name) != kind) continue;
    const std::size_t bad = view.bad_in(cells);
    if (bad > most && ratio(bad, cells.size()) >= share) {
      most = bad;
      key = name;
    }
  }
  return key;
}

std::size_t worst_target(const View& view, double& share) {
  std::size_t worst = 0;
  share = 0;
  for (std::size_t t = 0; t < view.world.targets.size(); ++t) {
    std::size_t bad = 0;
    for (std::size_t v = 0; v < view.world.vantages.size(); ++v) bad += view.bad[view.world.cell(v, t)] ? 1 : 0;
    if (const double of = ratio(bad, view.world.vantages.size()); of > share) {
      share = of;
      worst = t;
    }
  }
  return worst;
}

/// The target that fails for most is guilty.
std::string naive(const View& view) {
  double share = 0;
  const std::size_t t = worst_target(view, share);
  return share > 0 ? key_of(view.world.targets[t]) : "";
}

/// More than half of the vantages: the target; more than half of the targets: the vantage; else the path.
std::string majority(const View& view) {
  double share = 0;
  const std::size_t t = worst_target(view, share);
  if (share > 0.5) return key_of(view.world.targets[t]);
  if (std::string v = worst(view, "vantage", 0.5); !v.empty()) return v;
  return worst(view, "path", 0);
}

/// The cloud if 80 % of its pairs fail, else the middle if 80 % of its pairs do, else the client.
std::string blame_it(const View& view) {
  if (std::string cloud = worst(view, "region", 0.8); !cloud.empty()) return cloud;
  if (std::string middle = worst(view, "path", 0.8); !middle.empty()) return middle;
  return worst(view, "vantage", 0);
}

/// Of the components that fail in at least 80 % of their pairs, the one that explains most failures.
std::string score_greedy(const View& view) {
  std::string best;
  std::size_t most = 0;
  double best_ratio = 0;
  for (const double least : {0.8, 0.0}) {
    for (const auto& [key, cells] : view.components.all()) {
      const std::size_t bad = view.bad_in(cells);
      const double of = ratio(bad, cells.size());
      if (bad == 0 || of < least) continue;
      const bool better = least > 0 ? bad > most : of > best_ratio;
      if (!better) continue;
      most = bad;
      best_ratio = of;
      best = key;
    }
    if (!best.empty()) return best;
  }
  return best;
}

/// Every failing pair gives each of its components an equal share of one vote.
std::string votes_007(const View& view) {
  std::vector<std::size_t> components_of(view.world.cells());
  for (const auto& [key, cells] : view.components.all()) {
    for (const std::uint32_t c : cells) ++components_of[c];
  }
  std::string best;
  double most = 0;
  for (const auto& [key, cells] : view.components.all()) {
    double votes = 0;
    for (const std::uint32_t c : cells) votes += view.bad[c] ? 1.0 / static_cast<double>(components_of[c]) : 0;
    if (votes > most) {
      most = votes;
      best = key;
    }
  }
  return best;
}

}  // namespace

Tally::Tally(std::size_t cells) : ring_(kRounds * cells), past_(cells), cells_(cells) {}

void Tally::note(std::size_t cell, bool failed) {
  Count& now = ring_[at_ * cells_ + cell];
  ++now.runs;
  now.failures += failed ? 1U : 0U;
  if (!training_) return;
  ++past_[cell].runs;
  past_[cell].failures += failed ? 1U : 0U;
}

void Tally::round_over() {
  at_ = (at_ + 1) % kRounds;
  std::fill_n(ring_.begin() + static_cast<std::ptrdiff_t>(at_ * cells_), cells_, Count{});
}

std::vector<bool> Tally::bad() const {
  std::vector<bool> out(cells_);
  for (std::size_t c = 0; c < cells_; ++c) {
    Count sum;
    for (std::size_t r = 0; r < kRounds; ++r) {
      sum.runs += ring_[r * cells_ + c].runs;
      sum.failures += ring_[r * cells_ + c].failures;
    }
    out[c] = sum.failures >= 2 && ratio(sum.failures, sum.runs) >= 0.2 && ratio(past_[c].failures, past_[c].runs) < 0.2;
  }
  return out;
}

std::size_t View::bad_in(const std::vector<std::uint32_t>& cells) const {
  return static_cast<std::size_t>(std::ranges::count_if(cells, [this](std::uint32_t c) { return bad[c]; }));
}

const std::vector<Baseline>& baselines() {
  static const std::vector<Baseline> all = {
      {"naive: the worst target", naive}, {"majority of vantages or targets", majority},
      {"BlameIt, 80 %", blame_it},        {"SCORE, greedy, hit ratio 0.8", score_greedy},
      {"007, votes", votes_007},          {"always abstain", [](const View&) { return std::string{}; }}};
  return all;
}

}  // namespace sonde::sim
