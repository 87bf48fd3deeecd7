// A fault as the generator plays it: which pairs it touches, how surely each step of a run fails, and with which
// errors.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "components.h"
#include "core/outcome.h"
#include "fleet.h"
#include "hub/judge/truth.h"
#include "random.h"

namespace sonde::sim {

/// The steps of a run, in their order. `kTransfer`: the answer did not come through; `kHttp`: it came and is wrong.
enum class Step : std::uint8_t { kDns, kTcp, kTls, kTransfer, kHttp };
inline constexpr std::size_t kSteps = 5;

/// One way for a step to fail, as the prober's own code names it.
struct Failure {
  core::Stage stage = core::Stage::kTcp;
  core::Cause cause = core::Cause::kTimeout;
  int http_status = 0;
};

/// Ways to fail with their weights.
struct Menu {
  std::vector<Failure> failures;
  std::vector<double> weights;

  void add(Failure f, double weight) {
    failures.push_back(f);
    weights.push_back(weight);
  }
  [[nodiscard]] const Failure& draw(Rng& rng) const;
};

/// What the prober itself notices of its own trouble (prober/self_watch.h); `uplink` it finds out from its controls.
enum class OwnTrouble : std::uint8_t { kNone, kLag };

struct Fault {
  hub::judge::Truth truth;  // its start, end and names
  std::string kind;
  std::vector<float> share;      // by cell: 0 untouched, 1 the full severity
  std::vector<float> dependent;  // by cell: chance of a 503 for want of a dependency, at full severity; may be empty
  double severity = 1;
  std::array<double, kSteps> strength{};  // of each step, at full severity
  std::array<Menu, kSteps> menus;
  double slow_share = 0;     // chance that a run is slow
  double connect_delay = 0;  // seconds for each round trip of a slow run
  double answer_delay = 0;   // seconds before the answer of a slow run
  OwnTrouble own = OwnTrouble::kNone;
  std::int64_t start_ms = 0, end_ms = 0;
  std::int64_t ramp_ms = 0;            // until it has its full severity
  std::int64_t on_ms = 0, off_ms = 0;  // flapping; 0: steady

  /// 0 … 1: how much of it is there at a time.
  [[nodiscard]] double level(std::int64_t at_ms) const;
};

/// How long faults last and how they come, in rounds.
struct Manner {
  std::int64_t round_ms = 30'000;
  int rounds_min = 14, rounds_max = 24;
  int ramp_max = 5;
  double flapping = 0.15;
};

/// A kind of fault: its name in tables, and where it strikes.
struct FaultKind {
  std::string_view name;       // "region-5xx"
  std::string_view component;  // kind of component: "region"
  bool off_model = false;
};
/// The 33 kinds that a judge can name, then those whose cause is no component.
[[nodiscard]] const std::vector<FaultKind>& fault_kinds();
[[nodiscard]] const FaultKind* find_fault_kind(std::string_view name);

/// Keys at which a fault of this kind could be seen in the world.
[[nodiscard]] std::vector<std::string> places_for(const FaultKind& kind, const World& world, const Components& all);
/// A fault of the kind there. Severities, errors, spared targets and manner are drawn.
[[nodiscard]] Fault make_fault(const FaultKind& kind, const std::string& key, std::int64_t start_ms,
                               const Manner& manner, const World& world, const Components& all, Rng& rng);
/// A short trouble of one or two rounds that nobody has to notice.
[[nodiscard]] Fault make_burst(std::int64_t start_ms, const Manner& manner, const World& world, const Components& all,
                               Rng& rng);

}  // namespace sonde::sim
