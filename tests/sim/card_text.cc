// The card for people: text or Markdown.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "baselines.h"
#include "card.h"
#include "core/text.h"

namespace sonde::sim {
namespace {

using hub::judge::Assessment;
using hub::judge::Estimate;
using hub::judge::FaultOutcome;
using hub::judge::FaultResult;
using hub::judge::Interval;
using hub::judge::Proportion;
using hub::judge::Score;

/// Rows of cells as aligned text or as a Markdown table.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] std::string text(bool markdown) const {
    std::vector<int> widths(rows_[0].size());
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], core::display_width(row[i]));
    }
    std::string out;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      std::string line = markdown ? "|" : " ";
      for (std::size_t i = 0; i < rows_[r].size(); ++i) {
        const int missing = widths[i] - core::display_width(rows_[r][i]);
        line += " " + rows_[r][i];
        if (markdown || i + 1 < rows_[r].size()) line += std::string(static_cast<std::size_t>(missing), ' ');
        line += markdown ? " |" : " ";
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      if (r == 0 && markdown) {
        out += "|";
        for (std::size_t i = 0; i < widths.size(); ++i) out += "---|";
        out += "\n";
      }
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string percent(double x) { return fmt::format("{:.1f}", 100 * x); }

std::string share(const Proportion& p) { return p.value() ? percent(*p.value()) + " %" : "–"; }
std::string span(const Proportion& p) {
  if (!p.value()) return "";
  const Interval i = p.interval();
  return fmt::format("{}–{}", percent(i.low), percent(i.high));
}
std::string count(const Proportion& p) { return fmt::format("{}/{}", p.hits, p.of); }
std::string number(const Estimate& e, int digits = 1) {
  return e.n == 0 ? "–" : fmt::format("{:.{}f}", e.value, digits);
}

/// One line of the card: what, how much, how sure, what was wanted.
struct Row {
  std::string metric, value, interval, n, target;
  std::optional<bool> reached;
};

Row row(std::string metric, const Proportion& p, std::string target, double at_least, double at_most = 1) {
  std::optional<bool> reached;
  if (p.value()) reached = *p.value() >= at_least && *p.value() <= at_most;
  return {std::move(metric), share(p), span(p), count(p), std::move(target), reached};
}

Row row(std::string metric, const Estimate& a, const Estimate& b, std::string target, double most_a, double most_b) {
  std::optional<bool> reached;
  if (a.n > 0) reached = a.value <= most_a && b.value <= most_b;
  return {std::move(metric),
          number(a, 0) + " / " + number(b, 0),
          a.n == 0 ? ""
                   : fmt::format("{:.0f}–{:.0f} / {:.0f}–{:.0f}", a.interval.low, a.interval.high, b.interval.low,
                                 b.interval.high),
          std::to_string(a.n),
          std::move(target),
          reached};
}

Row per_day(std::string metric, std::uint64_t n, double days, std::string target, double most) {
  const Interval i = hub::judge::poisson_interval(n);
  if (days <= 0) return {std::move(metric), "–", "", "0", std::move(target), std::nullopt};
  const double value = static_cast<double>(n) / days;
  return {std::move(metric),
          fmt::format("{:.2f} /day", value),
          fmt::format("{:.2f}–{:.2f}", i.low / days, i.high / days),
          fmt::format("{} in {:.1f} d", n, days),
          std::move(target),
          value <= most};
}

const PartResult* find(const Card& card, std::string_view name) {
  const auto it =
      std::ranges::find(card.parts, name, [](const PartResult& p) { return std::string_view{p.part.name}; });
  return it == card.parts.end() || it->judged.empty() ? nullptr : &*it;
}

std::vector<Assessment> only(const PartResult& part, const std::set<std::string>& kinds) {
  std::vector<Assessment> out = part.judged;
  for (Assessment& a : out) {
    // Indices into faults would no longer hold: only what is said of faults is asked of this.
    a.statements.clear();
    a.pairs.clear();
    std::erase_if(a.faults, [&](const FaultOutcome& f) { return !kinds.contains(f.truth.kind); });
  }
  return out;
}

const std::set<std::string> kHardFar = {"app-5xx",      "app-refused", "app-cert",    "region-net",
                                        "region-5xx",   "service-5xx", "service-dns", "global-5xx",
                                        "provider-503", "zone",        "dns-provider"};

void main_rows(std::vector<Row>& rows, const PartResult& part) {
  const Score s = hub::judge::summarize(part.judged);
  rows.push_back(row("right class, all faults", s.right_class, ">= 95 %", 0.95));
  rows.push_back(row("right class, faults that can be told apart", s.right_class_identifiable, "", 0));
  rows.back().reached.reset();
  rows.push_back(row("exact component", s.exact, ">= 93 %", 0.93));
  rows.push_back(row("wrong class", s.wrong_class, "<= 0.3 %, upper <= 0.5 %", 0, 0.003));
  if (rows.back().reached == true && s.wrong_class.interval().high > 0.005) rows.back().reached = false;
  rows.push_back(row("precision of issued verdicts", s.precision, ">= 99.5 %", 0.995));
  rows.push_back(row("exact component of issued verdicts", s.exact_precision, "", 0));
  rows.back().reached.reset();
  rows.push_back(row("abstained", s.abstained, "", 0));
  rows.back().reached.reset();
  rows.push_back(row("abstentions naming the truth", s.abstained_listing, ">= 97 %", 0.97));
  rows.push_back(row("abstentions without a word", s.abstained_silent, "", 0));
  rows.back().reached.reset();
  rows.push_back(row("abstentions where the class could be told", s.abstained_unjustified, "", 0));
  rows.back().reached.reset();
  rows.push_back(row("rounds to verdict p50/p95", s.rounds_p50, s.rounds_p95, "<= 2/5", 2, 5));
  rows.push_back(row("rounds to right verdict p50/p95", s.right_p50, s.right_p95, "<= 2/5", 2, 5));
  const Score hard = hub::judge::summarize(only(part, kHardFar));
  rows.push_back(row("hard far-side faults, rounds p50/p95", hard.right_p50, hard.right_p95, "p50 1", 1, 1e9));
  const Score partial = hub::judge::summarize(only(part, {"app-30", "region-30"}));
  rows.push_back(row("30 % region or app, rounds p50/p95", partial.right_p50, partial.right_p95, "p50 <= 4", 4, 1e9));
  rows.push_back({"flips of class per fault", number(s.flips, 3), "", std::to_string(s.flips.n), "", std::nullopt});
  rows.push_back(
      {"macro F1 of the classes", s.macro_f1 ? fmt::format("{:.3f}", *s.macro_f1) : "–", "", "", "", std::nullopt});
  rows.push_back(
      {"severity, mean error", number(s.severity_error, 2), "", std::to_string(s.severity_error.n), "", std::nullopt});
  rows.push_back(row("off-model faults: confident (>= .8) and wrong", s.off_model_confident, "<= 5 %", 0, 0.05));
  rows.push_back(row("leaning: the class was right", s.leaning_right, "", 0));
  rows.back().reached.reset();
  const std::optional<bool> calibrated =
      s.brier.n > 0 ? std::optional{s.brier.value <= 0.02 && s.calibration_error <= 0.03} : std::nullopt;
  rows.push_back({"Brier / ECE (worst bin)",
                  s.brier.n == 0 ? "–"
                                 : fmt::format("{:.3f} / {:.3f} ({:.2f})", s.brier.value, s.calibration_error,
                                               s.calibration_worst),
                  s.brier.n == 0 ? "" : fmt::format("{:.3f}–{:.3f}", s.brier.interval.low, s.brier.interval.high),
                  std::to_string(s.brier.n), "<= 0.02 / <= 0.03", calibrated});
}

void other_rows(std::vector<Row>& rows, const Card& card) {
  if (const PartResult* part = find(card, "two faults")) {
    const Score s = hub::judge::summarize(part->judged);
    rows.push_back(row("two faults, both exact", s.both_exact, ">= 88 %", 0.88));
    Proportion any = s.none_exact;
    any.hits = any.of - any.hits;
    rows.push_back(row("two faults, at least one exact", any, ">= 98 %", 0.98));
    rows.push_back(row("two faults, wrong class", s.wrong_class, "", 0));
    rows.back().reached.reset();
  }
  if (const PartResult* part = find(card, "healthy")) {
    const Score s = hub::judge::summarize(part->judged);
    const auto far = s.false_verdicts[0] + s.false_verdicts[1] + s.false_verdicts[2];
    rows.push_back(per_day("false verdicts, app+provider+dns", far, s.healthy_days, "0 in 30 days", 0));
    rows.push_back(per_day("false verdicts, all", s.all_false(), s.healthy_days, "<= 0.1", 0.1));
    rows.push_back(per_day("verdicts that name a real burst", s.about_bursts, s.healthy_days, "", 1e9));
    rows.back().reached.reset();
  }
  if (const PartResult* part = find(card, "1 vantage")) {
    const Score s = hub::judge::summarize(part->judged);
    rows.push_back(row("1 vantage: wrong", s.wrong_class, "<= 0.5 %", 0, 0.005));
    rows.push_back(row("1 vantage: abstentions naming the truth", s.abstained_listing, ">= 95 %", 0.95));
  }
  if (const PartResult* part = find(card, "no references")) {
    const Score s = hub::judge::summarize(part->judged);
    rows.push_back(row("no references: wrong", s.wrong_class, "<= 0.5 %", 0, 0.005));
  }
  if (card.tick_ms.empty()) return;
  std::vector<float> ticks = card.tick_ms;
  std::ranges::sort(ticks);
  const auto at = [&](double q) { return ticks[static_cast<std::size_t>(q * static_cast<double>(ticks.size() - 1))]; };
  rows.push_back({"judge, one round p50/p99", fmt::format("{:.1f} / {:.1f} ms", at(0.5), at(0.99)), "",
                  fmt::format("{} cells", card.cells), "", std::nullopt});
}

std::string heading(const std::string& words, bool markdown) {
  return markdown ? "\n### " + words + "\n\n" : "\n" + words + "\n";
}

std::string mark(std::optional<bool> reached) { return !reached ? "" : *reached ? "yes" : "NO"; }

std::string main_table(const Card& card, bool markdown) {
  std::vector<Row> rows;
  if (const PartResult* part = find(card, "27 vantages")) main_rows(rows, *part);
  other_rows(rows, card);
  if (rows.empty()) return {};
  Table table{{"metric", "value", "95 %", "n", "target", "reached"}};
  for (const Row& r : rows) table.add({r.metric, r.value, r.interval, r.n, r.target, mark(r.reached)});
  return table.text(markdown);
}

std::string degradation(const Card& card, bool markdown) {
  Table table{{"setting", "verdict", "right class", "exact", "wrong class", "95 %", "abstain (truth listed)",
               "rounds p50/p95", "n"}};
  bool any = false;
  for (const char* name :
       {"27 vantages", "10 vantages", "5 vantages", "3 vantages", "2 vantages", "1 vantage", "no references"}) {
    const PartResult* part = find(card, name);
    if (part == nullptr) continue;
    any = true;
    const Score s = hub::judge::summarize(part->judged);
    Proportion issued = s.abstained;
    issued.hits = issued.of - issued.hits;
    table.add({name, share(issued), share(s.right_class), share(s.exact), share(s.wrong_class), span(s.wrong_class),
               share(s.abstained) + " (" + share(s.abstained_listing) + ")",
               number(s.rounds_p50, 0) + "/" + number(s.rounds_p95, 0), std::to_string(s.right_class.of)});
  }
  return any ? heading("With fewer vantages, and without references", markdown) + table.text(markdown) : "";
}

std::string baseline_table(const Card& card, bool markdown) {
  const PartResult* part = find(card, "27 vantages");
  if (part == nullptr || part->baselines.empty()) return {};
  Table table{{"baseline, 10 rounds after onset", "right class", "exact", "wrong class", "silent"}};
  for (std::size_t i = 0; i < part->baselines.size(); ++i) {
    const Score s = hub::judge::summarize(part->baselines[i]);
    table.add({std::string{baselines()[i].name}, share(s.right_class), share(s.exact), share(s.wrong_class),
               share(s.abstained)});
  }
  const Score s = hub::judge::summarize(part->judged);
  table.add({"this judge", share(s.right_class), share(s.exact), share(s.wrong_class), share(s.abstained)});
  return heading("Baselines, on the same faults", markdown) + table.text(markdown);
}

/// What was convicted instead, most frequent kinds first.
std::string instead(const std::vector<const FaultOutcome*>& faults) {
  std::map<std::string, int> kinds;
  for (const FaultOutcome* f : faults) {
    if (f->result != FaultResult::kWrong) continue;
    std::set<std::string> said;
    for (const std::string& key : f->said) said.insert(std::string{kind_of(key)});
    ++kinds[fmt::format("{}", fmt::join(said, "+"))];
  }
  std::string out;
  for (const auto& [kind, n] : kinds) out += fmt::format("{}{} ×{}", out.empty() ? "" : ", ", kind, n);
  return out;
}

std::string kind_table(const Card& card, bool markdown) {
  const PartResult* part = find(card, "27 vantages");
  if (part == nullptr) return {};
  Table table{{"kind", "n", "verdict", "right", "exact", "wrong", "abstain", "listed", "silent", "twins", "p50",
               "said instead"}};
  for (const FaultKind& kind : fault_kinds()) {
    std::vector<const FaultOutcome*> faults;
    for (const Assessment& a : part->judged) {
      for (const FaultOutcome& f : a.faults) {
        if (f.truth.kind == kind.name) faults.push_back(&f);
      }
    }
    if (faults.empty()) continue;
    const auto n = [&](auto is) { return std::to_string(std::ranges::count_if(faults, is)); };
    std::vector<double> rounds;
    for (const FaultOutcome* f : faults) {
      if (f->rounds_to_right) rounds.push_back(*f->rounds_to_right);
    }
    const auto abstained = [](const FaultOutcome* f) { return f->result == FaultResult::kAbstained; };
    table.add({std::string{kind.name} + (kind.off_model ? " (off-model)" : ""), std::to_string(faults.size()),
               n([&](const FaultOutcome* f) { return !abstained(f); }),
               n([](const FaultOutcome* f) { return f->result == FaultResult::kRight; }),
               n([](const FaultOutcome* f) { return f->exact; }),
               n([](const FaultOutcome* f) { return f->result == FaultResult::kWrong; }), n(abstained),
               n([&](const FaultOutcome* f) { return abstained(f) && f->listed; }),
               n([&](const FaultOutcome* f) { return abstained(f) && !f->spoke; }),
               n([](const FaultOutcome* f) { return !f->identifiable; }),
               number(hub::judge::estimate_quantile(rounds, 0.5), 0), instead(faults)});
  }
  return heading("By kind of fault, 27 vantages", markdown) + table.text(markdown);
}

/// Each wrong verdict by itself, so that it can be looked at.
std::string wrong_list(const Card& card) {
  std::string out;
  for (const PartResult& part : card.parts) {
    for (const Assessment& a : part.judged) {
      for (const FaultOutcome& f : a.faults) {
        if (f.result != FaultResult::kWrong) continue;
        out +=
            fmt::format("  {}: {} at {} was {}; said {}\n", part.part.name, f.truth.id, core::format_utc(f.truth.start),
                        f.truth.component.empty() ? "no component" : f.truth.component, fmt::join(f.said, " "));
      }
      for (const hub::judge::Statement& s : a.statements) {
        if (!s.convicted || s.truth || s.about_a_burst) continue;
        out += fmt::format("  {}: false verdict {} at {}, confidence {:.2f}\n", part.part.name, s.key,
                           core::format_utc(s.from), s.confidence);
      }
    }
  }
  return out.empty() ? out : heading("Wrong and false verdicts", false) + out;
}

}  // namespace

std::string to_text(const Card& card, bool markdown) {
  const CardOptions& o = card.options;
  std::string out = fmt::format(
      "{}topology {} · seeds from {} · {} trials · {} rounds of {} s · {:.1f} M results · {:.0f} s of processor, "
      "{:.0f} s\n",
      markdown ? "" : "Score card of the judge\n", fmt::join(o.topologies, " "), o.seed, card.trials, card.rounds,
      o.script.manner.round_ms / 1000, static_cast<double>(card.results) / 1e6, card.cpu_seconds, card.wall_seconds);
  if (card.trials_left_out > 0) {
    out += fmt::format("Time was up: {} of {} trials were left out.\n", card.trials_left_out,
                       card.trials + card.trials_left_out);
  }
  out += '\n' + main_table(card, markdown) + degradation(card, markdown) + baseline_table(card, markdown) +
         kind_table(card, markdown);
  if (!markdown) out += wrong_list(card);
  return out;
}

}  // namespace sonde::sim
