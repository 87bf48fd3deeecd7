// Tables of configuration keys: each key stands once, with its kind, limits, default and meaning in both languages.
// The strict readers, the JSON Schema and the reference in docs/ all come from these tables, so they cannot drift
// apart.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"

namespace sonde::core {

enum class KeyKind {
  kText,      // one text
  kPath,      // a file or folder; relative to the file where it stands
  kBool,      // true | false
  kInteger,   // whole number in [min, max]
  kNumber,    // number in [min, max]
  kDuration,  // "10s", "250ms"; min and max are milliseconds
  kBytes,     // "64KiB"; min and max are bytes
  kChoice,    // one of `choices`
  kTexts,     // a list of texts, or one text
  kTextMap,   // a map of texts to texts, such as headers
  kMap,       // a map with the keys of `of`
  kOfCheck,   // a map whose keys depend on the check that the map's `url` chose
  kList,      // a list of maps with the keys of `of`
  kAny,       // a form of its own: `pattern` and the meaning say which
};

struct KeyTable;

struct Key {
  std::string_view name;
  KeyKind kind = KeyKind::kText;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::span<const std::string_view> choices{};
  const KeyTable* of = nullptr;
  std::string_view word{};      // of kMap: a word that may stand in place of the map
  std::string_view pattern{};   // of the text in JSON Schema (ECMA 262), where it has one; the reader checks by code
  std::string_view standard{};  // the default as it would be written; empty = none, or said in the meaning
  bool required = false;
  bool secret = false;  // never shown: `config print` writes a mark instead
  std::string_view en;  // what it does, in half a sentence
  std::string_view zh;
};

/// A map of the configuration: what it is called in messages ("target", "expect") and its keys.
struct KeyTable {
  std::string_view what;
  std::span<const Key> keys;
  bool exactly_one = false;  // one of the keys and no second one
  /// Further forms of the map: the first of which `marker` is there is meant, else this table itself.
  std::span<const KeyTable* const> forms = {};
  std::string_view marker = {};

  [[nodiscard]] const Key* find(std::string_view name) const;
  /// Whether a map without any key fits.
  [[nodiscard]] bool may_be_empty() const;
  /// This table, or the one of its forms that `node` has.
  [[nodiscard]] const KeyTable& form_of(const ConfigNode& node) const;
};

/// Groups of keys that several tables share, as one array for a table.
template <std::size_t... N>
[[nodiscard]] constexpr auto join_keys(const std::array<Key, N>&... groups) {
  std::array<Key, (N + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(groups.begin(), groups.end(), at)), ...);
  return all;
}

/// Reads a map by its table: unknown and missing keys are reported once, at construction; each getter answers with the
/// value inside its limits, or with nothing where the key is absent or wrong (then an error was added).
/// Asking for a key that the table does not have, or by the getter of another kind, is a bug and aborts.
class TableReader {
 public:
  /// A node that is not a map is an error and reads as empty, but nothing at all (`hub:`) is an empty map where no key
  /// is required. `node`, `table` and `errors` must outlive this.
  TableReader(const ConfigNode& node, const KeyTable& table, ConfigErrors& errors);

  [[nodiscard]] const ConfigNode* node(std::string_view name) const;           // any kind
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;  // never empty where required
  [[nodiscard]] std::optional<std::string> path(std::string_view name) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::optional<Duration> duration(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> bytes(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> choice(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> text_map(std::string_view name) const;
  /// The items of a list, none where it is absent; a node that is not a list is an error.
  [[nodiscard]] std::span<const ConfigNode> list(std::string_view name) const;
  [[nodiscard]] const ConfigNode& whole() const { return node_; }

 private:
  [[nodiscard]] const Key& key(std::string_view name, KeyKind kind) const;

  const ConfigNode& node_;
  const KeyTable& table_;
  ConfigErrors& errors_;
};

}  // namespace sonde::core
