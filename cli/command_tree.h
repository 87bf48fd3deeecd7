// The command line as plain values: what help, completion and the manual page are written from. They are read off the
// parser itself (cli/command_line.cc), so none of them can drift from what is accepted.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace sonde::cli {

/// An option, or an argument by position (then without names).
struct OptionInfo {
  std::vector<std::string> names;    // "-c", "--config"
  std::string value;                 // "FILE"; empty for a flag
  std::vector<std::string> choices;  // where the value is one of a closed list
  std::string help;
  bool required = false;
  bool repeats = false;         // may be given several times
  bool value_optional = false;  // --watch or --watch=INTERVAL
};

struct CommandInfo {
  std::string name;
  std::string summary;   // one sentence
  std::string examples;  // lines; may be empty
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
  std::vector<CommandInfo> commands;

  [[nodiscard]] const CommandInfo* find(std::string_view command) const;
};

/// A code and what it means, in the language of `t`.
struct ExitMeaning {
  std::string_view code;
  std::string_view meaning;
};
[[nodiscard]] std::vector<ExitMeaning> exit_meanings(const Terminal& t);

/// "-c, --config FILE", "--watch[=INTERVAL]", "FILE…".
[[nodiscard]] std::string option_title(const OptionInfo& option);

/// Help for the command at `path` below `root` ("targets", "list"); empty = the program itself.
[[nodiscard]] std::string help_text(const CommandInfo& root, std::span<const std::string> path, const Terminal& t);

/// A completion script. `shell` is bash, zsh or fish.
[[nodiscard]] std::string completion_script(const CommandInfo& root, std::string_view shell);

/// The manual page sonde(1) in man(7) format, UTF-8.
[[nodiscard]] std::string manual_page(const CommandInfo& root, std::string_view version, const Terminal& t);

}  // namespace sonde::cli
