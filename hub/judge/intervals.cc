// Wilson, Byar and bootstrap.
#include "hub/judge/intervals.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sonde::hub::judge {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution
constexpr int kResamples = 1000;

/// splitmix64: small, and the same on every machine.
class Draws {
 public:
  std::size_t below(std::size_t n) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<std::size_t>((z ^ (z >> 31U)) % n);
  }

 private:
  std::uint64_t state_ = 1;
};

template <typename Statistic>
Estimate bootstrap(const std::vector<double>& values, Statistic statistic) {
  Estimate out;
  out.n = values.size();
  if (values.empty()) return out;
  out.value = statistic(values);
  Draws draws;
  std::vector<double> sample(values.size());
  std::vector<double> seen;
  seen.reserve(kResamples);
  for (int i = 0; i < kResamples; ++i) {
    for (double& x : sample) x = values[draws.below(values.size())];
    seen.push_back(statistic(sample));
  }
  std::ranges::sort(seen);
  out.interval = {seen[kResamples * 25 / 1000], seen[kResamples * 975 / 1000 - 1]};
  return out;
}

}  // namespace

std::optional<double> Proportion::value() const {
  if (of == 0) return std::nullopt;
  return static_cast<double>(hits) / static_cast<double>(of);
}

Interval Proportion::interval() const {
  if (of == 0) return {0, 1};
  const auto n = static_cast<double>(of);
  const double p = static_cast<double>(hits) / n;
  const double middle = p + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double below = 1 + kZ * kZ / n;
  return {std::max(0.0, (middle - half) / below), std::min(1.0, (middle + half) / below)};
}

Interval poisson_interval(std::uint64_t count) {
  const auto k = static_cast<double>(count);
  const auto bound = [](double x, double z) { return x * std::pow(1 - 1 / (9 * x) + z / (3 * std::sqrt(x)), 3); };
  return {count == 0 ? 0 : std::max(0.0, bound(k, -kZ)), bound(k + 1, kZ)};
}

Estimate estimate_mean(const std::vector<double>& values) {
  return bootstrap(values, [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  });
}

Estimate estimate_quantile(std::vector<double> values, double q) {
  return bootstrap(values, [q](std::vector<double> v) {
    const double place = std::ceil(q * static_cast<double>(v.size())) - 1;
    const auto at = static_cast<std::ptrdiff_t>(std::clamp(place, 0.0, static_cast<double>(v.size() - 1)));
    std::nth_element(v.begin(), v.begin() + at, v.end());
    return v[static_cast<std::size_t>(at)];
  });
}

}  // namespace sonde::hub::judge
