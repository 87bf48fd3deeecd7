// A cell is one (vantage, target) pair: two decaying windows of trials, the last rounds one by one, and a baseline of
// what is normal for it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/outcome.h"
#include "hub/judge/channels.h"
#include "hub/judge/hours.h"
#include "hub/judge/latency.h"
#include "hub/judge/run_result.h"

namespace sonde::hub::judge {

/// `kFast` (half-life 2 of the cell's rounds) sees hard faults, `kSlow` (half-life 12) partial ones.
enum class Window : std::uint8_t { kFast, kSlow };
inline constexpr std::size_t kWindows = 2;
inline constexpr std::size_t kRecentRounds = 5;
/// Rounds between two runs of a target; slower ones are taken as that.
inline constexpr std::uint16_t kIntervalMax = 1000;

/// Trials of one round, without classes. Rounds in which a cell was not probed are not counted.
struct RoundTrials {
  PerChannel n{};
  PerChannel k{};
};

/// A set of channels, one bit each.
using ChannelSet = std::uint8_t;
[[nodiscard]] constexpr ChannelSet bit(std::size_t channel) { return static_cast<ChannelSet>(1U << channel); }

/// What is kept of a cell only while failures are remembered, or its layers were not all tried equally often.
struct Detail {
  std::array<Trials, kWindows> windows;
  std::array<RoundTrials, kRecentRounds> recent;  // [0] is the latest round that it was probed in
};

/// The long-term counts of a cell that has failed before.
struct History {
  PerChannel n{};
  PerChannel k{};
  std::unique_ptr<Hours> hours;  // from the first failure that was learned
};

/// A healthy cell is small: each channel in `channels` has the same trials, and none failed. All else is allocated when
/// the first failure comes; a fleet of a million cells is nearly all healthy ones.
struct Cell {
  std::array<float, kWindows> good{};  // trials in each window; means nothing while there is a `detail`
  float learned = 0;                   // long-term trials; means nothing once there is a `history`
  std::uint32_t age_rounds = 0;        // rounds since it was probed
  std::uint16_t interval_rounds = 1;   // rounds between two of its runs, from its target's `every`; 1 … kIntervalMax
  ChannelSet channels = 0;             // that `good` counts
  ChannelSet learned_channels = 0;     // that `learned` counts
  ChannelSet asked = 0;                // a run has got as far as this channel
  ChannelSet once_good = 0;            // one round with a success there, of the two that count
  ChannelSet healthy = 0;              // seen healthy: two, or the first time that it was asked
  std::array<ChannelSet, kRecentRounds> recent{};  // channels tried, as Detail::recent; not in use while there is one
  std::unique_ptr<Detail> detail;
  std::unique_ptr<History> history;
  const PerChannel* background = nullptr;  // rate of failures around it lately (weather.h, which owns it)

  std::uint32_t vantage = 0;
  std::uint32_t target = 0;
  Usual usual_connect;
  Usual usual_answer;
  std::int64_t last_good_ms = -1;               // latest success
  std::int64_t last_fail_ms = -1;               // latest failure (of the target or of the vantage itself)
  std::int64_t onset_ms = -1;                   // first failure since the cell was clean
  std::int64_t recovered_ms = -1;               // first success after its latest failure
  core::Stage fail_stage = core::Stage::kDone;  // of the latest failure
  core::Cause fail_cause = core::Cause::kNone;
  std::int32_t fail_http_status = 0;
};

/// Trials, failures and classes of a window, whichever way they are kept.
[[nodiscard]] Trials window(const Cell& cell, Window w);
/// The `recent`-th latest round (0 is the latest) that the cell was probed in.
[[nodiscard]] RoundTrials recent_round(const Cell& cell, std::size_t recent);
/// The cell's detail, made now if there is none.
Detail& detail_of(Cell& cell);

/// Starts a new round: windows decay, by the cell's own rounds and not by those of faster cells.
void decay(Cell& cell);

/// Adds what the cell saw in the round: at most one effective trial per channel, however many runs there were.
void add_round(Cell& cell, const Trials& round);

/// Notes the latest result for evidence and onset; a slow one counts as a failure here. Call in the order of time.
void note_run(Cell& cell, const RunResult& run, const Slowness& slow);

/// Says at which end a run was slow, and learns its durations; `frozen` as in latency.h. Only runs that succeeded and
/// are trusted are compared with what is usual. Call in the order of time.
[[nodiscard]] Slowness compare_with_usual(Cell& cell, const RunResult& run, bool frozen);

/// Learns the round that was added last as normal. `forget`: share of the past that is kept (half-life 7 days).
/// Do not call for cells under an open incident.
void learn(Cell& cell, float forget, const HourOfRound& now);
/// Lets the cell's hour of the day be that of the round.
void turn_hour(Cell& cell, const HourOfRound& now);

/// How often a healthy run of this cell fails at the channel: what is usual for the cell at this hour of the day
/// (hours.h), or what fails around it lately if that is more; 4e-4 … 0.995. A channel that did not work the first time
/// and since then in fewer than two rounds is taken as known-unreachable (0.995): its failures are no news and carry no
/// evidence.
[[nodiscard]] double baseline(const Cell& cell, Channel c);
[[nodiscard]] inline bool seen_healthy(const Cell& cell, Channel c) { return (cell.healthy & bit(index(c))) != 0; }

/// Two of its runs in a row are missing: it has dropped out, and its latest state says nothing about now.
[[nodiscard]] inline bool dropped_out(const Cell& cell) { return cell.age_rounds > 2U * cell.interval_rounds + 1U; }

/// A tenth of its runs or more fail at some layer, or it was never seen healthy there: it says nothing about others.
[[nodiscard]] bool is_broken(const Cell& cell);

/// True if the window holds failures at channels that have been seen healthy.
[[nodiscard]] inline bool is_dirty(const Cell& cell, Window w);

/// Weight of failures in the window, over the channels that have been seen healthy.
[[nodiscard]] double failures(const Cell& cell, Window w);

inline bool is_dirty(const Cell& cell, Window w) { return cell.detail != nullptr && failures(cell, w) > 0; }

/// Forgets the failures in both windows: an incident that is closed takes them with it.
void forget_failures(Cell& cell);

}  // namespace sonde::hub::judge
