// A configuration file as a tree that remembers where each value stands, and strict readers over it.
// Strict means: unknown keys, duplicate keys and bad values are errors with file, line, column, what is allowed
// and the nearest name. All errors of a file are reported, not only the first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/text.h"
#include "core/time.h"

namespace sonde::core {

struct ConfigError {
  std::string file;
  int line = 0;    // 1-based; 0 = the whole file
  int column = 0;  // 1-based
  std::string message;
  std::string zh = {};  // the same in Chinese; empty in documents of the tests' own
};

/// "file:line:column: message", on one line and sanitized: names and values may come from afar, and nothing of them may
/// steer a terminal.
[[nodiscard]] std::string to_string(const ConfigError& e, Language language = Language::kEnglish);

/// Collects errors while a configuration is read; readers go on after an error with a default.
class ConfigErrors {
 public:
  void add(ConfigError e) { errors_.push_back(std::move(e)); }
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  [[nodiscard]] const std::vector<ConfigError>& all() const { return errors_; }
  /// All errors, one per line.
  [[nodiscard]] std::string to_string(Language language = Language::kEnglish) const;

 private:
  std::vector<ConfigError> errors_;
};

struct ConfigEntry;

/// One node. A value type; copies are deep.
struct ConfigNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string file;
  int line = 0;
  int column = 0;
  bool quoted = false;  // a scalar in quotes is always text
  std::string scalar;
  std::string written;               // as it stands in the file, where a ${VAR} in it was replaced; else empty
  std::vector<ConfigNode> items;     // sequence
  std::vector<ConfigEntry> entries;  // map, in file order; keys are scalars

  /// The value of `key` in a map, or null pointer. Reading with limits and mistakes: core/config_table.h.
  [[nodiscard]] const ConfigNode* find(std::string_view key) const;
  /// An error standing at this node, in English and Chinese.
  [[nodiscard]] ConfigError error(std::string message, std::string zh) const;
  /// In English alone: for documents of the tests' own, such as the world's stories. tests/tidy refuses it elsewhere.
  [[nodiscard]] ConfigError error(std::string message) const { return error(std::move(message), std::string{}); }
  /// Words of the system's own, which exist in one language, say so in Chinese.
  [[nodiscard]] ConfigError error(const Error& e) const {
    return error(e.message, e.zh.empty() ? "系统报告：" + e.message : e.zh);
  }
  /// The scalar as a message may show it: what came from a variable may be a secret, so its name stands instead.
  [[nodiscard]] const std::string& shown() const { return written.empty() ? scalar : written; }
};

/// A key and its value. A struct, because a pair of a type that is not complete yet is refused by clang.
struct ConfigEntry {
  ConfigNode key;
  ConfigNode value;
};

/// Parses one YAML document. Duplicate keys, keys that are no single word, anchors, aliases, tags and nesting deeper
/// than 32 are errors. `${VAR}` in values is replaced by `variables`; an unset variable is an error, and so is every
/// variable where `variables` is null; `$$` is one `$`. Everything wrong goes to `errors`; the returned tree holds what
/// could be read (kNull when nothing could).
class VariableLookup {
 public:
  virtual ~VariableLookup() = default;
  [[nodiscard]] virtual std::optional<std::string> find(std::string_view variable) const = 0;
};
[[nodiscard]] ConfigNode parse_yaml(std::string_view text, std::string_view file, const VariableLookup* variables,
                                    ConfigErrors& errors);
/// The same for the file of another program: a `$` is a `$`; anchors, aliases and merges (`<<`) are followed, for as
/// long as the tree stays within 200000 nodes; a map may not be its own part.
[[nodiscard]] ConfigNode parse_foreign_yaml(std::string_view text, std::string_view file, ConfigErrors& errors);

/// Scalars. Each adds an error that says what is allowed and returns nothing when the node does not fit.
[[nodiscard]] std::optional<std::string> read_string(const ConfigNode& n, ConfigErrors& errors);
[[nodiscard]] std::optional<bool> read_bool(const ConfigNode& n, ConfigErrors& errors);  // true | false only
[[nodiscard]] std::optional<std::int64_t> read_integer(const ConfigNode& n, std::int64_t min, std::int64_t max,
                                                       ConfigErrors& errors);
[[nodiscard]] std::optional<double> read_number(const ConfigNode& n, double min, double max, ConfigErrors& errors);
/// "250ms", "10s", "2m", "1h", "7d"; a bare number is an error because its unit is a guess.
[[nodiscard]] std::optional<Duration> read_duration(const ConfigNode& n, Duration min, Duration max,
                                                    ConfigErrors& errors);
/// "4096", "64KiB", "8MiB", "2GiB".
[[nodiscard]] std::optional<std::int64_t> read_bytes(const ConfigNode& n, std::int64_t min, std::int64_t max,
                                                     ConfigErrors& errors);
/// One of `allowed`; the error names them all and the nearest.
[[nodiscard]] std::optional<std::string> read_choice(const ConfigNode& n, std::span<const std::string_view> allowed,
                                                     ConfigErrors& errors);
/// A list of strings; a single scalar counts as a list of one.
[[nodiscard]] std::vector<std::string> read_strings(const ConfigNode& n, ConfigErrors& errors);
/// A path. A relative one is taken from the folder of the file where it stands. A document that came from a URL may
/// name no file of this machine: whoever can change it could have any secret sent to a place of theirs.
[[nodiscard]] std::optional<std::string> read_path(const ConfigNode& n, ConfigErrors& errors);
/// Whether a document of that name (ConfigNode::file) came from a URL.
[[nodiscard]] bool is_remote(std::string_view file);

}  // namespace sonde::core
