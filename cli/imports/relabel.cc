// The rules.
#include "cli/imports/relabel.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;

constexpr std::array<std::string_view, 10> kActions = {"replace",  "keep",      "drop",      "keepequal", "dropequal",
                                                       "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"};
constexpr int kGroupsMax = 32;
using Groups = std::array<re2::StringPiece, kGroupsMax>;

std::string cased(std::string text, bool up) {
  std::ranges::transform(text, text.begin(),
                         [up](unsigned char c) { return static_cast<char>(up ? std::toupper(c) : std::tolower(c)); });
  return text;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Go's Expand: $1, ${1}, $name, ${name}; $$ is one $.
std::string expand(std::string_view text, const re2::RE2& re, const Groups& groups) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += text[++i];
      continue;
    }
    const bool braces = text[i + 1] == '{';
    const std::size_t begin = i + (braces ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string name{text.substr(begin, end - begin)};
    if (name.empty() || (braces && (end == text.size() || text[end] != '}'))) {
      out += text[i];
      continue;
    }
    i = end - (braces ? 0 : 1);
    int group = -1;
    if (name.size() < 3 && std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) {
      group = std::stoi(name);
    } else if (const auto it = re.NamedCapturingGroups().find(name); it != re.NamedCapturingGroups().end()) {
      group = it->second;
    }
    if (group >= 0 && group <= re.NumberOfCapturingGroups() && group < kGroupsMax) {
      const auto& piece = groups.at(static_cast<std::size_t>(group));
      out.append(piece.data(), piece.size());
    }
  }
  return out;
}

}  // namespace

struct Relabeling::Rule {
  std::vector<std::string> sources;
  std::string separator = ";";
  std::string target;
  std::string replacement = "$1";
  std::string action = "replace";
  std::unique_ptr<re2::RE2> regex;

  bool match(std::string_view value, Groups& groups) const {
    const int count = std::min(regex->NumberOfCapturingGroups() + 1, kGroupsMax);
    return regex->Match({value.data(), value.size()}, 0, value.size(), re2::RE2::ANCHOR_BOTH, groups.data(), count);
  }

  /// False when the target is dropped.
  bool apply(Labels& labels) const {
    std::string value;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto it = labels.find(sources[i]);
      value += (i == 0 ? "" : separator) + (it == labels.end() ? std::string{} : it->second);
    }
    Groups groups;
    if (action == "keep") return match(value, groups);
    if (action == "drop") return !match(value, groups);
    if (action == "keepequal") return labels[target] == value;
    if (action == "dropequal") return labels[target] != value;
    if (action == "lowercase" || action == "uppercase") {
      put(labels, target, cased(value, action == "uppercase"));
    } else if (action == "replace") {
      if (match(value, groups)) put(labels, expand(target, *regex, groups), expand(replacement, *regex, groups));
    } else {
      by_name(labels);
    }
    return true;
  }

  void by_name(Labels& labels) const {
    const Labels before = labels;
    for (const auto& [name, value] : before) {
      Groups groups;
      const bool matches = match(name, groups);
      if (action == "labelmap" && matches) put(labels, expand(replacement, *regex, groups), value);
      if ((action == "labeldrop" && matches) || (action == "labelkeep" && !matches)) labels.erase(name);
    }
  }

  static void put(Labels& labels, const std::string& name, std::string value) {
    if (name.empty()) return;
    if (value.empty()) {
      labels.erase(name);
    } else {
      labels[name] = std::move(value);
    }
  }
};

Relabeling::Relabeling(const ConfigNode* list, Notes& notes) {
  if (list == nullptr) return;
  for (const ConfigNode& node : list->items) {
    auto rule = std::make_unique<Rule>();
    const auto text = [&node](std::string_view key, std::string& into) {
      if (const ConfigNode* n = node.find(key); n != nullptr) into = n->scalar;
    };
    if (const ConfigNode* sources = node.find("source_labels")) {
      for (const ConfigNode& s : sources->items) rule->sources.push_back(s.scalar);
    }
    text("separator", rule->separator);
    text("target_label", rule->target);
    text("replacement", rule->replacement);
    text("action", rule->action);
    std::string regex = "(.*)";
    text("regex", regex);
    rule->action = cased(std::move(rule->action), false);
    re2::RE2::Options options;
    options.set_dot_nl(true);
    options.set_log_errors(false);
    rule->regex = std::make_unique<re2::RE2>(regex, options);
    if (std::ranges::find(kActions, std::string_view{rule->action}) == kActions.end()) {
      notes.lost(node, fmt::format("relabel_configs: the action {} is left out", rule->action),
                 fmt::format("relabel_configs：略过动作 {}", rule->action));
    } else if (!rule->regex->ok()) {
      notes.mistake(node, "relabel_configs: no regular expression: " + rule->regex->error(),
                    "relabel_configs：不是正则表达式：" + rule->regex->error());
    } else {
      rules_.push_back(std::move(rule));
    }
  }
}

Relabeling::~Relabeling() = default;

std::optional<Labels> Relabeling::apply(Labels labels) const {
  for (const auto& rule : rules_) {
    if (!rule->apply(labels)) return std::nullopt;
  }
  return labels;
}

}  // namespace sonde::cli::imports
