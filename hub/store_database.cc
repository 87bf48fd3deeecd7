// SQLite behind two small classes.
#include "hub/store_database.h"

#include <sqlite3.h>

#include "core/check.h"

namespace sonde::hub {
namespace {

core::Error database_error(sqlite3* db, int code) {
  const int primary = code & 0xff;
  const bool damaged = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  core::ErrorCode kind = damaged ? core::ErrorCode::kCorrupt : core::ErrorCode::kIo;
  if (primary == SQLITE_FULL) kind = core::ErrorCode::kNoSpace;
  if (primary == SQLITE_BUSY) kind = core::ErrorCode::kBusy;
  const char* words = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return core::Error{kind, std::string{"the hub's database: "} + words};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
void Database::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

Statement& Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  failed_ = false;
  return *this;
}

Statement& Statement::bind(int at, std::int64_t value) {
  SONDE_CHECK(sqlite3_bind_int64(statement_.get(), at, value) == SQLITE_OK, "a parameter that the statement lacks");
  return *this;
}

Statement& Statement::bind(int at, double value) {
  SONDE_CHECK(sqlite3_bind_double(statement_.get(), at, value) == SQLITE_OK, "a parameter that the statement lacks");
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  // A null pointer would bind NULL, and an empty view may hold one.
  const char* data = text.empty() ? "" : text.data();
  SONDE_CHECK(sqlite3_bind_text64(statement_.get(), at, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK,
              "a parameter that the statement lacks");
  return *this;
}

Statement& Statement::bind_null(int at) {
  SONDE_CHECK(sqlite3_bind_null(statement_.get(), at) == SQLITE_OK, "a parameter that the statement lacks");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  failed_ = code != SQLITE_ROW && code != SQLITE_DONE;
  return code == SQLITE_ROW;
}

bool Statement::run() {
  while (step()) {
  }
  return !failed_;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::number(int column) const { return sqlite3_column_double(statement_.get(), column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<Database> Database::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database{raw};
  if (code != SQLITE_OK) return database_error(raw, code);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 2000);
  // A batch is one transaction about once a second, so that a synchronous commit is cheap: the log's cursor must not
  // move past rows that a power cut could still take back.
  auto configured = database.run(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;");
  if (!configured) return configured.error();
  return database;
}

Result<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return database_error(db_.get(), code);
  return {};
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  SONDE_CHECK(code == SQLITE_OK, sqlite3_errmsg(db_.get()));
  return Statement{statement};
}

core::Error Database::error() const { return database_error(db_.get(), sqlite3_extended_errcode(db_.get())); }
std::int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }
std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(db_.get()); }

}  // namespace sonde::hub
