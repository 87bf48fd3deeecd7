// From faults to numbers, and the numbers as JSON.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "hub/judge/score.h"

namespace sonde::hub::judge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBins = 10;
constexpr std::size_t kBinHoldsAtLeast = 20;  // fewer say nothing about a gap

/// What is collected before it is condensed.
struct Values {
  std::vector<double> rounds, right, flips, severity_errors, squares;
  std::array<std::vector<std::pair<double, bool>>, kBins> bins;  // confidence, and whether it was right
};

void count_abstention(const FaultOutcome& f, Score& s) {
  s.abstained_listing.add(f.listed);
  s.abstained_silent.add(!f.spoke);
  s.abstained_unjustified.add(f.identifiable);
}

void count_fault(const FaultOutcome& f, Score& s, Values& v) {
  const bool right = f.result == FaultResult::kRight;
  const bool wrong = f.result == FaultResult::kWrong;
  if (f.truth.off_model) {
    s.off_model_wrong.add(wrong);
    s.off_model_confident.add(f.confidently_wrong);
    return;
  }
  s.right_class.add(right);
  s.exact.add(right && f.exact);
  s.wrong_class.add(wrong);
  s.abstained.add(f.result == FaultResult::kAbstained);
  if (f.identifiable) s.right_class_identifiable.add(right);
  if (f.blame) s.class_recall.at(static_cast<std::size_t>(*f.blame)).add(right);
  if (f.result == FaultResult::kAbstained) count_abstention(f, s);
  if (f.rounds) v.rounds.push_back(*f.rounds);
  if (f.rounds_to_right) v.right.push_back(*f.rounds_to_right);
  v.flips.push_back(f.flips);
  if (right && f.severity_error) v.severity_errors.push_back(*f.severity_error);
}

void count_statement(const Statement& s, const Assessment& run, Score& out, Values& v) {
  if (s.about_a_burst && s.convicted) ++out.about_bursts;
  if (s.about_a_burst) return;
  const bool right = s.right_class;
  v.squares.push_back((s.confidence - (right ? 1 : 0)) * (s.confidence - (right ? 1 : 0)));
  const auto bin = std::min(kBins - 1, static_cast<std::size_t>(s.confidence * static_cast<double>(kBins)));
  v.bins.at(bin).emplace_back(s.confidence, right);
  if (!s.convicted) return out.leaning_right.add(right);
  if (!s.truth) ++out.false_verdicts.at(static_cast<std::size_t>(s.blame));
  if (s.truth && run.faults[static_cast<std::size_t>(*s.truth)].truth.off_model) return;
  out.precision.add(right);
  out.exact_precision.add(s.exact);
  out.class_precision.at(static_cast<std::size_t>(s.blame)).add(right);
}

void count_pair(const FaultOutcome& a, const FaultOutcome& b, Score& s) {
  const int exact = (a.exact ? 1 : 0) + (b.exact ? 1 : 0);
  s.both_exact.add(exact == 2);
  s.one_exact.add(exact == 1);
  s.none_exact.add(exact == 0);
}

void calibrate(const Values& v, Score& s) {
  s.brier = estimate_mean(v.squares);
  for (const auto& bin : v.bins) {
    if (bin.empty()) continue;
    double said = 0;
    double right = 0;
    for (const auto& [confidence, was_right] : bin) {
      said += confidence;
      right += was_right ? 1 : 0;
    }
    const double gap = std::abs(said - right) / static_cast<double>(bin.size());
    s.calibration_error += gap * static_cast<double>(bin.size()) / static_cast<double>(v.squares.size());
    if (bin.size() >= kBinHoldsAtLeast) s.calibration_worst = std::max(s.calibration_worst, gap);
  }
}

std::optional<double> macro_f1(const Score& s) {
  double sum = 0;
  int classes = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    if (s.class_recall.at(c).of == 0) continue;
    const double p = s.class_precision.at(c).value().value_or(0);
    const double r = *s.class_recall.at(c).value();
    sum += p + r > 0 ? 2 * p * r / (p + r) : 0;
    ++classes;
  }
  return classes > 0 ? std::optional{sum / classes} : std::nullopt;
}

double rounded(double x) { return std::round(x * 1e4) / 1e4; }

Json json_of(const Proportion& p) {
  if (!p.value()) return nullptr;
  const Interval i = p.interval();
  return Json{{"value", rounded(*p.value())},
              {"low", rounded(i.low)},
              {"high", rounded(i.high)},
              {"hits", p.hits},
              {"of", p.of}};
}

Json json_of(const Estimate& e) {
  if (e.n == 0) return nullptr;
  return Json{
      {"value", rounded(e.value)}, {"low", rounded(e.interval.low)}, {"high", rounded(e.interval.high)}, {"n", e.n}};
}

Json per_day(std::uint64_t count, double days) {
  if (days <= 0) return nullptr;
  const Interval i = poisson_interval(count);
  return Json{{"value", rounded(static_cast<double>(count) / days)},
              {"low", rounded(i.low / days)},
              {"high", rounded(i.high / days)},
              {"count", count}};
}

Json classes_json(const Score& s) {
  Json out = Json::object();
  for (std::size_t c = 0; c < kClasses; ++c) {
    out[std::string{name(static_cast<BlameClass>(c))}] =
        Json{{"precision", json_of(s.class_precision.at(c))},
             {"recall", json_of(s.class_recall.at(c))},
             {"false_per_healthy_day", per_day(s.false_verdicts.at(c), s.healthy_days)}};
  }
  return out;
}

}  // namespace

std::uint64_t Score::all_false() const {
  return std::accumulate(false_verdicts.begin(), false_verdicts.end(), std::uint64_t{0});
}

Score summarize(std::span<const Assessment> runs) {
  Score s;
  Values v;
  for (const Assessment& run : runs) {
    s.healthy_days += run.healthy_days;
    for (const FaultOutcome& f : run.faults) count_fault(f, s, v);
    for (const Statement& one : run.statements) count_statement(one, run, s, v);
    for (const auto& [a, b] : run.pairs) count_pair(run.faults[a], run.faults[b], s);
  }
  s.rounds_p50 = estimate_quantile(v.rounds, 0.5);
  s.rounds_p95 = estimate_quantile(v.rounds, 0.95);
  s.right_p50 = estimate_quantile(v.right, 0.5);
  s.right_p95 = estimate_quantile(v.right, 0.95);
  s.flips = estimate_mean(v.flips);
  s.severity_error = estimate_mean(v.severity_errors);
  calibrate(v, s);
  s.macro_f1 = macro_f1(s);
  return s;
}

std::string to_json(const Score& s) {
  Json out;
  out["right_class"] = json_of(s.right_class);
  out["exact"] = json_of(s.exact);
  out["wrong_class"] = json_of(s.wrong_class);
  out["abstained"] = json_of(s.abstained);
  out["right_class_identifiable"] = json_of(s.right_class_identifiable);
  out["abstained_listing_truth"] = json_of(s.abstained_listing);
  out["abstained_silent"] = json_of(s.abstained_silent);
  out["abstained_unjustified"] = json_of(s.abstained_unjustified);
  out["precision"] = json_of(s.precision);
  out["exact_precision"] = json_of(s.exact_precision);
  out["classes"] = classes_json(s);
  out["macro_f1"] = s.macro_f1 ? Json(rounded(*s.macro_f1)) : Json(nullptr);
  out["rounds_p50"] = json_of(s.rounds_p50);
  out["rounds_p95"] = json_of(s.rounds_p95);
  out["rounds_to_right_p50"] = json_of(s.right_p50);
  out["rounds_to_right_p95"] = json_of(s.right_p95);
  out["flips_per_fault"] = json_of(s.flips);
  out["healthy_days"] = rounded(s.healthy_days);
  out["false_per_healthy_day"] = per_day(s.all_false(), s.healthy_days);
  out["about_bursts"] = s.about_bursts;
  out["two_faults_both_exact"] = json_of(s.both_exact);
  out["two_faults_one_exact"] = json_of(s.one_exact);
  out["two_faults_none_exact"] = json_of(s.none_exact);
  out["severity_error"] = json_of(s.severity_error);
  out["off_model_wrong"] = json_of(s.off_model_wrong);
  out["off_model_confidently_wrong"] = json_of(s.off_model_confident);
  out["leaning_right"] = json_of(s.leaning_right);
  out["brier"] = json_of(s.brier);
  out["ece"] = s.brier.n > 0 ? Json(rounded(s.calibration_error)) : Json(nullptr);
  out["ece_worst_bin"] = s.brier.n > 0 ? Json(rounded(s.calibration_worst)) : Json(nullptr);
  return out.dump();
}

}  // namespace sonde::hub::judge
