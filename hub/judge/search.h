// The smallest set of (component, mode) pairs that explains the failures: greedy, then swaps; and the posterior.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hub/judge/companions.h"
#include "hub/judge/error_class.h"
#include "hub/judge/evidence.h"
#include "hub/judge/modes.h"
#include "hub/judge/topology.h"

namespace sonde::hub::judge {

/// "This component fails in this mode."
struct Hypothesis {
  std::uint32_t component = 0;
  Mode mode = Mode::kTcp;
  friend bool operator==(const Hypothesis&, const Hypothesis&) = default;
};

/// A hypothesis with what speaks for it, given the rest of the explanation.
struct Scored {
  Hypothesis hypothesis;
  double evidence = 0;    // nats against "healthy"; no prior in it
  double told_apart = 0;  // the part of it that comes from error classes and companions
  double score = 0;       // evidence + ln prior - ln #modes
};

/// One search over one window. Holds references: topology, cells and table must outlive it.
class Search {
 public:
  Search(const Topology& topology, std::span<const Cell> cells, const EvidenceTable& table, Window window,
         const CompanionBook& companions);

  /// The explanation. `start`: components that are already held guilty; they are tried first and may be dropped.
  /// `fixed`: hypotheses that stay and are not returned.
  [[nodiscard]] std::vector<Hypothesis> solve(std::span<const std::uint32_t> start,
                                              std::span<const Hypothesis> fixed = {}) const;

  /// All candidates with positive or negative score, given `rest` as explained; best score first.
  [[nodiscard]] std::vector<Scored> rank(std::span<const Hypothesis> rest) const;

  /// One hypothesis, given `rest`.
  [[nodiscard]] Scored score(const Hypothesis& h, std::span<const Hypothesis> rest) const;

  /// Sum of the scores of a set, each given those before it in canonical order: its log posterior up to a constant.
  [[nodiscard]] double total(std::span<const Hypothesis> set) const;

  /// By cell: nats already explained by the set.
  [[nodiscard]] std::vector<float> explained(std::span<const Hypothesis> set) const;

  [[nodiscard]] const EvidenceTable& table() const { return table_; }

  /// Best mode of a component on its own.
  [[nodiscard]] Hypothesis best_mode(std::uint32_t component) const;

 private:
  struct Candidate {
    std::uint32_t component;
    Mode mode;
    double healthy;  // what the cells without failures say, always <= 0
    FailingShare share{};
  };
  // A member with failures: its row and its place in the list of dirty cells, looked up once.
  struct DirtyMember {
    Member member;
    const float* nats;
    std::uint32_t rank;
  };
  // What a set explains: nats by rank in the list of dirty cells, and the components of these cells.
  struct Explained {
    std::vector<float> nats;
    std::vector<std::uint8_t> touched;
  };
  [[nodiscard]] Scored delta(const Candidate& c, const Explained& already) const;
  [[nodiscard]] const Candidate* candidate(const Hypothesis& h) const;
  void add_component(std::uint32_t component, const std::array<double, kModes>& healthy, Window window);
  [[nodiscard]] Explained explain(std::span<const Hypothesis> set) const;
  [[nodiscard]] Scored weigh(const Candidate& c, const std::vector<float>& explained) const;
  [[nodiscard]] FailingShare failing_share(std::uint32_t component, Window window) const;
  void improve(std::vector<Hypothesis>& set, std::span<const Hypothesis> fixed,
               std::span<const Hypothesis> singles) const;
  void grow(std::vector<Hypothesis>& set, std::span<const Hypothesis> fixed, std::size_t size_max) const;

  const Topology& topology_;
  std::span<const Cell> cells_;
  const EvidenceTable& table_;
  std::vector<Candidate> candidates_;                    // by component, then mode
  std::vector<Scored> alone_;                            // by candidate: what it says while nothing is explained
  std::vector<std::vector<DirtyMember>> dirty_members_;  // by component; filled for candidates only
  std::vector<ErrorCounts> errors_;                      // by rank in the list of dirty cells
  std::vector<CompanionWords> words_;                    // by rank; empty where no companion says anything
};

}  // namespace sonde::hub::judge
