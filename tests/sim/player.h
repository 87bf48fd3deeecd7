// Plays a script: makes the records that the probers of the world would send, round after round, in virtual time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/companion.h"
#include "core/record.h"
#include "network.h"
#include "run.h"
#include "script.h"

namespace sonde::sim {

/// Who listens. Called in the order in which results arrive.
class Audience {
 public:
  virtual ~Audience() = default;
  /// The reference holds during the call only.
  virtual void record(const core::Record& r) = 0;
  /// A run of a pair that arrived; for those who need no record.
  virtual void run(std::size_t /*cell*/, std::int64_t /*at_ms*/, const Seen& /*seen*/) {}
  /// Everything that will come of the rounds before has come.
  virtual void round_over(std::int64_t end_ms) = 0;
  /// Companions that it wants of the vantages now.
  virtual std::vector<core::CompanionAsk> asks() { return {}; }
};

class Player {
 public:
  /// References must outlive this.
  Player(const World& world, const Script& script, const Noise& noise, std::uint64_t seed);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  /// The whole script. Same arguments, same records.
  void play(Audience& audience);

 private:
  class SelfDoubt;
  struct Late {
    std::int64_t round = 0;
    core::Record record;
  };

  void play_round(std::int64_t round, Audience& audience);
  void play_cell(std::size_t cell, std::int64_t at_ms, std::int64_t round, Audience& audience);
  void play_companions(std::int64_t begin_ms, Audience& audience);
  void send(std::size_t cell, std::int64_t stamp_ms, const Seen& seen, std::int64_t round, Audience& audience);
  const core::Record& record_of(std::size_t cell, std::int64_t stamp_ms, const Seen& seen);
  void choose_active(std::int64_t from_ms, std::int64_t to_ms);
  void topology(std::int64_t at_ms, Audience& audience) const;

  const World& world_;
  const Script& script_;
  Network network_;
  Rng runs_;
  Rng fate_;                                         // of results on their way
  std::vector<std::int64_t> phase_ms_;               // of each cell within the round
  std::vector<std::vector<std::size_t>> by_phase_;   // cells of each vantage, in the order of their phases
  std::vector<core::Record> good_;                   // by cell: a record of a good run, changed in place
  std::vector<std::array<std::uint8_t, 9>> places_;  // by cell: where the facts that change stand in it
  core::Record other_;                               // any other record
  std::vector<std::unique_ptr<SelfDoubt>> doubts_;   // by vantage
  std::vector<const Fault*> active_;
  std::vector<Late> late_;
  std::map<std::pair<std::string, std::string>, std::size_t> cell_of_;  // by names of vantage and target
  std::vector<core::CompanionAsk> asks_;                                // for the next round
  Rng companions_;
};

}  // namespace sonde::sim
