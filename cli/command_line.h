// The command line: which verbs there are, what they take, and what to say when it does not fit.
#pragma once

#include <memory>

#include "cli/command_tree.h"
#include "core/text.h"

namespace sonde::cli {

/// The parser of `sonde`. Texts are chosen by language when it is made.
class CommandLine {
 public:
  explicit CommandLine(core::Language language);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Parses, runs the verb, and returns the exit code. Help goes to stdout, mistakes to stderr.
  [[nodiscard]] int run(int argc, const char* const* argv);
  /// What it accepts.
  [[nodiscard]] CommandInfo tree() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// The language that `--lang` in the arguments or the environment asks for: needed before anything is parsed.
[[nodiscard]] core::Language language_of(int argc, const char* const* argv);

}  // namespace sonde::cli
