// The verbs of `sonde`: each is one file that takes its options and returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "core/time.h"

namespace sonde::cli {

/// Exit codes of all verbs (documented in `sonde --help`).
namespace exit_code {
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;   // a check failed, a verdict was found, something does not verify
inline constexpr int kUsage = 2;    // bad arguments or configuration
inline constexpr int kUnknown = 3;  // our own side could not find out
}  // namespace exit_code

/// How we talk on stdout (data) and stderr (talk).
struct Context {
  Terminal out;
  Terminal err;
};

struct CheckOptions {
  std::vector<std::string> urls;
  bool json = false;
  bool nagios = false;
  std::string resolver;  // ADDRESS[:PORT]; empty = /etc/resolv.conf
  std::string ca_file;
  std::string source;
  core::Duration timeout = std::chrono::seconds{10};
};
/// `sonde check URL…`: one run of each, now, side by side; a waterfall each in the order given.
int check_verb(const CheckOptions& options, const Context& context);

struct RunOptions {
  std::string config;  // empty = everything by default: catalogue, hub and page on loopback
  bool once = false;
};
/// `sonde run`: what the configuration says, until a signal.
int run_verb(const RunOptions& options, const Context& context);

struct ConfigOptions {
  std::string config;
};
/// `sonde config check FILE`: every mistake with its place, or one line that says what the file makes of Sonde.
int config_check_verb(const ConfigOptions& options, const Context& context);

struct TargetsOptions {
  std::string config;  // empty = the default catalogue selection
  bool json = false;
};
/// `sonde targets list`: what would be checked, how often.
int targets_list_verb(const TargetsOptions& options, const Context& context);

struct JudgeOptions {
  std::vector<std::string> files;  // "-" = stdin
  bool json = false;
  core::Duration round = std::chrono::seconds{10};
};
/// `sonde judge FILE|-…`: replays line protocol through the judge and prints its verdicts as they would have been said.
int judge_verb(const JudgeOptions& options, const Context& context);

struct WatchOptions {
  std::string hub = "http://127.0.0.1:8686";
};
/// `sonde watch`: follows a hub's verdicts in the terminal until a signal.
int watch_verb(const WatchOptions& options, const Context& context);

}  // namespace sonde::cli
