// What one cell says about "component c failed in mode m": a log-likelihood ratio against "c is healthy", in nats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hub/judge/cell.h"
#include "hub/judge/modes.h"

namespace sonde::hub::judge {

using Baselines = std::array<double, kChannels>;

/// ℓ of one cell for every mode.
using EvidenceRow = std::array<float, kModes>;

/// The severities that are tried; a fault of 5 % and one of 100 % are one hypothesis.
inline constexpr std::array<double, 5> kSeverities{0.1, 0.25, 0.5, 0.8, 0.97};

/// ℓ for every mode from trials, failures and what is normal. Between ln(0.1) = -2.3 (the cell may be spared by the
/// fault) and -ln(0.0015) - 0.1 = +6.4 (it may fail for a reason of its own), so no single cell convicts or acquits;
/// for kDependency the floor is ln(0.5), because a failing dependency need not break what depends on it.
[[nodiscard]] EvidenceRow cell_evidence(const PerChannel& n, const PerChannel& k, const Baselines& b);

/// ln of the likelihood ratio of one severity (index into kSeverities), floor as above; for the severity estimate.
[[nodiscard]] double severity_evidence(const PerChannel& n, const PerChannel& k, const Baselines& b, Mode mode,
                                       std::size_t severity);

[[nodiscard]] Baselines baselines(const Cell& cell);

/// ℓ of all cells over a window. Cells with equal trials, failures and baselines share a row.
class EvidenceTable {
 public:
  EvidenceTable(std::span<const Cell> cells, Window window);

  [[nodiscard]] const EvidenceRow& row(std::uint32_t cell) const { return rows_[index_[cell]]; }
  /// Rows have numbers; dirty cells never share one with others.
  [[nodiscard]] std::uint32_t row_id(std::uint32_t cell) const { return index_[cell]; }
  [[nodiscard]] const EvidenceRow& row_of(std::uint32_t id) const { return rows_[id]; }
  /// The row that most cells without failures share; a number that no row has where there are none.
  [[nodiscard]] std::uint32_t commonest() const { return commonest_; }
  /// The cell has failures that are news. Only such cells can speak for a fault.
  [[nodiscard]] bool dirty(std::uint32_t cell) const { return dirty_[cell] != 0; }
  [[nodiscard]] const std::vector<std::uint32_t>& dirty_cells() const { return dirty_cells_; }

 private:
  std::vector<EvidenceRow> rows_;
  std::vector<std::uint32_t> index_;  // by cell
  std::vector<std::uint8_t> dirty_;
  std::uint32_t commonest_ = 0xFFFF'FFFF;
  std::vector<std::uint32_t> dirty_cells_;
};

/// ℓ of single recent rounds, computed when asked for; equal trials share a row.
class RecentEvidence {
 public:
  explicit RecentEvidence(std::span<const Cell> cells);
  ~RecentEvidence();
  /// The cell's `recent`-th latest round alone (0 is the latest). The reference lives until the next call.
  [[nodiscard]] const EvidenceRow& row(std::uint32_t cell, std::size_t recent);

 private:
  struct Rows;
  std::span<const Cell> cells_;
  std::unique_ptr<Rows> rows_;
};

}  // namespace sonde::hub::judge
