// Words for the facts of pipeline/influx_examination.h. Which promise stands behind each check: RELIABILITY 1.3.
#include "cli/doctor_sinks.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.h"

namespace sonde::cli {
namespace {

using pipeline::CanaryFate;
using pipeline::InfluxExamination;
using pipeline::InfluxOptions;
using pipeline::ServerKind;
using pipeline::SinkReply;
using Reading = InfluxExamination::Reading;
using Remains = InfluxExamination::Remains;

constexpr core::Duration kVictoriaStores = std::chrono::seconds{30};  // RELIABILITY P4: lost after 8 s, kept after 12 s
constexpr core::Duration kClockWarn = std::chrono::seconds{1};        // P11
constexpr core::Duration kClockFail = std::chrono::seconds{60};

std::string seconds_text(core::Duration d) { return fmt::format("{:+.1f} s", core::to_seconds(d)); }

class SinkWords {
 public:
  SinkWords(const InfluxOptions& options, const InfluxExamination& found)
      : options_(options), found_(found), about_("sink " + options.name) {}

  std::vector<Diagnosis> all() {
    reach();
    if (!found_.unreachable.empty()) return std::move(out_);
    clock();
    write();
    once();
    if (found_.reading == Reading::kDone && found_.fate.found()) {
      times();
      values();
    }
    types();
    if (found_.writes_taken > 0) durability();
    remains();
    return std::move(out_);
  }

 private:
  void add(Grade grade, std::string_view check, std::string_view promise, core::BilingualText text,
           core::BilingualText advice = {}) {
    out_.push_back({grade, about_, check, promise, std::move(text), std::move(advice)});
  }

  void reach() {
    if (!found_.unreachable.empty()) {
      return add(Grade::kFail, "reach", "P10", both("{}", "没有应答：{}", found_.unreachable),
                 both("check url, the way there, and that the server runs; until then results wait in the log",
                      "检查 url、网络和服务器是否在运行；在此之前结果在日志中等待"));
    }
    const std::string who = found_.server.product.empty() ? options_.url : found_.server.product;
    add(Grade::kOk, "reach", "P10",
        both("{} at {} answered in {}", "{} 位于 {}，应答用时 {}", who, fmt::join(found_.addresses.list, ", "),
             core::human_duration(found_.answered_in)));
  }

  void clock() {
    if (!found_.clock) {
      return add(Grade::kOk, "clock", "P11",
                 both("the server sends no Date, so nothing is known from it", "服务器不发送 Date，无从比较"));
    }
    const auto& [least, most] = *found_.clock;
    const core::Duration off = std::max({core::Duration{}, least, -most});
    const core::BilingualText text = both(
        "our clock less the server's is between {} and {} (its Date has whole seconds, and its own clock may be wrong)",
        "本机时钟减服务器时钟在 {} 与 {} 之间（其 Date 只到整秒，且它自己的时钟也可能不准）", seconds_text(least),
        seconds_text(most));
    const Grade grade = off >= kClockFail ? Grade::kFail : off >= kClockWarn ? Grade::kWarn : Grade::kOk;
    if (grade == Grade::kOk) return add(grade, "clock", "P11", text);
    add(grade, "clock", "P11", text,
        both("set both clocks by a time service: results are stamped by ours, and a hub refuses what is 2 min ahead",
             "用时间服务校准两边的时钟：结果按本机时钟打时间戳，超前 2 分钟的会被中心拒绝"));
  }

  void write() {
    if (!found_.refusal) {
      return add(Grade::kOk, "write", "P9",
                 both("took the canary {} times", "{} 次写入金丝雀均被接受", found_.writes_taken));
    }
    const SinkReply& reply = *found_.refusal;
    switch (reply.kind) {
      case SinkReply::Kind::kBlocked:
        return add(Grade::kFail, "write", "P9", both("{}", "写入被拒绝：{}", reply.message),
                   both("correct it; until then results are kept and it is asked once a minute",
                        "请更正；在此之前结果会保留，每分钟重试一次"));
      case SinkReply::Kind::kRetry:
        return add(Grade::kFail, "write", "P9", both("{}", "写入没有成功：{}", reply.message),
                   both("results are kept and sent again until it takes them", "结果会保留并重发，直到被接受"));
      case SinkReply::Kind::kDone:
        return add(Grade::kFail, "write", "P8", both("refuses lines: {}", "拒绝写入行：{}", reply.message),
                   both("lines that it refuses go to {}", "被拒绝的行会写入 {}", options_.dead_letter_file));
    }
  }

  void once() {
    switch (found_.reading) {
      case Reading::kNotTried:
        return;
      case Reading::kNoWay:
        return no_way();
      case Reading::kForbidden:
        return add(Grade::kWarn, "once", "P2",
                   both("these credentials may write and not read, so nothing more is known: {}",
                        "该凭据可写不可读，因此无法得知更多：{}", found_.reading_said),
                   both("let the doctor use credentials that may read too", "请让 doctor 使用也能读取的凭据"));
      case Reading::kFailed:
        return add(Grade::kWarn, "once", "P2", both("reading back failed: {}", "读回失败：{}", found_.reading_said),
                   both("ask the database for measurement {} by hand", "请手动在数据库中查询 {}",
                        pipeline::kCanaryMeasurement));
      case Reading::kDone:
        return copies();
    }
  }

  void no_way() {
    const bool hub = found_.server.kind == ServerKind::kHub;
    add(Grade::kWarn, "once", "P2",
        both("no reading back is possible: what takes the writes here answers no queries",
             "无法读回：这里接收写入的程序不回答查询"),
        hub ? both("run `sonde doctor` on the hub: it examines the hub's own sinks",
                   "在中心上运行 `sonde doctor`：它会检查中心自己的出口")
            : both("run it against the database behind this one", "请对它背后的数据库运行 doctor"));
  }

  void copies() {
    const CanaryFate& f = found_.fate;
    if (!f.found()) {
      if (found_.refusal) return;
      return add(Grade::kFail, "once", "P2",
                 both("was acknowledged {} times and is not there after {}: this server acknowledges and forgets",
                      "{} 次确认，但 {} 后仍查不到：此服务器确认之后就忘掉了", found_.writes_taken,
                      core::format_duration(pipeline::kCanaryPatience)),
                 both("do not rely on it: look at retention, relabelling and whether a proxy answers in its place",
                      "不要依赖它：检查保留时间、改标签规则，以及是否有代理代为应答"));
    }
    const int most = std::max({f.first_copies, f.second_copies, 1});
    if (most == 1) {
      return add(Grade::kOk, "once", "P2",
                 both("the same point, acknowledged {} times, is there once", "同一个点确认 {} 次，只存了一份",
                      found_.writes_taken));
    }
    const bool victoria = found_.server.kind == ServerKind::kVictoria;
    add(Grade::kWarn, "once", "P2",
        both("the same point, acknowledged {} times, is there {} times: what is sent again counts again",
             "同一个点确认 {} 次，存了 {} 份：重发的会被重复计数", found_.writes_taken, most),
        victoria ? both("start it with -dedup.minScrapeInterval=1ms", "启动时加上 -dedup.minScrapeInterval=1ms")
                 : both("turn on what removes equal points there", "请在该数据库上启用去重"));
  }

  void times() {
    const CanaryFate& f = found_.fate;
    if (f.moved_to) {
      return add(Grade::kFail, "time", "P3",
                 both("a point was found at {} ms instead of its own time", "有一个点的时间变成了 {} ms",
                      core::to_unix_ms(*f.moved_to)),
                 both("look for a precision or an aggregation that is set there", "检查那里设置的时间精度或聚合"));
    }
    if (f.first_copies == 0 || f.second_copies == 0) {
      return add(Grade::kWarn, "time", "P3", both("of two points 1 ms apart one is left", "相隔 1 ms 的两个点只剩一个"),
                 both("a deduplication interval longer than that between two results loses results: 1ms is enough",
                      "去重间隔若长于两次结果的间隔就会丢结果：1ms 即可"));
    }
    add(Grade::kOk, "time", "P3", both("times are kept to the millisecond", "时间精确到毫秒，未被改动"));
  }

  void values() {
    const CanaryFate& f = found_.fate;
    if (!f.integer_kept || !f.fraction_kept) {
      return add(Grade::kFail, "values", "", both("numbers come back changed", "数字读回后变了"),
                 both("do not trust figures from there", "不要相信那里的数值"));
    }
    const bool left_out =
        found_.server.kind == ServerKind::kVictoria || options_.omit_strings == InfluxOptions::OmitStrings::kYes;
    if (f.text == CanaryFate::Text::kKept || (f.text == CanaryFate::Text::kAbsent && left_out)) {
      const core::BilingualText whole = numbers();
      const bool kept = f.text == CanaryFate::Text::kKept;
      return add(Grade::kOk, "values", "",
                 {whole.en + (kept ? ", texts too" : "; texts are left out for this sink"),
                  whole.zh + (kept ? "，文本也是" : "；此出口省略文本")});
    }
    add(Grade::kWarn, "values", "", both("texts come back changed or not at all", "文本读回后变了或丢失"),
        both("omit_strings: true leaves them out", "omit_strings: true 可省略文本字段"));
  }

  [[nodiscard]] core::BilingualText numbers() const {
    if (!found_.fate.fraction_exactly) {
      return both("integers come back as floats, decimals to 15 digits", "整数读回为浮点数，小数保留 15 位");
    }
    if (found_.fate.integer_type_kept) return both("numbers come back exactly", "数字原样读回");
    return both("numbers come back exactly, integers as floats", "数字原样读回，整数成为浮点数");
  }

  void types() {
    if (!found_.types_known) return;
    if (found_.conflicts.empty()) {
      return add(Grade::kOk, "types", "P8",
                 both("the fields of probe have the types that Sonde writes, or are not there yet",
                      "probe 各字段的类型与 Sonde 写入的一致，或尚不存在"));
    }
    for (const pipeline::TypeConflict& c : found_.conflicts) {
      add(Grade::kFail, "types", "P8",
          both("field {} of probe is {} there and {} here: every line with it is refused",
               "probe 的字段 {} 在那里是 {}，这里是 {}：含有它的每一行都会被拒绝", c.field, c.there, c.ours),
          both("use a database of its own, or drop the measurement probe there",
               "请使用单独的数据库，或在那里删除 probe"));
    }
  }

  void durability() {
    const std::string hold = core::format_duration(found_.ack_hold);
    switch (found_.server.kind) {
      case ServerKind::kInflux1:
      case ServerKind::kInflux3:
        return add(Grade::kOk, "durability", "P4",
                   both("what is acknowledged is on disk (unless its wal-fsync-delay says otherwise)",
                        "确认即已落盘（除非设置了 wal-fsync-delay）"));
      case ServerKind::kInflux2:
        return add(Grade::kOk, "durability", "P4",
                   both("what is acknowledged is on disk; InfluxDB Cloud has only accepted it by then",
                        "确认即已落盘；InfluxDB Cloud 则只是已接收"));
      case ServerKind::kHub:
        return add(Grade::kOk, "durability", "P4",
                   both("a hub acknowledges once all is durable in its log", "中心在全部写入其日志并落盘后才确认"));
      case ServerKind::kVictoria:
        return victoria(hold);
      case ServerKind::kVictoriaGate:
        return add(Grade::kWarn, "durability", "P4",
                   both("acknowledges for others, before they have it; kept for {} after that",
                        "代他人确认，此时对方尚未收到；确认后再保留 {}", hold),
                   both("write to the database itself: the log is the queue", "请直接写入数据库：日志本身就是队列"));
      case ServerKind::kUnknown:
        return add(Grade::kWarn, "durability", "P4",
                   both("what an acknowledgement of this server means is not known; kept for {} after it",
                        "不清楚此服务器的确认意味着什么；确认后再保留 {}", hold),
                   both("set ack_hold if it answers before it stores", "若它先应答后存储，请设置 ack_hold"));
    }
  }

  void victoria(const std::string& hold) {
    if (found_.ack_hold < kVictoriaStores) {
      return add(Grade::kWarn, "durability", "P4",
                 both("acknowledges before it stores, and is trusted after {}: a kill may lose what it took",
                      "先确认后存储，而 {} 后就被视为可靠：被杀死时可能丢失已接收的数据", hold),
                 both("leave ack_hold out, or make it 30s", "去掉 ack_hold，或设为 30s"));
    }
    if (!found_.server.start_time_visible) {
      return add(
          Grade::kWarn, "durability", "P4",
          both("acknowledges before it stores, and does not show since when it runs", "先确认后存储，且不显示启动时间"),
          both("let this sink read its /metrics, so that a restart is seen",
               "请允许此出口读取其 /metrics，以便发现重启"));
    }
    add(Grade::kOk, "durability", "P4",
        both("acknowledges before it stores: what it took is kept {} and sent again after a restart",
             "先确认后存储：已接收的再保留 {}，重启后会重发", hold));
  }

  void remains() {
    switch (found_.remains) {
      case Remains::kNothing:
        return;
      case Remains::kRemoved:
        return add(Grade::kOk, "canary", "", both("the canary was removed", "金丝雀已删除"));
      case Remains::kRemovedItSays:
        return add(Grade::kOk, "canary", "",
                   both("the server says that the canary was removed", "服务器称金丝雀已删除"));
      case Remains::kStays:
        if (found_.remains_said.empty()) {
          return add(Grade::kOk, "canary", "",
                     both("two points stay in measurement {}: they cannot be removed from here",
                          "有两个点留在 {} 中：从这里无法删除", pipeline::kCanaryMeasurement));
        }
        return add(Grade::kWarn, "canary", "",
                   both("two points stay in measurement {}: {}", "有两个点留在 {} 中：{}", pipeline::kCanaryMeasurement,
                        found_.remains_said),
                   both("they harm nothing; remove them by hand if they disturb", "它们无害；如有妨碍可手动删除"));
      case Remains::kNotKnown:
        return add(
            Grade::kWarn, "canary", "",
            both("two points may stay in measurement {}", "可能有两个点留在 {} 中", pipeline::kCanaryMeasurement),
            both("they harm nothing; remove them by hand if they disturb", "它们无害；如有妨碍可手动删除"));
    }
  }

  const InfluxOptions& options_;
  const InfluxExamination& found_;
  std::string about_;
  std::vector<Diagnosis> out_;
};

}  // namespace

std::vector<Diagnosis> diagnose_influx(const InfluxOptions& options, const InfluxExamination& found) {
  return SinkWords{options, found}.all();
}

Diagnosis diagnose_stdout(std::string_view name) {
  return {Grade::kOk,
          "sink " + std::string{name},
          "write",
          "",
          both("standard output: what is written there cannot be read back", "标准输出：写入后无法读回"),
          {}};
}

}  // namespace sonde::cli
