// The metrics, one a line: name, value, 95 % interval, number of cases.
#include "cli/score_text.h"

#include <fmt/format.h>

namespace sonde::cli {
namespace {

using hub::judge::BlameClass;
using hub::judge::Estimate;
using hub::judge::Interval;
using hub::judge::Proportion;
using hub::judge::Score;

constexpr int kNameColumns = 44;

class Lines {
 public:
  explicit Lines(const Terminal& t) : t_(t) {}

  void heading(std::string_view en, std::string_view zh) {
    out_ += (out_.empty() ? "" : "\n") + t_.paint(Color::kBold, t_.say(en, zh)) + "\n";
  }

  void share(std::string_view en, std::string_view zh, const Proportion& p) {
    if (!p.value()) return line(en, zh, std::string{t_.say("no case", "无样本")}, "", "");
    const Interval i = p.interval();
    line(en, zh, fmt::format("{:.1f} %", 100 * *p.value()), fmt::format("{:.1f}–{:.1f}", 100 * i.low, 100 * i.high),
         fmt::format("{}/{}", p.hits, p.of));
  }

  void number(std::string_view en, std::string_view zh, const Estimate& e, int digits) {
    if (e.n == 0) return line(en, zh, std::string{t_.say("no case", "无样本")}, "", "");
    line(en, zh, fmt::format("{:.{}f}", e.value, digits),
         fmt::format("{:.{}f}–{:.{}f}", e.interval.low, digits, e.interval.high, digits), fmt::format("n={}", e.n));
  }

  void per_day(std::string_view en, std::string_view zh, std::uint64_t count, double days) {
    if (days <= 0) return line(en, zh, std::string{t_.say("no healthy time", "无健康时段")}, "", "");
    const Interval i = hub::judge::poisson_interval(count);
    line(en, zh, fmt::format("{:.2f}", static_cast<double>(count) / days),
         fmt::format("{:.2f}–{:.2f}", i.low / days, i.high / days), std::to_string(count));
  }

  void line(std::string_view en, std::string_view zh, const std::string& value, const std::string& interval,
            const std::string& n) {
    std::string one = "  " + pad(t_.say(en, zh), kNameColumns) + pad_left(value, 10);
    if (!interval.empty()) one += "  " + t_.paint(Color::kGrey, pad(interval, 14) + n);
    out_ += one + "\n";
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  const Terminal& t_;
  std::string out_;
};

void classes(Lines& lines, const Score& s, const Terminal& t) {
  lines.heading("By class: precision, recall, false verdicts per healthy day",
                "按类别：精确率、召回率、每健康日误判数");
  for (std::size_t c = 0; c < hub::judge::kClasses; ++c) {
    const std::string name{hub::judge::name(static_cast<BlameClass>(c))};
    lines.share(name + ", precision", name + "，精确率", s.class_precision.at(c));
    lines.share(name + ", recall", name + "，召回率", s.class_recall.at(c));
    lines.per_day(name + ", false per day", name + "，每日误判", s.false_verdicts.at(c), s.healthy_days);
  }
  lines.line("macro F1", "宏平均 F1",
             s.macro_f1 ? fmt::format("{:.3f}", *s.macro_f1) : std::string{t.say("no case", "无样本")}, "", "");
}

void time_and_trust(Lines& lines, const Score& s, const Terminal& t) {
  lines.heading("Time, in rounds", "时间（轮）");
  lines.number("to a verdict, median", "得出结论，中位数", s.rounds_p50, 0);
  lines.number("to a verdict, 95 %", "得出结论，95 %", s.rounds_p95, 0);
  lines.number("to the right verdict, median", "得出正确结论，中位数", s.right_p50, 0);
  lines.number("to the right verdict, 95 %", "得出正确结论，95 %", s.right_p95, 0);
  lines.number("changes of class per fault", "每次故障的类别变更", s.flips, 3);

  lines.heading("Healthy time", "健康时段");
  lines.line("days", "天数", fmt::format("{:.2f}", s.healthy_days), "", "");
  lines.per_day("false verdicts per day", "每日误判", s.all_false(), s.healthy_days);
  lines.line("verdicts about short bursts", "针对短暂突发的结论", std::to_string(s.about_bursts), "", "");

  lines.heading("Confidence", "置信度");
  lines.share("leaning: the class was right", "倾向性结论：类别正确", s.leaning_right);
  lines.number("Brier", "Brier 分数", s.brier, 3);
  const bool any = s.brier.n > 0;
  const std::string none{t.say("no case", "无样本")};
  lines.line("calibration error (ECE), ten bins", "校准误差（ECE，十个区间）",
             any ? fmt::format("{:.3f}", s.calibration_error) : none, "", "");
  lines.line("worst bin", "最差区间", any ? fmt::format("{:.3f}", s.calibration_worst) : none, "", "");
  lines.number("severity, mean error", "严重程度，平均误差", s.severity_error, 2);
}

}  // namespace

std::string score_text(const Score& s, const Terminal& t) {
  Lines lines{t};
  lines.heading("Faults", "故障");
  lines.share("right class", "类别正确", s.right_class);
  lines.share("right class, where it can be told", "类别正确（可区分的故障）", s.right_class_identifiable);
  lines.share("exact component", "组件准确", s.exact);
  lines.share("wrong class", "类别错误", s.wrong_class);
  lines.share("abstained", "未下结论", s.abstained);
  lines.share("  … with the truth among the candidates", "  … 候选中包含真相", s.abstained_listing);
  lines.share("  … without a word", "  … 完全未提及", s.abstained_silent);
  lines.share("  … though the class could be told", "  … 本可区分类别", s.abstained_unjustified);
  lines.heading("Verdicts", "结论");
  lines.share("of the right class", "类别正确", s.precision);
  lines.share("of the exact component", "组件准确", s.exact_precision);
  classes(lines, s, t);
  time_and_trust(lines, s, t);
  if (s.both_exact.of > 0) {
    lines.heading("Two faults at a time", "两个同时发生的故障");
    lines.share("both exact", "两个都准确", s.both_exact);
    lines.share("one exact", "一个准确", s.one_exact);
    lines.share("none exact", "都不准确", s.none_exact);
  }
  if (s.off_model_wrong.of > 0) {
    lines.heading("Faults outside the model", "模型之外的故障");
    lines.share("wrong class", "类别错误", s.off_model_wrong);
    lines.share("wrong with confidence of 0.8 and more", "错误且置信度不低于 0.8", s.off_model_confident);
  }
  return lines.take();
}

}  // namespace sonde::cli
