// The command line: what verbs there are and what they take. Each verb is a file of its own.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include <fmt/format.h>

#include "cli/verbs.h"

namespace sonde::cli {
namespace {

// CLI11 throws on bad arguments and calls back on good ones; both end here.
class Program {
 public:
  int run(int argc, char** argv) {
    define();
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      return app_.exit(e) == 0 ? exit_code::kOk : exit_code::kUsage;
    }
    return exit_code_;
  }

 private:
  Context context() const {
    return Context{detect_terminal(STDOUT_FILENO, color_, language_),
                   detect_terminal(STDERR_FILENO, color_, language_)};
  }

  void define() {
    app_.description("Sonde probes clouds and apps from many places and says whose fault it is.");
    app_.footer(
        "Exit codes: 0 fine, 1 a check failed or a verdict was found, 2 usage or configuration, 3 not known.\n"
        "Examples:\n"
        "  sonde run -c sonde.yaml\n"
        "  sonde check https://example.com tcp://db.example.com:5432 'dns://223.5.5.5/example.com?type=A'\n"
        "  sonde judge --json results.lp.gz");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.set_version_flag("--version", "sonde " SONDE_VERSION);
    app_.add_option("--lang", language_, "Language of what a person reads: en or zh (default: LC_ALL, LANG)");
    app_.add_option("--color", color_, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}));
    define_run();
    define_check();
    define_config();
    define_targets();
    define_judge();
    define_watch();
    app_.add_subcommand("version", "Print the version")->callback([] { fmt::print("sonde {}\n", SONDE_VERSION); });
  }

  void define_run() {
    CLI::App* run = app_.add_subcommand("run", "Run what the configuration says: prober, hub or both");
    run->add_option("-c,--config", run_.config, "Configuration file; without it: catalogue, hub and page on loopback");
    run->add_flag("--once", run_.once, "Run every check once, deliver, and end");
    run->callback([this] { exit_code_ = run_verb(run_, context()); });
  }

  void define_check() {
    CLI::App* check = app_.add_subcommand("check", "One run now: a waterfall of stages for each URL");
    check
        ->add_option("urls", check_.urls, "https:// http:// tls://HOST:PORT tcp://HOST:PORT dns://RESOLVER/NAME?type=A")
        ->required();
    check->add_flag("--json", check_.json, "One JSON object per run and line");
    check->add_flag("--nagios", check_.nagios, "Nagios plugin output and exit codes");
    check->add_option("--resolver", check_.resolver, "Resolver to use: ADDRESS[:PORT] (default: /etc/resolv.conf)");
    check->add_option("--ca-file", check_.ca_file, "PEM file of trusted issuers (default: the system's)");
    check->add_option("--source", check_.source, "Local address to probe from");
    check->add_option("--timeout", timeout_, "Longest time for one run, such as 10s");
    check->callback([this] {
      if (read_duration(timeout_, "--timeout", check_.timeout)) exit_code_ = check_verb(check_, context());
    });
  }

  void define_config() {
    CLI::App* config = app_.add_subcommand("config", "Look at a configuration file");
    config->require_subcommand(1);
    CLI::App* check = config->add_subcommand("check", "Read the file strictly and report every mistake");
    check->add_option("file", config_.config, "Configuration file")->required();
    check->callback([this] { exit_code_ = config_check_verb(config_, context()); });
  }

  void define_targets() {
    CLI::App* targets = app_.add_subcommand("targets", "Look at targets");
    targets->require_subcommand(1);
    CLI::App* list = targets->add_subcommand("list", "What would be checked, and how often");
    list->add_option("-c,--config", targets_.config,
                     "Configuration file (default: the catalogue as `sonde run` takes it)");
    list->add_flag("--json", targets_.json, "One JSON object per target and line");
    list->callback([this] { exit_code_ = targets_list_verb(targets_, context()); });
  }

  void define_judge() {
    CLI::App* judge = app_.add_subcommand("judge", "Replay line protocol and print the verdicts");
    judge->add_option("files", judge_.files, "Files of line protocol, plain or gzip; - is stdin")->required();
    judge->add_flag("--json", judge_.json, "One JSON object per event and line");
    judge->add_option("--round", round_, "The usual interval of the targets, such as 10s");
    judge->callback([this] {
      if (read_duration(round_, "--round", judge_.round)) exit_code_ = judge_verb(judge_, context());
    });
  }

  void define_watch() {
    CLI::App* watch = app_.add_subcommand("watch", "Follow a hub's verdicts in the terminal");
    watch->add_option("--hub", watch_.hub, "URL of the hub (default http://127.0.0.1:8686)");
    watch->callback([this] { exit_code_ = watch_verb(watch_, context()); });
  }

  // Leaves `value` alone when nothing was given; on a bad text says so and sets the exit code.
  bool read_duration(const std::string& text, std::string_view option, core::Duration& value) {
    if (text.empty()) return true;
    const auto duration = core::parse_duration(text);
    if (duration && *duration >= std::chrono::milliseconds{100} && *duration <= std::chrono::hours{1}) {
      value = *duration;
      return true;
    }
    fmt::print(stderr, "error: {} needs a duration from 100ms to 1h with its unit, such as 10s; got \"{}\"\n", option,
               text);
    exit_code_ = exit_code::kUsage;
    return false;
  }

  CLI::App app_{"", "sonde"};
  std::string language_;
  std::string color_ = "auto";
  RunOptions run_;
  CheckOptions check_;
  std::string timeout_;
  ConfigOptions config_;
  TargetsOptions targets_;
  JudgeOptions judge_;
  std::string round_;
  WatchOptions watch_;
  int exit_code_ = exit_code::kOk;
};

}  // namespace
}  // namespace sonde::cli

int main(int argc, char** argv) { return sonde::cli::Program{}.run(argc, argv); }
