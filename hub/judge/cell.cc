// Windows and baselines.
#include "hub/judge/cell.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
// One lucky run does not make a blocked pair healthy; one that works the first time it is asked was never blocked.
constexpr std::uint8_t kHealthyRounds = 2;
// Below this weight of failures (nine rounds after a hard one) a new failure is a new onset.
constexpr double kClean = 0.05;

void shrink(float& x, float keep) {
  x *= keep;
  if (x < kDust) x = 0;
}

}  // namespace

void set_interval(Cell& cell, std::uint16_t rounds) {
  cell.interval_rounds = rounds;
  for (std::size_t w = 0; w < kWindows; ++w) {
    cell.keep[w] = static_cast<float>(std::exp2(-1 / (kHalfLife[w] * static_cast<double>(rounds))));
  }
}

void decay(Cell& cell) {
  ++cell.age_rounds;
  for (std::size_t w = 0; w < kWindows; ++w) {
    for (float& x : cell.windows[w].n) shrink(x, cell.keep[w]);
    for (float& x : cell.windows[w].k) shrink(x, cell.keep[w]);
    for (float& x : cell.windows[w].by_class) shrink(x, cell.keep[w]);
  }
}

void add_round(Cell& cell, const Trials& round) {
  std::rotate(cell.recent.begin(), cell.recent.end() - 1, cell.recent.end());
  cell.recent[0] = RoundTrials{};
  cell.age_rounds = 0;
  RoundTrials& now = cell.recent[0];
  for (std::size_t c = 0; c < kChannels; ++c) {
    if (round.n[c] <= 0) continue;
    now.n[c] = 1;
    now.k[c] = round.k[c] / round.n[c];
    const bool first = !std::exchange(cell.asked[c], true);
    if (now.k[c] >= 1 || cell.good_rounds[c] >= kHealthyRounds) continue;
    if (first)
      cell.good_rounds[c] = kHealthyRounds;
    else
      ++cell.good_rounds[c];
  }
  for (Trials& window : cell.windows) {
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
  cell.last_ms = run.time_ms;
  cell.stage = run.stage;
  cell.cause = run.cause;
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

void learn(Cell& cell, const Trials& round, float forget) {
  for (std::size_t c = 0; c < kChannels; ++c) {
    cell.learned_n[c] *= forget;
    cell.learned_k[c] *= forget;
    if (round.n[c] <= 0) continue;
    cell.learned_n[c] += 1;
    cell.learned_k[c] += round.k[c] / round.n[c];
  }
}

bool seen_healthy(const Cell& cell, Channel c) { return cell.good_rounds[index(c)] >= kHealthyRounds; }

double baseline(const Cell& cell, Channel c) {
  if (c != Channel::kOwn && !seen_healthy(cell, c)) return kBaselineMax;
  const double k = static_cast<double>(cell.learned_k[index(c)]);
  const double n = static_cast<double>(cell.learned_n[index(c)]);
  const double own = (k + kPriorFailures) / (n + kPriorTrials);
  return std::clamp(std::max(own, static_cast<double>(cell.background[index(c)])), kBaselineMin, kBaselineMax);
}

bool is_broken(const Cell& cell) {
  for (std::size_t c = 0; c < kChannels; ++c) {
    const double n = static_cast<double>(cell.learned_n[c]);
    if (n > 0 && !seen_healthy(cell, static_cast<Channel>(c))) return true;
    if ((static_cast<double>(cell.learned_k[c]) + kPriorFailures) / (n + kPriorTrials) > kBroken) return true;
  }
  return false;
}

double failures(const Cell& cell, Window w) {
  double sum = 0;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const auto channel = static_cast<Channel>(c);
    if (channel == Channel::kOwn || seen_healthy(cell, channel)) sum += static_cast<double>(cell.window(w).k[c]);
  }
  return sum;
}

bool is_dirty(const Cell& cell, Window w) { return failures(cell, w) > 0; }

void forget_failures(Cell& cell) {
  for (Trials& window : cell.windows) {
    for (std::size_t c = 0; c < kChannels; ++c) window.n[c] -= window.k[c];
    window.k = {};
    window.by_class = {};
  }
  for (RoundTrials& r : cell.recent) {
    for (std::size_t c = 0; c < kChannels; ++c) r.n[c] -= r.k[c];
    r.k = {};
  }
}

}  // namespace sonde::hub::judge
