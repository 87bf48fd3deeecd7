// `sonde check URL…`: one run of each target now, or runs again and again.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>

#include <fmt/format.h>

#include "cli/check_plan.h"
#include "cli/check_report.h"
#include "cli/explain.h"
#include "cli/files_in.h"
#include "cli/progress.h"
#include "cli/repetition.h"
#include "cli/verbs.h"
#include "cli/waterfall.h"
#include "io/address.h"
#include "io/files.h"
#include "io/system_loop.h"
#include "prober/prober.h"

namespace sonde::cli {
namespace {

constexpr std::size_t kTableFrom = 4;  // a table at the end for so many targets
constexpr core::Duration kTick = std::chrono::seconds{1};

/// One target and its runs.
struct Item {
  prober::TargetEntry entry;
  io::Handle run;
  io::Handle timer;  // of the next run
  int begun = 0;
  int ended = 0;
  core::WallTime started{};
  std::optional<CheckResult> result;  // the newest
  Repetition history;
  // Of --explain: the questions that go to the resolver beside the run.
  std::vector<prober::TargetEntry> questions;
  std::vector<ResolverAnswer> answers;
  std::vector<io::Handle> asking;
};

/// "2025-11-24T10:00:00.123Z".
std::string stamp(core::WallTime t) {
  const std::string seconds = core::format_utc(t);
  return fmt::format("{}.{:03}Z", seconds.substr(0, seconds.size() - 1), core::to_unix_ms(t) % 1000);
}

class Session {
 public:
  Session(const CheckOptions& options, const Context& context, CheckPlan plan, io::Files& files)
      : options_(options),
        out_(context.out),
        err_(context.err),
        repeats_(options.watch || options.count > 0),
        every_(options.watch.value_or(std::chrono::seconds{1})),
        loop_(io::make_system_loop()),
        http_(io::make_http_client(*loop_)),
        files_(files),
        resolv_conf_(read_resolv_conf(files)),
        config_(std::move(plan.prober)),
        progress_(err_, plan.targets.size(), plan.targets.size() > 1 && !repeats_ && !options.nagios) {
    for (prober::TargetEntry& entry : plan.targets) {
      items_.push_back(std::make_unique<Item>());
      items_.back()->entry = std::move(entry);
    }
  }

  [[nodiscard]] core::Result<void> open() {
    auto prober =
        prober::make_prober(*loop_, files_, *http_, std::move(config_), resolv_conf_, [](const core::Record&) {});
    if (!prober) return prober.error();
    prober_ = std::move(*prober);
    return {};
  }

  int execute() {
    const io::Handle signals = io::watch_signals(*loop_, [this](int) { on_signal(); });
    for (const auto& item : items_) waiting_.push_back(item.get());
    const io::Handle first = loop_->soon([this] { begin_waiting(); });
    tick();
    loop_->run();
    progress_.clear();
    return finish();
  }

 private:
  // ---- running ----

  void begin_waiting() {
    while (!waiting_.empty() && in_flight_ < static_cast<std::size_t>(options_.parallel)) {
      Item& item = *waiting_.front();
      waiting_.pop_front();
      ++in_flight_;
      if (options_.explain) {
        ask(item);
      } else {
        begin(item);
      }
    }
  }

  /// The whole answers of the resolver: a run keeps only how many there were.
  void ask(Item& item) {
    const auto url = core::parse_url(item.entry.target.url);
    const bool by_name = url && item.entry.target.check != core::CheckKind::kDns && !io::parse_address(url->host);
    item.answers.clear();
    item.questions.clear();
    if (!by_name) return begin(item);
    for (const std::string type : {"A", "AAAA"}) {
      auto entry = prober::target_from_url("dns:///" + url->host + "?type=" + type, item.entry.target.timeout);
      if (!entry) continue;
      item.questions.push_back(std::move(*entry));
      item.answers.push_back({type, {}});
    }
    ask_next(item, 0);
  }

  void ask_next(Item& item, std::size_t question) {
    if (question == item.questions.size()) return begin(item);
    item.asking.push_back(prober_->run_once(item.questions[question], [this, &item, question](core::Measurement m) {
      item.answers[question].measurement = std::move(m);
      ask_next(item, question + 1);
    }));
  }

  void begin(Item& item) {
    ++item.begun;
    item.started = loop_->wall_now();
    if (repeats_ && (options_.count == 0 || item.begun < options_.count)) {
      item.timer = loop_->after(every_, [this, &item] { on_due(item); });
    }
    item.run = prober_->run_once(item.entry, [this, &item](core::Measurement m) { on_ended(item, std::move(m)); });
  }

  /// A run that is still going on when the next one is due is waited for; the grid goes on from there.
  void on_due(Item& item) {
    if (item.ended < item.begun) {
      overdue_.push_back(&item);
      return;
    }
    waiting_.push_back(&item);
    begin_waiting();
  }

  void on_ended(Item& item, core::Measurement m) {
    --in_flight_;
    ++item.ended;
    if (repeats_) m.set(core::field::kSeq, std::int64_t{item.ended - 1});
    item.history.add(m);
    any_failed_ |= m.outcome.status == core::Status::kFail;
    any_unknown_ |= m.outcome.status == core::Status::kUnknown;
    const bool failed = m.outcome.status == core::Status::kFail || m.outcome.status == core::Status::kUnknown;
    item.result = CheckResult{&item.entry.target, item.started, std::move(m)};
    if (repeats_) {
      report_again(item);
      if (std::erase(overdue_, &item) > 0) waiting_.push_back(&item);
    } else {
      print_ready();
      progress_.ended(loop_->now(), failed, name_of_a_running_one());
    }
    begin_waiting();
    if (all_ended()) loop_->stop();
  }

  [[nodiscard]] bool all_ended() const {
    if (!waiting_.empty() || in_flight_ > 0 || !overdue_.empty()) return false;
    if (!repeats_) return true;
    return options_.count > 0 &&
           std::ranges::all_of(items_, [this](const auto& i) { return i->ended == options_.count; });
  }

  [[nodiscard]] std::string_view name_of_a_running_one() const {
    for (const auto& item : items_) {
      if (item->begun > item->ended) return item->entry.target.name;
    }
    return {};
  }

  void tick() {
    timer_ = loop_->after(kTick, [this] {
      progress_.tick(loop_->now(), name_of_a_running_one());
      tick();
    });
  }

  void on_signal() {
    interrupted_ = true;
    loop_->stop();
  }

  // ---- reporting ----

  /// In the order given, each as soon as those before it are there.
  void print_ready() {
    for (; printed_ < items_.size() && items_[printed_]->result; ++printed_) print(*items_[printed_]);
  }

  void print(const Item& item) {
    if (options_.nagios || options_.brief) return;  // at the end, all together
    progress_.clear();
    const CheckResult& r = *item.result;
    std::string text = options_.json ? json_of(item) : draw_waterfall(*r.target, r.measurement, r.started, out_);
    if (options_.explain) text += draw_explanation({item.entry, r, prober_->config(), item.answers}, out_);
    if (!options_.json && printed_ + 1 < items_.size()) text += "\n";
    write(text);
  }

  [[nodiscard]] std::string json_of(const Item& item) const {
    const CheckResult& r = *item.result;
    return json_line(core::to_record(r.measurement, prober_->config().vantage, *r.target, r.started));
  }

  void report_again(const Item& item) {
    if (options_.json) return write(json_of(item));
    if (options_.nagios) return;
    if (out_.live) return redraw();
    const CheckResult& r = *item.result;
    write(fmt::format("{} {}", stamp(r.started), first_line(r)));
  }

  /// One line of the table without its total.
  [[nodiscard]] std::string first_line(const CheckResult& r) const {
    const std::string table = summary_table({&r, 1}, out_);
    return table.substr(0, table.find('\n') + 1);
  }

  [[nodiscard]] std::string table(int rows) const {
    std::vector<RepeatedTarget> targets;
    for (const auto& item : items_) targets.push_back({item->entry.target.name, &item->history});
    return repetition_table(targets, rows, out_);
  }

  /// Draws over what was drawn before: up, and clear to the end of the screen.
  void redraw() {
    refresh_size(out_, STDOUT_FILENO);
    const std::string text = table(out_.rows - 2);
    const std::string back = drawn_lines_ > 0 ? fmt::format("\x1b[{}A\r\x1b[J", drawn_lines_) : std::string{};
    drawn_lines_ = std::ranges::count(text, '\n');
    write(back + text);
  }

  void write(std::string_view text) {
    if (broken_ || write_out(text)) return;
    broken_ = true;
    // Whoever closed the pipe has what he wanted; anything else is worth a word.
    if (errno != EPIPE) write_err(fmt::format("sonde: stdout: {}\n", std::strerror(errno)));
    write_failed_ = errno != EPIPE;
    loop_->stop();
  }

  int finish() {
    if (broken_) return write_failed_ ? exit_code::kUnknown : exit_code_of(any_failed_, any_unknown_);
    std::vector<CheckResult> results;
    std::size_t missing = 0;
    for (const auto& item : items_) {
      if (item->result) {
        results.push_back(*item->result);
      } else {
        ++missing;
      }
    }
    if (options_.nagios) return finish_nagios(results);
    if (repeats_) {
      finish_repeated();
      return results.empty() ? exit_code::kInterrupted : exit_code_of(any_failed_, any_unknown_);
    }
    if (interrupted_) print_rest();
    const bool table = options_.brief || (results.size() >= kTableFrom && !options_.json);
    if (table) write((options_.brief ? "" : "\n") + summary_table(results, out_));
    if (missing == 0) return exit_code_of(any_failed_, any_unknown_);
    const Terminal& t = err_;
    write_err(t.paint(Color::kYellow, fmt::format(fmt::runtime(t.say("interrupted: {} of {} had no result yet",
                                                                     "被中断：{} / {} 尚无结果")),
                                                  missing, items_.size())) +
              "\n");
    return exit_code::kInterrupted;
  }

  int finish_nagios(const std::vector<CheckResult>& results) {
    const NagiosReport report = nagios_report(results, options_.thresholds, out_);
    write(report.text);
    return report.code;
  }

  void finish_repeated() {
    constexpr int kAllRows = 1'000'000;
    if (options_.json) return write_err(table(kAllRows));
    if (out_.live) {
      drawn_lines_ > 0 ? redraw() : void();
    } else {
      write("\n" + table(kAllRows));
    }
  }

  /// Those that ended while an earlier one had not.
  void print_rest() {
    for (std::size_t i = printed_; i < items_.size(); ++i) {
      printed_ = i;
      if (items_[i]->result) print(*items_[i]);
    }
  }

  const CheckOptions& options_;
  Terminal out_;
  Terminal err_;
  bool repeats_;
  core::Duration every_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::HttpClient> http_;
  io::Files& files_;
  std::string resolv_conf_;
  prober::ProberConfig config_;
  std::unique_ptr<prober::Prober> prober_;
  std::vector<std::unique_ptr<Item>> items_;
  std::deque<Item*> waiting_;
  std::vector<Item*> overdue_;
  std::size_t in_flight_ = 0;
  std::size_t printed_ = 0;
  Progress progress_;
  io::Handle timer_;
  std::ptrdiff_t drawn_lines_ = 0;
  bool any_failed_ = false;
  bool any_unknown_ = false;
  bool interrupted_ = false;
  bool broken_ = false;
  bool write_failed_ = false;
};

/// A plugin speaks on stdout, and its wrong use is UNKNOWN.
int usage_error(const core::ConfigErrors& errors, const CheckOptions& options, const Context& context) {
  std::string text;
  for (const core::ConfigError& e : errors.all()) {
    const core::Language language = context.err.language;
    const bool chinese = language == core::Language::kChinese && !e.zh.empty();
    const std::string message = !e.file.empty() ? core::to_string(e, language) : chinese ? e.zh : e.message;
    if (options.nagios) {
      const bool said = write_out(fmt::format("SONDE UNKNOWN - {}\n", shown(message)));
      return said ? exit_code::kUnknown : exit_code::kUsage;
    }
    const Terminal& t = context.err;
    text += fmt::format("{}: {}\n", t.paint(Color::kRed, t.say("error", "错误")), shown(message));
  }
  write_err(text);
  return exit_code::kUsage;
}

}  // namespace

int check_verb(const CheckOptions& options, const Context& context) {
  const auto files = io::make_system_files();
  core::ConfigErrors errors;
  CheckPlan plan = plan_check(options, *files, context.err, errors);
  if (!errors.empty()) return usage_error(errors, options, context);
  if (!options.nagios) {
    for (const std::string& remark : plan.remarks) write_err(context.err.paint(Color::kGrey, remark) + "\n");
  }
  Session session{options, context, std::move(plan), *files};
  if (const auto opened = session.open(); !opened) {
    errors.add({std::string{}, 0, 0, opened.error().message, opened.error().zh});
    return usage_error(errors, options, context);
  }
  return session.execute();
}

}  // namespace sonde::cli
