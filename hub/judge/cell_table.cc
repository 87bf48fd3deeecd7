// Runs meet cells.
#include "hub/judge/cell_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sonde::hub::judge {
namespace {

constexpr std::int64_t kWeekMs = 7LL * 24 * 3600 * 1000;
constexpr std::int64_t kHourMs = 3600LL * 1000;
constexpr std::size_t kSlotsMin = 64;
constexpr std::uint32_t kAhead = 8;  // runs are asked for from memory this many cells before their turn

std::uint64_t hash(std::uint32_t vantage, std::uint32_t target) {
  std::uint64_t h = (std::uint64_t{vantage} << 32) | target;
  h = (h ^ (h >> 29)) * 0x9E3779B97F4A7C15ULL;
  return h ^ (h >> 32);
}

std::int64_t to_ms(core::Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace

CellTable::CellTable(std::int64_t round_ms)
    : round_ms_(round_ms),
      forget_(static_cast<float>(std::exp2(-static_cast<double>(round_ms) / static_cast<double>(kWeekMs)))),
      weather_(round_ms),
      slots_(kSlotsMin, kNone) {
  hour_.rounds = static_cast<double>(kHourMs) / static_cast<double>(round_ms_);
}

std::size_t CellTable::slot_of(std::uint32_t vantage, std::uint32_t target) const {
  std::size_t slot = hash(vantage, target) & (slots_.size() - 1);
  while (slots_[slot] != kNone && (cells_[slots_[slot]].vantage != vantage || cells_[slots_[slot]].target != target)) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

std::optional<std::uint32_t> CellTable::find(std::uint32_t vantage, std::uint32_t target) const {
  const std::uint32_t cell = slots_[slot_of(vantage, target)];
  return cell == kNone ? std::nullopt : std::optional{cell};
}

void CellTable::add(std::uint32_t vantage, std::uint32_t target) {
  Cell& c = cells_.emplace_back();
  c.vantage = vantage;
  c.target = target;
  if (cells_.size() * 2 <= slots_.size()) {
    slots_[slot_of(vantage, target)] = static_cast<std::uint32_t>(cells_.size() - 1);
    return;
  }
  slots_.assign(slots_.size() * 2, kNone);
  for (std::uint32_t i = 0; i < cells_.size(); ++i) slots_[slot_of(cells_[i].vantage, cells_[i].target)] = i;
}

// Sorted by names, because ids depend on the order of arrival.
void CellTable::add_newcomers(std::vector<RunResult>& runs, const Around& around) {
  std::vector<RunResult> strangers;
  for (RunResult& run : runs) {
    if (run.cell == kNoCell) run.cell = find(run.vantage, run.target).value_or(kNoCell);
    if (run.cell == kNoCell && run.trust != Trust::kIgnored) strangers.push_back(run);
  }
  if (strangers.empty()) return;
  sort_and_deduplicate(strangers, around.vantages, around.targets);
  for (const RunResult& s : strangers) {
    if (!find(s.vantage, s.target)) add(s.vantage, s.target);
  }
  for (RunResult& run : runs) {
    if (run.cell == kNoCell) run.cell = find(run.vantage, run.target).value_or(kNoCell);
  }
}

CellTable::Dropped CellTable::take(std::vector<RunResult>& runs, const Around& around) {
  Dropped dropped;
  weather_.decay();
  if (const std::int64_t hour = around.begin_ms / kHourMs; hour != std::exchange(hour_.number, hour)) {
    for (Cell& c : cells_) turn_hour(c, hour_);
  }
  later_.clear();
  any_failures_ = false;
  const std::size_t known = cells_.size();
  add_newcomers(runs, around);
  first_.assign(cells_.size(), kNone);
  next_.resize(runs.size());
  std::vector<RunResult> ignored;  // of pairs that are no cells
  for (std::uint32_t r = 0; r < runs.size(); ++r) {
    if (runs[r].cell == kNoCell) {
      ignored.push_back(runs[r]);
      continue;
    }
    next_[r] = std::exchange(first_[runs[r].cell], r);
  }
  dropped.duplicates += sort_and_deduplicate(ignored, around.vantages, around.targets);
  dropped.untrusted += ignored.size();
  std::vector<RunResult> several;
  for (std::uint32_t i = 0; i < cells_.size(); ++i) {
    if (i + kAhead < first_.size() && first_[i + kAhead] != kNone) __builtin_prefetch(&runs[first_[i + kAhead]]);
    if (i < known) decay(cells_[i]);
    const std::uint32_t r = first_[i];
    if (r != kNone && next_[r] == kNone) {
      take_cell(i, std::span{runs}.subspan(r, 1), around, dropped);
    } else if (r != kNone) {
      several.clear();
      for (std::uint32_t at = r; at != kNone; at = next_[at]) several.push_back(runs[at]);
      dropped.duplicates += sort_and_deduplicate(several);
      take_cell(i, several, around, dropped);
    }
    any_failures_ = any_failures_ || cells_[i].detail != nullptr;
  }
  return dropped;
}

void CellTable::take_cell(std::uint32_t i, std::span<const RunResult> runs, const Around& around, Dropped& dropped) {
  Cell& cell = cells_[i];
  const bool frozen = around.frozen(i);
  Trials trials;
  bool seen = false;
  for (RunResult run : runs) {
    if (run.trust != Trust::kTrusted) ++dropped.untrusted;
    if (run.trust == Trust::kIgnored) continue;
    if (is_name_without_uplink(run) && around.companions.uplink_works(cell)) run.trust = Trust::kTrusted;
    const Slowness slow = compare_with_usual(cell, run, frozen);
    note_run(cell, run, slow);
    add_trials(run, around.known[run.target].layers, slow, trials);
    seen = true;
  }
  if (!seen) return;
  add_round(cell, trials);
  // A healthy cell that is in no incident now will be in none at the end of the round.
  if (cell.detail || frozen || i >= grouped_) {
    later_.push_back(i);
    return;
  }
  judge::learn(cell, forget_, hour_);
  if (!is_broken(cell)) weather_.add_good(i, cell.recent[0]);
}

// What is under a verdict teaches nothing about what is normal.
void CellTable::learn(const std::function<bool(std::uint32_t)>& frozen) {
  for (const std::uint32_t i : later_) {
    if (frozen(i)) continue;
    judge::learn(cells_[i], forget_, hour_);
    if (!is_broken(cells_[i])) weather_.add(i, recent_round(cells_[i], 0));
  }
  weather_.tell();
}

void CellTable::release(std::span<const std::uint32_t> cells) {
  for (const std::uint32_t c : cells) {
    // What still fails, fails for a reason of its own.
    if (cells_[c].last_good_ms > cells_[c].last_fail_ms) forget_failures(cells_[c]);
  }
}

void CellTable::regroup(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets) {
  weather_.regroup(vantages, targets, cells_);
  grouped_ = cells_.size();
  for (Cell& c : cells_) {
    const std::int64_t rounds = (to_ms(targets[c.target].target.every) + round_ms_ / 2) / round_ms_;
    c.interval_rounds = static_cast<std::uint16_t>(std::clamp<std::int64_t>(rounds, 1, kIntervalMax));
  }
}

}  // namespace sonde::hub::judge
