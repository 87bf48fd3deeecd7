// Feeds the judge from the log and hands its events on. It reads the log by a cursor of its own instead of a Pump,
// because it commits late: the judge keeps its memory in RAM only, and what it still remembers must be read again after
// a restart (RELIABILITY P13). The judge being a pure function of the records, that gives the same verdicts.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "hub/judge/judge.h"
#include "io/loop.h"
#include "pipeline/log.h"

namespace sonde::hub {

struct JudgeSinkOptions {
  judge::JudgeOptions judge;
  /// How far back records are read again after a restart; further when an open incident began earlier.
  core::Duration memory = std::chrono::hours{1};
  core::Duration memory_max = std::chrono::hours{6};
  /// While records are read again their own times are the clock, less this much: a prober whose clock is ahead must not
  /// make the others late. At least what ingest allows (IngestOptions::future_max).
  core::Duration replay_slack = std::chrono::minutes{2};
};

/// One per hub. Everything runs on the loop.
class JudgeSink {
 public:
  /// `on_event` gets each event; `on_caught_up` runs once, when all that was in the log at the start has been judged;
  /// `on_ask` gets what the judge wants to be probed beside the schedule, from then on.
  struct Listener {
    core::Callback<void(const judge::VerdictEvent&)> on_event;
    core::Callback<void()> on_caught_up;
    core::Callback<void(core::CompanionAsk)> on_ask;
  };

  /// `loop` and `log` must outlive it.
  JudgeSink(io::Loop& loop, pipeline::Log& log, JudgeSinkOptions options, Listener listener);

  ~JudgeSink();
  JudgeSink(const JudgeSink&) = delete;
  JudgeSink& operator=(const JudgeSink&) = delete;

  /// Gives the judge what is known about vantages and targets, then begins to read. Once.
  void start(std::vector<core::Record> descriptions);

  [[nodiscard]] bool caught_up() const { return caught_up_; }
  [[nodiscard]] const judge::Judge& judge() const { return judge_; }

 private:
  struct Read {
    std::uint64_t next = 0;
    core::WallTime newest{};
  };

  void read_some();
  void take(const pipeline::LogBatch& batch);
  void describe(core::WallTime from);
  void tick();
  void advance(core::WallTime to);
  void commit_old();

  io::Loop& loop_;
  pipeline::Cursor& cursor_;
  JudgeSinkOptions options_;
  Listener listener_;
  judge::Judge judge_;
  std::vector<core::Record> descriptions_;  // until the first record tells from when on they are needed
  bool caught_up_ = false;
  core::WallTime newest_{};       // newest record seen
  std::deque<Read> uncommitted_;  // batches that the judge would need again, oldest first
  io::Handle step_;
  io::Handle timer_;
};

}  // namespace sonde::hub
