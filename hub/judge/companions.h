// What companions said: extra probes of failing pairs, made in another way than the schedule's (core/companion.h). They
// only ever speak against: "if it were this one, that could hardly have worked", or could hardly have failed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/companion.h"
#include "core/record.h"
#include "hub/judge/cell.h"
#include "hub/judge/component.h"
#include "hub/judge/modes.h"

namespace sonde::hub::judge {

/// One companion, small. `vantage` and `target` are ids that the judge gives to names.
struct CompanionResult {
  std::uint32_t vantage = 0;
  std::uint32_t target = 0;
  core::CompanionKind kind = core::CompanionKind::kSecondResolver;
  std::int64_t time_ms = 0;
  /// second_resolver: the name was resolved; last_address and plain_port: the host took the connection.
  bool good = false;
};

/// Reads a `companion` record; ids are left 0. Nothing where the kind is unknown, or the prober itself was at fault.
[[nodiscard]] std::optional<CompanionResult> read_companion(const core::Record& record);

/// What the companions of one cell say now, by kind.
struct CompanionWords {
  enum class Word : std::uint8_t { kNothing, kGood, kBad };
  std::array<Word, core::kCompanionKinds> of{};
  [[nodiscard]] Word operator[](core::CompanionKind k) const { return of.at(static_cast<std::size_t>(k)); }
  [[nodiscard]] bool any() const {
    return of[0] != Word::kNothing || of[1] != Word::kNothing || of[2] != Word::kNothing;
  }
};

/// The latest companion of each kind and cell. Order of arrival does not matter.
class CompanionBook {
 public:
  void note(std::uint32_t cell, const CompanionResult& result);
  /// Forgets what is older than a day. Call at the end of each round.
  void end_round(std::int64_t end_ms, std::int64_t round_ms);

  /// What holds for the present trouble of a cell: said since its onset and in the last 20 rounds. A second resolver
  /// that fails says something only where one has worked from that vantage within a day: many networks let nobody
  /// ask another one.
  [[nodiscard]] CompanionWords words(std::uint32_t cell, const Cell& state) const;
  /// When the latest one of that kind was made; -1: never.
  [[nodiscard]] std::int64_t latest_ms(std::uint32_t cell, core::CompanionKind kind) const;
  /// When one of that kind last worked from there, for any target; -1: never.
  [[nodiscard]] std::int64_t worked_ms(std::uint32_t vantage, core::CompanionKind kind) const;
  /// A host was reached at its last address since the cell's trouble began: whatever its prober thinks, the uplink of
  /// its vantage is not lost.
  [[nodiscard]] bool uplink_works(const Cell& state) const;
  [[nodiscard]] bool empty() const { return latest_.empty(); }

 private:
  struct Latest {
    std::int64_t time_ms = -1;
    bool good = false;
  };
  /// From when on a companion is about the present trouble of a cell.
  [[nodiscard]] std::int64_t lately(const Cell& state) const;

  std::map<std::uint32_t, std::array<Latest, core::kCompanionKinds>> latest_;  // by cell
  std::vector<std::array<std::int64_t, core::kCompanionKinds>> worked_;        // by vantage
  std::int64_t end_ms_ = 0;
  std::int64_t round_ms_ = 1000;
};

/// Share of the trials through a component that fail lately: of names, and of connections (TCP and TLS). Where a run in
/// three fails, one companion that worked says little.
struct FailingShare {
  double names = 0;
  double connections = 0;
};

inline constexpr double kCompanionMost = 1.5;  // nats of one companion

/// What one cell's companions say about "a component of this kind failed in this mode": nats, never above 0, at least
/// -1.5 for each companion, so that two do not tell twins apart and three do.
[[nodiscard]] double companion_evidence(Kind kind, Mode mode, const CompanionWords& words, const FailingShare& share);

/// The cells of a fault share its cause: caps the sum at -8 nats, smoothly.
[[nodiscard]] double cap_companion_evidence(double sum);

}  // namespace sonde::hub::judge
