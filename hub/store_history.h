// Results, descriptions and incidents on disk (SQLite): what the hub still knows after a restart.
// Every write is idempotent: the same record again is the same row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/outcome.h"
#include "core/record.h"
#include "core/result.h"
#include "core/time.h"

namespace sonde::hub {

using core::Result;

/// One kept result, as much of it as a series needs.
struct HistoryPoint {
  std::int64_t time_ms = 0;
  core::Status status = core::Status::kOk;
  std::optional<double> duration_seconds;
};
struct HistorySeries {
  std::string vantage;
  std::vector<HistoryPoint> points;  // by time
};

struct HistoryQuery {
  std::string target;
  std::string check;    // empty = all
  std::string vantage;  // empty = all
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // exclusive
  std::size_t points_max = 2'000'000;
};

/// An incident as it is kept: columns to find it by, and its JSON.
struct StoredIncident {
  std::string id;
  bool open = true;
  std::int64_t opened_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t closed_ms = 0;  // 0 while open
  std::string json;
};

class History {
 public:
  virtual ~History() = default;

  /// Writes in one transaction: every `probe` record as a row (and its line where it was not ok), the newest result
  /// of each pair, and `vantage` and `target` records. Other measurements are left out. `results` points to records
  /// that live until it returns. A failure leaves nothing of the batch behind.
  virtual Result<void> write(const std::vector<core::Record>& records) = 0;

  /// Descriptions and newest results, to rebuild the picture from: vantages and targets first.
  [[nodiscard]] virtual Result<std::vector<core::Record>> state() = 0;
  [[nodiscard]] virtual Result<std::vector<HistorySeries>> series(const HistoryQuery& query) = 0;
  /// The newest results of a target that were not ok, newest first.
  [[nodiscard]] virtual Result<std::vector<core::Record>> failures(std::string_view target, std::size_t limit) = 0;

  /// Whether any result of the target that is kept was ok or degraded.
  [[nodiscard]] virtual Result<bool> ever_healthy(std::string_view target) = 0;

  /// Upserts an incident and one event of its life together. Returns false when that event was kept before; the
  /// incident is then left as it is.
  virtual Result<bool> save_incident(const StoredIncident& incident, std::int64_t event_ms, std::string_view event,
                                     std::string_view event_json) = 0;
  /// Newest first. `open`: only open or only closed ones; nothing = all.
  [[nodiscard]] virtual Result<std::vector<StoredIncident>> incidents(std::optional<bool> open, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::optional<StoredIncident>> incident(std::string_view id) = 0;
  /// JSON of the incident's events, oldest first.
  [[nodiscard]] virtual Result<std::vector<std::string>> incident_events(std::string_view id) = 0;

  /// Deletes results and closed incidents from before `before`, and the oldest results beyond `rows_max`. Does a
  /// bounded amount of work; returns true when more is left to do.
  virtual Result<bool> prune(core::WallTime before, std::uint64_t rows_max) = 0;
  /// Rows of results.
  [[nodiscard]] virtual std::uint64_t rows() const = 0;
};

/// Opens or makes the database file. kCorrupt when it is damaged, kUnsupported when a newer version wrote it.
[[nodiscard]] Result<std::unique_ptr<History>> open_history(const std::string& path);

}  // namespace sonde::hub
