// How good were the verdicts? Compares what a judge said with what really was (docs/verdicts.md, "Score").
// Pure: the same truths and events give the same numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.h"
#include "hub/judge/intervals.h"
#include "hub/judge/truth.h"
#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

struct ScoreOptions {
  core::Duration round = std::chrono::seconds{10};  // unit of the times to verdict
  /// A verdict that begins so long after a fault's end still belongs to it. Zero: ten rounds.
  core::Duration grace{};
  core::WallTime from{};  // the time that was watched; what of it is no fault's counts as healthy
  core::WallTime to{};
};

/// One incident naming one component at one grade or better, from when it first did.
struct Statement {
  std::string incident;
  std::string key;
  BlameClass blame = BlameClass::kApp;
  bool convicted = false;      // false: it only leaned towards it
  core::WallTime from{};       // when it was said first (at the grade that it reached)
  double confidence = 0;       // as said last
  double severity = 0;         // as said last
  std::optional<int> truth;    // index of the fault it belongs to; nothing: a false verdict, or about a burst
  bool right_class = false;    // of its truth
  bool exact = false;          // the component or one that cannot be told from it
  bool about_a_burst = false;  // names exactly an optional truth: neither right nor false
};

enum class FaultResult : std::uint8_t { kRight, kWrong, kAbstained };

/// What the judge made of one fault.
struct FaultOutcome {
  Truth truth;
  std::optional<BlameClass> blame;                // of the truth
  FaultResult result = FaultResult::kAbstained;   // wrong: a conviction of another class, whatever else was right
  bool exact = false;                             // right, and the component itself was convicted
  bool identifiable = true;                       // no component of another class looks the same
  bool spoke = false;                             // abstained, but said that something is wrong
  bool listed = false;                            // … with the truth among the candidates
  bool confidently_wrong = false;                 // a conviction of another class with confidence of at least 0.8
  std::optional<double> rounds, rounds_to_right;  // from its start to the first (right) conviction; at least 1
  int flips = 0;                                  // changes of class within its incidents
  std::optional<double> severity_error;           // of the exact conviction
  std::vector<std::string> said;                  // keys convicted, in the order of time
};

/// One stream of events against its truths.
struct Assessment {
  std::vector<FaultOutcome> faults;               // of the truths that are not optional, by start
  std::vector<Statement> statements;              // by time
  std::vector<std::array<std::size_t, 2>> pairs;  // faults that overlap in time
  double healthy_days = 0;
};

/// `truths` ordered by start, `events` by time. `rounds` count from the truth's start to the end of the judged round;
/// the watermark comes on top of it.
[[nodiscard]] Assessment assess(std::span<const Truth> truths, std::span<const VerdictEvent> events,
                                const ScoreOptions& options);

inline constexpr std::size_t kClasses = 5;

/// The metrics. Faults whose cause is outside the model stand apart, except in the calibration.
struct Score {
  Proportion right_class, exact, wrong_class, abstained;  // of faults
  Proportion right_class_identifiable;                    // of the faults that can be told from other classes
  Proportion abstained_listing, abstained_silent;         // of abstentions: truth among candidates; not a word
  Proportion abstained_unjustified;                       // of abstentions: the class could have been told
  Proportion precision, exact_precision;                  // of convictions, false ones included
  std::array<Proportion, kClasses> class_precision, class_recall;
  std::optional<double> macro_f1;  // over the classes that occur
  Estimate rounds_p50, rounds_p95, right_p50, right_p95;
  Estimate flips;  // per fault
  double healthy_days = 0;
  std::array<std::uint64_t, kClasses> false_verdicts{};  // convictions in healthy time
  std::uint64_t about_bursts = 0;                        // convictions that name an optional truth
  Proportion both_exact, one_exact, none_exact;          // of pairs
  Estimate severity_error;                               // |said - true|, 0 … 1
  Proportion off_model_wrong, off_model_confident;       // of faults outside the model; …: with confidence >= 0.8
  Proportion leaning_right;                              // of leanings: was the class right?
  Estimate brier;                                        // of everything that named a component, leaning included
  double calibration_error = 0;                          // ECE over ten bins
  double calibration_worst = 0;                          // largest gap of a bin that holds at least 20

  [[nodiscard]] std::uint64_t all_false() const;
};
[[nodiscard]] Score summarize(std::span<const Assessment> runs);

/// One JSON object without a line break. Shares are {"value","low","high","hits","of"}; what has no cases is null.
[[nodiscard]] std::string to_json(const Score& s);

}  // namespace sonde::hub::judge
