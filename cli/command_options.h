// The definition of each verb's options. Internal to cli/command_line.cc: only these two files see CLI11.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/verbs.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sonde::cli {

/// Everything that arguments can set.
struct Arguments {
  std::string lang;
  std::string color = "auto";
  RunOptions run;
  CheckOptions check;
  ConfigOptions config;
  TargetsOptions targets;
  VerifyOptions verify;
  VantageOptions vantage;
  ImportOptions imported;
  JudgeOptions judge;
  WatchOptions watch;
  LogVerbOptions log;
  DoctorOptions doctor;
  std::string watch_every;  // of check --watch
  bool version_json = false;
  std::string shell;
  std::function<int(const Context&)> verb;  // of the command that was given
};

/// Defines options on one command, with texts in one language.
class Definer {
 public:
  Definer(core::Language language, Arguments& arguments) : arguments_(arguments) { t_.language = language; }

  void program(CLI::App& app);
  void run(CLI::App& app);
  void check(CLI::App& app);
  void targets(CLI::App& app);
  void config(CLI::App& app);
  void vantage(CLI::App& app);
  void judge(CLI::App& app);
  void watch(CLI::App& app);
  void log(CLI::App& app);
  void doctor(CLI::App& app);
  void version(CLI::App& app);

  /// A command of `app` that runs `run` when it is given.
  CLI::App* verb(CLI::App& app, const char* name, std::string summary, std::string examples,
                 std::function<int(const Context&)> run);
  [[nodiscard]] std::string say(std::string_view en, std::string_view zh) const { return std::string{t_.say(en, zh)}; }

 private:
  void check_what(CLI::App& check);
  void check_how(CLI::App& check);
  void check_expectations(CLI::App& check);
  void check_output(CLI::App& check);
  void targets_filter(CLI::App& app);
  void targets_verify(CLI::App& targets);
  void targets_import(CLI::App& app);
  void log_directory(CLI::App& app);
  void log_filter(CLI::App& app);
  /// An option whose value is a duration with a unit inside [min, max].
  CLI::Option* duration(CLI::App& app, const char* names, std::string help, core::Duration min, core::Duration max,
                        std::function<void(core::Duration)> set);
  /// Throws what the parser reports.
  [[nodiscard]] core::Duration read_duration(std::string_view option, const std::string& text, core::Duration min,
                                             core::Duration max) const;
  /// An option that may be given several times, one value each time. Appends: others may add to `into` too.
  CLI::Option* each(CLI::App& app, const char* names, std::vector<std::string>& into, std::string help,
                    const char* value);

  Terminal t_;
  Arguments& arguments_;
};

}  // namespace sonde::cli
