// Noisy-OR likelihoods, capped per cell.
#include "hub/judge/evidence.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

namespace sonde::hub::judge {
namespace {

constexpr double kSpared = 0.10;            // ε: share of the cells of a failing component that do not notice
constexpr double kSparedDependency = 0.50;  // the same for those who only depend on it
constexpr double kPrivateCause = 1.5e-3;    // δ: share of cells that fail for a reason of their own

// ln(1 - a·θ) for every mode, severity and channel: all that healthy trials ever need.
struct LogTable {
  std::array<std::array<std::array<double, kChannels>, kSeverities.size()>, kModes> spare;
  LogTable() {
    for (std::size_t m = 0; m < kModes; ++m) {
      const PerChannel& share = info(static_cast<Mode>(m)).share;
      for (std::size_t s = 0; s < kSeverities.size(); ++s) {
        for (std::size_t c = 0; c < kChannels; ++c) {
          spare[m][s][c] = std::log1p(-static_cast<double>(share[c]) * kSeverities[s]);
        }
      }
    }
  }
};

const LogTable& logs() {
  static const LogTable table;
  return table;
}

double log_ratio(const PerChannel& n, const PerChannel& k, const Baselines& b, std::size_t mode, std::size_t severity) {
  const PerChannel& share = info(static_cast<Mode>(mode)).share;
  const auto& spare = logs().spare[mode][severity];
  double sum = 0;
  for (std::size_t c = 0; c < kChannels; ++c) {
    if (n[c] <= 0 || share[c] <= 0) continue;
    sum += static_cast<double>(n[c] - k[c]) * spare[c];
    if (k[c] > 0) {
      const double p = 1 - (1 - b[c]) * (1 - static_cast<double>(share[c]) * kSeverities[severity]);
      sum += static_cast<double>(k[c]) * std::log(p / b[c]);
    }
  }
  return sum;
}

double spared_share(std::size_t mode) {
  return mode == static_cast<std::size_t>(Mode::kDependency) ? kSparedDependency : kSpared;
}

template <typename Numbers>
struct BytesHash {
  std::size_t operator()(const Numbers& numbers) const {
    std::uint64_t h = 1469598103934665603ULL;
    for (const float x : numbers) h = (h ^ std::bit_cast<std::uint32_t>(x)) * 1099511628211ULL;
    return h ^ (h >> 29);
  }
};

}  // namespace

EvidenceRow cell_evidence(const PerChannel& n, const PerChannel& k, const Baselines& b) {
  EvidenceRow row{};
  for (std::size_t m = 0; m < kModes; ++m) {
    double mean = 0;
    for (std::size_t s = 0; s < kSeverities.size(); ++s) mean += std::exp(std::min(log_ratio(n, k, b, m, s), 200.0));
    mean /= static_cast<double>(kSeverities.size());
    const double spared = spared_share(m);
    const double against = std::log((1 - kPrivateCause) + kPrivateCause * std::max(1.0, mean));
    row[m] = static_cast<float>(std::log((1 - spared) * mean + spared) - against);
  }
  return row;
}

double severity_evidence(const PerChannel& n, const PerChannel& k, const Baselines& b, Mode mode,
                         std::size_t severity) {
  const auto m = static_cast<std::size_t>(mode);
  const double spared = spared_share(m);
  return std::log((1 - spared) * std::exp(std::min(log_ratio(n, k, b, m, severity), 200.0)) + spared);
}

Baselines baselines(const Cell& cell) {
  Baselines b{};
  for (std::size_t c = 0; c < kChannels; ++c) b[c] = baseline(cell, static_cast<Channel>(c));
  return b;
}

EvidenceTable::EvidenceTable(std::span<const Cell> cells, Window window) {
  index_.resize(cells.size());
  dirty_.assign(cells.size(), 0);
  std::unordered_map<PerChannel, std::uint32_t, BytesHash<PerChannel>> healthy;
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const Trials& t = cells[i].window(window);
    if (is_dirty(cells[i], window)) {
      dirty_[i] = 1;
      dirty_cells_.push_back(i);
      index_[i] = static_cast<std::uint32_t>(rows_.size());
      rows_.push_back(cell_evidence(t.n, t.k, baselines(cells[i])));
      continue;
    }
    // Failures at channels that never worked are no news, and neither are they good trials.
    PerChannel good = t.n;
    for (std::size_t c = 0; c < kChannels; ++c) good[c] -= t.k[c];
    const auto [it, added] = healthy.try_emplace(good, static_cast<std::uint32_t>(rows_.size()));
    if (added) rows_.push_back(cell_evidence(good, PerChannel{}, Baselines{}));
    index_[i] = it->second;
  }
}

// Trials, failures, and the baselines of the channels that failed: all that a row depends on.
using RowKey = std::array<float, 3 * kChannels>;

struct RecentEvidence::Rows {
  std::unordered_map<RowKey, EvidenceRow, BytesHash<RowKey>> known;
};

RecentEvidence::RecentEvidence(std::span<const Cell> cells) : cells_(cells), rows_(std::make_unique<Rows>()) {}
RecentEvidence::~RecentEvidence() = default;

const EvidenceRow& RecentEvidence::row(std::uint32_t cell, std::size_t recent) {
  const Cell& of = cells_[cell];
  const RoundTrials& t = of.recent[recent];
  RowKey key{};
  Baselines b{};
  for (std::size_t c = 0; c < kChannels; ++c) {
    key[c] = t.n[c];
    key[kChannels + c] = t.k[c];
    if (t.k[c] <= 0) continue;
    // Kept as a float, so that the row depends on the key and nothing else.
    key[2 * kChannels + c] = static_cast<float>(baseline(of, static_cast<Channel>(c)));
    b[c] = static_cast<double>(key[2 * kChannels + c]);
  }
  const auto [it, added] = rows_->known.try_emplace(key);
  if (added) it->second = cell_evidence(t.n, t.k, b);
  return it->second;
}

}  // namespace sonde::hub::judge
