// Windows and baselines.
#include "hub/judge/cell.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace sonde::hub::judge {
namespace {

constexpr std::array<double, kWindows> kHalfLife{2, 12};  // in rounds of the cell
// Weights below this are zero: keeps denormal numbers out and lets windows become exactly clean.
constexpr float kDust = 1e-3F;
constexpr double kPriorFailures = 0.5;
constexpr double kPriorTrials = 300;
constexpr double kBaselineMin = 4e-4;
constexpr double kBaselineMax = 0.995;
constexpr double kBroken = 0.1;
// Below this weight of failures (nine rounds after a hard one) a new failure is a new onset.
constexpr double kClean = 0.05;

void shrink(float& x, float keep) {
  x *= keep;
  if (x < kDust) x = 0;
}

using Kept = std::array<float, kWindows>;

// Share of each window that is kept per round, by the rounds between two runs: windows forget by a cell's own rounds.
const Kept& kept(std::uint16_t interval_rounds) {
  static const std::vector<Kept> table = [] {
    std::vector<Kept> all(kIntervalMax + 1);
    for (std::size_t rounds = 1; rounds < all.size(); ++rounds) {
      for (std::size_t w = 0; w < kWindows; ++w) {
        all[rounds][w] = static_cast<float>(std::exp2(-1 / (kHalfLife[w] * static_cast<double>(rounds))));
      }
    }
    return all;
  }();
  return table[interval_rounds];
}

// One lucky run does not make a blocked pair healthy; one that works the first time it is asked was never blocked.
void note_health(Cell& cell, std::size_t c, float failed) {
  const bool first = (cell.asked & bit(c)) == 0;
  cell.asked |= bit(c);
  if (failed >= 1 || (cell.healthy & bit(c)) != 0) return;
  if (first || (cell.once_good & bit(c)) != 0) cell.healthy |= bit(c);
  cell.once_good |= bit(c);
}

bool is_like_before(const Cell& cell, ChannelSet tried) {
  return tried == cell.channels || (cell.good[0] <= 0 && cell.good[1] <= 0);
}

void add_good(Cell& cell, ChannelSet tried) {
  cell.channels = tried;
  for (float& n : cell.good) n += 1;
  std::ranges::copy_backward(cell.recent.begin(), cell.recent.end() - 1, cell.recent.end());
  cell.recent[0] = tried;
}

// The channels that were tried in some round, if in these numbers no failure is left and they differ by no more than
// dust; nothing otherwise.
std::optional<ChannelSet> common_channels(const Detail& d) {
  ChannelSet tried = 0;
  for (const RoundTrials& r : d.recent) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (r.k[c] > 0 || (r.n[c] > 0 && r.n[c] < 1)) return std::nullopt;
    }
  }
  for (const Trials& t : d.windows) {
    float least = std::numeric_limits<float>::max();
    float most = 0;
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (t.k[c] > 0) return std::nullopt;
      if (&t == d.windows.begin() && d.windows.back().n[c] > 0) tried |= bit(c);
      if ((tried & bit(c)) == 0) continue;
      least = std::min(least, t.n[c]);
      most = std::max(most, t.n[c]);
    }
    if (most - least > 2 * kDust) return std::nullopt;
  }
  return tried;
}

// Back to the small form once nothing tells the channels apart any more.
void settle(Cell& cell) {
  const std::optional<ChannelSet> tried = common_channels(*cell.detail);
  if (!tried) return;
  cell.channels = *tried;
  for (std::size_t w = 0; w < kWindows; ++w) cell.good[w] = *std::ranges::max_element(cell.detail->windows[w].n);
  for (std::size_t r = 0; r < kRecentRounds; ++r) {
    cell.recent[r] = 0;
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (cell.detail->recent[r].n[c] > 0) cell.recent[r] |= bit(c);
    }
  }
  cell.detail.reset();
}

History& history_of(Cell& cell) {
  if (cell.history) return *cell.history;
  cell.history = std::make_unique<History>();
  for (std::size_t c = 0; c < kChannels; ++c) {
    if ((cell.learned_channels & bit(c)) != 0) cell.history->n[c] = cell.learned;
  }
  return *cell.history;
}

struct Learned {
  double n = 0;
  double k = 0;
};
Learned learned(const Cell& cell, std::size_t c) {
  if (cell.history) return {static_cast<double>(cell.history->n[c]), static_cast<double>(cell.history->k[c])};
  return {(cell.learned_channels & bit(c)) != 0 ? static_cast<double>(cell.learned) : 0, 0};
}

}  // namespace

Trials window(const Cell& cell, Window w) {
  if (cell.detail) return cell.detail->windows[static_cast<std::size_t>(w)];
  Trials t;
  for (std::size_t c = 0; c < kChannels; ++c) {
    if ((cell.channels & bit(c)) != 0) t.n[c] = cell.good[static_cast<std::size_t>(w)];
  }
  return t;
}

RoundTrials recent_round(const Cell& cell, std::size_t recent) {
  if (cell.detail) return cell.detail->recent[recent];
  RoundTrials t;
  for (std::size_t c = 0; c < kChannels; ++c) t.n[c] = (cell.recent[recent] & bit(c)) != 0 ? 1 : 0;
  return t;
}

Detail& detail_of(Cell& cell) {
  if (cell.detail) return *cell.detail;
  auto detail = std::make_unique<Detail>();
  for (std::size_t w = 0; w < kWindows; ++w) detail->windows[w] = window(cell, static_cast<Window>(w));
  for (std::size_t r = 0; r < kRecentRounds; ++r) detail->recent[r] = recent_round(cell, r);
  cell.detail = std::move(detail);
  return *cell.detail;
}

void decay(Cell& cell) {
  ++cell.age_rounds;
  const std::array<float, kWindows>& keep = kept(cell.interval_rounds);
  if (!cell.detail) {
    for (std::size_t w = 0; w < kWindows; ++w) shrink(cell.good[w], keep[w]);
    return;
  }
  for (std::size_t w = 0; w < kWindows; ++w) {
    Trials& t = cell.detail->windows[w];
    for (float& x : t.n) shrink(x, keep[w]);
    for (float& x : t.k) shrink(x, keep[w]);
    for (float& x : t.by_class) shrink(x, keep[w]);
  }
  settle(cell);
}

void add_round(Cell& cell, const Trials& round) {
  cell.age_rounds = 0;
  RoundTrials now;
  ChannelSet tried = 0;
  bool failed = false;
  for (std::size_t c = 0; c < kChannels; ++c) {
    if (round.n[c] <= 0) continue;
    tried |= bit(c);
    now.n[c] = 1;
    now.k[c] = round.k[c] / round.n[c];
    failed = failed || now.k[c] > 0;
    note_health(cell, c, now.k[c]);
  }
  if (!failed && !cell.detail && is_like_before(cell, tried)) return add_good(cell, tried);
  Detail& detail = detail_of(cell);
  std::rotate(detail.recent.begin(), detail.recent.end() - 1, detail.recent.end());
  detail.recent[0] = now;
  for (Trials& window : detail.windows) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      window.n[c] += now.n[c];
      window.k[c] += now.k[c];
    }
    for (std::size_t e = 0; e < kErrorClasses; ++e) {
      const std::size_t c = index(channel_of(static_cast<ErrorClass>(e)));
      if (round.by_class[e] > 0 && round.n[c] > 0) window.by_class[e] += round.by_class[e] / round.n[c];
    }
  }
}

void note_run(Cell& cell, const RunResult& run, const Slowness& slow) {
  if (run.trust == Trust::kIgnored) return;
  const bool late = slow.connect || slow.answer;
  const bool failed = run.trust == Trust::kOwnFault || run.status == core::Status::kFail || late;
  if (!failed) {
    if (cell.last_fail_ms > cell.last_good_ms) cell.recovered_ms = run.time_ms;
    cell.last_good_ms = run.time_ms;
    return;
  }
  const bool clean = failures(cell, Window::kFast) < kClean;
  if (cell.onset_ms < 0 || (clean && cell.last_fail_ms <= cell.last_good_ms)) cell.onset_ms = run.time_ms;
  cell.last_fail_ms = run.time_ms;
  cell.fail_stage = late ? (slow.connect ? core::Stage::kTcp : core::Stage::kHttp) : run.stage;
  cell.fail_cause = late ? core::Cause::kSlow : run.cause;
  cell.fail_http_status = run.http_status;
}

Slowness compare_with_usual(Cell& cell, const RunResult& run, bool frozen) {
  Slowness slow = slow_by_limit(run);
  const bool succeeded = run.status == core::Status::kOk || run.status == core::Status::kDegraded;
  if (!succeeded || run.trust != Trust::kTrusted) return slow;
  if (run.took.connect >= 0) {
    slow.connect |= is_slow(cell.usual_connect, run.took.connect, kConnectRule);
    slow.repeated_syn = repeated_syn(cell.usual_connect, run.took.connect);
    learn(cell.usual_connect, run.took.connect, kConnectRule, run.time_ms, frozen);
  }
  if (run.took.answer >= 0) {
    slow.answer |= is_slow(cell.usual_answer, run.took.answer, kAnswerRule);
    learn(cell.usual_answer, run.took.answer, kAnswerRule, run.time_ms, frozen);
  }
  return slow;
}

void learn(Cell& cell, float forget, const HourOfRound& now) {
  if (!cell.detail && !cell.history && (cell.learned <= 0 || cell.learned_channels == cell.recent[0])) {
    cell.learned_channels = cell.recent[0];
    cell.learned = cell.learned * forget + 1;
    return;
  }
  const RoundTrials round = recent_round(cell, 0);
  if (!cell.history && round.k == PerChannel{}) {
    ChannelSet tried = 0;
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (round.n[c] > 0) tried |= bit(c);
    }
    if (cell.learned <= 0 || tried == cell.learned_channels) {
      cell.learned_channels = tried;
      cell.learned = cell.learned * forget + 1;
      return;
    }
  }
  const double before = static_cast<double>(cell.learned);
  History& h = history_of(cell);
  if (!h.hours && round.k != PerChannel{}) h.hours = std::make_unique<Hours>(now, before, cell.interval_rounds);
  if (h.hours) h.hours->add(now, round.k);
  for (std::size_t c = 0; c < kChannels; ++c) {
    h.n[c] *= forget;
    h.k[c] *= forget;
    if (round.n[c] <= 0) continue;
    h.n[c] += 1;
    h.k[c] += round.k[c];
  }
}

void turn_hour(Cell& cell, const HourOfRound& now) {
  if (cell.history && cell.history->hours) cell.history->hours->turn(now);
}

double baseline(const Cell& cell, Channel c) {
  if (c != Channel::kOwn && !seen_healthy(cell, c)) return kBaselineMax;
  const auto [n, k] = learned(cell, index(c));
  const double all_day = (k + kPriorFailures) / (n + kPriorTrials);
  const bool by_hour = cell.history && cell.history->hours;
  const double own = by_hour ? cell.history->hours->rate(index(c), all_day) : all_day;
  const double around = cell.background == nullptr ? 0 : static_cast<double>((*cell.background)[index(c)]);
  return std::clamp(std::max(own, around), kBaselineMin, kBaselineMax);
}

bool is_broken(const Cell& cell) {
  if (!cell.history) return cell.learned > 0 && (cell.learned_channels & ~cell.healthy) != 0;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const auto [n, k] = learned(cell, c);
    if (n > 0 && !seen_healthy(cell, static_cast<Channel>(c))) return true;
    if ((k + kPriorFailures) / (n + kPriorTrials) > kBroken) return true;
  }
  return false;
}

double failures(const Cell& cell, Window w) {
  double sum = 0;
  if (!cell.detail) return sum;
  const Trials& t = cell.detail->windows[static_cast<std::size_t>(w)];
  for (std::size_t c = 0; c < kChannels; ++c) {
    const auto channel = static_cast<Channel>(c);
    if (channel == Channel::kOwn || seen_healthy(cell, channel)) sum += static_cast<double>(t.k[c]);
  }
  return sum;
}

void forget_failures(Cell& cell) {
  if (!cell.detail) return;
  for (Trials& window : cell.detail->windows) {
    for (std::size_t c = 0; c < kChannels; ++c) window.n[c] -= window.k[c];
    window.k = {};
    window.by_class = {};
  }
  for (RoundTrials& r : cell.detail->recent) {
    for (std::size_t c = 0; c < kChannels; ++c) r.n[c] -= r.k[c];
    r.k = {};
  }
}

}  // namespace sonde::hub::judge
