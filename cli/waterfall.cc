// The waterfall of `sonde check`.
#include "cli/waterfall.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/facts.h"
#include "cli/hops.h"

namespace sonde::cli {
namespace {

using core::Measurement;
using core::Stage;
namespace field = core::field;

constexpr int kLabelColumns = 9;
constexpr int kTimeColumns = 9;

/// One stage on the time axis, in seconds since the run began.
struct Bar {
  Stage stage = Stage::kDone;
  std::string label;
  double begin = 0;
  double length = 0;
  Color color = Color::kGrey;
  bool failed = false;
  bool ended = true;  // false: the run was given up in it
  std::vector<std::string> facts;
  std::string title = {};  // not a stage: the line above the stages of a hop
};

bool ended_badly(const core::Outcome& o) {
  return o.status == core::Status::kFail || o.status == core::Status::kUnknown;
}

/// Where this kind of check goes, in order.
std::vector<Stage> stages_of(const core::Target& target) {
  std::vector<Stage> out{Stage::kDns};
  if (target.check == core::CheckKind::kDns) return out;
  out.push_back(Stage::kTcp);
  if (target.check == core::CheckKind::kTls || target.url.starts_with("https:")) out.push_back(Stage::kTls);
  if (target.check == core::CheckKind::kHttp) out.push_back(Stage::kHttp);
  return out;
}

std::string_view label_of(Stage stage, const Terminal& t) {
  switch (stage) {
    case Stage::kDns:
      return t.say("dns", "解析");
    case Stage::kTcp:
      return t.say("tcp", "连接");
    case Stage::kTls:
      return t.say("tls", "握手");
    case Stage::kHttp:
      return t.say("wait", "等待");
    case Stage::kDone:
      return t.say("done", "完成");
  }
  return "";
}

class Chart {
 public:
  Chart(const core::Target& target, const Measurement& m, core::WallTime now, const Terminal& t)
      : target_(target), m_(m), t_(t) {
    const double whole = number_of(m, field::kDurationSeconds).value_or(0);
    add_phases(now);
    total_ = std::max(whole, end_);
    add_unfinished();
    mark_failed();
  }

  [[nodiscard]] std::string draw() const {
    std::string out;
    for (const Bar& bar : bars_) out += row(bar);
    if (bars_.size() > 1 && total_ > 0) out += axis();
    if (const auto missing = not_reached(); !missing.empty()) {
      const std::string text = fmt::format("{}: {}", t_.say("not reached", "未到达"), fmt::join(missing, ", "));
      out += "  " + t_.paint(Color::kGrey, text) + "\n";
    }
    return out;
  }

 private:
  /// What the phases of a run look like, in the order in which they happen.
  struct Phase {
    Stage stage;
    const core::Field* field;
    std::string_view label;
    Color color;
    std::vector<std::string> facts;
  };

  [[nodiscard]] std::vector<Phase> phases(std::string_view url, core::WallTime now) const {
    std::vector<std::string> tls = tls_facts(m_, t_);
    std::ranges::move(certificate_facts(m_, url, now, t_), std::back_inserter(tls));
    return {
        {Stage::kDns, &field::kResolveSeconds, label_of(Stage::kDns, t_), Color::kCyan, dns_facts(m_, t_)},
        {Stage::kTcp, &field::kConnectSeconds, label_of(Stage::kTcp, t_), Color::kGreen, tcp_facts(m_, t_)},
        {Stage::kTcp,
         &field::kTlsWaitSeconds,
         t_.say("queue", "排队"),
         Color::kGrey,
         {std::string{t_.say("for a place of ours among the handshakes", "等待本机的握手名额")}}},
        {Stage::kTls, &field::kTlsSeconds, label_of(Stage::kTls, t_), Color::kYellow, std::move(tls)},
        {Stage::kHttp, &field::kProcessingSeconds, label_of(Stage::kHttp, t_), Color::kBlue, http_facts(m_, t_)},
        {Stage::kHttp, &field::kTransferSeconds, t_.say("transfer", "传输"), Color::kGrey, transfer_facts(m_, t_)},
    };
  }

  void add(const Phase& phase, std::optional<double> length, std::vector<std::string> facts) {
    if (!length) return;
    bars_.push_back({phase.stage, std::string{phase.label}, end_, *length, phase.color, false, true, std::move(facts)});
    end_ += *length;
  }

  void add_phases(core::WallTime now) {
    const std::vector<Hop> hops = read_hops(text_of(m_, field::kHttpHops));
    const std::vector<Phase> all = phases(final_url(target_.url, m_), now);
    if (hops.size() < 2) {
      for (const Phase& phase : all) add(phase, number_of(m_, *phase.field), phase.facts);
      return;
    }
    // The facts of the run are those of its last hop.
    for (std::size_t i = 0; i < hops.size(); ++i) {
      const Hop& hop = hops[i];
      const bool last = i + 1 == hops.size();
      const std::string status = hop.status ? std::to_string(*hop.status) + " " : "";
      last_hop_ = bars_.size();
      bars_.push_back({.title = fmt::format("{} {}{}", i == 0 ? " " : t_.sign("↪", ">"), status, hop.url)});
      // `http_hops` has the phases that depend on the remote, in the same order.
      std::size_t next = 0;
      for (const Phase& phase : all) {
        if (phase.field == &field::kTlsWaitSeconds) continue;
        add(phase, hop.phases.at(next++), last ? phase.facts : std::vector<std::string>{});
      }
    }
  }

  /// A stage that the run was given up in has no time of its own: it lasted until the end.
  void add_unfinished() {
    const Stage stage = m_.outcome.stage;
    if (!ended_badly(m_.outcome) || stage == Stage::kDone) return;
    const auto of_last_hop = std::next(bars_.begin(), static_cast<std::ptrdiff_t>(last_hop_));
    const bool there =
        std::find_if(of_last_hop, bars_.end(), [stage](const Bar& b) { return b.stage == stage; }) != bars_.end();
    if (there || total_ <= end_) return;
    std::vector<std::string> facts;
    if (stage == Stage::kTcp) facts = tcp_facts(m_, t_);
    bars_.push_back({stage, std::string{label_of(stage, t_)}, end_, total_ - end_, Color::kRed, true, false, facts});
  }

  void mark_failed() {
    if (!ended_badly(m_.outcome)) return;
    const bool of_head = m_.outcome.cause == core::Cause::kStatus || m_.outcome.cause == core::Cause::kHeaderMismatch;
    Bar* guilty = nullptr;
    for (Bar& bar : bars_) {
      if (bar.stage == m_.outcome.stage && (guilty == nullptr || !of_head)) guilty = &bar;
    }
    if (guilty == nullptr) return;
    guilty->failed = true;
    guilty->color = m_.outcome.status == core::Status::kUnknown ? Color::kGrey : Color::kRed;
  }

  [[nodiscard]] std::vector<std::string> not_reached() const {
    std::vector<std::string> out;
    if (!ended_badly(m_.outcome)) return out;
    for (const Stage stage : stages_of(target_)) {
      if (stage > m_.outcome.stage) out.emplace_back(name(stage));
    }
    return out;
  }

  [[nodiscard]] int columns() const { return std::clamp(t_.columns / 3, 16, 48); }
  [[nodiscard]] int fact_columns() const {
    return std::max(t_.columns - columns() - kLabelColumns - kTimeColumns - 6, 20);
  }

  /// In eighths of a column, so that short stages stay visible and in proportion.
  [[nodiscard]] std::string bar_text(const Bar& bar) const {
    static constexpr std::array kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (total_ <= 0) return {};
    const int from = std::min(static_cast<int>(std::lround(bar.begin / total_ * columns())), columns() - 1);
    const double width = std::clamp(bar.length / total_ * columns(), 0.125, static_cast<double>(columns() - from));
    std::string out(static_cast<std::size_t>(from), ' ');
    const int full = static_cast<int>(std::floor(width));
    if (!t_.unicode) return out + std::string(static_cast<std::size_t>(std::max(full, 1)), bar.ended ? '#' : '.');
    for (int i = 0; i < full; ++i) out += bar.ended ? "█" : "░";
    return out + kEighths.at(static_cast<std::size_t>((width - full) * 8));
  }

  [[nodiscard]] std::string row(const Bar& bar) const {
    if (!bar.title.empty()) return "  " + t_.paint(Color::kBold, cut(bar.title, t_.columns - 2)) + "\n";
    const std::string label = bar.failed ? fmt::format("{} {}", t_.sign("✗", "x"), bar.label) : "  " + bar.label;
    const std::string time = seconds_text(bar.length);
    const auto paint = [&](std::string_view text) {
      return bar.failed ? t_.paint(bar.color, text) : std::string{text};
    };
    std::string out =
        fmt::format("{} {} {}", paint(pad(label, kLabelColumns + 2)),
                    t_.paint(bar.color, pad(bar_text(bar), columns())), paint(pad_left(time, kTimeColumns)));
    if (bar.facts.empty()) return out + "\n";
    std::string indent = "  ";
    for (const std::string& line : lay_out(bar.facts, fact_columns(), t_)) {
      out += indent + t_.paint(Color::kGrey, line) + "\n";
      indent = std::string(static_cast<std::size_t>(kLabelColumns + columns() + kTimeColumns) + 6, ' ');
    }
    return out;
  }

  [[nodiscard]] std::string axis() const {
    const std::string end = seconds_text(total_);
    const int line = std::max(columns() - core::display_width(end) - 3, 0);
    std::string text = "0 ";
    for (int i = 0; i < line; ++i) text += t_.sign("─", "-");
    return std::string(kLabelColumns + 3, ' ') + t_.paint(Color::kGrey, text + " " + end) + "\n";
  }

  const core::Target& target_;
  const Measurement& m_;
  const Terminal& t_;
  std::vector<Bar> bars_;
  std::size_t last_hop_ = 0;  // where its bars begin
  double end_ = 0;            // of the last phase
  double total_ = 0;          // the whole axis
};

std::string paragraph(std::string_view sign, std::string_view text, Color color, const Terminal& t) {
  std::string out;
  std::string head = fmt::format("  {} ", sign);
  for (const std::string& line : wrap(text, t.columns - 4)) {
    out += t.paint(color, head + line) + "\n";
    head = "    ";
  }
  return out;
}

}  // namespace

std::string status_mark(core::Status status, const Terminal& t) {
  return t.paint(color_of(status), fmt::format("{} {}", t.sign("●", "*"), word_of(status, t)));
}

std::string draw_verdict(const Measurement& m, const Terminal& t) {
  const core::Outcome& o = m.outcome;
  std::string out;
  if (o.cause != core::Cause::kNone) {
    const core::CauseInfo& info = core::info(o.cause);
    std::string text = fmt::format("{}_{}: {}", name(o.stage), info.name, t.say(info.en, info.zh));
    if (!o.detail.empty()) text += (t.language == core::Language::kChinese ? "：" : ": ") + shown(o.detail);
    const std::string_view sign = o.status == core::Status::kDegraded  ? "!"
                                  : o.status == core::Status::kUnknown ? "?"
                                                                       : t.sign("✗", "x");
    out += paragraph(sign, text, color_of(o.status), t);
    if (o.status == core::Status::kUnknown) {
      out += paragraph(" ",
                       t.say("This says nothing about the target: the fault is on this side.",
                             "这不说明目标有问题：故障在本机一侧。"),
                       Color::kGrey, t);
    }
    out += paragraph(t.sign("→", ">"), advice(o, t), Color::kBold, t);
  }
  if (integer_of(m, field::kSuspect).value_or(0) != 0) {
    const std::string why = text_of(m, field::kSuspectWhy);
    out += paragraph("!",
                     fmt::format(fmt::runtime(t.say("This machine does not trust its own result here ({}).",
                                                    "本机不信任自己的这次结果（{}）。")),
                                 why),
                     Color::kYellow, t);
  }
  return out;
}

std::string draw_waterfall(const core::Target& target, const Measurement& m, core::WallTime now, const Terminal& t) {
  std::string head = status_mark(m.outcome.status, t) + "  ";
  if (target.name != target.url) head += t.paint(Color::kBold, shown(target.name)) + "  ";
  head += t.paint(Color::kBold, shown(target.url));
  if (const auto whole = number_of(m, field::kDurationSeconds)) head += "  " + seconds_text(*whole);
  return head + "\n" + Chart{target, m, now, t}.draw() + draw_verdict(m, t);
}

}  // namespace sonde::cli
