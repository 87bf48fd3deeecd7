// The verbs of `sonde`: each is one file that takes its options and returns the exit code.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal.h"
#include "core/time.h"
#include "prober/net_spec.h"

namespace sonde::cli {

/// Exit codes of all verbs (documented in `sonde --help`).
namespace exit_code {
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;         // a check failed, a verdict was found, something does not verify
inline constexpr int kUsage = 2;          // bad arguments or configuration
inline constexpr int kUnknown = 3;        // our own side could not find out
inline constexpr int kBusy = 75;          // another process holds the log or the port (EX_TEMPFAIL of sysexits.h)
inline constexpr int kNewer = 78;         // written by a newer version; nothing was touched (EX_CONFIG)
inline constexpr int kInterrupted = 130;  // Ctrl-C before every result was there (128 + SIGINT, as shells count)
}  // namespace exit_code

/// How we talk on stdout (data) and stderr (talk).
struct Context {
  Terminal out;
  Terminal err;
};

/// What a Nagios plugin turns into WARNING and CRITICAL beyond the outcome itself.
struct NagiosThresholds {
  std::optional<core::Duration> warning_duration;
  std::optional<core::Duration> critical_duration;
  std::optional<int> warning_cert_days;
  std::optional<int> critical_cert_days;
};

struct CheckOptions {
  std::vector<std::string> targets;  // URLs, host names, "-" for stdin; with `config` also names and globs of targets
  std::vector<std::string> files;    // of URLs, one a line; "-" is stdin
  std::string config;                // where names of targets are looked up
  bool json = false;
  bool nagios = false;
  bool explain = false;
  bool brief = false;                   // the table only
  std::optional<core::Duration> watch;  // again and again, this far apart
  int count = 0;                        // runs of each target; 0 = one, or without end with `watch`
  int parallel = 64;                    // runs at a time
  std::optional<prober::NetSpec::Family> family;
  bool all_addresses = false;
  std::string resolver;  // ADDRESS[:PORT]; empty = /etc/resolv.conf
  std::string ca_file;
  std::string source;
  std::string interface;
  std::optional<core::Duration> timeout;
  std::vector<std::string> expect;   // KEY=VALUE with VALUE in YAML, as in a target's `expect`
  std::vector<std::string> request;  // the same for `request`
  std::vector<std::string> tls;      // the same for `tls`
  std::vector<std::string> headers;  // "NAME: VALUE"
  NagiosThresholds thresholds;
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
  bool targets = false;  // of config_schema_verb: of a file of targets instead
};
/// `sonde config check FILE`: every mistake with its place, or one line that says what the file makes of Sonde.
int config_check_verb(const ConfigOptions& options, const Context& context);
/// `sonde config print`: the effective configuration as YAML, every default written out, no secret in it.
int config_print_verb(const ConfigOptions& options, const Context& context);
/// `sonde config schema`: JSON Schema of the file, or of a file of targets.
int config_schema_verb(const ConfigOptions& options, const Context& context);
/// `sonde config reference`: all keys as Markdown, as in docs/configuration.md.
int config_reference_verb(const Context& context);

struct TargetsOptions {
  std::string config;              // empty = the default catalogue selection
  std::vector<std::string> names;  // names or globs; none = all
  std::string role;                // app, reference or control; empty = all
  std::string provider;            // name, alias or glob; empty = all
  bool json = false;
  bool yaml = false;     // of list
  bool http_sd = false;  // of list
};
/// `sonde targets list`: what would be checked, how often.
int targets_list_verb(const TargetsOptions& options, const Context& context);
/// `sonde targets show NAME…`: everything that is in force for a target.
int targets_show_verb(const TargetsOptions& options, const Context& context);
/// `sonde targets lint`: what is allowed but probably not meant.
int targets_lint_verb(const TargetsOptions& options, const Context& context);

struct VerifyOptions {
  std::string config;              // whose vantage, resolver, trust and policy are used; empty = the machine's
  std::string catalogue;           // folder of catalogue files; empty = the catalogue that is built in
  std::vector<std::string> names;  // names or globs; none = all
  std::string role;                // reference or control; empty = both
  std::string provider;            // name, alias or glob; empty = all
  std::string patch;               // file for the patch; "-" = stdout, and then the report goes to stderr
  core::Duration timeout = std::chrono::seconds{10};
  int parallel = 16;
  bool json = false;
};
/// `sonde targets verify`: every entry of the catalogue once, from here: which answers are not those that the catalogue
/// expects, and a patch for these.
int targets_verify_verb(const VerifyOptions& options, const Context& context);

struct VantageOptions {
  bool json = false;
  core::Duration timeout = std::chrono::seconds{2};
  std::string address;  // ADDRESS[:PORT] that is asked in place of the metadata services' own; empty = their own
};
/// `sonde vantage detect`: where this machine is, by the metadata services of the clouds. 3 when none told.
int vantage_detect_verb(const VantageOptions& options, const Context& context);

struct ImportOptions {
  std::vector<std::string> files;  // "-" = stdin
  std::string from;                // the program that they are of; empty = found out
  std::string fields;              // not empty: print what becomes of each field of that program, and no more
};
/// `sonde targets import FILE…`: files of other programs as a file of targets on stdout, and on stderr, each with its
/// place, what was not carried over. 0: all of it was; 1: something was said; 2: a file cannot be read, stdout is
/// empty.
int targets_import_verb(const ImportOptions& options, const Context& context);

struct JudgeOptions {
  std::vector<std::string> files;  // "-" = stdin
  bool json = false;
  core::Duration round = std::chrono::seconds{10};
  std::optional<core::WallTime> from;  // nothing is told of what came before; it is still learned from
  std::optional<core::WallTime> to;    // what came later is not looked at
  std::string score;                   // a truth file: print how good the verdicts are instead of the verdicts
};
/// `sonde judge FILE|-…`: replays line protocol through the judge and prints its verdicts as they would have been said,
/// or with `score` what they were worth (0 whatever that is).
int judge_verb(const JudgeOptions& options, const Context& context);

struct WatchOptions {
  std::string hub = "http://127.0.0.1:8686";
};
/// `sonde watch`: follows a hub's verdicts in the terminal until a signal.
int watch_verb(const WatchOptions& options, const Context& context);

struct DoctorOptions {
  std::string config;  // empty = everything by default, as `sonde run`
  bool json = false;
};
/// `sonde doctor`: machine, log and each sink, by what a canary that is written three times comes back as. 1 when
/// something fails, 0 with warnings.
int doctor_verb(const DoctorOptions& options, const Context& context);

struct LogVerbOptions {
  std::string directory;
  bool json = false;                 // ls, verify
  std::vector<std::string> classes;  // "a", "b", "c" for cat and export; none = all
  std::string from;                  // a time or "so long ago"; empty = from the first record
  std::string to;
  std::string out;  // of export: the file to make; .gz and .zst are packed
};
/// `sonde log ls DIR`: segments and readers. Reads only, also beside a running process, as the next three.
int log_ls_verb(const LogVerbOptions& options, const Context& context);
/// `sonde log verify DIR`: every frame and payload; each damaged place with its offset. 1 when something is damaged.
int log_verify_verb(const LogVerbOptions& options, const Context& context);
/// `sonde log cat DIR`: its records as line protocol on stdout.
int log_cat_verb(const LogVerbOptions& options, const Context& context);
/// `sonde log export DIR --out FILE`: the same into a file that is whole or not there.
int log_export_verb(const LogVerbOptions& options, const Context& context);
/// `sonde log repair DIR`: what opening repairs, and what that was. 75 when another process holds the log.
int log_repair_verb(const LogVerbOptions& options, const Context& context);

/// "2025-11-24T10:00:00Z" (with or without fractions), "2025-11-24" or a duration such as "2h", which means that long
/// before `now`. Nothing when it is none of these.
[[nodiscard]] std::optional<core::WallTime> parse_moment(std::string_view text, core::WallTime now);

/// `sonde version`: this program, its compiler and its libraries.
int version_verb(bool json, const Context& context);

}  // namespace sonde::cli
