// Greedy search with swap and removal passes over capped noisy-OR evidence.
#include "hub/judge/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sonde::hub::judge {
namespace {

constexpr std::size_t kAdded = 4;  // members that one search may add
constexpr std::size_t kSwapCandidates = 25;
constexpr int kPasses = 4;
constexpr std::size_t kRestarts = 8;
constexpr std::size_t kRestartCells = 500;  // dirty cells above which a restart costs more than it gives
constexpr double kHopeless = 30;            // nats: a single this far below zero explains nothing
constexpr double kHolding = 0.5;            // nats by which a new explanation must beat the one that is held
constexpr double kEpsilon = 1e-9;
// A candidate whose failing cells say less than this cannot pay any prior.
constexpr double kWorthTrying = 1.0;

std::vector<Hypothesis> without(std::span<const Hypothesis> set, std::size_t j) {
  std::vector<Hypothesis> rest{set.begin(), set.end()};
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(j));
  return rest;
}

std::vector<Hypothesis> joined(std::span<const Hypothesis> a, std::span<const Hypothesis> b) {
  std::vector<Hypothesis> all{a.begin(), a.end()};
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

std::size_t mode_index(const Member& m, Mode mode) {
  return static_cast<std::size_t>(m.dependency ? Mode::kDependency : mode);
}

using EvidenceSum = std::array<double, kModes>;

void add(EvidenceSum& sum, const EvidenceRow& row, double times) {
  for (std::size_t m = 0; m < kModes; ++m) sum[m] += times * static_cast<double>(row[m]);
}

// What the cells without failures say about each component. Each cell is added to its two bundles only, and each bundle
// to its components: two sums per cell instead of eighteen. Of the cells whose row is the commonest only the number
// counts.
std::vector<EvidenceSum> healthy_evidence(const Topology& topology, const EvidenceTable& table) {
  const Bundles& bundles = topology.bundles;
  const std::uint32_t commonest = table.commonest();
  std::vector<std::uint32_t> common(bundles.lists.size(), 0);
  std::vector<EvidenceSum> of_list(bundles.lists.size());
  for (std::uint32_t cell = 0; cell < bundles.of_cell.size(); ++cell) {
    const bool is_common = table.row_id(cell) == commonest;
    if (!is_common && table.dirty(cell)) continue;
    for (const std::uint32_t list : bundles.of_cell[cell]) {
      if (is_common) {
        ++common[list];
      } else {
        add(of_list[list], table.row(cell), 1);
      }
    }
  }
  for (std::size_t list = 0; list < of_list.size(); ++list) {
    if (common[list] > 0) add(of_list[list], table.row_of(commonest), static_cast<double>(common[list]));
  }
  std::vector<EvidenceSum> of_component(topology.size());
  for (std::size_t list = 0; list < of_list.size(); ++list) {
    for (const Bundles::Part& p : bundles.lists[list]) {
      for (const Mode mode : modes_of(topology.components[p.component].kind)) {
        const auto m = static_cast<std::size_t>(mode);
        of_component[p.component][m] += of_list[list][p.dependency ? static_cast<std::size_t>(Mode::kDependency) : m];
      }
    }
  }
  return of_component;
}

}  // namespace

Search::Search(const Topology& topology, std::span<const Cell> cells, const EvidenceTable& table, Window window,
               const CompanionBook& companions)
    : topology_(topology), cells_(cells), table_(table), dirty_members_(topology.size()) {
  for (const std::uint32_t cell : table.dirty_cells()) {
    const auto rank = static_cast<std::uint32_t>(errors_.size());
    errors_.push_back(error_counts(cells[cell].detail->windows[static_cast<std::size_t>(window)].by_class));
    if (!companions.empty()) words_.push_back(companions.words(cell, cells[cell]));
    for (const std::uint32_t list : topology.bundles.of_cell[cell]) {
      for (const Bundles::Part& p : topology.bundles.lists[list]) {
        dirty_members_[p.component].push_back({{cell, p.dependency}, table.row(cell).data(), rank});
      }
    }
  }
  if (std::ranges::none_of(words_, &CompanionWords::any)) words_.clear();
  const std::vector<EvidenceSum> healthy = healthy_evidence(topology, table);
  for (std::uint32_t c = 0; c < topology.size(); ++c) {
    if (!dirty_members_[c].empty()) add_component(c, healthy[c], window);
  }
  const std::vector<float> nothing(errors_.size(), 0);
  for (const Candidate& c : candidates_) alone_.push_back(weigh(c, nothing));
}

// Over all cells of the component, those that fail and those that do not; needed only where companions spoke.
FailingShare Search::failing_share(std::uint32_t component, Window window) const {
  const bool spoke = !words_.empty() && std::ranges::any_of(dirty_members_[component],
                                                            [&](const DirtyMember& d) { return words_[d.rank].any(); });
  if (!spoke) return {};
  PerChannel n{};
  PerChannel k{};
  for (const Member& m : topology_.members[component]) {
    if (m.dependency) continue;
    const Trials t = judge::window(cells_[m.cell], window);
    for (std::size_t c = 0; c < kChannels; ++c) {
      n[c] += t.n[c];
      k[c] += t.k[c];
    }
  }
  const auto share = [&](Channel c) {
    return static_cast<double>(k[index(c)]) / (1 + static_cast<double>(n[index(c)]));
  };
  return {share(Channel::kDns), std::max(share(Channel::kTcp), share(Channel::kTls))};
}

void Search::add_component(std::uint32_t component, const EvidenceSum& healthy, Window window) {
  const std::span<const Mode> modes = modes_of(topology_.components[component].kind);
  std::array<double, kModes> positive{};
  for (const DirtyMember& d : dirty_members_[component]) {
    for (const Mode mode : modes) {
      const double nats = static_cast<double>(d.nats[mode_index(d.member, mode)]);
      if (nats > 0) positive[static_cast<std::size_t>(mode)] += nats;
    }
  }
  const FailingShare share = failing_share(component, window);
  for (const Mode mode : modes) {
    const auto i = static_cast<std::size_t>(mode);
    if (positive[i] > kWorthTrying) candidates_.push_back({component, mode, healthy[i], share});
  }
}

const Search::Candidate* Search::candidate(const Hypothesis& h) const {
  auto it = std::ranges::lower_bound(candidates_, h.component, {}, &Candidate::component);
  while (it != candidates_.end() && it->component == h.component && it->mode != h.mode) ++it;
  return it == candidates_.end() || it->component != h.component ? nullptr : &*it;
}

// Most candidates have no cell that anything else explains: what they say on their own is known.
Scored Search::delta(const Candidate& c, const Explained& already) const {
  return already.touched[c.component] != 0 ? weigh(c, already.nats)
                                           : alone_[static_cast<std::size_t>(&c - candidates_.data())];
}

Scored Search::weigh(const Candidate& c, const std::vector<float>& explained) const {
  const Kind kind = topology_.components[c.component].kind;
  double nats = c.healthy;
  double classes = 0;
  double against = 0;
  for (const DirtyMember& d : dirty_members_[c.component]) {
    const double says = static_cast<double>(d.nats[mode_index(d.member, c.mode)]);
    if (says <= 0) {
      nats += says;
      continue;
    }
    const double gain = says - static_cast<double>(explained[d.rank]);
    if (gain <= 0) continue;
    nats += gain;
    if (d.member.dependency) continue;
    classes += gain / says * class_evidence(kind, c.mode, errors_[d.rank]);
    if (!words_.empty()) against += companion_evidence(kind, c.mode, words_[d.rank], c.share);
  }
  Scored s{{c.component, c.mode}, 0, cap_class_evidence(classes) + cap_companion_evidence(against), 0};
  s.evidence = nats + s.told_apart;
  s.score = s.evidence + info(kind).log_prior - std::log(static_cast<double>(modes_of(kind).size()));
  return s;
}

std::vector<float> Search::explained(std::span<const Hypothesis> set) const {
  const Explained of_dirty = explain(set);
  std::vector<float> nats(cells_.size(), 0);
  for (std::size_t rank = 0; rank < errors_.size(); ++rank) nats[table_.dirty_cells()[rank]] = of_dirty.nats[rank];
  return nats;
}

Search::Explained Search::explain(std::span<const Hypothesis> set) const {
  Explained e{std::vector<float>(errors_.size(), 0), std::vector<std::uint8_t>(topology_.size(), 0)};
  const Bundles& bundles = topology_.bundles;
  for (const Hypothesis& h : set) {
    for (const DirtyMember& d : dirty_members_[h.component]) {
      const float says = d.nats[mode_index(d.member, h.mode)];
      if (says <= e.nats[d.rank]) continue;
      e.nats[d.rank] = says;
      for (const std::uint32_t list : bundles.of_cell[d.member.cell]) {
        for (const Bundles::Part& p : bundles.lists[list]) e.touched[p.component] = 1;
      }
    }
  }
  return e;
}

std::vector<Scored> Search::rank(std::span<const Hypothesis> rest) const {
  const Explained already = explain(rest);
  std::vector<Scored> all;
  all.reserve(candidates_.size());
  for (const Candidate& c : candidates_) all.push_back(delta(c, already));
  std::ranges::stable_sort(all, [](const Scored& a, const Scored& b) { return a.score > b.score; });
  return all;
}

Scored Search::score(const Hypothesis& h, std::span<const Hypothesis> rest) const {
  const Candidate* c = candidate(h);
  return c == nullptr ? Scored{h, 0, 0, -1e9} : delta(*c, explain(rest));
}

double Search::total(std::span<const Hypothesis> set) const {
  std::vector<Hypothesis> sorted{set.begin(), set.end()};
  std::ranges::sort(sorted, {}, [](const Hypothesis& h) { return std::pair{h.component, h.mode}; });
  double sum = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) sum += score(sorted[i], std::span{sorted}.first(i)).score;
  return sum;
}

Hypothesis Search::best_mode(std::uint32_t component) const {
  Scored best{{component, modes_of(topology_.components[component].kind).front()}, 0, 0, -1e9};
  for (const Candidate& c : candidates_) {
    if (c.component != component) continue;
    const Scored& s = alone_[static_cast<std::size_t>(&c - candidates_.data())];
    if (s.score > best.score) best = s;
  }
  return best.hypothesis;
}

void Search::grow(std::vector<Hypothesis>& set, std::span<const Hypothesis> fixed, std::size_t size_max) const {
  while (set.size() < size_max) {
    const Explained already = explain(joined(set, fixed));
    Scored best{{}, 0, 0, 0};
    for (const Candidate& c : candidates_) {
      const Scored s = delta(c, already);
      if (s.score > best.score + kEpsilon) best = s;
    }
    if (best.score <= 0) return;
    set.push_back(best.hypothesis);
  }
}

void Search::improve(std::vector<Hypothesis>& set, std::span<const Hypothesis> fixed,
                     std::span<const Hypothesis> singles) const {
  for (int pass = 0; pass < kPasses; ++pass) {
    bool changed = false;
    for (std::size_t j = 0; j < set.size(); ++j) {
      const Explained already = explain(joined(without(set, j), fixed));
      const Candidate* mine = candidate(set[j]);
      double best = mine == nullptr ? 0 : delta(*mine, already).score;
      if (best <= 0) {
        set.erase(set.begin() + static_cast<std::ptrdiff_t>(j--));
        changed = true;
        continue;
      }
      const auto consider = [&](const Candidate& c) {
        const double other = delta(c, already).score;
        if (other <= best + kEpsilon) return;
        best = other;
        set[j] = {c.component, c.mode};
        changed = true;
      };
      const std::uint32_t component = set[j].component;
      for (const Hypothesis& h : singles) consider(*candidate(h));
      for (const Candidate& c : candidates_) {
        if (c.component == component) consider(c);
      }
    }
    if (!changed) return;
  }
}

std::vector<Hypothesis> Search::solve(std::span<const std::uint32_t> start, std::span<const Hypothesis> fixed) const {
  std::vector<Hypothesis> held;
  for (const std::uint32_t component : start) {
    if (!dirty_members_[component].empty()) held.push_back(best_mode(component));
  }
  std::vector<Hypothesis> singles;
  for (const Scored& s : rank(fixed)) {
    if (singles.size() < kSwapCandidates && s.score > -kHopeless) singles.push_back(s.hypothesis);
  }
  const std::size_t size_max = held.size() + kAdded;
  const auto finish = [&](std::vector<Hypothesis> set) {
    improve(set, fixed, singles);
    grow(set, fixed, size_max);
    improve(set, fixed, singles);
    grow(set, fixed, size_max);
    return set;
  };
  std::vector<Hypothesis> best = finish(held);
  double best_total = total(joined(best, fixed)) + (held.empty() ? kEpsilon : kHolding);
  // Greedy can be led astray by one wide component; a second start from each strong single finds the way around it.
  const std::size_t restarts = errors_.size() <= kRestartCells ? std::min(singles.size(), kRestarts) : 0;
  for (std::size_t i = 0; i < restarts; ++i) {
    // It grows first: a swap right away would only lead back to where the first start ended.
    std::vector<Hypothesis> other{singles[i]};
    grow(other, fixed, size_max);
    other = finish(std::move(other));
    const double other_total = total(joined(other, fixed));
    if (other_total <= best_total) continue;
    best = std::move(other);
    best_total = other_total + kEpsilon;
  }
  return best;
}

}  // namespace sonde::hub::judge
