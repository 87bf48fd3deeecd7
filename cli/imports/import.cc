// Putting the formats together.
#include "cli/imports/import.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/imports/blackbox.h"
#include "cli/imports/draft.h"
#include "cli/imports/gatus.h"
#include "cli/imports/telegraf.h"
#include "cli/imports/tree.h"
#include "cli/imports/uptime_kuma.h"
#include "cli/imports/writer.h"
#include "prober/blackbox/module.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using prober::blackbox::Modules;

constexpr std::array<std::string_view, 5> kNames = {"blackbox", "prometheus", "gatus", "uptime-kuma", "telegraf"};

/// Keys of the first level that only one program has.
struct Mark {
  std::string_view key;
  Format format;
};
constexpr std::array kMarks = {Mark{"modules", Format::kBlackbox},         Mark{"scrape_configs", Format::kPrometheus},
                               Mark{"endpoints", Format::kGatus},          Mark{"services", Format::kGatus},
                               Mark{"external-endpoints", Format::kGatus}, Mark{"suites", Format::kGatus}};

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class Importer {
 public:
  explicit Importer(io::Files& files) : targets_(notes_, files) {}

  void parse(const Source& source, std::optional<Format> wanted) {
    const auto format = wanted ? wanted : detect(source.text);
    if (!format) {
      return unreadable_.add(
          {source.name, 0, 0,
           fmt::format("this looks like no file of {}: name one with --from", fmt::join(kNames, ", ")),
           fmt::format("看不出是 {} 中哪一种的文件：请用 --from 指明", fmt::join(kNames, "、"))});
    }
    if (*format == Format::kBlackbox) return parse_modules(source);
    core::ConfigErrors errors;
    ConfigNode root = *format == Format::kUptimeKuma ? parse_json_tree(source.text, source.name, errors)
                      : *format == Format::kTelegraf ? parse_toml_tree(source.text, source.name, errors)
                                                     : core::parse_foreign_yaml(source.text, source.name, errors);
    for (const core::ConfigError& e : errors.all()) unreadable_.add(e);
    if (!errors.empty()) return;
    if (root.kind == ConfigNode::Kind::kNull || root.kind == ConfigNode::Kind::kScalar) {
      return unreadable_.add({source.name, 0, 0, "there is nothing in the file", "文件中没有内容"});
    }
    parsed_.push_back({*format, std::move(root)});
  }

  Imported finish() {
    Imported out;
    out.unreadable = std::move(unreadable_);
    if (!out.unreadable.empty()) return out;
    std::set<std::string> used;
    bool scraped = false;
    for (const auto& [format, root] : parsed_) {
      scraped = scraped || format == Format::kPrometheus;
      carry(format, root, used);
    }
    note_modules(modules_, used, notes_);
    if (!modules_.list.empty() && !scraped) {
      notes_.lost(modules_.list.front().written,
                  "modules alone have no targets: give the prometheus.yml whose jobs use them, too",
                  "只有模块而没有目标：请把使用这些模块的 prometheus.yml 也交给导入");
    }
    notes_.sort();
    out.notes = notes_.all();
    out.secrets = targets_.secrets();
    out.targets = targets_.all().size();
    out.yaml = write_targets(targets_.all());
    return out;
  }

 private:
  struct Parsed {
    Format format;
    ConfigNode root;
  };

  /// Mistakes inside of modules are told where a job uses them; all others leave the file unread.
  void parse_modules(const Source& source) {
    core::ConfigErrors errors;
    Modules modules = prober::blackbox::parse_modules(source.text, source.name, errors);
    std::set<std::string> in_modules;
    for (const auto& module : modules.list) {
      for (const core::ConfigError& e : module.mistakes) in_modules.insert(core::to_string(e));
    }
    for (const core::ConfigError& e : errors.all()) {
      if (!in_modules.contains(core::to_string(e))) unreadable_.add(e);
    }
    for (auto& module : modules.list) {
      if (const auto* first = modules_.find(module.name)) {
        notes_.mistake(module.written,
                       fmt::format("module {} is there twice; the first counts ({}:{})", module.name,
                                   first->written.file, first->written.line),
                       fmt::format("模块 {} 出现了两次；以第一次为准（{}:{}）", module.name, first->written.file,
                                   first->written.line));
        continue;
      }
      modules_.list.push_back(std::move(module));
    }
  }

  void carry(Format format, const ConfigNode& root, std::set<std::string>& used) {
    switch (format) {
      case Format::kBlackbox:
        return;
      case Format::kPrometheus:
        return import_prometheus(root, modules_, used, targets_);
      case Format::kGatus:
        return import_gatus(root, targets_);
      case Format::kUptimeKuma:
        return import_uptime_kuma(root, targets_);
      case Format::kTelegraf:
        return import_telegraf(root, targets_);
    }
  }

  Notes notes_;
  Targets targets_;
  Modules modules_;
  std::vector<Parsed> parsed_;
  core::ConfigErrors unreadable_;
};

}  // namespace

std::string_view name(Format format) { return kNames.at(static_cast<std::size_t>(format)); }
std::span<const std::string_view> format_names() { return kNames; }

std::optional<Format> parse_format(std::string_view text) {
  const auto it = std::ranges::find(kNames, text);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<Format>(it - kNames.begin());
}

std::optional<Format> detect(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  const auto has = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
  if (text[first] == '{' && has("\"monitorList\"")) return Format::kUptimeKuma;
  if (text[first] == '[' && has("\"type\"") && has("\"interval\"") && has("\"name\"")) return Format::kUptimeKuma;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = next_line(rest);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    if (line.substr(begin).starts_with("[[inputs.") || line.starts_with("[agent]")) return Format::kTelegraf;
    for (const Mark& mark : kMarks) {
      if (line.starts_with(mark.key) && line.substr(mark.key.size()).starts_with(':')) return mark.format;
    }
  }
  return std::nullopt;
}

Imported import_sources(std::span<const Source> sources, std::optional<Format> format, io::Files& files) {
  Importer importer{files};
  for (const Source& source : sources) importer.parse(source, format);
  return importer.finish();
}

std::vector<FieldTable> field_tables(Format format) {
  switch (format) {
    case Format::kBlackbox:
    case Format::kPrometheus:
      return blackbox_tables();
    case Format::kGatus:
      return gatus_tables();
    case Format::kUptimeKuma:
      return uptime_kuma_tables();
    case Format::kTelegraf:
      return telegraf_tables();
  }
  return {};
}

}  // namespace sonde::cli::imports
