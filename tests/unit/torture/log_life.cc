// The life of a log under torture, and the audit after it.
#include "tests/unit/torture/log_life.h"

#include <algorithm>
#include <array>
#include <new>

#include <fmt/format.h>

#include "core/line_protocol.h"
#include "tests/unit/torture/failing_new.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::OutsideWorld;
using sonde::test::SimLoop;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

LogOptions options() {
  const OutsideWorld outside;
  LogOptions o = small_log();
  o.segment_bytes = 16 * 1024;
  o.age_max = hours{24};
  return o;
}

void note(std::string_view lines, Ledger& ledger) {
  const OutsideWorld outside;
  core::decode_lines(
      lines, core::Precision::kNanoseconds, {},
      [&](const core::Record& r) {
        if (r.measurement != "gap") ledger.got.insert(static_cast<int>(*r.integer("n")));
      },
      [&](const core::LineError& e) { ledger.wrong = "a line that is none: " + e.message; });
}

/// Reads all that can be read, for the gap records in it alone. It never waits, so that it gets them before they may be
/// evicted in their turn.
void note_gaps(Cursor& watcher, Ledger& ledger) {
  const OutsideWorld outside;
  while (true) {
    const auto batch = watcher.read(64 * 1024);
    if (!batch || batch->records == 0) return;
    for (const core::Record& gap : gaps_in(batch->lines)) {
      ledger.told[core::to_unix_ms(gap.time)] = static_cast<std::uint64_t>(*gap.integer("count"));
    }
    watcher.commit(batch->next);
  }
}

/// One process: a log, its readers and its steps.
class Life {
 public:
  Life(io::Files& files, Ledger& ledger, const std::function<void()>& after_step)
      : files_(files), ledger_(ledger), after_step_(after_step) {
    attempt([this] {
      auto opened = open_log(*loop_, files_, options());
      if (opened) log_ = std::move(*opened);
    });
    // Twice: a process that cannot have its readers ends, and leaves what the first life left.
    for (int i = 0; i < 2 && log_; ++i) {
      attempt([this] { s_ = &log_->cursor("s"); });
      attempt([this] { t_ = &log_->cursor("t"); });
      attempt([this] { w_ = &log_->cursor("w"); });
    }
  }
  /// An orderly end.
  ~Life() {
    s_ = t_ = w_ = nullptr;
    attempt([this] { log_.reset(); });
    ledger_.in_memory.clear();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void append(int n, std::size_t padding) {
    attempt([&] {
      core::Record record;
      {
        const OutsideWorld outside;
        record = numbered(static_cast<RecordClass>(n % 5 == 0 ? 0 : n % 5 == 1 ? 2 : 1), n, padding);
        ledger_.offered.insert(n);
      }
      if (!log_ || !log_->append(record)) return;
      const OutsideWorld outside;
      ledger_.in_memory.insert(n);  // until a look shows that the log works
    });
  }
  void pass(core::Duration d) {
    attempt([&] { loop_->run_for(d); });
  }
  void step_clock(core::Duration d) { loop_->step_wall(d); }
  void flush() {
    attempt([&] {
      if (log_) (void)log_->flush();
    });
  }
  void wait_for_durable() {
    attempt([&] {
      if (log_) log_->on_durable([](const Result<void>&) {});
    });
  }
  void read(std::size_t bytes, std::uint64_t dead_letters = 0) {
    if (s_ == nullptr) return;
    attempt([&] { take(s_->read(bytes), dead_letters); });
  }
  void read_live() {
    if (s_ == nullptr) return;
    attempt([&] {
      if (s_->open_live(seconds{3})) take(s_->read_live(4000), 0);
    });
  }
  void rewind() {
    if (s_ == nullptr) return;
    attempt([&] { s_->rewind(); });
  }
  void drain_other() {
    if (t_ == nullptr) return;
    attempt([&] {
      while (true) {
        auto batch = t_->read(64 * 1024);
        if (!batch || batch->records == 0) return;
        t_->commit(batch->next);
      }
    });
  }

 private:
  void take(const Result<LogBatch>& batch, std::uint64_t dead_letters) {
    if (!batch || batch->records == 0) return;
    note(batch->lines, ledger_);
    s_->commit(batch->next, std::min(dead_letters, batch->records));
  }

  template <typename F>
  void attempt(const F& step) {
    try {
      step();
    } catch (const std::bad_alloc&) {
      ++ledger_.failures;
      // What was read and not committed is read again, as after a failed delivery.
      if (s_ != nullptr) s_->rewind();
    }
    const OutsideWorld outside;
    if (log_ && log_->degraded().empty()) ledger_.accepted.merge(ledger_.in_memory);
    ledger_.degraded = log_ && !log_->degraded().empty();
    if (after_step_) after_step_();
    if (!log_) return;
    if (w_ != nullptr) note_gaps(*w_, ledger_);
    for (const Cursor* cursor : log_->cursors()) {
      if (!cursor->counters().balanced()) ledger_.wrong = "the books of " + cursor->name() + " do not sum up";
    }
  }

  static std::unique_ptr<SimLoop> make_loop() {
    const OutsideWorld outside;
    return std::make_unique<SimLoop>();
  }

  io::Files& files_;
  Ledger& ledger_;
  const std::function<void()>& after_step_;
  std::unique_ptr<SimLoop> loop_ = make_loop();
  std::unique_ptr<Log> log_;
  Cursor* s_ = nullptr;
  Cursor* t_ = nullptr;
  Cursor* w_ = nullptr;
};

}  // namespace

void live(io::Files& files, Ledger& ledger, const std::function<void()>& after_step) {
  int n = 0;
  {
    Life life{files, ledger, after_step};
    for (int i = 0; i < 12; ++i) life.append(n++, 1500);
    life.flush();
    life.read(6000, 1);
    for (int i = 0; i < 12; ++i) life.append(n++, 1500);
    life.wait_for_durable();
    life.pass(milliseconds{300});
    life.read(3000);
    life.drain_other();
    life.pass(milliseconds{300});
    life.step_clock(seconds{10});
    for (int i = 0; i < 4; ++i) life.append(n++, 700);
    life.flush();
    life.read_live();
    life.rewind();
    life.read(2000);
    life.append(n++, 10);
  }
  {
    Life life{files, ledger, after_step};
    life.append(n++, 100);
    life.read(4000);
    life.step_clock(hours{48});  // what is left is too old now, and goes
    life.append(n++, 100);
    life.pass(seconds{6});
    life.read(2000);
    life.append(n++, 100);
  }
}

std::string settle(io::Files& files, Ledger ledger) {
  const OutsideWorld outside;
  if (!ledger.wrong.empty()) return ledger.wrong;
  SimLoop loop;
  auto log = open_log(loop, files, options());
  if (!log) return "it does not open: " + log.error().message;
  if (!(*log)->degraded().empty()) return "it is degraded: " + (*log)->degraded();
  Cursor& s = (*log)->cursor("s");
  for (int round = 0; round < 2; ++round) {  // what reading finds to be damaged is told in the next round
    while (true) {
      auto batch = s.read(64 * 1024);
      if (!batch) return "it does not read: " + batch.error().message;
      if (batch->records == 0) break;
      note(batch->lines, ledger);
      s.commit(batch->next);
    }
    loop.run_for(seconds{1});
    note_gaps((*log)->cursor("w"), ledger);
  }
  const LogCounters books = s.counters();
  if (!books.balanced()) return "the books do not sum up after it was opened again";
  std::uint64_t missing = 0;
  for (const int n : ledger.accepted) missing += ledger.got.contains(n) ? 0 : 1;
  for (const int n : ledger.got) {
    if (!ledger.offered.contains(n)) return fmt::format("record {} was never appended", n);
  }
  if (missing > books.evicted + books.quarantined) {
    return fmt::format("{} records are missing, {} evicted and {} quarantined ones are counted", missing, books.evicted,
                       books.quarantined);
  }
  // A gap record of a log in memory dies with its process; what it told is still counted.
  std::uint64_t told = 0;
  for (const auto& [time, count] : ledger.told) told += count;
  if (missing > told && !ledger.degraded) {
    return fmt::format("{} records are missing and {} are told of", missing, told);
  }
  return {};
}

}  // namespace sonde::pipeline::test
