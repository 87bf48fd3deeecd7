// Log to judge: replay first, then live.
#include "hub/judge_sink.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/line_protocol.h"
#include "core/schema.h"

namespace sonde::hub {
namespace {

constexpr std::size_t kReadBytes = 128 * 1024;

bool is_evidence(const core::Record& r) {
  return r.measurement == core::measurement::kProbe || r.measurement == core::measurement::kVantage ||
         r.measurement == core::measurement::kTarget || r.measurement == core::kCompanionMeasurement;
}

}  // namespace

JudgeSink::JudgeSink(io::Loop& loop, pipeline::Log& log, JudgeSinkOptions options, Listener listener)
    : loop_(loop),
      cursor_(log.cursor("judge")),
      options_(options),
      listener_(std::move(listener)),
      judge_(options.judge) {}

// The cursor lives as long as the log, which may be longer than this.
JudgeSink::~JudgeSink() {
  cursor_.on_readable([] {});
}

void JudgeSink::start(std::vector<core::Record> descriptions) {
  descriptions_ = std::move(descriptions);
  cursor_.on_readable([this] {
    if (caught_up_) step_ = loop_.soon([this] { read_some(); });
  });
  step_ = loop_.soon([this] { read_some(); });
}

// One bounded batch a turn, so that a long replay does not stop the loop.
void JudgeSink::read_some() {
  auto batch = cursor_.read(kReadBytes);
  if (!batch) {
    spdlog::warn("the judge cannot read the log: {}", batch.error().message);
    step_ = loop_.after(std::chrono::seconds{1}, [this] { read_some(); });
    return;
  }
  if (batch->records > 0) {
    take(*batch);
    step_ = loop_.soon([this] { read_some(); });
    return;
  }
  if (!caught_up_) {
    describe(loop_.wall_now());
    caught_up_ = true;
    tick();
    if (listener_.on_caught_up) listener_.on_caught_up();
  }
}

void JudgeSink::take(const pipeline::LogBatch& batch) {
  std::vector<core::Record> records;
  const auto on_record = [&records](core::Record r) {
    // Verdicts come back through the log and are no evidence.
    if (is_evidence(r)) records.push_back(std::move(r));
  };
  core::decode_lines(batch.lines, core::Precision::kNanoseconds, loop_.wall_now(), on_record,
                     [](const core::LineError&) {});
  if (!records.empty()) {
    describe(std::ranges::min_element(records, {}, &core::Record::time)->time - options_.replay_slack);
  }
  for (const core::Record& r : records) {
    newest_ = std::max(newest_, r.time);
    // While replaying, the records' own times stand for the clock; live, the clock itself does.
    if (!caught_up_) advance(std::min(newest_, loop_.wall_now()) - options_.replay_slack);
    judge_.observe(r);
  }
  uncommitted_.push_back({batch.next, newest_});
}

// What is known from before the log begins holds from its first record on. Given its own, later time it would make the
// judge begin there and take everything before for late.
void JudgeSink::describe(core::WallTime from) {
  for (core::Record& r : std::exchange(descriptions_, {})) {
    r.time = from;
    judge_.observe(r);
  }
}

// Rounds close on the wall clock; looking a few times a round keeps a verdict from waiting for the next look.
void JudgeSink::tick() {
  advance(loop_.wall_now());
  commit_old();
  const core::Duration pause =
      std::clamp<core::Duration>(options_.judge.round / 10, std::chrono::milliseconds{20}, std::chrono::seconds{1});
  timer_ = loop_.after(pause, [this] { tick(); });
}

void JudgeSink::advance(core::WallTime to) {
  for (const judge::VerdictEvent& e : judge_.advance(to)) listener_.on_event(e);
  for (core::CompanionAsk& ask : judge_.take_asks()) {
    if (caught_up_ && listener_.on_ask) listener_.on_ask(std::move(ask));
  }
}

void JudgeSink::commit_old() {
  core::WallTime needed = newest_ - options_.memory;
  for (const judge::VerdictEvent& e : judge_.open()) {
    needed = std::min(needed, std::max(e.since - options_.memory / 4, newest_ - options_.memory_max));
  }
  std::uint64_t next = 0;
  while (!uncommitted_.empty() && uncommitted_.front().newest < needed) {
    next = uncommitted_.front().next;
    uncommitted_.pop_front();
  }
  if (next > 0) cursor_.commit(next);
}

}  // namespace sonde::hub
