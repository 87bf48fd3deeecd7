// What the checks of the minimum evidence share: one finding with what is healthy and what fails beside it.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "hub/judge/scene.h"

namespace sonde::hub::judge {

/// Lives for one call of `missing_evidence`.
struct Case {
  const Scene& scene;
  const Finding& finding;
  Contrast contrast;
  FailingSet failing;
  std::vector<core::BilingualText> missing;

  Case(const Scene& s, const Finding& f)
      : scene(s), finding(f), contrast(s, f.since_ms), failing(failing_set(s, f.failing)) {}

  void need(bool met, std::string en, std::string zh) {
    if (!met) missing.push_back({std::move(en), std::move(zh)});
  }
  [[nodiscard]] bool from_failing_vantage(std::uint32_t cell) const {
    return failing.vantages.contains(scene.cells[cell].vantage);
  }
  [[nodiscard]] bool to_failing_target(std::uint32_t cell) const {
    return failing.targets.contains(scene.cells[cell].target);
  }
  [[nodiscard]] const core::Target& first_target() const { return scene.target(finding.failing.front()); }
};

/// Seen failing by two vantages on two ISPs.
void need_two_networks(Case& c);
/// Another provider healthy from the same vantages.
void need_other_provider(Case& c);
/// Who sees it from one side of the border only, while the other side does not, may see what happens at the border.
void need_both_sides(Case& c);
/// Somebody who does not live in the accused cloud must have seen it.
void need_outside_witness(Case& c);

inline constexpr std::size_t kPartShare = 5;      // a fifth of the cells: a dependency that fails in part
inline constexpr std::size_t kAlone = 3;          // times as much as beside it: it fails for a reason of its own
inline constexpr std::size_t kSiblingShare = 10;  // a tenth: far above what fails by chance

/// A failure that is news, lately, and no earlier than the fault in question (a round of grace: cells are asked at
/// different times).
[[nodiscard]] bool fails_too(const Case& c, std::uint32_t i);

/// Vantage and target are on different sides of the border.
[[nodiscard]] bool crosses_border(const Case& c, std::uint32_t i);

/// Refused, an own certificate, a wrong answer: the host is alive and says so itself, in four fifths of the cells.
[[nodiscard]] bool is_conclusive(const Case& c);

/// What companions of the failing cells said.
struct Said {
  std::size_t good = 0;
  std::size_t bad = 0;
};
[[nodiscard]] Said said_by_companions(const Scene& scene, const Finding& finding, core::CompanionKind kind);
[[nodiscard]] inline Said said_by_companions(const Case& c, core::CompanionKind kind) {
  return said_by_companions(c.scene, c.finding, kind);
}

/// Of some cells, how many fail too.
struct Share {
  std::size_t all = 0;
  std::size_t failing = 0;
  /// At most one, or a tenth.
  [[nodiscard]] bool few() const { return failing <= 1 || failing * kSiblingShare <= all; }
};

/// Of the cells that `of(cell)` selects.
template <typename Of>
Share share_failing(const Case& c, Of of) {
  Share out;
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    if (dropped_out(c.scene.cells[i]) || !of(i)) continue;
    ++out.all;
    out.failing += fails_too(c, i) ? 1 : 0;
  }
  return out;
}

/// The cells of the accused component that run through it themselves.
[[nodiscard]] std::set<std::uint32_t> direct_members(const Case& c);

/// Few of the others fail, or at least kAlone times as many of the component's own cells do.
[[nodiscard]] bool stands_out(const Case& c, const Share& others);

template <typename Of>
bool mostly_healthy(const Case& c, Of of) {
  return share_failing(c, of).few();
}

/// Of the references that `of(target)` selects no more than half of the regions have troubles of their own: where most
/// have, it is rather the whole than each of them.
template <typename Of>
bool most_regions_healthy(const Case& c, Of of) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> regions;  // cells, and those that fail too
  for (std::uint32_t i = 0; i < c.scene.cells.size(); ++i) {
    const core::Target& t = c.scene.target(i);
    if (t.role != core::Role::kReference || dropped_out(c.scene.cells[i]) || !of(t)) continue;
    auto& [all, failing] = regions[t.region];
    ++all;
    failing += fails_too(c, i) ? 1 : 0;
  }
  const auto troubled = std::ranges::count_if(
      regions, [](const auto& r) { return r.second.second > 1 && r.second.second * kSiblingShare > r.second.first; });
  return static_cast<std::size_t>(troubled) * 2 <= regions.size();
}

}  // namespace sonde::hub::judge
