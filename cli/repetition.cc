// Statistics and history of repeated runs.
#include "cli/repetition.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "cli/facts.h"

namespace sonde::cli {
namespace {

constexpr std::size_t kSamplesMax = 1000;
constexpr int kMarkColumns = 10;
constexpr int kTimeColumns = 9;
constexpr int kStripColumns = 30;
constexpr int kStripColumnsMin = 8;

bool fine(core::Status s) { return s == core::Status::kOk || s == core::Status::kDegraded; }

class Table {
 public:
  Table(std::span<const RepeatedTarget> targets, const Terminal& t) : t_(t) {
    for (const RepeatedTarget& r : targets) width_ = std::max(width_, core::display_width(shown(r.name)));
    // Mark, numbers and strip take what they need; the name takes the rest, or a line of its own where it is little.
    const int rest = t.columns - kMarkColumns - 4 * (kTimeColumns + 1) - 7 - 7 - 4;
    stacked_ = rest - kStripColumnsMin - 1 < width_;
    strip_ = std::clamp(stacked_ ? rest : rest - width_ - 1, kStripColumnsMin, kStripColumns);
  }

  [[nodiscard]] std::string head() const {
    const auto number = [&](std::string_view en, std::string_view zh, int columns) {
      return pad_left(t_.say(en, zh), columns) + " ";
    };
    const std::string line =
        pad("", kMarkColumns + 1) + (stacked_ ? std::string{} : pad(t_.say("TARGET", "目标"), width_) + " ") +
        number("LAST", "最近", kTimeColumns) + number("MIN", "最小", kTimeColumns) +
        number("MEDIAN", "中位", kTimeColumns) + number("MAX", "最大", kTimeColumns) + number("LOSS", "丢失", 6) +
        number("RUNS", "次数", 6) + std::string{t_.say("HISTORY", "历史")};
    return t_.paint(Color::kBold, line) + "\n";
  }

  [[nodiscard]] std::string row(const RepeatedTarget& r) const {
    const Repetition& runs = *r.runs;
    const auto seconds = [](const std::optional<double>& s) {
      return pad_left(s ? seconds_text(*s) : "-", kTimeColumns);
    };
    std::optional<double> smallest;
    std::optional<double> median;
    std::optional<double> largest;
    if (const auto times = runs.times()) {
      smallest = times->smallest;
      median = times->median;
      largest = times->largest;
    }
    const auto loss = runs.loss_percent();
    const std::string word = fmt::format("{} {}", t_.sign("●", "*"), word_of(runs.last().status, t_));
    const std::string mark =
        runs.runs() == 0 ? pad("", kMarkColumns) : t_.paint(color_of(runs.last().status), pad(word, kMarkColumns));
    const std::string name = shown(r.name);
    const std::string lead =
        stacked_ ? fmt::format("{} {}\n{}", mark, t_.paint(Color::kBold, cut(name, t_.columns - kMarkColumns - 1)),
                               pad("", kMarkColumns))
                 : mark + " " + pad(name, width_);
    return fmt::format("{} {} {} {} {} {} {} {}\n", lead, seconds(runs.last_seconds()), seconds(smallest),
                       seconds(median), seconds(largest),
                       pad_left(loss ? fmt::format("{:.{}f}%", *loss, *loss > 0 && *loss < 10 ? 1 : 0) : "-", 6),
                       pad_left(std::to_string(runs.runs()), 6), runs.strip(strip_, t_));
  }

  [[nodiscard]] int rows_of_target() const { return stacked_ ? 2 : 1; }

  [[nodiscard]] std::string trouble(const Repetition& runs) const {
    if (!runs.last_trouble()) return {};
    const std::size_t ago = runs.runs_since_trouble();
    std::string when;
    if (ago > 0) {
      when = fmt::format(fmt::runtime(t_.say(ago == 1 ? "{} run ago " : "{} runs ago ", "{} 次之前 ")), ago);
    }
    const std::string text = cut(when + cause_text(*runs.last_trouble(), t_), t_.columns - kMarkColumns - 1);
    const Color color = ago > 0 ? Color::kGrey : color_of(runs.last_trouble()->status);
    return std::string(kMarkColumns + 1, ' ') + t_.paint(color, text) + "\n";
  }

 private:
  const Terminal& t_;
  int width_ = 6;
  int strip_ = kStripColumns;
  bool stacked_ = false;
};

}  // namespace

void Repetition::add(const core::Measurement& m) {
  ++runs_;
  last_ = m.outcome;
  failed_ += last_.status == core::Status::kFail ? 1 : 0;
  unknown_ += last_.status == core::Status::kUnknown ? 1 : 0;
  samples_.push_back({number_of(m, core::field::kDurationSeconds).value_or(0), last_.status});
  if (samples_.size() > kSamplesMax) samples_.pop_front();
  if (last_.status == core::Status::kOk) return;
  trouble_ = last_;
  trouble_run_ = runs_;
}

std::optional<Repetition::Times> Repetition::times() const {
  std::vector<double> good;
  for (const Sample& s : samples_) {
    if (fine(s.status)) good.push_back(s.seconds);
  }
  if (good.empty()) return std::nullopt;
  std::ranges::sort(good);
  const std::size_t middle = good.size() / 2;
  const double median = good.size() % 2 == 1 ? good[middle] : (good[middle - 1] + good[middle]) / 2;
  return Times{good.front(), median, good.back()};
}

std::optional<double> Repetition::loss_percent() const {
  const std::size_t known = runs_ - unknown_;
  if (known == 0) return std::nullopt;
  return 100.0 * static_cast<double>(failed_) / static_cast<double>(known);
}

std::optional<double> Repetition::last_seconds() const {
  if (samples_.empty() || !fine(samples_.back().status)) return std::nullopt;
  return samples_.back().seconds;
}

std::string Repetition::strip(int columns, const Terminal& t) const {
  static constexpr std::array kRich{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array kPoor{"_", ".", ":", "-", "=", "+", "*", "#"};
  const std::size_t shown_now = std::min(samples_.size(), static_cast<std::size_t>(std::max(columns, 0)));
  const auto first = samples_.end() - static_cast<std::ptrdiff_t>(shown_now);
  double largest = 0;
  for (auto it = first; it != samples_.end(); ++it) {
    if (fine(it->status)) largest = std::max(largest, it->seconds);
  }
  std::string out;
  for (auto it = first; it != samples_.end(); ++it) {
    if (it->status == core::Status::kFail) {
      out += t.paint(Color::kRed, t.sign("✗", "x"));
    } else if (it->status == core::Status::kUnknown) {
      out += t.paint(Color::kGrey, "?");
    } else {
      // From zero, so that a steady service looks steady and a doubled time looks doubled.
      const double part = largest > 0 ? it->seconds / largest : 0;
      const auto level = std::min(static_cast<std::size_t>(part * kRich.size()), kRich.size() - 1);
      const std::string_view sign = t.sign(kRich.at(level), kPoor.at(level));
      out += it->status == core::Status::kDegraded ? t.paint(Color::kYellow, sign) : std::string{sign};
    }
  }
  return out;
}

std::string repetition_table(std::span<const RepeatedTarget> targets, int rows_max, const Terminal& t) {
  const Table table{targets, t};
  std::string out = table.head();
  int rows = 1;
  std::size_t left = targets.size();
  for (const RepeatedTarget& r : targets) {
    const std::string trouble = table.trouble(*r.runs);
    const int needed = table.rows_of_target() + (trouble.empty() ? 0 : 1);
    // One row is kept for the count of those that do not fit.
    if (rows + needed > rows_max - (left > 1 ? 1 : 0)) break;
    out += table.row(r) + trouble;
    rows += needed;
    --left;
  }
  if (left > 0) out += fmt::format(fmt::runtime(t.say("... and {} more\n", "……还有 {} 个\n")), left);
  return out;
}

}  // namespace sonde::cli
