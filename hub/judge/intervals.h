// Numbers with their uncertainty: shares, counts and quantiles with 95 % intervals. Pure and deterministic.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sonde::hub::judge {

struct Interval {
  double low = 0;
  double high = 0;
};

/// `hits` of `of`. Interval: E. B. Wilson, "Probable inference", 1927, without continuity correction, z = 1.96.
struct Proportion {
  std::uint64_t hits = 0;
  std::uint64_t of = 0;

  void add(bool hit) {
    hits += hit ? 1U : 0U;
    ++of;
  }
  /// Nothing where there was nothing to count.
  [[nodiscard]] std::optional<double> value() const;
  /// [0, 1] where there was nothing to count.
  [[nodiscard]] Interval interval() const;
};

/// The interval of the mean of a Poisson count (Byar's approximation; exact within 1 % for the sizes used here).
[[nodiscard]] Interval poisson_interval(std::uint64_t count);

/// A number drawn from `n` values, with its bootstrap interval (percentiles of 1,000 resamples, fixed seed).
struct Estimate {
  double value = 0;
  Interval interval;
  std::size_t n = 0;  // 0: there were no values, and the rest means nothing
};
[[nodiscard]] Estimate estimate_mean(const std::vector<double>& values);
/// The smallest value that at least `q` of all do not exceed.
[[nodiscard]] Estimate estimate_quantile(std::vector<double> values, double q);

}  // namespace sonde::hub::judge
