// Printing a configuration by its tables.
#include "cli/config_print.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/key_words.h"
#include "cli/yaml_text.h"
#include "core/target.h"
#include "prober/config_keys.h"

namespace sonde::cli {
namespace {

using core::ConfigNode;
using core::Key;
using core::KeyKind;
using core::KeyTable;
using Kind = ConfigNode::Kind;

// ---- scalars ----

bool is_typed(KeyKind kind) {
  return kind == KeyKind::kBool || kind == KeyKind::kInteger || kind == KeyKind::kNumber ||
         kind == KeyKind::kDuration || kind == KeyKind::kBytes || kind == KeyKind::kChoice;
}

// ---- defaults that no table can hold ----

ConfigNode scalar(std::string text) {
  ConfigNode n;
  n.kind = Kind::kScalar;
  if (text.find('$') != std::string::npos) {  // so that it is read back as it is
    for (const char c : text) n.written += c == '$' ? "$$" : std::string(1, c);
  }
  n.scalar = std::move(text);
  return n;
}

void set_default(ConfigNode& map, std::string_view key, ConfigNode value) {
  if (map.kind == Kind::kNull) map.kind = Kind::kMap;
  if (map.find(key) != nullptr) return;
  ConfigNode key_node;
  key_node.kind = Kind::kScalar;
  key_node.scalar = key;
  map.entries.push_back({std::move(key_node), std::move(value)});
}

ConfigNode* find(ConfigNode& map, std::string_view key) {
  const auto it = std::ranges::find_if(map.entries, [key](const auto& e) { return e.key.scalar == key; });
  return it == map.entries.end() ? nullptr : &it->value;
}

ConfigNode& section(ConfigNode& root, std::string_view key) {
  ConfigNode empty;
  empty.kind = Kind::kMap;
  set_default(root, key, std::move(empty));
  return *find(root, key);
}

// What `auto` came to is written out, so that the print is read as the same vantage elsewhere. A region that the
// catalogue does not know can only come from `auto`.
void write_out_auto(ConfigNode& map, const core::Vantage& v) {
  if (map.kind == Kind::kScalar) {
    map.kind = Kind::kMap;
    set_default(map, "provider", scalar(std::string{prober::kAuto}));
  }
  ConfigNode* provider = find(map, "provider");
  const bool known = !v.provider.empty() && !v.country.empty();
  if (provider == nullptr || provider->scalar != prober::kAuto || !known) return;
  *provider = scalar(v.provider);
  set_default(map, "region", scalar(v.region));
}

void set_vantage(ConfigNode& root, const core::Vantage& v) {
  ConfigNode& map = section(root, "vantage");
  write_out_auto(map, v);
  set_default(map, "name", scalar(v.name));
  set_default(map, "partition", scalar(std::string{core::name(v.partition)}));
  if (!v.country.empty()) set_default(map, "country", scalar(v.country));
  if (!v.city.empty()) set_default(map, "city", scalar(v.city));
  if (v.lat) set_default(map, "lat", scalar(fmt::format("{}", *v.lat)));
  if (v.lon) set_default(map, "lon", scalar(fmt::format("{}", *v.lon)));
}

// What `vantage` says of reaching targets is the default of every target.
void set_target(ConfigNode& map, const ConfigNode* vantage, core::Duration every_default) {
  if (map.kind != Kind::kMap) return;
  for (const std::string_view key : {"family", "addresses"}) {
    const ConfigNode* inherited = vantage == nullptr ? nullptr : vantage->find(key);
    if (inherited != nullptr) set_default(map, key, *inherited);
  }
  const ConfigNode* every = map.find("every");
  const auto read = every == nullptr ? std::nullopt : core::parse_duration(every->scalar);
  set_default(map, "timeout", scalar(core::format_duration(prober::default_timeout(read.value_or(every_default)))));
}

void set_targets(ConfigNode& root) {
  for (const std::string_view key : {"apps", "references", "controls", "targets"}) {
    ConfigNode* list = find(root, key);
    if (list == nullptr) continue;
    for (ConfigNode& item : list->items) {
      const bool app = item.find("name") != nullptr && (key == "apps" || key == "targets");
      const bool catalogue = item.find("catalogue") != nullptr;
      if (key == "targets" && !app && !catalogue) continue;
      set_target(item, root.find("vantage"), app ? prober::kAppEvery : prober::kReferenceEvery);
      if (app) set_default(item, "app", *item.find("name"));
    }
  }
}

void set_sinks(ConfigNode& root, const Configuration& c) {
  ConfigNode* list = find(root, "sinks");
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->items.size() && i < c.sinks.size(); ++i) {
    ConfigNode& sink = list->items[i].entries.front().value;
    set_default(sink, "name", scalar(std::string{pipeline::name(c.sinks[i])}));
  }
}

ConfigNode with_defaults(ConfigNode root, const Configuration& c) {
  if (root.kind == Kind::kNull) root.kind = Kind::kMap;
  if (c.runs_prober) set_vantage(root, c.prober.vantage);
  if (c.runs_prober) set_targets(root);
  set_default(section(root, "log"), "directory", scalar(c.log.directory));
  set_sinks(root, c);
  if (c.runs_hub) set_default(section(root, "hub"), "directory", scalar(c.hub.directory));
  return root;
}

// ---- printing ----

class Printer {
 public:
  explicit Printer(std::string working_directory) : working_directory_(std::move(working_directory)) {}

  std::string print(const ConfigNode& root, const KeyTable& table, bool prober) {
    runs_prober_ = prober;
    map(root, table, 0);
    return std::move(out_);
  }

 private:
  void map(const ConfigNode& node, const KeyTable& table, int indent) {
    const bool root = indent == 0;
    for (const Key& key : table.keys) {
      const ConfigNode* value = node.find(key.name);
      if (value != nullptr) {
        entry(key, *value, node, indent);
      } else if (key.kind == KeyKind::kOfCheck) {
        defaults_of_check(key, node, indent);
      } else if (!key.standard.empty() && !(root && !runs_prober_)) {
        line(indent, key.name, is_typed(key.kind) ? std::string{key.standard} : quoted_text(key.standard));
      }
    }
  }

  void entry(const Key& key, const ConfigNode& value, const ConfigNode& map_node, int indent) {
    if (key.kind == KeyKind::kMap) return block(key, value, *key.of, indent);
    if (key.kind == KeyKind::kOfCheck) {
      const KeyTable* of = chosen(key, map_node);
      return of == nullptr ? free(key, value, indent) : block(key, value, *of, indent);
    }
    if (key.kind == KeyKind::kList) return list(key, value, indent);
    free(key, value, indent);
  }

  // A map below its key. YAML has no empty block map.
  void block(const Key& key, const ConfigNode& value, const KeyTable& of, int indent) {
    line(indent, key.name, "");
    const std::size_t before = out_.size();
    map(value, of, indent + 1);
    if (out_.size() == before) out_.insert(before - 1, " {}");
  }

  void defaults_of_check(const Key& key, const ConfigNode& map_node, int indent) {
    const KeyTable* of = chosen(key, map_node);
    if (of == nullptr) return;
    const std::size_t before = out_.size();
    block(key, {}, *of, indent);
    if (out_.ends_with(" {}\n")) out_.resize(before);
  }

  void list(const Key& key, const ConfigNode& value, int indent) {
    line(indent, key.name, value.items.empty() ? "[]" : "");
    for (const ConfigNode& item : value.items) {
      const std::size_t before = out_.size();
      map(item, key.of->form_of(item), indent + 2);
      // The first key of an item stands behind its dash.
      const std::size_t dash = before + 2 * static_cast<std::size_t>(indent) + 2;
      if (out_.size() > before) out_[dash] = '-';
      if (out_.size() == before) out_ += std::string(2 * static_cast<std::size_t>(indent) + 2, ' ') + "- {}\n";
    }
  }

  // Whatever has no table: texts, lists of texts, maps of texts, forms of their own.
  void free(const Key& key, const ConfigNode& value, int indent) {
    if (value.kind == Kind::kScalar) return line(indent, key.name, scalar_of(key, value));
    line(indent, key.name, flow(key, value));
  }

  std::string flow(const Key& key, const ConfigNode& value) {
    std::string out;
    const auto comma = [&out] { return out.empty() ? "" : ", "; };
    switch (value.kind) {
      case Kind::kNull:
        return "null";
      case Kind::kScalar:
        return scalar_of(key, value);
      case Kind::kSequence:
        for (const ConfigNode& item : value.items) out += comma() + flow(key, item);
        return "[" + out + "]";
      case Kind::kMap:
        for (const auto& [name, item] : value.entries) {
          const bool secret = key.name == "headers" && names_a_secret(name.scalar) && item.written.empty();
          out += comma() + quoted_text(name.scalar) + ": " +
                 (secret && item.kind == Kind::kScalar ? quoted_text(kRedacted) : flow(key, item));
        }
        return "{" + out + "}";
    }
    return {};
  }

  std::string scalar_of(const Key& key, const ConfigNode& value) {
    if (key.kind == KeyKind::kPath) return quoted_text(path_of(value));
    if (!value.written.empty()) return is_typed(key.kind) ? value.written : quoted_text(value.written);
    if (key.secret) return quoted_text(kRedacted);
    return is_typed(key.kind) || (key.kind == KeyKind::kAny && is_plain(value)) ? value.scalar
                                                                                : quoted_text(value.scalar);
  }

  // 200, 2xx, 1.5: neither in quotes nor in need of them.
  static bool is_plain(const ConfigNode& value) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return !value.quoted && !value.scalar.empty() && value.scalar.find_first_not_of(kPlain) == std::string::npos;
  }

  std::string path_of(const ConfigNode& value) const {
    const std::string& raw = value.shown();
    if (value.scalar.starts_with('/')) return raw;
    const std::size_t slash = value.file.rfind('/');
    std::string folder = slash == std::string::npos ? "" : value.file.substr(0, slash);
    if (!folder.starts_with('/')) folder = working_directory_ + (folder.empty() ? "" : "/" + folder);
    std::string out;
    for (const char c : folder) out += c == '$' ? "$$" : std::string(1, c);
    return out + "/" + raw;
  }

  static const KeyTable* chosen(const Key& key, const ConfigNode& map_node) {
    const ConfigNode* url = map_node.find("url");
    const auto parsed = url == nullptr ? core::Result<core::Url>{core::Error{}} : core::parse_url(url->scalar);
    return parsed ? table_of_check(key.name, core::check_kind(*parsed)) : nullptr;
  }

  void line(int indent, std::string_view key, std::string_view value) {
    out_ += fmt::format("{:{}}{}:{}{}\n", "", 2 * indent, key, value.empty() ? "" : " ", value);
  }

  std::string working_directory_;
  std::string out_;
  bool runs_prober_ = true;
};

}  // namespace

std::string print_configuration(const ConfigNode& root, const Configuration& c, const std::string& working_directory,
                                core::Language language) {
  const std::string& told = c.prober.vantage_told.in(language);
  const std::string remark = told.empty() ? "" : "# vantage: auto: " + told + "\n";
  return remark + Printer{working_directory}.print(with_defaults(root, c), root_table(), c.runs_prober);
}

}  // namespace sonde::cli
