// A thin owner of one SQLite database and its prepared statements; values go in as bound parameters only.
// Only store*.cc include sqlite3.h. Source: SQLite C interface, https://www.sqlite.org/c3ref/intro.html
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sonde::hub {

using core::Result;

/// A prepared statement. bind() numbers parameters from 1, column() from 0. A failing step ends the rows and leaves
/// its message in the database's error(), which Database::check() turns into an Error.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  /// Back to the beginning, parameters cleared. Returns itself, so that binds can be chained.
  Statement& reset();
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, double value);
  /// The text must stay unchanged until the statement has been stepped to its end or reset.
  Statement& bind(int at, std::string_view text);
  Statement& bind_null(int at);

  /// True when a row is there. False at the end and on errors.
  bool step();
  /// Steps a statement that yields no rows; false on errors.
  bool run();
  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool failed_ = false;
};

class Database {
 public:
  /// Opens or makes the file with write-ahead logging and full synchronisation. Who may read it is up to the directory.
  /// kCorrupt when the file is no database or is damaged.
  [[nodiscard]] static Result<Database> open(const std::string& path);

  /// Runs statements that return nothing.
  Result<void> run(const char* sql);
  /// Prepares one statement. Aborts when the SQL itself is wrong: our own text, never input.
  [[nodiscard]] Statement prepare(std::string_view sql);
  /// The last error as an Error in words.
  [[nodiscard]] core::Error error() const;
  /// Rows changed by the last statement.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_row() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace sonde::hub
