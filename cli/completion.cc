// Completion scripts for bash, zsh and fish, from the tree of commands.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.h"

namespace sonde::cli {
namespace {

/// A command and the words that lead to it ("targets list"; "" is the program).
struct Place {
  std::string path;
  const CommandInfo* command;
};

void collect(const CommandInfo& command, const std::string& path, std::vector<Place>& out) {
  out.push_back({path, &command});
  for (const CommandInfo& below : command.commands) {
    collect(below, path.empty() ? below.name : path + " " + below.name, out);
  }
}

std::vector<Place> places(const CommandInfo& root) {
  std::vector<Place> out;
  collect(root, "", out);
  return out;
}

bool takes_file(const OptionInfo& option) { return option.value == "FILE"; }
bool takes_value(const OptionInfo& option) {
  return !option.value_optional && (!option.value.empty() || !option.choices.empty());
}

std::vector<std::string> names_of(const std::vector<OptionInfo>& options) {
  std::vector<std::string> out;
  for (const OptionInfo& o : options) out.insert(out.end(), o.names.begin(), o.names.end());
  return out;
}

/// What can stand after the command: its commands, choices of its arguments, its options and the program's.
std::vector<std::string> words_after(const CommandInfo& command, const CommandInfo& root) {
  std::vector<std::string> out;
  for (const CommandInfo& c : command.commands) out.push_back(c.name);
  for (const OptionInfo& a : command.arguments) out.insert(out.end(), a.choices.begin(), a.choices.end());
  for (const auto& names : {names_of(command.options), names_of(root.options)}) {
    for (const std::string& name : names) {
      if (std::ranges::find(out, name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

// ---- bash ----

std::string bash_values(const Place& place, const CommandInfo& root) {
  std::string out;
  const auto add = [&](const OptionInfo& o) {
    if (!takes_value(o)) return;
    std::vector<std::string> patterns;
    for (const std::string& name : o.names) patterns.push_back(fmt::format("\"{}:{}\"", place.path, name));
    std::string action = ":";
    if (!o.choices.empty()) action = fmt::format("_sonde_words \"{}\"", fmt::join(o.choices, " "));
    if (takes_file(o)) action = "_sonde_files";
    out += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, " | "), action);
  };
  for (const OptionInfo& o : place.command->options) add(o);
  if (place.command != &root) {
    for (const OptionInfo& o : root.options) add(o);
  }
  return out;
}

std::string bash(const CommandInfo& root) {
  std::string walk;
  std::string values;
  std::string words;
  for (const Place& place : places(root)) {
    for (const CommandInfo& below : place.command->commands) {
      const std::string to = place.path.empty() ? below.name : place.path + " " + below.name;
      walk += fmt::format("      \"{}:{}\") path=\"{}\" ;;\n", place.path, below.name, to);
    }
    values += bash_values(place, root);
    const bool files = std::ranges::any_of(place.command->arguments, takes_file);
    words += fmt::format("    \"{}\") _sonde_words \"{}\"{} ;;\n", place.path,
                         fmt::join(words_after(*place.command, root), " "), files ? "; _sonde_files" : "");
  }
  return fmt::format(R"(# bash completion for sonde. Load it with: source <(sonde completion bash)
_sonde_words() {{ COMPREPLY+=($(compgen -W "$1" -- "$cur")); }}
_sonde_files() {{ compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$cur")); }}
_sonde() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" path="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path:${{COMP_WORDS[i]}}" in
{}    esac
  done
  case "$path:$prev" in
{}  esac
  case "$path" in
{}  esac
}}
complete -o default -F _sonde sonde
)",
                     walk, values, words);
}

// ---- zsh ----

std::string zsh_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_value(const OptionInfo& o) {
  if (!o.choices.empty()) return fmt::format(":value:({})", fmt::join(o.choices, " "));
  return fmt::format(":{}:{}", zsh_quoted(o.value), takes_file(o) ? "_files" : "");
}

std::string zsh_option(const OptionInfo& o) {
  std::string out;
  for (const std::string& name : o.names) {
    const std::string sign = o.value_optional ? "=-" : "";
    std::string value = takes_value(o) ? zsh_value(o) : "";
    if (o.value_optional) value = ":" + zsh_value(o);
    out += fmt::format(" \\\n      '{}{}{}[{}]{}'", o.repeats ? "*" : "", name, sign, zsh_quoted(o.help), value);
  }
  return out;
}

std::string zsh_function(const Place& place, const CommandInfo& root) {
  std::string name = "_sonde " + place.path;
  std::ranges::replace(name, ' ', '_');
  if (place.path.empty()) name = "_sonde";
  std::string arguments;
  for (const OptionInfo& o : place.command->options) arguments += zsh_option(o);
  if (place.command != &root) {
    for (const OptionInfo& o : root.options) arguments += zsh_option(o);
  }
  if (place.command->commands.empty()) {
    for (const OptionInfo& a : place.command->arguments) {
      arguments += fmt::format(" \\\n      '{}{}'", a.repeats ? "*" : "1", zsh_value(a));
    }
    return fmt::format("{}() {{\n  _arguments -s{}\n}}\n", name, arguments);
  }
  std::string listed;
  std::string calls;
  for (const CommandInfo& c : place.command->commands) {
    listed += fmt::format("\n    '{}:{}'", zsh_quoted(c.name), zsh_quoted(c.summary));
    calls += fmt::format("        {0}) {1}_{0} ;;\n", c.name, name);
  }
  return fmt::format(R"({0}() {{
  local line state
  local -a commands=({1}
  )
  _arguments -C{2} \
      '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
{3}      esac ;;
  esac
}}
)",
                     name, listed, arguments, calls);
}

std::string zsh(const CommandInfo& root) {
  std::string out = "#compdef sonde\n# zsh completion for sonde: save as _sonde in a folder of $fpath.\n";
  for (const Place& place : places(root)) out += zsh_function(place, root);
  return out + "if [ \"$funcstack[1]\" = _sonde ]; then _sonde \"$@\"; else compdef _sonde sonde; fi\n";
}

// ---- fish ----

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_option(const OptionInfo& o, const std::string& condition) {
  std::string out = "complete -c sonde" + condition;
  for (const std::string& name : o.names) {
    out += name.starts_with("--") ? " -l " + fish_quoted(name.substr(2)) : " -s " + fish_quoted(name.substr(1));
  }
  if (takes_value(o)) out += takes_file(o) ? " -r -F" : " -x";
  if (!o.choices.empty()) out += " -a " + fish_quoted(fmt::format("{}", fmt::join(o.choices, " ")));
  return out + " -d " + fish_quoted(o.help) + "\n";
}

std::string fish(const CommandInfo& root) {
  std::string out =
      "# fish completion for sonde: save as ~/.config/fish/completions/sonde.fish\ncomplete -c sonde -f\n";
  for (const Place& place : places(root)) {
    const auto space = place.path.find(' ');
    std::string condition = " -n __fish_use_subcommand";
    if (!place.path.empty()) {
      condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", place.path.substr(0, space));
    }
    if (space != std::string::npos) {
      condition += fmt::format(" -n '__fish_seen_subcommand_from {}'", place.path.substr(space + 1));
    }
    std::vector<std::string> below;
    for (const CommandInfo& c : place.command->commands) below.push_back(c.name);
    const std::string none_yet =
        place.path.empty() || below.empty()
            ? condition
            : condition + fmt::format(" -n 'not __fish_seen_subcommand_from {}'", fmt::join(below, " "));
    for (const CommandInfo& c : place.command->commands) {
      out += fmt::format("complete -c sonde{} -a {} -d {}\n", none_yet, fish_quoted(c.name), fish_quoted(c.summary));
    }
    for (const OptionInfo& a : place.command->arguments) {
      if (takes_file(a)) out += fmt::format("complete -c sonde{} -F\n", condition);
      if (!a.choices.empty()) {
        out += fmt::format("complete -c sonde{} -a '{}'\n", condition, fmt::join(a.choices, " "));
      }
    }
    for (const OptionInfo& o : place.command->options) {
      out += fish_option(o, place.path.empty() ? std::string{} : condition);
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CommandInfo& root, std::string_view shell) {
  if (shell == "zsh") return zsh(root);
  if (shell == "fish") return fish(root);
  return bash(root);
}

}  // namespace sonde::cli
