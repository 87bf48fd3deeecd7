// Which targets `sonde check` runs, and how.
#include "cli/check_plan.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "cli/configuration.h"
#include "cli/files_in.h"
#include "core/text.h"
#include "io/address.h"

namespace sonde::cli {
namespace {

using core::ConfigErrors;
using core::ConfigNode;

constexpr std::size_t kListBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kTargetsMax = 100'000;
constexpr core::Duration kTimeout = std::chrono::seconds{10};

ConfigNode scalar_node(std::string_view text, std::string_view place) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kScalar;
  node.file = place;
  node.scalar = text;
  return node;
}

ConfigNode map_node(std::string_view place) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  node.file = place;
  return node;
}

ConfigNode* entry_of(ConfigNode& map, std::string_view key) {
  for (core::ConfigEntry& e : map.entries) {
    if (e.key.scalar == key) return &e.value;
  }
  return nullptr;
}

void put(ConfigNode& map, std::string_view key, ConfigNode value) {
  ConfigNode* before = entry_of(map, key);
  if (before == nullptr) {
    map.entries.push_back({scalar_node(key, map.file), std::move(value)});
  } else if (before->kind == ConfigNode::Kind::kMap && value.kind == ConfigNode::Kind::kMap) {
    std::ranges::move(value.entries, std::back_inserter(before->entries));
  } else {
    if (before->kind != ConfigNode::Kind::kSequence) {
      ConfigNode list;
      list.kind = ConfigNode::Kind::kSequence;
      list.file = before->file;
      list.items.push_back(std::move(*before));
      *before = std::move(list);
    }
    before->items.push_back(std::move(value));
  }
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t\r") - first + 1)};
}

class Planner {
 public:
  Planner(const CheckOptions& options, io::Files& files, const Terminal& t, ConfigErrors& errors)
      : options_(options), files_(files), t_(t), errors_(errors) {}

  CheckPlan plan() {
    read_prober();
    request_ = map_from_items(options_.request, "--request", errors_);
    expect_ = map_from_items(options_.expect, "--expect", errors_);
    tls_ = map_from_items(options_.tls, "--tls", errors_);
    add_headers();
    for (const std::string& file : options_.files) add_list(file);
    for (const std::string& argument : options_.targets) {
      if (argument == "-") {
        add_list(argument);
      } else {
        add(argument);
      }
    }
    if (plan_.targets.empty() && errors_.empty()) {
      fail(t_.say("nothing to check: give a URL, a host name, a list, or with -c the name of a target",
                  "没有要检查的内容：请给出网址、主机名、列表，或用 -c 指定配置后给出目标名"));
    }
    const bool shaped = !expect_.entries.empty() || !request_.entries.empty() || !tls_.entries.empty();
    if (shaped && !any_url_ && errors_.empty()) {
      fail(t_.say(
          "--expect, --request, --tls, --method and --header are for URLs; a target of the configuration has its own",
          "--expect、--request、--tls、--method 和 --header 只用于网址；配置中的目标用它自己的设置"));
    }
    return std::move(plan_);
  }

 private:
  void fail(std::string_view message) {
    errors_.add({std::string{}, 0, 0, std::string{message}, std::string{message}});
  }

  void read_prober() {
    prober::ProberConfig& p = plan_.prober;
    if (options_.config.empty()) {
      p.vantage.name = "here";
      p.vantage.version = SONDE_VERSION;
      p.hosts_file = prober::kSystemHosts;
      // Whoever types a URL here decides for this machine: the address policy protects against configuration from
      // elsewhere.
      p.allow = {"0.0.0.0/0", "::/0"};
    } else {
      const EmbeddedCatalogue catalogue;
      auto configuration = load_configuration(options_.config, files_, catalogue, errors_);
      if (!configuration) return;
      p = std::move(configuration->prober);
      configured_ = std::move(p.targets);
      p.targets.clear();
    }
    if (!options_.resolver.empty()) {
      p.resolver = options_.resolver;
      p.hosts_file.clear();  // who names a resolver wants its answer
      p.vantage.resolver = options_.resolver;
    }
    if (!options_.ca_file.empty()) p.ca_file = options_.ca_file;
    if (!options_.source.empty()) p.source = options_.source;
  }

  void add_headers() {
    for (const std::string& line : options_.headers) {
      const auto colon = line.find(':');
      if (colon == std::string::npos || colon == 0) {
        fail(fmt::format(
            fmt::runtime(t_.say("--header needs 'NAME: VALUE', got \"{}\"", "--header 需要“名称: 值”，得到的是“{}”")),
            shown(line)));
        continue;
      }
      ConfigNode value = scalar_node(trimmed(std::string_view{line}.substr(colon + 1)), "--header");
      value.quoted = true;
      ConfigNode headers = map_node("--header");
      headers.entries.push_back({scalar_node(trimmed(std::string_view{line}.substr(0, colon)), "--header"), value});
      put(request_, "headers", std::move(headers));
    }
  }

  void add_list(const std::string& file) {
    if (file == "-" && std::exchange(stdin_read_, true)) {
      return fail(t_.say("stdin can be read once", "标准输入只能读取一次"));
    }
    std::ifstream opened;
    if (file != "-") opened.open(file);
    std::istream& in = file == "-" ? std::cin : opened;
    std::string text(kListBytesMax, '\0');
    if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (file != "-" && !opened.is_open())) {
      return fail(fmt::format(fmt::runtime(t_.say("cannot read {}", "无法读取 {}")), shown(file)));
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() == kListBytesMax) return fail(t_.say("the list is too long", "列表过长"));
    for (const std::string& line : list_lines(text)) {
      if (plan_.targets.size() >= kTargetsMax) return fail(t_.say("too many targets", "目标过多"));
      add(line);
    }
  }

  void add(const std::string& argument) {
    const bool is_url = argument.find("://") != std::string::npos;
    if (!is_url && !options_.config.empty()) {
      if (add_named(argument)) return;
      if (argument.find_first_of(".:") == std::string::npos || argument.find_first_of("*?") != std::string::npos) {
        return unknown_name(argument);
      }
    }
    add_url(is_url ? argument : with_scheme(argument));
  }

  bool add_named(const std::string& pattern) {
    bool any = false;
    for (prober::TargetEntry& entry : configured_) {
      if (entry.type == nullptr || !core::glob_match(pattern, entry.target.name)) continue;
      any = true;
      used_.insert(entry.target.name);
      adapt(entry);
      plan_.targets.push_back(std::move(entry));
      entry.type = nullptr;  // taken
    }
    // A second pattern that matches only what is there already is no mistake.
    return any || std::ranges::any_of(used_, [&](const std::string& n) { return core::glob_match(pattern, n); });
  }

  void unknown_name(const std::string& name) {
    if (!errors_.empty()) return;  // the configuration could not be read: every name would be unknown
    std::vector<std::string_view> names(used_.begin(), used_.end());
    for (const auto& entry : configured_) names.emplace_back(entry.target.name);
    std::string message =
        fmt::format(fmt::runtime(t_.say("{} has no target \"{}\"", "{} 中没有目标“{}”")), options_.config, shown(name));
    if (const auto close = core::nearest(name, names)) {
      message += fmt::format(fmt::runtime(t_.say("; did you mean \"{}\"?", "；是否想用“{}”？")), shown(*close));
    }
    fail(message);
  }

  std::string with_scheme(const std::string& host) {
    const auto address = io::parse_address(host);
    const bool bare6 = address && address->family == io::IpAddress::Family::kIp6;
    std::string url = "https://" + (bare6 ? "[" + host + "]" : host);
    plan_.remarks.push_back(
        fmt::format(fmt::runtime(t_.say("{}: taken as {}", "{}：按 {} 处理")), shown(host), shown(url)));
    return url;
  }

  void add_url(const std::string& url) {
    any_url_ = true;
    ConfigErrors mistakes;
    const auto given = [](const ConfigNode& map) { return map.entries.empty() ? nullptr : &map; };
    prober::TargetEntry entry = prober::target_from_url(
        url, options_.timeout.value_or(kTimeout),
        {.expect = given(expect_), .request = given(request_), .tls = given(tls_), .files = &files_}, mistakes);
    for (const core::ConfigError& e : mistakes.all()) {
      errors_.add({e.file.empty() ? std::string{} : shown(url) + ": " + e.file, 0, 0, e.message, e.zh});
    }
    if (!mistakes.empty()) return;
    adapt(entry);
    plan_.targets.push_back(std::move(entry));
  }

  /// What the command line says comes before what the target says.
  void adapt(prober::TargetEntry& entry) const {
    if (options_.timeout) entry.target.timeout = *options_.timeout;
    if (options_.family) entry.net.family = *options_.family;
    if (options_.all_addresses) entry.net.all_addresses = true;
    if (!options_.interface.empty()) entry.net.interface = options_.interface;
    if (!options_.source.empty()) entry.net.source.reset();
    if (!options_.resolver.empty()) entry.net.resolver.reset();
  }

  const CheckOptions& options_;
  io::Files& files_;
  const Terminal& t_;
  ConfigErrors& errors_;
  CheckPlan plan_;
  std::vector<prober::TargetEntry> configured_;
  std::set<std::string> used_;
  ConfigNode expect_;
  ConfigNode request_;
  ConfigNode tls_;
  bool any_url_ = false;
  bool stdin_read_ = false;
};

}  // namespace

ConfigNode map_from_items(const std::vector<std::string>& items, std::string_view option, ConfigErrors& errors) {
  ConfigNode map = map_node(option);
  for (const std::string& item : items) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      errors.add({std::string{option}, 0, 0, "\"" + shown(item) + "\" is not KEY=VALUE",
                  "“" + shown(item) + "”不是 KEY=VALUE"});
      continue;
    }
    ConfigErrors mistakes;
    ConfigNode value = core::parse_yaml(item.substr(equals + 1), option, nullptr, mistakes);
    for (const core::ConfigError& e : mistakes.all()) errors.add({std::string{option}, 0, 0, e.message, e.zh});
    put(map, item.substr(0, equals), std::move(value));
  }
  return map;
}

std::vector<std::string> list_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line = trimmed(text.substr(0, end));
    // A '#' inside a URL is its fragment: only one after a space, or at the start, begins a comment.
    if (const auto comment = line.find(" #"); comment != std::string::npos) line = trimmed(line.substr(0, comment));
    if (!line.empty() && line.front() != '#') out.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

CheckPlan plan_check(const CheckOptions& options, io::Files& files, const Terminal& t, ConfigErrors& errors) {
  return Planner{options, files, t, errors}.plan();
}

}  // namespace sonde::cli
