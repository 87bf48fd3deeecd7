// The waterfall of `sonde check`.
#include "cli/waterfall.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sonde::cli {
namespace {

using core::Measurement;

std::optional<double> seconds(const Measurement& m, const core::Field& field) {
  const core::FieldValue* value = m.get(field);
  const auto* number = value == nullptr ? nullptr : std::get_if<double>(value);
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::optional<std::int64_t> integer(const Measurement& m, const core::Field& field) {
  const core::FieldValue* value = m.get(field);
  const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::string text(const Measurement& m, const core::Field& field) {
  const core::FieldValue* value = m.get(field);
  const auto* held = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return held == nullptr ? std::string{} : *held;
}

std::string dns_note(const Measurement& m, const Terminal& t) {
  if (std::string set = text(m, core::field::kDnsAnswerSet); !set.empty()) return set;
  const auto count = integer(m, core::field::kAddresses);
  if (!count) return {};
  return fmt::format(fmt::runtime(t.say(*count == 1 ? "{} address" : "{} addresses", "{} 个地址")), *count);
}

std::string tcp_note(const Measurement& m, const Terminal& t) {
  std::string note = text(m, core::field::kIp);
  if (const auto rtt = seconds(m, core::field::kTcpRttSeconds)) {
    note += fmt::format("  {} {}", t.say("kernel RTT", "内核 RTT"), core::human_duration(core::from_seconds(*rtt)));
  }
  return note;
}

std::string tls_note(const Measurement& m, core::WallTime now, const Terminal& t) {
  std::vector<std::string> parts;
  for (const core::Field& field : {core::field::kTlsVersion, core::field::kTlsCipher, core::field::kCertIssuer}) {
    if (std::string part = text(m, field); !part.empty()) parts.push_back(std::move(part));
  }
  if (const auto expiry = integer(m, core::field::kSslEarliestCertExpiry)) {
    const auto days = (*expiry - core::to_unix_ms(now) / 1000) / 86'400;
    parts.push_back(days >= 0 ? fmt::format(fmt::runtime(t.say("{} days left", "剩余 {} 天")), days)
                              : fmt::format(fmt::runtime(t.say("ended {} days ago", "已过期 {} 天")), -days));
  }
  return fmt::format("{}", fmt::join(parts, " · "));
}

std::string http_note(const Measurement& m) {
  const auto status = integer(m, core::field::kHttpStatusCode);
  if (!status) return {};
  return fmt::format("HTTP/{} {}", text(m, core::field::kHttpVersion), *status);
}

std::string transfer_note(const Measurement& m, const Terminal& t) {
  const auto bytes = integer(m, core::field::kHttpContentLength);
  if (!bytes) return {};
  return fmt::format(fmt::runtime(t.say("{} bytes", "{} 字节")), *bytes);
}

struct Row {
  std::string label;
  double length;
  Color color;
  std::string note;
};

std::vector<Row> rows(const Measurement& m, core::WallTime now, const Terminal& t) {
  std::vector<Row> result;
  const auto add = [&](const core::Field& field, std::string_view en, std::string_view zh, Color color,
                       std::string note) {
    if (const auto length = seconds(m, field)) {
      result.push_back(Row{std::string{t.say(en, zh)}, *length, color, std::move(note)});
    }
  };
  add(core::field::kResolveSeconds, "dns", "解析", Color::kCyan, dns_note(m, t));
  add(core::field::kConnectSeconds, "tcp", "连接", Color::kGreen, tcp_note(m, t));
  add(core::field::kTlsSeconds, "tls", "握手", Color::kYellow, tls_note(m, now, t));
  add(core::field::kProcessingSeconds, "wait", "等待", Color::kBlue, http_note(m));
  add(core::field::kTransferSeconds, "transfer", "传输", Color::kGrey, transfer_note(m, t));
  return result;
}

// A bar in eighths of a column, so that short stages stay visible and in proportion.
std::string bar(double begin, double length, double total, int columns) {
  static constexpr std::array kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (total <= 0) return {};
  const int from = static_cast<int>(std::floor(begin / total * columns));
  const double width = std::max(length / total * columns, 0.125);
  const int full = static_cast<int>(std::floor(width));
  std::string result(static_cast<std::size_t>(std::min(from, columns - 1)), ' ');
  for (int i = 0; i < full; ++i) result += "█";
  result += kEighths.at(static_cast<std::size_t>((width - full) * 8));
  return result;
}

Color color_of(core::Status status) {
  switch (status) {
    case core::Status::kOk:
      return Color::kGreen;
    case core::Status::kDegraded:
      return Color::kYellow;
    case core::Status::kFail:
      return Color::kRed;
    case core::Status::kUnknown:
      return Color::kGrey;
  }
  return Color::kGrey;
}

std::string_view word_of(core::Status status, const Terminal& t) {
  switch (status) {
    case core::Status::kOk:
      return t.say("ok", "正常");
    case core::Status::kDegraded:
      return t.say("degraded", "降级");
    case core::Status::kFail:
      return t.say("fail", "失败");
    case core::Status::kUnknown:
      return t.say("unknown", "未知");
  }
  return "";
}

std::string verdict_line(const Measurement& m, const Terminal& t) {
  const core::Outcome& o = m.outcome;
  if (o.cause == core::Cause::kNone) return {};
  const core::CauseInfo& info = core::info(o.cause);
  std::string line =
      fmt::format("  {} {} ({}_{})", t.say("at", "阶段"), core::name(o.stage), core::name(o.stage), info.name);
  line += fmt::format(": {}", t.say(info.en, info.zh));
  if (!o.detail.empty()) line += fmt::format(" — {}", o.detail);
  if (o.status == core::Status::kUnknown) {
    line += fmt::format("\n  {}", t.say("This says nothing about the target: the fault is on this side.",
                                        "这不说明目标有问题：故障在本机一侧。"));
  }
  return t.paint(color_of(o.status), line) + "\n";
}

}  // namespace

std::string draw_waterfall(const core::Target& target, const Measurement& m, core::WallTime now, const Terminal& t) {
  const std::vector<Row> stages = rows(m, now, t);
  double total = 0;
  for (const Row& row : stages) total += row.length;
  const double whole = seconds(m, core::field::kDurationSeconds).value_or(total);
  const int columns = std::clamp(t.columns / 3, 16, 48);

  std::string out =
      fmt::format("{} {}  {}\n", t.paint(color_of(m.outcome.status), fmt::format("● {}", word_of(m.outcome.status, t))),
                  t.paint(Color::kBold, target.url), core::human_duration(core::from_seconds(whole)));
  double begin = 0;
  for (const Row& row : stages) {
    out += fmt::format("  {} {} {:>9}{}\n", pad(row.label, 9),
                       t.paint(row.color, pad(bar(begin, row.length, total, columns), columns)),
                       core::human_duration(core::from_seconds(row.length)),
                       row.note.empty() ? "" : "  " + t.paint(Color::kGrey, row.note));
    begin += row.length;
  }
  return out + verdict_line(m, t);
}

}  // namespace sonde::cli
