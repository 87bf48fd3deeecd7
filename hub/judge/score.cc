// From events to statements, from statements to faults.
#include "hub/judge/score.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace sonde::hub::judge {
namespace {

bool holds(const std::vector<std::string>& keys, const std::string& key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool is_exact(const Truth& t, const std::string& key) {
  if (key == t.component || holds(t.accept, key)) return true;
  // What looks the same and is of another class is no answer: nobody could have known.
  return holds(t.equivalent, key) && class_of_key(key) == class_of_key(t.component);
}

bool is_right_class(const Truth& t, const std::string& key) {
  if (is_exact(t, key)) return true;
  const auto blame = class_of_key(key);
  if (!blame) return false;
  const auto same = [&](const std::string& other) { return class_of_key(other) == blame; };
  return (!t.component.empty() && same(t.component)) || std::ranges::any_of(t.accept, same);
}

/// Statements from the life of incidents: one per incident and component. A better grade begins it anew.
std::vector<Statement> statements_of(std::span<const VerdictEvent> events) {
  std::vector<Statement> out;
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (const VerdictEvent& e : events) {
    if (e.event == EventKind::kClosed || e.grade == Grade::kInsufficient || !e.blame) continue;
    const bool convicted = e.grade == Grade::kConvicted;
    const auto [it, added] = known.try_emplace({e.id, e.component_key}, out.size());
    if (added) {
      out.push_back({.incident = e.id, .key = e.component_key, .blame = *e.blame, .from = e.time});
    }
    Statement& s = out[it->second];
    if (convicted && !s.convicted) {
      s.convicted = true;
      s.from = e.time;
    }
    s.confidence = e.confidence.value_or(0);
    s.severity = e.severity;
  }
  std::ranges::stable_sort(out, {}, &Statement::from);
  return out;
}

class Matcher {
 public:
  Matcher(std::span<const Truth> truths, core::Duration grace) : truths_(truths), grace_(grace) {}

  [[nodiscard]] bool active(const Truth& t, core::WallTime at) const { return at >= t.start && at <= t.end + grace_; }

  /// The truth that a key said at a time is about: the one it names, else one of its class, else the latest.
  [[nodiscard]] const Truth* about(const std::string& key, core::WallTime at) const {
    const Truth* best = nullptr;
    int best_fit = -1;
    for (const Truth& t : truths_) {
      if (!active(t, at)) continue;
      const int fit = fit_of(t, key);
      if (fit >= best_fit && fit >= 0) {
        best = &t;
        best_fit = fit;
      }
    }
    return best;
  }

 private:
  static int fit_of(const Truth& t, const std::string& key) {
    const bool exact = is_exact(t, key);
    if (t.optional) return exact ? 2 : -1;
    if (exact) return 3;
    return is_right_class(t, key) ? 1 : 0;
  }

  std::span<const Truth> truths_;
  core::Duration grace_;
};

double rounds_between(core::WallTime from, core::WallTime to, core::Duration round) {
  return std::max(1.0, std::ceil(core::to_seconds(to - from) / core::to_seconds(round)));
}

void hear(FaultOutcome& out, const Statement& s, core::Duration round) {
  const double rounds = rounds_between(out.truth.start, s.from, round);
  if (!out.rounds) out.rounds = rounds;
  if (s.right_class && !out.rounds_to_right) out.rounds_to_right = rounds;
  if (!s.right_class) {
    out.result = FaultResult::kWrong;
    out.confidently_wrong |= s.confidence >= 0.8;
  } else if (out.result == FaultResult::kAbstained) {
    out.result = FaultResult::kRight;
  }
  out.exact |= s.exact;
  if (s.exact) out.severity_error = std::abs(s.severity - out.truth.percent / 100);
  out.said.push_back(s.key);
}

/// What was said of it by events that convict nobody.
void hear_doubts(FaultOutcome& out, std::span<const VerdictEvent> events, const Matcher& matcher) {
  for (const VerdictEvent& e : events) {
    if (e.event == EventKind::kClosed || !matcher.active(out.truth, e.time)) continue;
    out.spoke = true;
    out.listed |= !e.component_key.empty() && is_exact(out.truth, e.component_key);
    out.listed |= std::ranges::any_of(e.candidates, [&](const Candidate& c) {
      return is_exact(out.truth, c.key) || holds(out.truth.equivalent, c.key);
    });
  }
}

void count_flips(Assessment& out) {
  std::map<std::string, const Statement*> last;
  for (const Statement& s : out.statements) {
    if (!s.convicted || !s.truth) continue;
    const Statement*& before = last[s.incident];
    if (before != nullptr && before->blame != s.blame) ++out.faults[static_cast<std::size_t>(*s.truth)].flips;
    before = &s;
  }
}

FaultOutcome outcome_of(const Truth& t) {
  FaultOutcome out;
  out.truth = t;
  out.blame = class_of_key(t.component);
  out.identifiable = !t.component.empty() && std::ranges::all_of(t.equivalent, [&](const std::string& key) {
    return class_of_key(key) == out.blame;
  });
  return out;
}

void find_pairs(Assessment& out) {
  for (std::size_t i = 0; i < out.faults.size(); ++i) {
    for (std::size_t j = i + 1; j < out.faults.size(); ++j) {
      if (out.faults[j].truth.start < out.faults[i].truth.end) out.pairs.push_back({i, j});
    }
  }
}

double healthy_days(std::span<const Truth> truths, core::Duration grace, core::WallTime from, core::WallTime to) {
  core::Duration healthy = to - from;
  core::WallTime done = from;
  for (const Truth& t : truths) {
    if (t.optional) continue;
    const core::WallTime begin = std::max(t.start, done);
    const core::WallTime end = std::min(t.end + grace, to);
    if (end <= begin) continue;
    healthy -= end - begin;
    done = end;
  }
  return std::max(0.0, core::to_seconds(healthy) / 86400);
}

}  // namespace

Assessment assess(std::span<const Truth> truths, std::span<const VerdictEvent> events, const ScoreOptions& options) {
  const core::Duration grace = options.grace > core::Duration{} ? options.grace : options.round * 10;
  const Matcher matcher{truths, grace};
  Assessment out;
  std::map<const Truth*, int> place;
  for (const Truth& t : truths) {
    if (t.optional) continue;
    place[&t] = static_cast<int>(out.faults.size());
    out.faults.push_back(outcome_of(t));
  }
  out.statements = statements_of(events);
  for (Statement& s : out.statements) {
    const Truth* t = matcher.about(s.key, s.from);
    if (t == nullptr) continue;
    s.exact = is_exact(*t, s.key);
    s.right_class = is_right_class(*t, s.key);
    s.about_a_burst = t->optional;
    if (t->optional) continue;
    s.truth = place.at(t);
    if (s.convicted) hear(out.faults[static_cast<std::size_t>(*s.truth)], s, options.round);
  }
  for (FaultOutcome& f : out.faults) {
    if (f.result == FaultResult::kWrong) f.exact = false;
    if (f.result == FaultResult::kAbstained) hear_doubts(f, events, matcher);
  }
  count_flips(out);
  find_pairs(out);
  out.healthy_days = healthy_days(truths, grace, options.from, options.to);
  return out;
}

}  // namespace sonde::hub::judge
