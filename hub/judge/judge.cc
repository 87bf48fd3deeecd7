// The judge: closes rounds in order, and for each runs cells, search, gates and the docket.
#include "hub/judge/judge.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "core/clock_record.h"
#include "core/schema.h"
#include "hub/judge/asker.h"
#include "hub/judge/cell_table.h"
#include "hub/judge/clock_watch.h"
#include "hub/judge/companions.h"
#include "hub/judge/gates.h"
#include "hub/judge/inbox.h"
#include "hub/judge/life.h"
#include "hub/judge/search.h"
#include "hub/judge/shadow.h"
#include "hub/judge/silence.h"
#include "hub/judge/symptoms.h"
#include "hub/judge/topology.h"

namespace sonde::hub::judge {
namespace {

// Rounds without any record that are walked through one by one; after that all windows are empty anyway.
constexpr std::int64_t kEmptyRoundsWalked = 200;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

std::int64_t to_ms(core::Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace

class Judge::State {
 public:
  explicit State(JudgeOptions options)
      : options_(options),
        round_ms_(std::max<std::int64_t>(100, to_ms(options.round))),
        watermark_ms_(options.watermark > core::Duration::zero() ? to_ms(options.watermark) : round_ms_),
        cells_(round_ms_) {}

  void observe(const core::Record& r);
  std::vector<VerdictEvent> advance(std::int64_t now_ms);

  JudgeOptions options_;
  JudgeCounters counters_;
  Docket docket_;
  std::vector<core::CompanionAsk> asks_;  // of the latest round

 private:
  void observe_probe(const core::Record& r, std::int64_t time_ms);
  void observe_companion(const core::Record& r, std::int64_t time_ms);
  void apply_companions(const std::vector<CompanionResult>& said, std::int64_t end_ms);
  std::vector<VerdictEvent> close_round(std::int64_t round);
  void apply_topology(PendingRound& pending);
  void note_presence(const std::vector<RunResult>& runs, std::int64_t round);
  void distrust_wrong_clocks(PendingRound& pending, std::int64_t round);
  void rebuild_topology();
  std::vector<Finding> findings(const Scene& scene, RecentEvidence& recent);
  void ask_shadow(const Scene& scene, std::vector<Finding>& found);

  std::int64_t round_ms_;
  std::int64_t watermark_ms_;
  std::optional<std::int64_t> now_ms_;  // of the latest advance
  std::optional<std::int64_t> closed_;  // the latest closed round
  std::map<std::int64_t, PendingRound> pending_;
  Names vantage_names_;
  Names target_names_;
  std::vector<core::Vantage> vantages_;      // by id
  std::vector<std::int64_t> vantage_times_;  // time of the record in use; -1 = only tags are known
  std::vector<ClockWatch> clocks_;           // by vantage
  std::vector<Presence> presences_;          // by vantage
  std::vector<KnownTarget> targets_;         // by id
  std::vector<std::int64_t> target_times_;
  CellTable cells_;
  Topology topology_;
  bool topology_stale_ = false;
  CompanionBook companions_;
  Asker asker_;
};

void Judge::State::observe(const core::Record& r) {
  const std::int64_t time_ms = core::to_unix_ms(r.time);
  const bool probe = r.measurement == core::measurement::kProbe;
  const bool companion = r.measurement == core::kCompanionMeasurement;
  const bool vantage = r.measurement == core::measurement::kVantage;
  const bool target = r.measurement == core::measurement::kTarget;
  const bool clock = r.measurement == core::clock_record::kMeasurement;
  if (!probe && !companion && !vantage && !target && !clock) return;
  if (now_ms_ && time_ms > *now_ms_ + to_ms(options_.future_max)) {
    ++counters_.future;
    return;
  }
  if (probe) return observe_probe(r, time_ms);
  if (companion) return observe_companion(r, time_ms);
  const std::int64_t round = floor_div(time_ms, round_ms_);
  PendingRound& pending = pending_[closed_ ? std::max(round, *closed_ + 1) : round];
  if (clock && !r.tag(core::tag::kVantage).empty()) {
    pending.clocks[vantage_names_.id(r.tag(core::tag::kVantage))].add(r, time_ms);
  }
  if (vantage && !r.tag(core::tag::kVantage).empty()) {
    pending.add(vantage_names_.id(r.tag(core::tag::kVantage)), time_ms, core::vantage_from_record(r));
  }
  if (target && !r.tag(core::tag::kTarget).empty()) {
    pending.add(target_names_.id(r.tag(core::tag::kTarget)), time_ms, core::target_from_record(r));
  }
}

void Judge::State::observe_probe(const core::Record& r, std::int64_t time_ms) {
  std::optional<RunResult> run = read_run(r);
  if (!run || r.tag(core::tag::kVantage).empty() || r.tag(core::tag::kTarget).empty()) {
    ++counters_.invalid;
    return;
  }
  const std::int64_t round = floor_div(time_ms, round_ms_);
  if (closed_ && round <= *closed_) {
    ++counters_.late;
    return;
  }
  run->vantage = vantage_names_.id(r.tag(core::tag::kVantage));
  run->target = target_names_.id(r.tag(core::tag::kTarget));
  run->cell = cells_.find(run->vantage, run->target).value_or(kNoCell);
  PendingRound& pending = pending_[round];
  const bool known = run->vantage < vantage_times_.size() && vantage_times_[run->vantage] >= 0 &&
                     run->target < target_times_.size() && target_times_[run->target] >= 0;
  if (!known) pending.add_tags(*run, r);
  pending.runs.push_back(*run);
  ++counters_.results;
}

void Judge::State::observe_companion(const core::Record& r, std::int64_t time_ms) {
  std::optional<CompanionResult> said = read_companion(r);
  if (!said || r.tag(core::tag::kVantage).empty() || r.tag(core::tag::kTarget).empty()) return;
  const std::int64_t round = floor_div(time_ms, round_ms_);
  if (closed_ && round <= *closed_) {
    ++counters_.late;
    return;
  }
  said->vantage = vantage_names_.id(r.tag(core::tag::kVantage));
  said->target = target_names_.id(r.tag(core::tag::kTarget));
  pending_[round].companions.push_back(*said);
}

std::vector<VerdictEvent> Judge::State::advance(std::int64_t now_ms) {
  std::vector<VerdictEvent> events;
  now_ms_ = std::max(now_ms, now_ms_.value_or(now_ms));
  // The last round whose end plus the watermark is not after now.
  const std::int64_t last = floor_div(*now_ms_ - watermark_ms_, round_ms_) - 1;
  if (!closed_) {
    if (pending_.empty()) return events;
    closed_ = pending_.begin()->first - 1;
  }
  std::int64_t empty = 0;
  while (*closed_ < last) {
    const auto next = pending_.begin();
    if (next == pending_.end() || next->first > *closed_ + 1)
      ++empty;
    else
      empty = 0;
    if (empty > kEmptyRoundsWalked) {
      closed_ = next == pending_.end() ? last : std::min(last, next->first - 1);
      empty = 0;
      continue;
    }
    std::vector<VerdictEvent> of_round = close_round(*closed_ + 1);
    std::ranges::move(of_round, std::back_inserter(events));
  }
  return events;
}

std::vector<VerdictEvent> Judge::State::close_round(std::int64_t round) {
  closed_ = round;
  ++counters_.rounds;
  PendingRound pending;
  if (auto node = pending_.extract(round)) pending = std::move(node.mapped());
  distrust_wrong_clocks(pending, round);
  apply_topology(pending);
  const std::function<bool(std::uint32_t)> held = [this](std::uint32_t cell) { return docket_.holds(cell); };
  const std::size_t known = cells_.size();
  const CellTable::Dropped dropped =
      cells_.take(pending.runs, {vantage_names_, target_names_, targets_, companions_, round * round_ms_, held});
  counters_.duplicates += dropped.duplicates;
  counters_.untrusted += dropped.untrusted;
  counters_.cells = cells_.size();
  note_presence(pending.runs, round);
  apply_companions(pending.companions, (round + 1) * round_ms_);
  if (std::exchange(topology_stale_, false) || cells_.size() > known) rebuild_topology();

  RecentEvidence recent{cells_.cells()};
  const Scene scene{vantages_, targets_, cells_.cells(), topology_, companions_, round_ms_, (round + 1) * round_ms_};
  std::vector<Finding> found = findings(scene, recent);
  std::ranges::move(silence_findings(scene, presences_, round), std::back_inserter(found));
  std::vector<std::uint32_t> released;
  std::vector<VerdictEvent> events = docket_.step(scene, found, recent, released);
  if (options_.ask) asks_ = asker_.ask(scene, found, round);
  cells_.release(released);
  cells_.learn(held);
  return events;
}

void Judge::State::apply_topology(PendingRound& pending) {
  const std::size_t old_vantages = vantages_.size();
  vantages_.resize(vantage_names_.size());
  vantage_times_.resize(vantage_names_.size(), -1);
  for (std::size_t i = old_vantages; i < vantages_.size(); ++i)
    vantages_[i].name = vantage_names_.name(static_cast<std::uint32_t>(i));
  const std::size_t old_targets = targets_.size();
  targets_.resize(target_names_.size());
  target_times_.resize(target_names_.size(), -1);
  for (std::size_t i = old_targets; i < targets_.size(); ++i)
    targets_[i].target.name = target_names_.name(static_cast<std::uint32_t>(i));

  for (auto& [id, v] : pending.tagged_vantages) {
    if (vantage_times_[id] >= 0) continue;
    vantages_[id] = std::move(v);
    topology_stale_ = true;
  }
  for (auto& [id, t] : pending.tagged_targets) {
    if (target_times_[id] >= 0) continue;
    targets_[id] = known_target(std::move(t), false);
    topology_stale_ = true;
  }
  for (auto& [id, entry] : pending.vantages) {
    if (entry.first < vantage_times_[id]) continue;
    vantage_times_[id] = entry.first;
    vantages_[id] = std::move(entry.second);
    topology_stale_ = true;
  }
  for (auto& [id, entry] : pending.targets) {
    if (entry.first < target_times_[id]) continue;
    target_times_[id] = entry.first;
    targets_[id] = known_target(std::move(entry.second), true);
    topology_stale_ = true;
  }
}

void Judge::State::rebuild_topology() {
  topology_ = build_topology(vantages_, targets_, cells_.cells());
  cells_.regroup(vantages_, targets_);
  for (Presence& p : presences_) p.interval = 0;
  for (const Cell& c : cells_.cells()) {
    Presence& p = presences_[c.vantage];
    p.interval = p.interval == 0 ? c.interval_rounds : std::min(p.interval, c.interval_rounds);
  }
}

void Judge::State::note_presence(const std::vector<RunResult>& runs, std::int64_t round) {
  presences_.resize(vantage_names_.size());
  for (const RunResult& run : runs) {
    Presence& p = presences_[run.vantage];
    if (p.last_round == round) continue;
    p.last_round = round;
    if (p.rounds_seen < 1000) ++p.rounds_seen;
  }
  // The hub hears a prober whose clock is wrong, also where its results bear times of other rounds: it is not silent.
  for (std::size_t v = 0; v < clocks_.size(); ++v) {
    if (clocks_[v].wrong_at(round * round_ms_)) presences_[v].last_round = round;
  }
}

void Judge::State::distrust_wrong_clocks(PendingRound& pending, std::int64_t round) {
  clocks_.resize(vantage_names_.size());
  for (const auto& [vantage, news] : pending.clocks) clocks_[vantage].take(news);
  for (RunResult& run : pending.runs) {
    if (!clocks_[run.vantage].wrong_at(round * round_ms_)) continue;
    run.trust = Trust::kIgnored;
    ++counters_.wrong_clock;
  }
  std::erase_if(pending.companions,
                [&](const CompanionResult& c) { return clocks_[c.vantage].wrong_at(round * round_ms_); });
}

// A companion of a pair that is not probed says nothing about anything.
void Judge::State::apply_companions(const std::vector<CompanionResult>& said, std::int64_t end_ms) {
  for (const CompanionResult& c : said) {
    const std::optional<std::uint32_t> cell = cells_.find(c.vantage, c.target);
    if (!cell) continue;
    companions_.note(*cell, c);
    ++counters_.companions;
  }
  companions_.end_round(end_ms, round_ms_);
}

void Judge::State::ask_shadow(const Scene& scene, std::vector<Finding>& found) {
  const auto named = [](const Finding& f) { return f.grade != Grade::kInsufficient; };
  if (std::ranges::none_of(found, named)) return;
  const Shadow shadow{scene};
  for (Finding& f : found) {
    const std::optional<Side> side = named(f) ? shadow.blames(f) : std::nullopt;
    if (!side) continue;
    f.shadow_agrees = *side == info(f.component.kind).side;
    ++(*f.shadow_agrees ? counters_.shadow_agreed : counters_.shadow_disagreed);
  }
}

std::vector<Finding> Judge::State::findings(const Scene& scene, RecentEvidence& recent) {
  std::vector<Finding> found;
  if (!cells_.any_failures()) return found;
  const EvidenceTable slow{scene.cells, Window::kSlow};
  if (slow.dirty_cells().empty()) return found;
  const EvidenceTable fast{scene.cells, Window::kFast};
  std::vector<std::uint32_t> held;
  for (const Incident& i : docket_.open()) {
    const std::size_t c = topology_.find(i.component);
    if (c < topology_.size()) held.push_back(static_cast<std::uint32_t>(c));
  }
  const Search hard{topology_, scene.cells, fast, Window::kFast, companions_};
  const std::vector<Hypothesis> explanation = hard.solve(held);
  found = examine(scene, hard, Window::kFast, explanation, {}, recent, options_);

  // What the fast window convicts stays explained in the slow one, which is asked for what is left: partial faults.
  const Search partial{topology_, scene.cells, slow, Window::kSlow, companions_};
  std::vector<Hypothesis> fixed;
  for (const Finding& f : found) {
    if (f.grade == Grade::kConvicted) fixed.push_back(f.hypothesis);
  }
  std::vector<std::uint32_t> slow_held;
  for (const std::uint32_t c : held) {
    if (std::ranges::none_of(fixed, [c](const Hypothesis& h) { return h.component == c; })) slow_held.push_back(c);
  }
  const std::vector<Hypothesis> rest = partial.solve(slow_held, fixed);
  for (Finding& f : examine(scene, partial, Window::kSlow, rest, fixed, recent, options_)) {
    const auto same = std::ranges::find(found, f.component, &Finding::component);
    if (same == found.end()) {
      found.push_back(std::move(f));
    } else if (!same->reportable || (f.reportable && f.grade > same->grade)) {
      *same = std::move(f);
    }
  }
  std::vector<Culprit> convicted;
  for (const Incident& i : docket_.open()) {
    const std::size_t c = topology_.find(i.component);
    if (i.grade == Grade::kConvicted && c < topology_.size()) {
      convicted.push_back({{static_cast<std::uint32_t>(c), i.mode}, core::to_unix_ms(i.last.since)});
    }
  }
  temper_symptoms(scene, convicted, found);
  ask_shadow(scene, found);
  return found;
}

Judge::Judge(JudgeOptions options) : state_(std::make_unique<State>(options)) {}
Judge::~Judge() = default;
Judge::Judge(Judge&&) noexcept = default;
Judge& Judge::operator=(Judge&&) noexcept = default;

void Judge::observe(const core::Record& record) { state_->observe(record); }

std::vector<VerdictEvent> Judge::advance(core::WallTime now) { return state_->advance(core::to_unix_ms(now)); }

std::vector<core::CompanionAsk> Judge::take_asks() { return std::exchange(state_->asks_, {}); }

std::vector<VerdictEvent> Judge::open() const {
  std::vector<VerdictEvent> events;
  for (const Incident& i : state_->docket_.open()) events.push_back(i.last);
  return events;
}

const JudgeCounters& Judge::counters() const { return state_->counters_; }
const JudgeOptions& Judge::options() const { return state_->options_; }

}  // namespace sonde::hub::judge
