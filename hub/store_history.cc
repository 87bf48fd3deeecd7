// The history in SQLite: results, newest state, incidents.
#include "hub/store_history.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/line_protocol.h"
#include "core/schema.h"
#include "hub/picture.h"
#include "hub/store_database.h"
#include "hub/store_schema.h"

namespace sonde::hub {
namespace {

using core::Record;

// Rolls back unless commit() was called: a batch is all there or not at all.
class Transaction {
 public:
  explicit Transaction(Database& db) : db_(db), open_(db.run("BEGIN IMMEDIATE").has_value()) {}
  ~Transaction() {
    // A failed rollback leaves nothing to do: SQLite then rolls back when the file is opened again.
    if (open_) (void)db_.run("ROLLBACK").has_value();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  [[nodiscard]] bool open() const { return open_; }
  Result<void> commit() {
    Result<void> done = db_.run("COMMIT");
    if (done) open_ = false;
    return done;
  }

 private:
  Database& db_;
  bool open_;
};

std::string line_of(const Record& r) {
  std::string line;
  core::encode_line(r, line);
  if (!line.empty()) line.pop_back();  // the line break
  return line;
}

std::optional<Record> record_of(const std::string& line) {
  auto record = core::decode_line(line, core::Precision::kNanoseconds, core::WallTime{});
  if (!record) return std::nullopt;
  return std::move(*record);
}

class SqliteHistory final : public History {
 public:
  explicit SqliteHistory(Database db) : db_(std::move(db)) {}
  Result<void> prepare();

  Result<void> write(const std::vector<Record>& records) override;
  Result<std::vector<Record>> state() override;
  Result<std::vector<HistorySeries>> series(const HistoryQuery& query) override;
  Result<std::vector<Record>> failures(std::string_view target, std::size_t limit) override;
  Result<bool> ever_healthy(std::string_view target) override;
  Result<bool> save_incident(const StoredIncident& incident, std::int64_t event_ms, std::string_view event,
                             std::string_view event_json) override;
  Result<std::vector<StoredIncident>> incidents(std::optional<bool> open, std::size_t limit) override;
  Result<std::optional<StoredIncident>> incident(std::string_view id) override;
  Result<std::vector<std::string>> incident_events(std::string_view id) override;
  Result<bool> prune(core::WallTime before, std::uint64_t rows_max) override;
  [[nodiscard]] std::uint64_t rows() const override { return rows_; }

 private:
  struct SeriesKey {
    std::int64_t id = 0;
    std::string vantage;
    std::string kind;
  };

  bool write_result(const Record& r, core::Status status);
  bool write_newest(const std::map<std::pair<std::string_view, std::string_view>, const Record*>& newest);
  bool write_description(const Record& r, std::string_view kind);
  std::optional<std::int64_t> series_id(const Record& r);
  std::vector<SeriesKey> series_of(std::string_view target);
  std::optional<std::int64_t> cut_for_rows(std::uint64_t rows_max);
  bool prune_series(std::int64_t before_ms);
  static StoredIncident read_incident(const Statement& s);

  Database db_;
  Statement find_series_, add_series_, add_result_, change_result_, save_latest_, save_described_;
  Statement read_points_, read_failures_, read_success_, list_series_, drop_results_, oldest_, next_series_,
      drop_series_;
  Statement save_incident_, add_event_, get_incident_, list_incidents_, list_events_;
  std::unordered_map<std::string, std::int64_t> series_ids_;  // "target\nvantage\ncheck\nfamily" → id
  std::uint64_t rows_ = 0;
  std::int64_t pruned_to_ = 0;  // series id at which the next prune() goes on
};

Result<void> SqliteHistory::prepare() {
  Statement version = db_.prepare("PRAGMA user_version");
  if (!version.step()) return db_.error();
  if (version.integer(0) > schema::kVersion) {
    return core::Error{core::ErrorCode::kUnsupported, "the hub's database was written by a newer version of Sonde"};
  }
  version.reset();
  if (auto made = db_.run(schema::kTables); !made) return made;
  if (auto set = db_.run("PRAGMA user_version = 1"); !set) return set;
  find_series_ = db_.prepare("SELECT id FROM series WHERE target = ? AND vantage = ? AND kind = ? AND family = ?");
  add_series_ = db_.prepare("INSERT INTO series (target, vantage, kind, family) VALUES (?, ?, ?, ?)");
  add_result_ =
      db_.prepare("INSERT OR IGNORE INTO results (series, time_ms, status, duration, line) VALUES (?, ?, ?, ?, ?)");
  change_result_ =
      db_.prepare("UPDATE results SET status = ?3, duration = ?4, line = ?5 WHERE series = ?1 AND time_ms = ?2");
  save_latest_ = db_.prepare(
      "INSERT INTO latest (target, vantage, time_ms, line) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "time_ms = excluded.time_ms, line = excluded.line WHERE excluded.time_ms >= latest.time_ms");
  save_described_ = db_.prepare(
      "INSERT INTO described (kind, name, time_ms, line) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "time_ms = excluded.time_ms, line = excluded.line WHERE excluded.time_ms >= described.time_ms");
  read_points_ = db_.prepare(
      "SELECT time_ms, status, duration FROM results WHERE series = ? AND time_ms >= ? AND time_ms < ? "
      "ORDER BY time_ms LIMIT ?");
  read_failures_ =
      db_.prepare("SELECT line FROM results WHERE series = ? AND status <> 0 ORDER BY time_ms DESC LIMIT ?");
  read_success_ = db_.prepare("SELECT 1 FROM results WHERE series = ? AND status IN (0, 1) LIMIT 1");
  list_series_ = db_.prepare("SELECT id, vantage, kind FROM series WHERE target = ? ORDER BY vantage, id");
  drop_results_ = db_.prepare("DELETE FROM results WHERE series = ? AND time_ms < ?");
  oldest_ = db_.prepare("SELECT min(time_ms) FROM results WHERE series = ?");
  next_series_ = db_.prepare("SELECT id FROM series WHERE id > ? ORDER BY id LIMIT 1");
  drop_series_ =
      db_.prepare("DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM results WHERE series = ?1)");
  save_incident_ = db_.prepare(
      "INSERT OR REPLACE INTO incidents (id, open, opened_ms, updated_ms, closed_ms, json) VALUES (?, ?, ?, ?, ?, ?)");
  add_event_ =
      db_.prepare("INSERT OR IGNORE INTO incident_events (incident, time_ms, event, json) VALUES (?, ?, ?, ?)");
  get_incident_ = db_.prepare("SELECT id, open, opened_ms, updated_ms, closed_ms, json FROM incidents WHERE id = ?");
  list_incidents_ = db_.prepare(
      "SELECT id, open, opened_ms, updated_ms, closed_ms, json FROM incidents WHERE ?1 < 0 OR open = ?1 "
      "ORDER BY opened_ms DESC, id DESC LIMIT ?2");
  list_events_ = db_.prepare("SELECT json FROM incident_events WHERE incident = ? ORDER BY time_ms");
  Statement count = db_.prepare("SELECT count(*) FROM results");
  if (!count.step()) return db_.error();
  rows_ = static_cast<std::uint64_t>(count.integer(0));
  return {};
}

Result<void> SqliteHistory::write(const std::vector<Record>& records) {
  Transaction transaction{db_};
  if (!transaction.open()) return db_.error();
  const std::uint64_t rows_before = rows_;
  std::map<std::pair<std::string_view, std::string_view>, const Record*> newest;
  bool written = true;
  for (const Record& r : records) {
    if (r.measurement == core::measurement::kProbe) {
      const auto status = shown_status(r);
      if (!status || r.tag(core::tag::kTarget).empty() || r.tag(core::tag::kVantage).empty()) continue;
      written = write_result(r, *status);
      const Record*& slot = newest[{r.tag(core::tag::kTarget), r.tag(core::tag::kVantage)}];
      if (slot == nullptr || r.time >= slot->time) slot = &r;
    } else if (r.measurement == core::measurement::kVantage) {
      written = write_description(r, core::tag::kVantage);
    } else if (r.measurement == core::measurement::kTarget) {
      written = write_description(r, core::tag::kTarget);
    }
    if (!written) break;
  }
  Result<void> done = db_.error();
  if (written && write_newest(newest)) done = transaction.commit();
  if (!done) {
    rows_ = rows_before;
    series_ids_.clear();  // rows of new series went with the transaction
  }
  return done;
}

bool SqliteHistory::write_newest(const std::map<std::pair<std::string_view, std::string_view>, const Record*>& newest) {
  for (const auto& [pair, record] : newest) {
    const std::string line = line_of(*record);
    if (!save_latest_.reset()
             .bind(1, pair.first)
             .bind(2, pair.second)
             .bind(3, core::to_unix_ms(record->time))
             .bind(4, std::string_view{line})
             .run()) {
      return false;
    }
  }
  return true;
}

bool SqliteHistory::write_result(const Record& r, core::Status status) {
  const auto id = series_id(r);
  if (!id) return false;
  const std::string line = status == core::Status::kOk ? std::string{} : line_of(r);
  const auto duration = r.number(core::field::kDurationSeconds.name);
  const auto fill = [&](Statement& s) -> Statement& {
    s.reset().bind(1, *id).bind(2, core::to_unix_ms(r.time)).bind(3, static_cast<std::int64_t>(status));
    if (duration) {
      s.bind(4, *duration);
    } else {
      s.bind_null(4);
    }
    if (line.empty()) return s.bind_null(5);
    return s.bind(5, std::string_view{line});
  };
  if (!fill(add_result_).run()) return false;
  if (db_.changes() > 0) {
    ++rows_;
    return true;
  }
  return fill(change_result_).run();
}

bool SqliteHistory::write_description(const Record& r, std::string_view kind) {
  const std::string line = line_of(r);
  const std::string_view name = r.tag(kind);
  if (name.empty() || line.empty()) return true;
  return save_described_.reset()
      .bind(1, kind)
      .bind(2, name)
      .bind(3, core::to_unix_ms(r.time))
      .bind(4, std::string_view{line})
      .run();
}

std::optional<std::int64_t> SqliteHistory::series_id(const Record& r) {
  const std::string_view parts[] = {r.tag(core::tag::kTarget), r.tag(core::tag::kVantage), r.tag(core::tag::kCheck),
                                    r.tag(core::tag::kFamily)};
  std::string key;
  for (const std::string_view part : parts) key.append(part).push_back('\n');
  if (const auto known = series_ids_.find(key); known != series_ids_.end()) return known->second;
  const auto fill = [&](Statement& s) -> Statement& {
    s.reset();
    for (int i = 0; i < 4; ++i) s.bind(i + 1, parts[i]);
    return s;
  };
  std::int64_t id = 0;
  if (fill(find_series_).step()) {
    id = find_series_.integer(0);
  } else {
    if (find_series_.failed() || !fill(add_series_).run()) return std::nullopt;
    id = db_.last_row();
  }
  find_series_.reset();
  series_ids_.emplace(std::move(key), id);
  return id;
}

Result<std::vector<Record>> SqliteHistory::state() {
  std::vector<Record> records;
  Statement described = db_.prepare("SELECT line FROM described ORDER BY kind DESC, time_ms");
  Statement latest = db_.prepare("SELECT line FROM latest ORDER BY time_ms");
  for (Statement* s : {&described, &latest}) {
    while (s->step()) {
      if (auto record = record_of(s->text(0))) records.push_back(std::move(*record));
    }
    if (s->failed()) return db_.error();
  }
  return records;
}

std::vector<SqliteHistory::SeriesKey> SqliteHistory::series_of(std::string_view target) {
  std::vector<SeriesKey> found;
  list_series_.reset().bind(1, target);
  while (list_series_.step()) {
    found.push_back({list_series_.integer(0), list_series_.text(1), list_series_.text(2)});
  }
  return found;
}

Result<std::vector<HistorySeries>> SqliteHistory::series(const HistoryQuery& query) {
  std::map<std::string, std::vector<HistoryPoint>> by_vantage;
  std::size_t left = query.points_max;
  for (const SeriesKey& key : series_of(query.target)) {
    if ((!query.check.empty() && key.kind != query.check) || (!query.vantage.empty() && key.vantage != query.vantage)) {
      continue;
    }
    std::vector<HistoryPoint>& points = by_vantage[key.vantage];
    read_points_.reset()
        .bind(1, key.id)
        .bind(2, query.from_ms)
        .bind(3, query.to_ms)
        .bind(4, static_cast<std::int64_t>(left));
    while (read_points_.step()) {
      HistoryPoint p{.time_ms = read_points_.integer(0), .status = static_cast<core::Status>(read_points_.integer(1))};
      if (!read_points_.is_null(2)) p.duration_seconds = read_points_.number(2);
      points.push_back(p);
      --left;
    }
    if (read_points_.failed()) return db_.error();
  }
  std::vector<HistorySeries> all;
  for (auto& [vantage, points] : by_vantage) {
    std::ranges::stable_sort(points, {}, &HistoryPoint::time_ms);  // several families of one vantage interleave
    all.push_back({vantage, std::move(points)});
  }
  return all;
}

Result<std::vector<Record>> SqliteHistory::failures(std::string_view target, std::size_t limit) {
  std::vector<Record> found;
  for (const SeriesKey& key : series_of(target)) {
    read_failures_.reset().bind(1, key.id).bind(2, static_cast<std::int64_t>(limit));
    while (read_failures_.step()) {
      if (auto record = record_of(read_failures_.text(0))) found.push_back(std::move(*record));
    }
    if (read_failures_.failed()) return db_.error();
  }
  std::ranges::stable_sort(found, std::greater<>{}, &Record::time);
  if (found.size() > limit) found.resize(limit);
  return found;
}

Result<bool> SqliteHistory::ever_healthy(std::string_view target) {
  for (const SeriesKey& key : series_of(target)) {
    read_success_.reset().bind(1, key.id);
    if (read_success_.step()) return true;
    if (read_success_.failed()) return db_.error();
  }
  return false;
}

Result<bool> SqliteHistory::save_incident(const StoredIncident& incident, std::int64_t event_ms, std::string_view event,
                                          std::string_view event_json) {
  Transaction transaction{db_};
  if (!transaction.open()) return db_.error();
  if (!add_event_.reset()
           .bind(1, std::string_view{incident.id})
           .bind(2, event_ms)
           .bind(3, event)
           .bind(4, event_json)
           .run()) {
    return db_.error();
  }
  if (db_.changes() == 0) return false;
  if (!save_incident_.reset()
           .bind(1, std::string_view{incident.id})
           .bind(2, std::int64_t{incident.open})
           .bind(3, incident.opened_ms)
           .bind(4, incident.updated_ms)
           .bind(5, incident.closed_ms)
           .bind(6, std::string_view{incident.json})
           .run()) {
    return db_.error();
  }
  if (auto done = transaction.commit(); !done) return done.error();
  return true;
}

StoredIncident SqliteHistory::read_incident(const Statement& s) {
  return {.id = s.text(0),
          .open = s.integer(1) != 0,
          .opened_ms = s.integer(2),
          .updated_ms = s.integer(3),
          .closed_ms = s.integer(4),
          .json = s.text(5)};
}

Result<std::vector<StoredIncident>> SqliteHistory::incidents(std::optional<bool> open, std::size_t limit) {
  std::vector<StoredIncident> found;
  list_incidents_.reset().bind(1, std::int64_t{open ? *open : -1}).bind(2, static_cast<std::int64_t>(limit));
  while (list_incidents_.step()) found.push_back(read_incident(list_incidents_));
  if (list_incidents_.failed()) return db_.error();
  return found;
}

Result<std::optional<StoredIncident>> SqliteHistory::incident(std::string_view id) {
  std::optional<StoredIncident> found;
  if (get_incident_.reset().bind(1, id).step()) found = read_incident(get_incident_);
  if (get_incident_.failed()) return db_.error();
  get_incident_.reset();
  return found;
}

Result<std::vector<std::string>> SqliteHistory::incident_events(std::string_view id) {
  std::vector<std::string> found;
  list_events_.reset().bind(1, id);
  while (list_events_.step()) found.push_back(list_events_.text(0));
  if (list_events_.failed()) return db_.error();
  return found;
}

// The time before which to delete when there are more rows than allowed: the oldest tenth of the span that is kept.
std::optional<std::int64_t> SqliteHistory::cut_for_rows(std::uint64_t rows_max) {
  if (rows_ <= rows_max) return std::nullopt;
  std::int64_t first = 0;
  std::int64_t last = 0;
  Statement span = db_.prepare("SELECT min(time_ms), max(time_ms) FROM latest");
  if (span.step() && !span.is_null(1)) last = span.integer(1);
  Statement ids = db_.prepare("SELECT id FROM series");
  while (ids.step()) {
    oldest_.reset().bind(1, ids.integer(0));
    if (!oldest_.step() || oldest_.is_null(0)) continue;
    first = first == 0 ? oldest_.integer(0) : std::min(first, oldest_.integer(0));
  }
  oldest_.reset();
  return first + std::max<std::int64_t>((last - first) / 10, 1);
}

// Deletes the old results of the next few series. True when there are series left for another call.
bool SqliteHistory::prune_series(std::int64_t before_ms) {
  constexpr int kSeriesPerCall = 100;
  for (int i = 0; i < kSeriesPerCall; ++i) {
    if (!next_series_.reset().bind(1, pruned_to_).step()) {
      next_series_.reset();
      pruned_to_ = 0;
      return false;
    }
    pruned_to_ = next_series_.integer(0);
    next_series_.reset();
    if (!drop_results_.reset().bind(1, pruned_to_).bind(2, before_ms).run()) return false;
    rows_ -= std::min(rows_, static_cast<std::uint64_t>(db_.changes()));
    if (!drop_series_.reset().bind(1, pruned_to_).run()) return false;
    if (db_.changes() > 0) series_ids_.clear();
  }
  return true;
}

Result<bool> SqliteHistory::prune(core::WallTime before, std::uint64_t rows_max) {
  std::int64_t before_ms = core::to_unix_ms(before);
  if (pruned_to_ == 0) {
    // Descriptions come once an hour, so that they stay a day longer than any result that needs them.
    for (const char* sql :
         {"DELETE FROM latest WHERE time_ms < ?", "DELETE FROM described WHERE time_ms < ? - 86400000",
          "DELETE FROM incident_events WHERE incident IN "
          "(SELECT id FROM incidents WHERE open = 0 AND closed_ms < ?)",
          "DELETE FROM incidents WHERE open = 0 AND closed_ms < ?"}) {
      if (!db_.prepare(sql).bind(1, before_ms).run()) return db_.error();
    }
  }
  before_ms = std::max(before_ms, cut_for_rows(rows_max).value_or(before_ms));
  return prune_series(before_ms);
}

}  // namespace

Result<std::unique_ptr<History>> open_history(const std::string& path) {
  auto db = Database::open(path);
  if (!db) return db.error();
  auto history = std::make_unique<SqliteHistory>(std::move(*db));
  if (auto prepared = history->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<History>{std::move(history)};
}

}  // namespace sonde::hub
