// A cell is one (vantage, target) pair: two decaying windows of trials, the last rounds one by one, and a baseline of
// what is normal for it.
#pragma once

#include <array>
#include <cstdint>

#include "core/outcome.h"
#include "hub/judge/channels.h"
#include "hub/judge/latency.h"
#include "hub/judge/run_result.h"

namespace sonde::hub::judge {

/// `kFast` (half-life 2 of the cell's rounds) sees hard faults, `kSlow` (half-life 12) partial ones.
enum class Window : std::uint8_t { kFast, kSlow };
inline constexpr std::size_t kWindows = 2;
inline constexpr std::size_t kRecentRounds = 5;

/// Trials of one round, without classes. Rounds in which a cell was not probed are not counted.
struct RoundTrials {
  PerChannel n{};
  PerChannel k{};
};

struct Cell {
  std::uint32_t vantage = 0;
  std::uint32_t target = 0;

  std::array<Trials, kWindows> windows;
  std::array<RoundTrials, kRecentRounds> recent;  // [0] is the latest round that it was probed in
  std::uint16_t interval_rounds = 1;              // rounds between two of its runs, from its target's `every`
  std::array<float, kWindows> keep{0.70710678F, 0.94387431F};  // share of the windows kept per round
  std::uint32_t age_rounds = 0;                                // rounds since it was probed
  PerChannel learned_n{};                                      // long-term counts: the baseline
  PerChannel learned_k{};
  PerChannel background{};  // rate of failures around it lately (weather.h)
  Usual usual_connect;
  Usual usual_answer;
  std::array<bool, kChannels> asked{};                // a run has got as far as this channel
  std::array<std::uint8_t, kChannels> good_rounds{};  // rounds with a success there, as far as they count; the first
                                                      // time that it is asked, one counts for two

  std::int64_t last_ms = 0;                // latest trusted result
  std::int64_t last_good_ms = -1;          // latest success
  std::int64_t last_fail_ms = -1;          // latest failure (of the target or of the vantage itself)
  std::int64_t onset_ms = -1;              // first failure since the cell was clean
  std::int64_t recovered_ms = -1;          // first success after its latest failure
  core::Stage stage = core::Stage::kDone;  // of the latest result
  core::Cause cause = core::Cause::kNone;
  core::Stage fail_stage = core::Stage::kDone;  // of the latest failure
  core::Cause fail_cause = core::Cause::kNone;
  std::int32_t fail_http_status = 0;

  [[nodiscard]] const Trials& window(Window w) const { return windows[static_cast<std::size_t>(w)]; }
};

/// Sets how often the cell is probed: its windows forget by its own rounds, not by those of faster cells.
void set_interval(Cell& cell, std::uint16_t rounds);

/// Starts a new round: windows decay.
void decay(Cell& cell);

/// Adds what the cell saw in the round: at most one effective trial per channel, however many runs there were.
void add_round(Cell& cell, const Trials& round);

/// Notes the latest result for evidence and onset; a slow one counts as a failure here. Call in the order of time.
void note_run(Cell& cell, const RunResult& run, const Slowness& slow);

/// Says at which end a run was slow, and learns its durations; `frozen` as in latency.h. Only runs that succeeded and
/// are trusted are compared with what is usual. Call in the order of time.
[[nodiscard]] Slowness compare_with_usual(Cell& cell, const RunResult& run, bool frozen);

/// Learns the round as normal. `rounds_per_week` sets how fast the past is forgotten (half-life 7 days).
/// Do not call for cells under an open incident.
void learn(Cell& cell, const Trials& round, float forget);

/// How often a healthy run of this cell fails at the channel: what is usual for the cell, or what fails around it
/// lately if that is more; 4e-4 … 0.995. A channel that did not work the first time and since then in fewer
/// than two rounds is taken as known-unreachable (0.995): its failures are no news and carry no evidence.
[[nodiscard]] double baseline(const Cell& cell, Channel c);
[[nodiscard]] bool seen_healthy(const Cell& cell, Channel c);

/// Two of its runs in a row are missing: it has dropped out, and its latest state says nothing about now.
[[nodiscard]] inline bool dropped_out(const Cell& cell) { return cell.age_rounds > 2U * cell.interval_rounds + 1U; }

/// A tenth of its runs or more fail at some layer, or it was never seen healthy there: it says nothing about others.
[[nodiscard]] bool is_broken(const Cell& cell);

/// True if the window holds failures at channels that have been seen healthy.
[[nodiscard]] bool is_dirty(const Cell& cell, Window w);

/// Weight of failures in the window, over the channels that have been seen healthy.
[[nodiscard]] double failures(const Cell& cell, Window w);

/// Forgets the failures in both windows: an incident that is closed takes them with it.
void forget_failures(Cell& cell);

}  // namespace sonde::hub::judge
