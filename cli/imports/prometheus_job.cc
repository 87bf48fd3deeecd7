// The fields of a job.
#include "cli/imports/prometheus_job.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/imports/tree.h"
#include "core/text.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using core::Duration;
using prober::blackbox::Module;
using Kind = ConfigNode::Kind;
using namespace std::chrono_literals;

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr Duration kOffset = 500ms;  // what blackbox_exporter leaves of a scrape's timeout by itself

bool is_internal(std::string_view label) { return label.starts_with("__"); }

}  // namespace

Job::Job(const ConfigNode& map, const ConfigNode* global, const prober::blackbox::Modules& modules,
         std::set<std::string>& used, Targets& targets)
    : map_(map),
      global_(global),
      modules_(modules),
      used_(used),
      targets_(targets),
      notes_(targets.notes()),
      relabeling_(map.find("relabel_configs"), targets.notes()) {
  params_["__param_module"] = "http_2xx";
  const ConfigNode* params = map.find("params");
  if (params == nullptr) return;
  for (const auto& [key, value] : params->entries) {
    const ConfigNode all = core::as_list(value);
    if (!all.items.empty()) params_["__param_" + key.scalar] = all.items.front().scalar;
    if (all.items.size() > 1) {
      notes_.lost(value, fmt::format("params.{}: only the first value counts, as there", key.scalar),
                  fmt::format("params.{}：与原来一样，只有第一个值有效", key.scalar));
    }
  }
}

std::string Job::text(std::string_view field, std::string_view standard) const {
  const ConfigNode* own = map_.find(field);
  if (own == nullptr && global_ != nullptr) own = global_->find(field);
  return own == nullptr || own->scalar.empty() ? std::string{standard} : own->scalar;
}

bool Job::asks_blackbox() {
  if (map_.kind != Kind::kMap) {
    notes_.mistake(map_, "a scrape configuration is a map", "抓取配置应为映射");
    return false;
  }
  const ConfigNode* path = map_.find("metrics_path");
  if (path != nullptr && path->scalar == "/probe") return true;
  const ConfigNode* rules = map_.find("relabel_configs");
  const bool sets_target = rules != nullptr && std::ranges::any_of(rules->items, [](const ConfigNode& rule) {
                             const ConfigNode* label = rule.find("target_label");
                             return label != nullptr && label->scalar == "__param_target";
                           });
  if (sets_target) return true;
  const std::string name = text("job_name", "");
  notes_.skipped(map_, fmt::format("job {} does not ask a blackbox_exporter", name),
                 fmt::format("任务 {} 不向 blackbox_exporter 抓取", name));
  return false;
}

// ---- where targets come from ----

void Job::static_configs(const ConfigNode& list) {
  for (const ConfigNode& item : list.items) group(item);
}

/// The last part of a path may have one *.
void Job::file_sd_configs(const ConfigNode& list) {
  for (const ConfigNode& item : list.items) {
    const ConfigNode* files = item.find("files");
    if (files == nullptr) continue;
    for (const ConfigNode& node : files->items) {
      std::string path = node.scalar;
      const std::size_t own = map_.file.rfind('/');
      if (!path.starts_with('/') && own != std::string::npos) path = map_.file.substr(0, own + 1) + path;
      const std::size_t slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
      const std::string pattern = slash == std::string::npos ? path : path.substr(slash + 1);
      if (pattern.find('*') == std::string::npos) {
        file(path, node);
        continue;
      }
      const auto names = targets_.files().list(folder);
      if (!names) {
        notes_.lost(node, names.error().message, names.error().zh.empty() ? names.error().message : names.error().zh);
        continue;
      }
      for (const std::string& name : *names) {
        if (core::glob_match(pattern, name)) file(slash == std::string::npos ? name : folder + "/" + name, node);
      }
    }
  }
}

void Job::file(const std::string& path, const ConfigNode& at) {
  const auto content = targets_.files().read_all(path, kFileBytesMax);
  if (!content) {
    const core::Error& e = content.error();
    return notes_.lost(at, e.message, e.zh.empty() ? e.message : e.zh);
  }
  core::ConfigErrors errors;
  const ConfigNode root = path.ends_with(".json") ? parse_json_tree(*content, path, errors)
                                                  : core::parse_foreign_yaml(*content, path, errors);
  for (const core::ConfigError& e : errors.all()) notes_.add(NoteKind::kMistake, e);
  for (const ConfigNode& item : root.items) group(item);
}

void Job::group(const ConfigNode& map) {
  const ConfigNode* addresses = map.find("targets");
  if (addresses == nullptr) return notes_.mistake(map, "a group has targets", "一组目标应有 targets");
  for (const ConfigNode& address : addresses->items) one(address, map.find("labels"));
}

// ---- targets ----

void Job::one(const ConfigNode& address, const ConfigNode* labels) {
  Labels all = params_;
  all["job"] = text("job_name", "");
  all["__address__"] = address.scalar;
  all["__scheme__"] = "http";
  all["__metrics_path__"] = text("metrics_path", "/metrics");
  all["__scrape_interval__"] = text("scrape_interval", "1m");
  all["__scrape_timeout__"] = text("scrape_timeout", "10s");
  if (labels != nullptr) {
    for (const auto& [key, value] : labels->entries) all[key.scalar] = value.scalar;
  }
  const auto done = relabeling_.apply(std::move(all));
  if (!done) {
    return notes_.skipped(address, fmt::format("{}: relabel_configs drop it", address.scalar),
                          fmt::format("{}：被 relabel_configs 丢弃", address.scalar));
  }
  probe(address, *done);
}

void Job::probe(const ConfigNode& at, const Labels& labels) {
  const auto value = [&labels](std::string_view name) {
    const auto it = labels.find(name);
    return it == labels.end() ? std::string{} : it->second;
  };
  const std::string name = value("__param_module");
  const std::string target = value("__param_target");
  const Module* module = modules_.find(name);
  if (target.empty()) {
    return notes_.skipped(at,
                          fmt::format("{}: no relabelling makes it the target of a probe (__param_target)", at.scalar),
                          fmt::format("{}：没有重标签规则使它成为探测目标（__param_target）", at.scalar));
  }
  if (module == nullptr) {
    return notes_.skipped(
        at, fmt::format("{}: there is no module {}: give the blackbox.yml that has it, too", target, name),
        fmt::format("{}：没有模块 {}：请把含有它的 blackbox.yml 也交给导入", target, name));
  }
  used_.insert(name);
  if (!module->served) {
    return notes_.skipped(at, fmt::format("{}: its module {} is not carried over", target, name),
                          fmt::format("{}：其模块 {} 未带入", target, name));
  }
  const auto map =
      prober::blackbox::target_map(*module, {.target = target, .hostname = value("__param_hostname"), .timeout = {}});
  if (!map) {
    return notes_.skipped(at, fmt::format("{}: {}", target, map.error().message),
                          fmt::format("{}：{}", target, map.error().zh.empty() ? map.error().message : map.error().zh));
  }
  Draft draft{at};
  draft.url = imports::text(at, map->find("url")->scalar);
  for (const auto& [key, part] :
       {std::pair{"expect", &draft.expect}, {"request", &draft.request}, {"tls", &draft.tls}}) {
    if (const ConfigNode* node = map->find(key)) *part = *node;
  }
  if (const ConfigNode* size = draft.expect.find("body_bytes_max"); size != nullptr) {
    if (const auto bytes = core::parse_bytes(size->scalar)) {
      set(draft.expect, "body_bytes_max", word(*size, core::format_bytes(*bytes)));
    }
  }
  for (const auto& [label, text] : labels) {
    const bool same = label == "instance" && text == target;
    if (!is_internal(label) && !same && !text.empty()) set_label(draft, label, imports::text(at, text), notes_);
  }
  name_it(draft, labels, target, name);
  set_reach(*module, draft);
  set_pace(*module, labels, draft);
  targets_.add(std::move(draft));
}

/// A target that several modules or jobs probe has their names behind its own.
void Job::name_it(Draft& draft, const Labels& labels, const std::string& target, const std::string& module) {
  const auto instance = labels.find("instance");
  const std::string base = name_of(instance == labels.end() ? target : instance->second);
  draft.name = base;
  if (targets_.has_name(draft.name)) draft.name = fmt::format("{} {}", base, module);
  if (targets_.has_name(draft.name)) draft.name = fmt::format("{} {} {}", base, module, text("job_name", ""));
}

void Job::set_reach(const Module& module, Draft& draft) const {
  using Family = prober::NetSpec::Family;
  if (module.net.family == Family::kIp4) set(draft.reach, "family", word(module.written, "ip4"));
  if (module.net.family == Family::kIp6) set(draft.reach, "family", word(module.written, "ip6"));
  if (module.net.source) set(draft.reach, "source", imports::text(module.written, to_string(*module.net.source)));
}

std::optional<Duration> Job::duration(const Labels& labels, std::string_view label, const ConfigNode& at) {
  const auto it = labels.find(label);
  if (it == labels.end()) return std::nullopt;
  auto out = core::parse_go_duration(it->second);
  if (!out || *out <= Duration{}) {
    notes_.lost(at, fmt::format("the duration {}", it->second), fmt::format("时长 {}", it->second));
    return std::nullopt;
  }
  return out;
}

void Job::set_pace(const Module& module, const Labels& labels, Draft& draft) {
  draft.every = duration(labels, "__scrape_interval__", draft.at);
  const auto scrape = duration(labels, "__scrape_timeout__", draft.at);
  if (module.timeout > Duration{}) draft.timeout = module.timeout;
  if (!scrape) return;
  const Duration left = *scrape > 2 * kOffset ? *scrape - kOffset : *scrape;
  draft.timeout = draft.timeout ? std::min(*draft.timeout, left) : left;
}

}  // namespace sonde::cli::imports
