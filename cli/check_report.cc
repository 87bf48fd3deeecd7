// Reports of finished runs.
#include "cli/check_report.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/facts.h"
#include "cli/waterfall.h"

namespace sonde::cli {
namespace {

namespace field = core::field;

constexpr std::size_t kOk = 0;
constexpr std::size_t kWarning = 1;
constexpr std::size_t kCritical = 2;
constexpr std::size_t kUnknown = 3;
constexpr std::array<std::string_view, 4> kNagiosWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/// '|' separates performance data: it may not stand in the text.
std::string without_bar(std::string text) {
  std::ranges::replace(text, '|', '/');
  return text;
}

struct NagiosLine {
  std::size_t state = kOk;
  std::string text;
  std::string data;
};

class NagiosWriter {
 public:
  NagiosWriter(const CheckResult& r, const NagiosThresholds& limits, const Terminal& t, std::string prefix)
      : r_(r), limits_(limits), t_(t), prefix_(std::move(prefix)) {
    judge();
    measure();
  }

  [[nodiscard]] NagiosLine take() { return std::move(line_); }

 private:
  void raise(std::size_t to, std::string why) {
    line_.state = std::max(line_.state, to);
    reasons_.push_back(std::move(why));
  }

  void judge() {
    const core::Outcome& o = r_.measurement.outcome;
    static constexpr std::array kStates{kOk, kWarning, kCritical, kUnknown};
    line_.state = kStates.at(static_cast<std::size_t>(o.status));
    if (o.cause != core::Cause::kNone) reasons_.push_back(cause_text(o, t_));
    // A run that did not succeed has no time worth a threshold.
    if (line_.state == kOk || line_.state == kWarning) judge_limits();
    std::string text = shown(r_.target->name);
    if (!reasons_.empty()) text += fmt::format(" {}", fmt::join(reasons_, "; "));
    line_.text = without_bar(std::move(text));
  }

  void judge_limits() {
    if (const auto seconds = number_of(r_.measurement, field::kDurationSeconds)) {
      const auto over = [&](const std::optional<core::Duration>& limit, std::size_t to) {
        if (!limit || *seconds <= core::to_seconds(*limit)) return false;
        raise(to, fmt::format(fmt::runtime(t_.say("took {}, more than {}", "耗时 {}，超过 {}")), seconds_text(*seconds),
                              core::format_duration(*limit)));
        return true;
      };
      if (!over(limits_.critical_duration, kCritical)) over(limits_.warning_duration, kWarning);
    }
    if (const auto expiry = integer_of(r_.measurement, field::kSslEarliestCertExpiry)) {
      const std::int64_t days = days_left(*expiry, r_.started);
      const auto under = [&](const std::optional<int>& limit, std::size_t to) {
        if (!limit || days >= *limit) return false;
        raise(to, fmt::format(fmt::runtime(t_.say("a certificate has {} days left, fewer than {}",
                                                  "证书剩余 {} 天，少于 {} 天")),
                              days, *limit));
        return true;
      };
      if (!under(limits_.critical_cert_days, kCritical)) under(limits_.warning_cert_days, kWarning);
    }
  }

  /// 'label'=value[unit];[warn];[crit];[min];[max]
  void add(std::string_view label, const std::string& value, std::string_view limits) {
    std::string name = prefix_ + std::string{label};
    std::erase(name, '=');
    std::ranges::replace(name, '\'', '"');
    if (!line_.data.empty()) line_.data += ' ';
    line_.data += fmt::format("'{}'={};{}", without_bar(name), value, limits);
  }

  void measure() {
    const auto limit = [](const std::optional<core::Duration>& d) {
      return d ? fmt::format("{}", core::to_seconds(*d)) : std::string{};
    };
    const auto seconds = [&](std::string_view label, const core::Field& f, std::string_view limits) {
      if (const auto value = number_of(r_.measurement, f)) add(label, fmt::format("{:.6f}s", *value), limits);
    };
    const std::string of_time =
        fmt::format("{};{};0", limit(limits_.warning_duration), limit(limits_.critical_duration));
    seconds("time", field::kDurationSeconds, of_time);
    seconds("resolve", field::kResolveSeconds, ";;0");
    seconds("connect", field::kConnectSeconds, ";;0");
    seconds("tls", field::kTlsSeconds, ";;0");
    seconds("processing", field::kProcessingSeconds, ";;0");
    seconds("transfer", field::kTransferSeconds, ";;0");
    seconds("rtt", field::kTcpRttSeconds, ";;0");
    if (const auto bytes = body_bytes(r_.measurement)) {
      add("size", fmt::format("{}B", *bytes), ";;0");
    }
    if (const auto expiry = integer_of(r_.measurement, field::kSslEarliestCertExpiry)) {
      // "N:" is Nagios' range for "alert below N".
      const auto below = [](const std::optional<int>& days) {
        return days ? fmt::format("{}:", *days) : std::string{};
      };
      add("cert_days", std::to_string(days_left(*expiry, r_.started)),
          fmt::format("{};{}", below(limits_.warning_cert_days), below(limits_.critical_cert_days)));
    }
  }

  const CheckResult& r_;
  const NagiosThresholds& limits_;
  const Terminal& t_;
  std::string prefix_;
  std::vector<std::string> reasons_;
  NagiosLine line_;
};

}  // namespace

std::string json_line(const core::Record& record) {
  nlohmann::ordered_json object;
  object["time_ms"] = core::to_unix_ms(record.time);
  for (const auto& [key, value] : record.tags) object[key] = value;
  for (const auto& [key, value] : record.fields) {
    std::visit([&object, &key = key](const auto& held) { object[key] = held; }, value);
  }
  // What a remote sent is sanitized UTF-8 already; replacing is for the unexpected, never an exception.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

NagiosReport nagios_report(std::span<const CheckResult> results, const NagiosThresholds& thresholds,
                           const Terminal& t) {
  const bool several = results.size() > 1;
  std::vector<NagiosLine> lines;
  lines.reserve(results.size());
  for (const CheckResult& r : results) {
    lines.push_back(NagiosWriter{r, thresholds, t, several ? shown(r.target->name) + " " : std::string{}}.take());
  }
  // A failure is worth more than not knowing: CRITICAL, UNKNOWN, WARNING, OK.
  static constexpr std::array<int, 4> kRank{0, 1, 3, 2};
  std::ranges::stable_sort(
      lines, [](const NagiosLine& a, const NagiosLine& b) { return kRank.at(a.state) > kRank.at(b.state); });
  NagiosReport out;
  if (lines.empty()) return {fmt::format("SONDE {} -\n", kNagiosWords[kUnknown]), static_cast<int>(kUnknown)};
  out.code = static_cast<int>(lines.front().state);
  std::string more;
  std::string data;
  std::size_t fine = 0;
  for (const NagiosLine& line : lines) {
    fine += line.state == kOk ? 1 : 0;
    data += (data.empty() ? "" : " ") + line.data;
    if (several) more += fmt::format("{}: {}\n", kNagiosWords.at(line.state), line.text);
  }
  const std::string count =
      several ? fmt::format(fmt::runtime(t.say("{} of {} fine", "{} / {} 正常")), fine, lines.size()) + ", " : "";
  const std::string first = several && lines.front().state == kOk ? "" : lines.front().text;
  out.text = fmt::format("SONDE {} - {}{} | {}\n{}", kNagiosWords.at(lines.front().state), count, first, data, more);
  return out;
}

std::string summary_table(std::span<const CheckResult> results, const Terminal& t) {
  int width = 6;
  for (const CheckResult& r : results) width = std::max(width, core::display_width(shown(r.target->name)));
  width = std::min(width, std::max(t.columns / 2 - 10, 20));
  std::array<std::size_t, 4> counts{};
  std::string out;
  for (const CheckResult& r : results) {
    const core::Outcome& o = r.measurement.outcome;
    ++counts.at(static_cast<std::size_t>(o.status));
    const std::string word = fmt::format("{} {}", t.sign("●", "*"), word_of(o.status, t));
    const auto seconds = number_of(r.measurement, field::kDurationSeconds);
    const std::string cause = cause_text(o, t);
    const int room = t.live ? std::max(t.columns - width - 10 - 9 - 6, 10) : 10'000;
    out +=
        fmt::format("{} {} {}", t.paint(color_of(o.status), pad(word, 10)),
                    pad(cut(shown(r.target->name), width), width), pad_left(seconds ? seconds_text(*seconds) : "", 9));
    if (!cause.empty()) out += "  " + t.paint(color_of(o.status), cut(cause, room));
    out += "\n";
  }
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto status = static_cast<core::Status>(i);
    if (counts.at(i) > 0)
      parts.push_back(t.paint(color_of(status), fmt::format("{} {}", counts.at(i), word_of(status, t))));
  }
  return out +
         fmt::format("{}: {}\n",
                     fmt::format(fmt::runtime(t.say(results.size() == 1 ? "{} target" : "{} targets", "{} 个目标")),
                                 results.size()),
                     fmt::join(parts, ", "));
}

int exit_code_of(bool any_failed, bool any_unknown) {
  return any_failed ? exit_code::kFailed : any_unknown ? exit_code::kUnknown : exit_code::kOk;
}

}  // namespace sonde::cli
