// A module of blackbox_exporter's configuration, turned into a check of ours: its `expect`, `request` and `tls` maps
// are said in our own words and go through the same CheckType::parse as any target's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "core/result.h"
#include "core/target.h"
#include "io/files.h"
#include "prober/config.h"
#include "prober/net_spec.h"

namespace sonde::prober::blackbox {

struct Module {
  std::string name;
  core::CheckKind kind = core::CheckKind::kHttp;
  Duration timeout{};  // zero = the scrape decides
  NetSpec net;
  core::ConfigNode expect;   // a map, perhaps empty
  core::ConfigNode request;  // a map, perhaps empty
  core::ConfigNode tls;      // a map, perhaps empty
  bool over_tls = false;     // tcp and dns: TLS is spoken, at once or from some step on
  std::string query_name;    // dns
  bool served = false;       // its prober is one of ours
  bool matches = false;      // regular expressions decide: probe_failed_due_to_regex means something
  core::ConfigNode written;  // as it stands in the file, for debug=true
  std::vector<core::ConfigError> mistakes = {};  // of those that reading gave, the ones in this module
};

struct Modules {
  std::vector<Module> list;
  [[nodiscard]] const Module* find(std::string_view name) const;
};

/// Reads a blackbox.yml strictly: unknown keys, bad values and what Sonde does not serve go to `errors` with file, line
/// and column. The result is only fit for use when there are none. `file` is its name, for errors; files that modules
/// name are read by `files`, relative to the working directory, as blackbox_exporter does.
[[nodiscard]] Modules read_modules(std::string_view text, std::string_view file, io::Files& files,
                                   core::ConfigErrors& errors);

/// The same without asking the checks what they think of each module: files that modules name need not be there.
[[nodiscard]] Modules parse_modules(std::string_view text, std::string_view file, core::ConfigErrors& errors);

/// What a scrape asks for beside the module.
struct Ask {
  std::string target;    // as given: URL, host or host:port
  std::string hostname;  // parameter `hostname`: Host header, or name of the TLS server; empty = none
  Duration timeout{};
};

/// The target in the keys of a target's map: url and, where there is something to say, expect, request and tls.
/// Errors as those of entry_of.
[[nodiscard]] core::Result<core::ConfigNode> target_map(const Module& module, const Ask& ask);

/// The target and its check. Errors, the scrape's own mistakes: the target is no address for this module (kNotFound),
/// or `hostname` contradicts the module (kInvalid).
[[nodiscard]] core::Result<TargetEntry> entry_of(const Module& module, const Ask& ask, io::Files& files);

}  // namespace sonde::prober::blackbox
