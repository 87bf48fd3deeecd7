// What is played: which faults, when, and for how long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "network.h"

namespace sonde::sim {

struct ScriptOptions {
  std::uint64_t seed = 1;
  std::int64_t start_ms = 0;       // 0: drawn, a whole hour of some day
  int warm_up = 90;                // rounds before the first fault
  int quiet = 26;                  // rounds at least between two faults
  std::vector<std::string> kinds;  // of fault_kinds(); one fault each, in a drawn order; may name a kind twice
  bool pairs = false;              // two at a time
  int healthy_rounds = 0;          // further rounds without a fault, at the end
  Manner manner;
  double bursts_per_day = 50;
};

struct Script {
  std::vector<Fault> faults;  // by start; bursts are among them
  std::int64_t start_ms = 0;
  std::int64_t trained_ms = 0;  // end of the warm-up: what comes before is not scored
  std::int64_t rounds = 0;
  std::int64_t round_ms = 30'000;

  [[nodiscard]] std::vector<hub::judge::Truth> truths() const;
  [[nodiscard]] std::int64_t end_ms() const { return start_ms + rounds * round_ms; }
};

/// Kinds that this world cannot show are left out. Every component is struck at most once in two hours.
[[nodiscard]] Script make_script(const World& world, const Components& all, const ScriptOptions& options);

}  // namespace sonde::sim
