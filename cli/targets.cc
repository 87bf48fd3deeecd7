// `sonde targets list`, `show` and `lint`.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/configuration.h"
#include "cli/expectations.h"
#include "cli/explain.h"
#include "cli/files_in.h"
#include "cli/lint.h"
#include "cli/verbs.h"
#include "prober/scheduler.h"

namespace sonde::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json json_of(const core::Target& target) {
  const core::Record record = core::to_record(target, {});
  Json object{{"target", target.name}};
  for (const auto& [key, value] : record.fields) {
    std::visit([&object, &key = key](const auto& held) { object[key] = held; }, value);
  }
  return object;
}

/// The configuration with only the targets that the options choose.
struct Chosen {
  Configuration configuration;
  std::vector<const prober::TargetEntry*> targets;
};

bool chosen(const prober::TargetEntry& entry, const TargetsOptions& o, std::string_view provider) {
  const core::Target& t = entry.target;
  if (!o.role.empty() && name(t.role) != o.role) return false;
  if (!provider.empty() && !core::glob_match(provider, t.provider)) return false;
  return o.names.empty() ||
         std::ranges::any_of(o.names, [&t](const std::string& n) { return core::glob_match(n, t.name); });
}

void complain(std::string_view message, const Terminal& t) {
  write_err(fmt::format("{}: {}\n", t.paint(Color::kRed, t.say("error", "错误")), message));
}

/// A name that is none of the targets is a mistake; a role or provider without targets is not.
bool names_exist(const Configuration& c, const TargetsOptions& o, const Terminal& t) {
  bool fine = true;
  for (const std::string& pattern : o.names) {
    std::vector<std::string_view> names;
    for (const auto& entry : c.prober.targets) names.emplace_back(entry.target.name);
    if (std::ranges::any_of(names, [&](std::string_view n) { return core::glob_match(pattern, n); })) continue;
    fine = false;
    std::string message =
        fmt::format(fmt::runtime(t.say("no target is called \"{}\"", "没有名为“{}”的目标")), shown(pattern));
    if (const auto close = core::nearest(pattern, names)) {
      message += fmt::format(fmt::runtime(t.say("; did you mean \"{}\"?", "；是否想用“{}”？")), shown(*close));
    }
    complain(message, t);
  }
  return fine;
}

std::optional<Chosen> load(const TargetsOptions& o, const Terminal& t) {
  const auto files = io::make_system_files();
  const EmbeddedCatalogue catalogue;
  core::ConfigErrors errors;
  auto c = load_configuration(o.config, *files, catalogue, errors);
  if (!c) {
    for (const core::ConfigError& e : errors.all()) complain(core::to_string(e, t.language), t);
    return std::nullopt;
  }
  if (!names_exist(*c, o, t)) return std::nullopt;
  Chosen out{std::move(*c), {}};
  const prober::CatalogueProvider* known = catalogue.read(errors).find(o.provider);
  const std::string_view provider = known == nullptr ? o.provider : known->name;
  for (const auto& entry : out.configuration.prober.targets) {
    if (chosen(entry, o, provider)) out.targets.push_back(&entry);
  }
  return out;
}

int written(bool whole) { return whole ? exit_code::kOk : exit_code::kUnknown; }

// ---- list ----

struct Column {
  std::string head;
  int width = 0;
  int width_max = 0;
};

std::vector<std::string> cells_of(const core::Target& t) {
  std::string place = t.provider;
  if (!t.region.empty()) place += "/" + t.region;
  return {shown(t.name),
          std::string{name(t.check)},
          std::string{name(t.role)},
          core::format_duration(t.every),
          shown(place),
          shown(t.url)};
}

std::string table(const std::vector<const prober::TargetEntry*>& targets, const Terminal& t) {
  std::vector<Column> columns;
  for (const auto& [en, zh, most] : {std::tuple{"TARGET", "目标", 48},
                                     {"CHECK", "检查", 5},
                                     {"ROLE", "角色", 9},
                                     {"EVERY", "间隔", 6},
                                     {"WHERE", "位置", 32},
                                     {"URL", "网址", 0}}) {
    std::string head{t.say(en, zh)};
    const int width = core::display_width(head);
    columns.push_back({std::move(head), width, most});
  }
  std::vector<std::vector<std::string>> rows;
  for (const prober::TargetEntry* entry : targets) {
    rows.push_back(cells_of(entry->target));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i].width =
          std::max(columns[i].width, std::min(core::display_width(rows.back()[i]), columns[i].width_max));
    }
  }
  const auto line = [&columns](const auto& text_of_column) {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string text = text_of_column(i);
      out += i + 1 < columns.size() ? pad(text, columns[i].width) + "  " : text;
    }
    return out;
  };
  std::string out = t.paint(Color::kBold, line([&](std::size_t i) { return columns[i].head; })) + "\n";
  for (const auto& row : rows) out += line([&](std::size_t i) { return row[i]; }) + "\n";
  return out;
}

// Every text as JSON writes it: that is YAML, too, and needs no thought of what a bare word would mean.
std::string yaml(const std::vector<const prober::TargetEntry*>& targets) {
  if (targets.empty()) return "[]\n";
  std::string out;
  for (const prober::TargetEntry* entry : targets) {
    std::string_view lead = "- ";
    const Json object = json_of(entry->target);
    for (const auto& [key, value] : object.items()) {
      out += fmt::format("{}{}: {}", lead, key, dump(value));
      lead = "  ";
    }
  }
  return out;
}

// A label has a name of letters, digits and _; what else a user's label has is replaced.
std::string label_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (digit && out.empty()) out += '_';
    out += letter || digit ? c : '_';
  }
  return out;
}

// https://prometheus.io/docs/prometheus/latest/http_sd/: a list of {"targets": [...], "labels": {...}}, all texts. The
// labels are the tags of our own records, so that metrics of both can be joined.
std::string http_sd(const std::vector<const prober::TargetEntry*>& targets) {
  Json out = Json::array();
  for (const prober::TargetEntry* entry : targets) {
    const core::Target& t = entry->target;
    Json labels;
    for (const auto& [key, value] : t.labels) labels[label_name(key)] = value;
    const std::pair<const char*, std::string_view> own[] = {
        {"target", t.name},
        {"check", name(t.check)},
        {"role", name(t.role)},
        {"provider", t.provider},
        {"region", t.region},
        {"service", t.service},
        {"partition", t.partition ? name(*t.partition) : ""},
        {"app", t.role == core::Role::kApp ? std::string_view{t.app} : std::string_view{}}};
    for (const auto& [key, value] : own) {
      if (!value.empty()) labels[key] = value;
    }
    out.push_back({{"targets", {t.url}}, {"labels", std::move(labels)}});
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// ---- show ----

std::string slots_text(const core::Target& target, const core::Vantage& vantage, core::WallTime now,
                       const Terminal& t) {
  const core::Duration phase = prober::phase_of(vantage.name, target.name, name(target.check), target.every);
  const core::WallTime next = prober::next_slot(now, target.every, phase);
  std::string out =
      setting(t.say("slots", "时间槽"),
              fmt::format(fmt::runtime(t.say("every {} at {} past it, from vantage {}", "每 {}，偏移 {}，观测点 {}")),
                          core::format_duration(target.every), core::format_duration(phase), vantage.name),
              t);
  return out + setting(t.say("next run", "下次运行"),
                       fmt::format("{} ({})", core::format_utc(next), core::human_duration(next - now)), t);
}

std::string place_text(const core::Target& target, const Terminal& t) {
  std::string out;
  const auto line = [&](std::string_view en, std::string_view zh, const std::string& value) {
    if (!value.empty()) out += setting(t.say(en, zh), shown(value), t);
  };
  line("provider", "服务商", target.provider);
  line("region", "区域", target.region);
  line("service", "服务", target.service);
  if (target.partition) line("partition", "分区", std::string{name(*target.partition)});
  line("app", "应用", target.role == core::Role::kApp ? target.app : "");
  line("zone", "区域文件", target.zone);
  line("dns_provider", "DNS 服务商", target.dns_provider);
  line("issuer", "颁发者", target.issuer);
  line("depends_on", "依赖", fmt::format("{}", fmt::join(target.depends_on, ", ")));
  line("city", "城市", target.city + (target.country.empty() ? "" : " " + target.country));
  for (const auto& [key, value] : target.labels) out += setting(t.say("label", "标签"), shown(key + "=" + value), t);
  return out;
}

std::string show_text(const prober::TargetEntry& entry, const core::Vantage& vantage, core::WallTime now,
                      const Terminal& t) {
  std::string out = t.paint(Color::kBold, shown(entry.target.name)) + "\n";
  out += draw_settings(entry, true, t) + slots_text(entry.target, vantage, now, t) + place_text(entry.target, t);
  if (const auto rows = request_rows(entry, t); !rows.empty()) {
    out += heading(t.say("What is asked", "请求"), t) + draw_expectations(rows, t);
  }
  if (const auto rows = expectation_rows(entry, nullptr, t); !rows.empty()) {
    out += heading(t.say("Expectations", "期望"), t) + draw_expectations(rows, t);
  }
  return out;
}

Json show_json(const prober::TargetEntry& entry, const core::Vantage& vantage, core::WallTime now, const Terminal& t) {
  const core::Target& target = entry.target;
  const core::Duration phase = prober::phase_of(vantage.name, target.name, name(target.check), target.every);
  Json object = json_of(target);
  object["timeout_seconds"] = core::to_seconds(target.timeout);
  object["phase_seconds"] = core::to_seconds(phase);
  object["next_run_ms"] = core::to_unix_ms(prober::next_slot(now, target.every, phase));
  if (entry.written.line > 0) object["written_at"] = fmt::format("{}:{}", entry.written.file, entry.written.line);
  object["labels"] = target.labels;
  const auto rows = [&object](const char* key, const std::vector<ExpectationRow>& list) {
    for (const ExpectationRow& row : list) object[key][row.key] = row.wanted;
  };
  rows("request", request_rows(entry, t));
  rows("expect", expectation_rows(entry, nullptr, t));
  return object;
}

core::WallTime wall_now() { return core::WallTime{std::chrono::system_clock::now().time_since_epoch()}; }

}  // namespace

int targets_list_verb(const TargetsOptions& options, const Context& context) {
  const auto c = load(options, context.err);
  if (!c) return exit_code::kUsage;
  if (options.yaml) return written(write_out(yaml(c->targets)));
  if (options.http_sd) return written(write_out(http_sd(c->targets)));
  if (!options.json) return written(write_out(table(c->targets, context.out)));
  std::string out;
  for (const prober::TargetEntry* entry : c->targets) out += dump(json_of(entry->target));
  return written(write_out(out));
}

int targets_show_verb(const TargetsOptions& options, const Context& context) {
  const auto c = load(options, context.err);
  if (!c) return exit_code::kUsage;
  const core::WallTime now = wall_now();
  std::string out;
  for (const prober::TargetEntry* entry : c->targets) {
    const core::Vantage& vantage = c->configuration.prober.vantage;
    if (options.json) {
      out += dump(show_json(*entry, vantage, now, context.out));
    } else {
      out += (out.empty() ? "" : "\n") + show_text(*entry, vantage, now, context.out);
    }
  }
  return written(write_out(out));
}

int targets_lint_verb(const TargetsOptions& options, const Context& context) {
  const auto c = load(options, context.err);
  if (!c) return exit_code::kFailed;  // what a strict reader refuses is a finding too
  const std::vector<Finding> findings = lint(c->targets);
  const Terminal& t = context.out;
  std::string out;
  for (const Finding& f : findings) {
    if (options.json) {
      out += dump(Json{{"target", f.target},
                       {"rule", f.rule},
                       {"file", f.file},
                       {"line", f.line},
                       {"message", f.message.in(t.language)}});
      continue;
    }
    const std::string place = f.line > 0 ? fmt::format("{}:{}: ", shown(f.file), f.line) : std::string{};
    out += fmt::format("{}{}: {} [{}]\n", place, t.paint(Color::kBold, shown(f.target)),
                       shown(f.message.in(t.language)), t.paint(Color::kYellow, f.rule));
  }
  if (!options.json) {
    out += findings.empty()
               ? t.paint(Color::kGreen,
                         fmt::format(fmt::runtime(t.say("{} targets, nothing to say", "{} 个目标，没有发现")),
                                     c->targets.size())) +
                     "\n"
               : fmt::format(fmt::runtime(t.say("{} finding(s) in {} targets\n", "{1} 个目标中有 {0} 项发现\n")),
                             findings.size(), c->targets.size());
  }
  if (!write_out(out)) return exit_code::kUnknown;
  return findings.empty() ? exit_code::kOk : exit_code::kFailed;
}

}  // namespace sonde::cli
