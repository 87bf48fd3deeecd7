// What simpler judges would say: the baselines that the score card compares with. They look ten rounds after a fault's
// onset at which pairs fail that did not fail in training, and name one component. They cannot abstain.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "components.h"
#include "fleet.h"

namespace sonde::sim {

/// Counts failures of each pair over the training and over the last ten rounds.
class Tally {
 public:
  explicit Tally(std::size_t cells);
  void note(std::size_t cell, bool failed);
  void round_over();
  /// From now on failures are no training any more.
  void trained() { training_ = false; }
  /// Pairs that fail in at least a fifth of the last ten rounds, twice at least, and did not so in training.
  [[nodiscard]] std::vector<bool> bad() const;

 private:
  static constexpr std::size_t kRounds = 10;
  struct Count {
    std::uint32_t runs = 0;
    std::uint32_t failures = 0;
  };
  std::vector<Count> ring_;  // by round, then cell
  std::vector<Count> past_;
  std::size_t cells_;
  std::size_t at_ = 0;
  bool training_ = true;
};

struct View {
  const World& world;
  const Components& components;
  std::vector<bool> bad;

  [[nodiscard]] std::size_t bad_in(const std::vector<std::uint32_t>& cells) const;
};

struct Baseline {
  std::string_view name;
  std::function<std::string(const View&)> blame;  // a key; empty when nothing fails at all
};
[[nodiscard]] const std::vector<Baseline>& baselines();

}  // namespace sonde::sim
