// The six gates.
#include "hub/judge/gates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "hub/judge/error_class.h"
#include "hub/judge/minimum.h"

namespace sonde::hub::judge {
namespace {

constexpr std::size_t kCandidatesShown = 6;
constexpr double kCandidateMin = 0.01;
constexpr double kComponentPosteriorMin = 0.5;
constexpr std::size_t kSharedCause = 3;
constexpr float kSeen = 0.2F;  // trials in the slow window below which a cell is taken as absent

BlameClass blame_of(const Topology& t, const Hypothesis& h) { return info(t.components[h.component].kind).blame; }

bool reports(const Cell& cell) {
  constexpr auto kSlow = static_cast<std::size_t>(Window::kSlow);
  if (!cell.detail) return cell.channels != 0 && cell.good[kSlow] > kSeen;
  return std::ranges::any_of(cell.detail->windows[kSlow].n, [](float n) { return n > kSeen; });
}

// Softmax over all candidates and "nothing is wrong", summed by component and by class.
void set_posteriors(const Scene& scene, const std::vector<Scored>& ranked, Finding& f) {
  const double top = std::max(0.0, ranked.empty() ? 0.0 : ranked.front().score);
  double sum = std::exp(-top);
  std::map<std::uint32_t, double> by_component;
  std::array<double, 5> by_class{};
  for (const Scored& s : ranked) {
    const double weight = std::exp(s.score - top);
    sum += weight;
    by_component[s.hypothesis.component] += weight;
    by_class.at(static_cast<std::size_t>(blame_of(scene.topology, s.hypothesis))) += weight;
  }
  f.class_posterior = by_class.at(static_cast<std::size_t>(info(f.component.kind).blame)) / sum;
  f.component_posterior = by_component[f.hypothesis.component] / sum;
  for (const auto& [component, weight] : by_component) {
    if (weight / sum < kCandidateMin) continue;
    f.candidates.push_back({scene.topology.components[component].key(), weight / sum});
  }
  std::ranges::stable_sort(f.candidates, [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  if (f.candidates.size() > kCandidatesShown) f.candidates.resize(kCandidatesShown);
}

void set_cells(const Scene& scene, const EvidenceTable& table, Window window, const std::vector<float>& elsewhere,
               Finding& f) {
  PerChannel failures{};
  const PerChannel& share = info(f.hypothesis.mode).share;
  for (const Member& m : scene.topology.members[f.hypothesis.component]) {
    if (!table.dirty(m.cell)) continue;
    const Mode mode = m.dependency ? Mode::kDependency : f.hypothesis.mode;
    const float says = table.row(m.cell)[static_cast<std::size_t>(mode)];
    if (says <= 0 || elsewhere[m.cell] >= says) continue;
    (m.dependency ? f.affected : f.failing).push_back(m.cell);
    if (m.dependency) continue;
    const PerChannel& k = scene.cells[m.cell].detail->windows[static_cast<std::size_t>(window)].k;
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (share[c] > 0) failures[c] += k[c];
    }
  }
  f.dominant = static_cast<Channel>(std::ranges::max_element(failures) - failures.begin());
}

// Both have the same reporting cells. Members are in the order of cells.
bool same_cells(const Scene& scene, std::uint32_t one, std::uint32_t other) {
  const std::vector<Member>& a = scene.topology.members[one];
  const std::vector<Member>& b = scene.topology.members[other];
  const auto mute = [&](const Member& m) { return !reports(scene.cells[m.cell]); };
  auto i = a.begin();
  auto j = b.begin();
  for (;;) {
    i = std::find_if_not(i, a.end(), mute);
    j = std::find_if_not(j, b.end(), mute);
    if (i == a.end() || j == b.end()) return i == a.end() && j == b.end();
    if (i->cell != j->cell) return false;
    ++i;
    ++j;
  }
}

// Twins sit on the same reporting cells; only what kind of error it is, and companions, can separate them.
void set_twins(const Scene& scene, const std::vector<Scored>& ranked, double own_told_apart, Finding& f) {
  if (f.failing.empty()) return;
  for (const std::uint32_t other : scene.topology.of_cell[f.failing.front()]) {
    const Component& twin = scene.topology.components[other];
    if (info(twin.kind).blame == info(f.component.kind).blame || !same_cells(scene, other, f.hypothesis.component))
      continue;
    const bool depends = std::ranges::all_of(scene.topology.members[other], &Member::dependency);
    const auto produces = [&](Mode m) { return info(m).share[index(f.dominant)] > 0; };
    if (depends ? !produces(Mode::kDependency) : std::ranges::none_of(modes_of(twin.kind), produces)) continue;
    double theirs = -1e9;
    for (const Scored& s : ranked) {
      if (s.hypothesis.component == other) theirs = std::max(theirs, s.told_apart);
    }
    if (theirs <= -1e9 || own_told_apart - theirs < kTwinMin) f.twins_apart = false;
    f.twins.push_back(twin);
  }
}

// First failure: the earliest onset among the failing cells that is at most three rounds before their median, so that
// one cell with old troubles of its own does not date the fault.
std::int64_t onset(const Scene& scene, const std::vector<std::uint32_t>& cells) {
  std::vector<std::int64_t> onsets;
  for (const std::uint32_t c : cells) {
    if (scene.cells[c].onset_ms >= 0) onsets.push_back(scene.cells[c].onset_ms);
  }
  if (onsets.empty()) return scene.round_end_ms - scene.round_ms;
  std::ranges::sort(onsets);
  const std::int64_t earliest = onsets[onsets.size() / 2] - 3 * scene.round_ms;
  return *std::ranges::find_if(onsets, [&](std::int64_t t) { return t >= earliest; });
}

// What the cell saw since the fault began, as far as its last rounds are kept one by one.
RoundTrials since_onset(const Scene& scene, const Cell& cell, std::int64_t since_ms) {
  const std::int64_t step = scene.round_ms * cell.interval_rounds;
  const auto rounds = std::clamp<std::int64_t>((scene.round_end_ms - since_ms) / step, 1, kRecentRounds);
  RoundTrials sum;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rounds); ++r) {
    const RoundTrials of_round = recent_round(cell, r);
    for (std::size_t c = 0; c < kChannels; ++c) {
      sum.n[c] += of_round.n[c];
      sum.k[c] += of_round.k[c];
    }
  }
  return sum;
}

using SeverityNats = std::array<double, kSeverities.size()>;

SeverityNats severity_nats(const Scene& scene, const Finding& f, const Cell& cell) {
  const RoundTrials t = since_onset(scene, cell, f.since_ms);
  const Baselines b = cell.detail ? baselines(cell) : Baselines{};  // without failures they do not count
  SeverityNats nats{};
  for (std::size_t s = 0; s < nats.size(); ++s) nats[s] = severity_evidence(t.n, t.k, b, f.hypothesis.mode, s);
  return nats;
}

double severity(const Scene& scene, const Finding& f) {
  SeverityNats nats{};
  const Cell* before = nullptr;  // the latest healthy one: mostly the next one is just like it
  SeverityNats of_before{};
  for (const Member& m : scene.topology.members[f.hypothesis.component]) {
    if (m.dependency) continue;
    const Cell& cell = scene.cells[m.cell];
    const bool alike = before != nullptr && !cell.detail && cell.recent == before->recent &&
                       cell.interval_rounds == before->interval_rounds;
    const SeverityNats of_cell = alike ? of_before : severity_nats(scene, f, cell);
    for (std::size_t s = 0; s < nats.size(); ++s) nats[s] += of_cell[s];
    if (cell.detail || alike) continue;
    before = &cell;
    of_before = of_cell;
  }
  const double top = *std::ranges::max_element(nats);
  double sum = 0;
  double mean = 0;
  for (std::size_t s = 0; s < nats.size(); ++s) {
    const double weight = std::exp(nats[s] - top);
    sum += weight;
    mean += weight * kSeverities[s];
  }
  return mean / sum;
}

void set_freshness(const Scene& scene, RecentEvidence& recent, const std::vector<float>& elsewhere, Finding& f) {
  for (std::size_t r = 0; r < kRecentRounds; ++r) {
    const double nats = fresh_evidence(scene, f.hypothesis.component, recent, r, elsewhere).value_or(0);
    if (r == 0) f.fresh_now = nats;
    if (nats <= kFreshMin) continue;
    if (r < 3) ++f.fresh_rounds_of_3;
    ++f.fresh_rounds_of_5;
  }
}

bool is_fresh(const Finding& f) {
  const BlameClass blame = info(f.component.kind).blame;
  if (f.fresh_now <= 0) return false;
  if (blame == BlameClass::kPath || blame == BlameClass::kVantage) return f.fresh_rounds_of_5 >= 3;
  const bool hard = info(f.component.kind).side == Side::kFar && f.evidence > kShortcutEvidence &&
                    f.class_posterior > kShortcutPosterior && f.fresh_now > kFreshMin;
  return hard || f.fresh_rounds_of_3 >= 2;
}

void set_grade(const JudgeOptions& options, Finding& f) {
  const bool posterior = f.class_posterior >= kPosteriorMin || !options.gate_posterior;
  const bool evidence = f.evidence >= kEvidenceMin || !options.gate_evidence;
  const bool factor = f.bayes_factor >= kBayesFactorMin || !options.gate_bayes_factor;
  // Error classes may separate twins, but without the minimum evidence they do not even make one of them likely.
  const bool twins = f.twins.empty() || !options.gate_twins || (f.twins_apart && f.minimum_met);
  const bool fresh = is_fresh(f) || !options.gate_freshness;
  const bool minimum = f.minimum_met || !options.gate_minimum_evidence;
  const bool named = f.component_posterior >= kComponentPosteriorMin;
  const bool lasting = f.fresh_now > 0 && f.fresh_rounds_of_5 >= 3 && f.evidence >= kEvidenceMention;
  f.reportable = (fresh && evidence) || lasting;
  if (!posterior || !evidence || !twins || !fresh) {
    f.grade = Grade::kInsufficient;
  } else if (factor && minimum && named && !f.shared_cause) {
    f.grade = Grade::kConvicted;
  } else {
    f.grade = Grade::kLeaning;
  }
}

// Three or more alike that began together: rather one cause that is not among the components.
void mark_shared_causes(const Scene& scene, std::vector<Finding>& findings) {
  for (Finding& f : findings) {
    const auto alike = std::ranges::count_if(findings, [&](const Finding& o) {
      return info(o.component.kind).blame == info(f.component.kind).blame && o.hypothesis.mode == f.hypothesis.mode &&
             std::abs(o.since_ms - f.since_ms) <= kTogether * scene.round_ms;
    });
    f.shared_cause = static_cast<std::size_t>(alike) >= kSharedCause;
  }
}

Finding examine_one(const Scene& scene, const Search& search, const EvidenceTable& table, Window window,
                    const Hypothesis& h, const std::vector<Hypothesis>& rest, RecentEvidence& recent) {
  Finding f;
  f.hypothesis = h;
  f.component = scene.topology.components[h.component];
  const std::vector<Scored> ranked = search.rank(rest);
  const std::vector<float> elsewhere = search.explained(rest);
  const Scored own = search.score(h, rest);
  f.evidence = own.evidence;
  double rival = 0;
  for (const Scored& s : ranked) {
    if (blame_of(scene.topology, s.hypothesis) != info(f.component.kind).blame) rival = std::max(rival, s.evidence);
  }
  f.bayes_factor = own.evidence - rival;
  set_posteriors(scene, ranked, f);
  set_cells(scene, table, window, elsewhere, f);
  set_twins(scene, ranked, own.told_apart, f);
  f.since_ms = onset(scene, f.failing.empty() ? f.affected : f.failing);
  f.severity = severity(scene, f);
  set_freshness(scene, recent, elsewhere, f);
  f.missing = missing_evidence(scene, f);
  f.minimum_met = f.missing.empty();
  return f;
}

}  // namespace

std::optional<double> fresh_evidence(const Scene& scene, std::uint32_t component, RecentEvidence& recent,
                                     std::size_t round, std::span<const float> elsewhere) {
  const std::span<const Mode> modes = modes_of(scene.topology.components[component].kind);
  std::array<double, kModes> sums{};
  bool any = false;
  for (const Member& m : scene.topology.members[component]) {
    if (m.dependency || dropped_out(scene.cells[m.cell])) continue;
    const EvidenceRow& row = recent.row(m.cell, round);
    any = true;
    const bool explained = !elsewhere.empty() && elsewhere[m.cell] > 0;
    for (const Mode mode : modes) {
      const auto i = static_cast<std::size_t>(mode);
      const double nats = static_cast<double>(row[i]);
      if (nats < 0 || !explained) sums[i] += nats;
    }
  }
  if (!any) return std::nullopt;
  double best = -1e9;
  for (const Mode mode : modes) best = std::max(best, sums[static_cast<std::size_t>(mode)]);
  return best;
}

std::vector<Finding> examine(const Scene& scene, const Search& search, Window window,
                             std::span<const Hypothesis> explanation, std::span<const Hypothesis> fixed,
                             RecentEvidence& recent, const JudgeOptions& options) {
  std::vector<Finding> findings;
  for (std::size_t j = 0; j < explanation.size(); ++j) {
    std::vector<Hypothesis> rest{fixed.begin(), fixed.end()};
    for (std::size_t i = 0; i < explanation.size(); ++i) {
      if (i != j) rest.push_back(explanation[i]);
    }
    findings.push_back(examine_one(scene, search, search.table(), window, explanation[j], rest, recent));
  }
  mark_shared_causes(scene, findings);
  for (Finding& f : findings) set_grade(options, f);
  return findings;
}

}  // namespace sonde::hub::judge
