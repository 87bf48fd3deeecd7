// Whose fault is it? The judge turns the record stream into verdicts (docs/verdicts.md says how).
// Pure: no clock, no I/O. The same records give the same verdicts to the byte, in whatever order they arrive within
// the watermark; a record that arrives twice changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/companion.h"
#include "core/record.h"
#include "core/time.h"
#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

/// Everything that can be set. The defaults are those of docs/verdicts.md.
struct JudgeOptions {
  /// One probing interval: the usual `every` of the targets. Targets may be slower. At least 100 ms.
  core::Duration round = std::chrono::seconds{10};
  /// How long after its end a round waits for late records. Zero or less means one round.
  core::Duration watermark{};
  /// Records that claim to be later than the last `advance` by more than this are dropped and counted.
  core::Duration future_max = std::chrono::minutes{10};

  /// False: no companions are asked for; what comes of them is believed all the same.
  bool ask = true;

  /// Gates, separately, so that tests can show what each is worth. Never switch one off in production.
  bool gate_posterior = true;
  bool gate_evidence = true;
  bool gate_bayes_factor = true;
  bool gate_twins = true;
  bool gate_freshness = true;
  bool gate_minimum_evidence = true;
};

/// What the judge did with the records it was given.
struct JudgeCounters {
  std::uint64_t results = 0;        // probe records taken
  std::uint64_t duplicates = 0;     // same run again
  std::uint64_t late = 0;           // probe records of a round that was already closed: dropped
  std::uint64_t future = 0;         // dropped: see JudgeOptions::future_max
  std::uint64_t untrusted = 0;      // suspect or unknown results: no evidence about targets
  std::uint64_t wrong_clock = 0;    // of the untrusted: their prober's clock was known to be wrong (clock_watch.h)
  std::uint64_t invalid = 0;        // probe records without vantage, target or a known status
  std::uint64_t rounds = 0;         // rounds closed
  std::uint64_t cells = 0;          // (vantage, target) pairs known
  std::uint64_t companions = 0;     // companion records taken
  std::uint64_t shadow_agreed = 0;  // times that simple thresholds blamed the same side as a named finding of a round
  std::uint64_t shadow_disagreed = 0;  // … and another one
};

/// One judge per hub. Not thread-safe: one owner, one thread.
class Judge {
 public:
  explicit Judge(JudgeOptions options = {});
  ~Judge();
  Judge(Judge&&) noexcept;
  Judge& operator=(Judge&&) noexcept;

  /// Takes one record: `probe`, `companion`, `vantage`, `target` and `clock` are used, all else is ignored. It is
  /// copied as needed. Order does not matter within the watermark. Topology applies from the round that its record's
  /// time falls in (from the next round to close, if that one is closed); of several the newest counts. O(log n);
  /// nothing is judged here.
  void observe(const core::Record& record);

  /// Closes, in order, every round whose end plus the watermark is not after `now`, and returns what came of it:
  /// by round, then closed before revised before opened, then by id. Call about once a round, or with the time of each
  /// record before `observe` when replaying a file; going back in time does nothing.
  std::vector<VerdictEvent> advance(core::WallTime now);

  /// Companions that would settle what the latest closed round left in doubt; each is handed out once. To be asked of
  /// the vantages' probers; what they bring comes back by `observe`. Nobody need ask: without them the judge decides on
  /// the schedule's results alone.
  [[nodiscard]] std::vector<core::CompanionAsk> take_asks();

  /// The incidents that are open, as their latest event says, ordered by id.
  [[nodiscard]] std::vector<VerdictEvent> open() const;

  [[nodiscard]] const JudgeCounters& counters() const;
  [[nodiscard]] const JudgeOptions& options() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sonde::hub::judge
