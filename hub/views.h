// The smaller views as JSON: targets, one target, a series (docs/api.md). Pure but for the history that is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/time.h"
#include "hub/picture.h"
#include "hub/store_history.h"

namespace sonde::hub {

/// The JSON of `/api/v1/targets`.
[[nodiscard]] std::string targets_json(const Picture& picture, core::WallTime now);

/// The JSON of `/api/v1/targets/NAME`; `failures` newest first.
[[nodiscard]] std::string target_json(const Picture& picture, const TargetState& target,
                                      const std::vector<core::Record>& failures, core::WallTime now);

/// One point of a series: the latencies are of runs that succeeded.
struct SeriesPoint {
  std::int64_t start_ms = 0;
  std::optional<double> median_seconds;
  std::optional<double> max_seconds;
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
};

/// Puts points (sorted by time) into steps of `step_ms` from `from_ms` up to `to_ms`; steps without a run are there
/// too.
[[nodiscard]] std::vector<SeriesPoint> downsample(const std::vector<HistoryPoint>& points, std::int64_t from_ms,
                                                  std::int64_t to_ms, std::int64_t step_ms);

/// The smallest round step, at least `every_ms`, that gives at most 360 points.
[[nodiscard]] std::int64_t choose_step_ms(std::int64_t span_ms, std::int64_t every_ms);

/// The JSON of `/api/v1/series`.
[[nodiscard]] std::string series_json(const HistoryQuery& query, std::int64_t step_ms,
                                      const std::vector<HistorySeries>& series);

}  // namespace sonde::hub
