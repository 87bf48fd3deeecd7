// The median of durations, for cells and series.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sonde::hub {

/// The lower median: a value that was measured, never a mean of two. `values` must not be empty; their order changes.
inline double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace sonde::hub
