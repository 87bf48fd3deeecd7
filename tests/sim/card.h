// The score card: what is measured, against which targets, and how it is printed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hub/judge/score.h"
#include "trial.h"

namespace sonde::sim {

/// A part of the card. All trials of a part are summed up.
struct Part {
  std::string name;  // "27 vantages"
  int vantages = 27;
  bool references = true;
  bool pairs = false;
  bool healthy = false;  // no faults at all
  bool baselines = false;
  int faults = 0;  // that the judge can name; with 15 % outside the model on top where `off_model`
  bool off_model = false;
  double days = 0;  // of `healthy`
};

struct CardOptions {
  std::vector<std::string> topologies = {"dev-1"};
  std::vector<std::string> kinds;  // empty: all 33
  std::uint64_t seed = 1;
  int faults = 165;
  double healthy_days = 1;
  std::vector<std::string> parts;  // names or beginnings of names; empty: all
  int threads = 1;
  double budget_seconds = 0;  // no further trial begins after it; 0: none
  Shape shape;                // sizes
  Noise noise;
  ScriptOptions script;
  hub::judge::JudgeOptions judge;
  std::string write_to;
};

/// What all trials of a part came to.
struct PartResult {
  Part part;
  std::vector<hub::judge::Assessment> judged;
  std::vector<std::vector<hub::judge::Assessment>> baselines;  // by baseline
  std::string story;
};

struct Card {
  CardOptions options;
  std::vector<PartResult> parts;
  std::uint64_t results = 0;
  std::int64_t rounds = 0;
  std::size_t cells = 0;
  std::vector<float> tick_ms;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  int trials = 0, trials_left_out = 0;
  std::string error;
};

[[nodiscard]] std::vector<Part> parts_of(const CardOptions& options);
[[nodiscard]] Card make_card(const CardOptions& options);

/// The whole card as text, as Markdown for docs/verdicts.md, or as one JSON object.
[[nodiscard]] std::string to_text(const Card& card, bool markdown);
[[nodiscard]] std::string to_json(const Card& card);

}  // namespace sonde::sim
