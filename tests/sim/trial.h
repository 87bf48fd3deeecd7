// A trial: one world, one script, one judge, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/judge/judge.h"
#include "hub/judge/score.h"
#include "network.h"
#include "script.h"

namespace sonde::sim {

struct TrialSpec {
  Shape shape;
  ScriptOptions script;
  Noise noise;
  std::uint64_t seed = 1;
  bool baselines = false;
  hub::judge::JudgeOptions judge;  // round and watermark are the script's
  std::string write_to;            // PREFIX.lp and PREFIX.truth.jsonl are written too; empty: no files
};

struct TrialResult {
  hub::judge::Assessment judged;
  std::vector<hub::judge::Assessment> baselines;  // in the order of baselines()
  std::uint64_t results = 0;                      // probe records that the judge was given
  std::int64_t rounds = 0;
  std::size_t components = 0;
  std::vector<float> tick_ms;  // processor time of each round in the judge
  double cpu_seconds = 0;      // of the whole trial
  std::string story;           // what was said, line by line
  std::string error;           // files could not be written
};

/// Deterministic but for the times. Any thread.
[[nodiscard]] TrialResult run_trial(const TrialSpec& spec);

}  // namespace sonde::sim
