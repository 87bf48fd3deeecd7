// The tables of the hub's database. Internal to store_history*.cc.
#pragma once

namespace sonde::hub::schema {

/// Goes up with every change of the tables; kept in PRAGMA user_version.
inline constexpr int kVersion = 1;

/// One row of `results` costs about 30 bytes: names live once in `series`. A line is kept only where the run was not
/// ok: that is when its evidence will be asked for; the newest of each pair is in `latest` with all its fields.
inline constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, target TEXT NOT NULL, vantage TEXT NOT NULL, kind TEXT NOT NULL, family TEXT NOT NULL,
  UNIQUE (target, vantage, kind, family)) STRICT;
CREATE TABLE IF NOT EXISTS results (
  series INTEGER NOT NULL, time_ms INTEGER NOT NULL, status INTEGER NOT NULL, duration REAL, line TEXT,
  PRIMARY KEY (series, time_ms)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_not_ok ON results (series, time_ms) WHERE status <> 0;
CREATE TABLE IF NOT EXISTS latest (
  target TEXT NOT NULL, vantage TEXT NOT NULL, time_ms INTEGER NOT NULL, line TEXT NOT NULL,
  PRIMARY KEY (target, vantage)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS described (
  kind TEXT NOT NULL, name TEXT NOT NULL, time_ms INTEGER NOT NULL, line TEXT NOT NULL,
  PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY, open INTEGER NOT NULL, opened_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  closed_ms INTEGER NOT NULL, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incidents_by_time ON incidents (opened_ms);
CREATE TABLE IF NOT EXISTS incident_events (
  incident TEXT NOT NULL, time_ms INTEGER NOT NULL, event TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (incident, time_ms, event)) STRICT, WITHOUT ROWID;
)sql";

}  // namespace sonde::hub::schema
