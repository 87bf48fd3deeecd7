// Noisy-OR likelihoods, capped per cell.
#include "hub/judge/evidence.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
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

namespace {

// Trials, failures, and the baselines of the channels that failed: all that a row depends on.
using RowKey = std::array<float, 3 * kChannels>;

RowKey row_key(const Cell& cell, const PerChannel& n, const PerChannel& k) {
  RowKey key{};
  for (std::size_t c = 0; c < kChannels; ++c) {
    key[c] = n[c];
    key[kChannels + c] = k[c];
    // Kept as a float, so that the row depends on the key and nothing else.
    if (k[c] > 0) key[2 * kChannels + c] = static_cast<float>(baseline(cell, static_cast<Channel>(c)));
  }
  return key;
}

EvidenceRow row_of_key(const RowKey& key) {
  PerChannel n{};
  PerChannel k{};
  Baselines b{};
  for (std::size_t c = 0; c < kChannels; ++c) {
    n[c] = key[c];
    k[c] = key[kChannels + c];
    b[c] = static_cast<double>(key[2 * kChannels + c]);
  }
  return cell_evidence(n, k, b);
}

}  // namespace

EvidenceTable::EvidenceTable(std::span<const Cell> cells, Window window) {
  const auto w = static_cast<std::size_t>(window);
  index_.resize(cells.size());
  dirty_.assign(cells.size(), 0);
  std::unordered_map<PerChannel, std::uint32_t, BytesHash<PerChannel>> healthy;
  std::unordered_map<RowKey, std::uint32_t, BytesHash<RowKey>> failing;
  std::vector<std::uint32_t> shared_by;  // by row: cells without failures
  const auto healthy_row = [&](const PerChannel& good) {
    const auto [it, added] = healthy.try_emplace(good, static_cast<std::uint32_t>(rows_.size()));
    if (added) rows_.push_back(cell_evidence(good, PerChannel{}, Baselines{}));
    return it->second;
  };
  const auto share = [&](std::uint32_t row) {
    if (shared_by.size() <= row) shared_by.resize(row + 1, 0);
    ++shared_by[row];
    if (commonest_ >= shared_by.size() || shared_by[row] > shared_by[commonest_]) commonest_ = row;
    return row;
  };
  const Cell* before = nullptr;  // the latest one in the small form: mostly the next one is just like it
  std::uint32_t row_before = 0;
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (!cell.detail) {
      if (before == nullptr || cell.channels != before->channels || cell.good[w] != before->good[w]) {
        row_before = healthy_row(judge::window(cell, window).n);
      }
      before = &cell;
      index_[i] = share(row_before);
      continue;
    }
    const Trials& t = cell.detail->windows[w];
    if (is_dirty(cell, window)) {
      dirty_[i] = 1;
      dirty_cells_.push_back(i);
      const RowKey key = row_key(cell, t.n, t.k);
      const auto [it, added] = failing.try_emplace(key, static_cast<std::uint32_t>(rows_.size()));
      if (added) rows_.push_back(row_of_key(key));
      index_[i] = it->second;
      continue;
    }
    // Failures at channels that never worked are no news, and neither are they good trials.
    PerChannel good = t.n;
    for (std::size_t c = 0; c < kChannels; ++c) good[c] -= t.k[c];
    index_[i] = share(healthy_row(good));
  }
}

struct RecentEvidence::Rows {
  std::unordered_map<RowKey, EvidenceRow, BytesHash<RowKey>> known;
  std::array<std::optional<EvidenceRow>, 1U << kChannels> of_good;  // rounds without failures, by what was tried
};

RecentEvidence::RecentEvidence(std::span<const Cell> cells) : cells_(cells), rows_(std::make_unique<Rows>()) {}
RecentEvidence::~RecentEvidence() = default;

const EvidenceRow& RecentEvidence::row(std::uint32_t cell, std::size_t recent) {
  const Cell& of = cells_[cell];
  if (!of.detail) {
    std::optional<EvidenceRow>& row = rows_->of_good[of.recent[recent]];
    if (!row) row = cell_evidence(recent_round(of, recent).n, PerChannel{}, Baselines{});
    return *row;
  }
  const RoundTrials& t = of.detail->recent[recent];
  const RowKey key = row_key(of, t.n, t.k);
  const auto [it, added] = rows_->known.try_emplace(key);
  if (added) it->second = row_of_key(key);
  return it->second;
}

}  // namespace sonde::hub::judge
