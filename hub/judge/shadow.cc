// Shares of what fails now.
#include "hub/judge/shadow.h"

#include <algorithm>
#include <set>

namespace sonde::hub::judge {
namespace {

constexpr double kMost = 0.5;

bool fails_now(const Cell& c) { return c.last_fail_ms > c.last_good_ms && !dropped_out(c); }

}  // namespace

Shadow::Shadow(const Scene& scene) : scene_(scene), vantages_(scene.vantages.size()), targets_(scene.targets.size()) {
  for (const Cell& c : scene.cells) {
    if (dropped_out(c)) continue;
    const std::uint32_t failing = fails_now(c) ? 1 : 0;
    for (Count* count : {&vantages_[c.vantage], &targets_[c.target]}) {
      ++count->cells;
      count->failing += failing;
    }
  }
}

std::optional<Side> Shadow::blames(const Finding& finding) const {
  std::set<std::uint32_t> vantages;
  std::set<std::uint32_t> targets;
  for (const std::uint32_t i : finding.failing) {
    if (!fails_now(scene_.cells[i])) continue;
    vantages.insert(scene_.cells[i].vantage);
    targets.insert(scene_.cells[i].target);
  }
  if (targets.empty()) return std::nullopt;
  const auto most = [](const std::set<std::uint32_t>& of, const std::vector<Count>& counts) {
    const auto n = std::ranges::count_if(of, [&](std::uint32_t i) { return counts[i].share() > kMost; });
    return static_cast<std::size_t>(n) * 2 > of.size();
  };
  if (most(targets, targets_)) return Side::kFar;
  return most(vantages, vantages_) ? Side::kNear : Side::kMiddle;
}

}  // namespace sonde::hub::judge
