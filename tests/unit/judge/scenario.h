// A small multi-cloud world for judge tests: makes its vantage, target and probe records, with faults by rule.
// Deterministic: the same script gives the same records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/measurement.h"
#include "core/outcome.h"
#include "core/record.h"
#include "core/target.h"
#include "hub/judge/judge.h"

namespace sonde::hub::judge::test {

/// What happens to one run; nothing = it is fine.
using Rule = std::function<std::optional<core::Outcome>(const core::Vantage&, const core::Target&, std::int64_t round)>;

inline constexpr std::int64_t kStartMs = 1'764'000'000'000;
inline constexpr std::int64_t kRoundMs = 10'000;

struct World {
  std::vector<core::Vantage> vantages;
  std::vector<core::Target> targets;

  core::Vantage& add_vantage(std::string name, std::string isp, std::string country);
  core::Target& add_target(std::string name, core::Role role, std::string provider, std::string region,
                           std::string country);
  core::Target& target(std::string_view name);
  /// Removes what `gone` says.
  void remove(const std::function<bool(const core::Target&)>& gone);
};

/// 4 providers × 2 regions × 2 services, 4 apps, 2 controls, 4 vantages (2 domestic on one ISP, 2 overseas).
[[nodiscard]] World small_world();

/// A probe record of one run. `http_status` is set where the cause is `status`.
[[nodiscard]] core::Record probe(const core::Vantage& v, const core::Target& t, std::int64_t time_ms,
                                 const std::optional<core::Outcome>& outcome, int http_status = 503);
/// The same, but the prober does not trust itself.
[[nodiscard]] core::Record suspect(core::Record r, std::string_view why);

/// vantage and target records of the world at the time.
[[nodiscard]] std::vector<core::Record> topology(const World& w, std::int64_t time_ms);

/// All records of one round; each cell at its own place in the round.
[[nodiscard]] std::vector<core::Record> round_of(const World& w, std::int64_t round, const Rule& rule);

/// Time of the end of a round (0-based from the start).
[[nodiscard]] core::WallTime end_of(std::int64_t round);

/// An event and the round (0-based) after whose end and watermark it came out.
struct Seen {
  std::int64_t round = 0;
  VerdictEvent event;
};

/// Plays rounds [0, rounds) through a judge, live: each round is observed, then advanced past its watermark.
[[nodiscard]] std::vector<Seen> play(const World& w, std::int64_t rounds, const Rule& rule, JudgeOptions options = {});

/// Plays records given as one list per round, live.
[[nodiscard]] std::vector<Seen> play_records(const World& w, const std::vector<std::vector<core::Record>>& rounds);

/// The default options with this world's round.
[[nodiscard]] JudgeOptions options();

[[nodiscard]] std::vector<Seen> of_grade(const std::vector<Seen>& all, Grade g);
/// "round event grade key" per line, for failure messages.
[[nodiscard]] std::string story(const std::vector<Seen>& all);

[[nodiscard]] inline core::Outcome http_503() { return core::failed(core::Stage::kHttp, core::Cause::kStatus, "503"); }
[[nodiscard]] inline core::Outcome tcp_timeout() { return core::failed(core::Stage::kTcp, core::Cause::kTimeout); }
[[nodiscard]] inline core::Outcome nodata() { return core::failed(core::Stage::kDns, core::Cause::kNodata); }

/// A fixed pseudo-random number in [0, 1) for a cell and round.
[[nodiscard]] double dice(std::string_view vantage, std::string_view target, std::int64_t round,
                          std::uint64_t seed = 1);

}  // namespace sonde::hub::judge::test
