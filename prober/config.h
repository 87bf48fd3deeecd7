// The prober's part of the configuration: vantage, resolver, policy and targets, read strictly into plain values.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "core/config_table.h"
#include "core/target.h"
#include "io/files.h"
#include "prober/catalogue.h"
#include "prober/check.h"

namespace sonde::prober {

struct VantageDetection;

/// The word in place of `vantage`, or of its provider, that has the metadata services asked.
inline constexpr std::string_view kAuto = "auto";

/// One target with the check that its URL chose and its expectations.
struct TargetEntry {
  core::Target target;
  const CheckType* type = nullptr;
  std::shared_ptr<const CheckSpec> spec;  // shared with the companions of the target
  NetSpec net;
  bool catalogued = false;  // its name stands in the catalogue: anyone may be asked for it
  core::ConfigNode
      written;  // the map that it was read from, with its place; of a catalogue endpoint: url, expect, request
};

inline constexpr Duration kAppEvery = std::chrono::seconds{10};        // interval of apps
inline constexpr Duration kReferenceEvery = std::chrono::seconds{30};  // of references, controls and the catalogue
// What is taken of the catalogue where nothing is written (README of targets/: probing etiquette).
inline constexpr std::size_t kPerRegion = 2;                              // references of a region
inline constexpr std::size_t kSampleRegions = 3;                          // of each provider that no app uses
inline constexpr Duration kSampleEvery = std::chrono::seconds{120};       // interval of these
inline constexpr Duration kSurveyEvery = std::chrono::seconds{60};        // of all regions, where no app says its place
inline constexpr Duration kCatalogueEveryMin = std::chrono::seconds{10};  // these are the machines of others
inline constexpr Duration kHostGap = std::chrono::seconds{10};  // at least, on average, between runs to a host of these
/// Where the system has its own, which is honoured with the system's resolvers (hosts(5)).
inline constexpr std::string_view kSystemHosts = "/etc/hosts";
/// The timeout of a target that names none: 5 s, or 4/5 of a shorter interval.
[[nodiscard]] Duration default_timeout(Duration every);

struct ProberConfig {
  core::Vantage vantage;             // `vantage.resolver` names the resolver that is used
  core::BilingualText vantage_told;  // what became of `auto`; empty where nothing was asked
  std::string source;                // local address to probe from; empty = the system's choice
  std::string resolver;              // "ADDRESS[:PORT]"; empty = the first of /etc/resolv.conf
  std::string hosts_file;            // names with addresses of their own, asked before the resolver; empty = none
  std::string ca_file;               // trust anchors for TLS checks; empty = the system's store
  std::vector<std::string> allow;    // address ranges that the policy would deny ("127.0.0.0/8")
  std::size_t runs_in_flight_max = 512;
  std::size_t handshakes_in_flight_max = 32;   // TLS handshakes: each takes a good part of a millisecond of the loop
  bool companions = true;                      // grant extra probes that the judge asks for (prober/companions.h)
  std::string second_resolver;                 // for these: an address, "none", or empty: see second_resolver()
  std::optional<io::Endpoint> captive_canary;  // of a documentation range; nothing = no look-out for captive portals
  std::vector<TargetEntry> targets;            // names are unique
};

/// A document of targets that a URL gives: an item `{url: ...}` of `targets`.
struct TargetSource {
  std::string url;
  Duration refresh = std::chrono::seconds{60};
  std::string token_file;
  std::string ca_file;
};
inline bool operator==(const TargetSource& a, const TargetSource& b) {
  return a.url == b.url && a.refresh == b.refresh && a.token_file == b.token_file && a.ca_file == b.ca_file;
}

/// The documents of URLs, as far as they are there.
class TargetDocuments {
 public:
  virtual ~TargetDocuments() = default;
  /// The text of the document (it lives as long as this object is not changed), or why there is none.
  [[nodiscard]] virtual core::Result<std::string_view> find(std::string_view url) const = 0;
};

/// What reading needs from outside.
struct ConfigSources {
  const CatalogueSource& catalogue;
  io::Files& files;
  const core::VariableLookup* variables = nullptr;  // for ${VAR} in target files
  std::string host_name;                            // name of a vantage that has none
  std::string version;                              // of this program
  const TargetDocuments* documents = nullptr;       // null: an item with a URL is an error
  const VantageDetection* detection = nullptr;      // of `vantage: auto`; null: nobody was asked
  bool vantage_needed = true;                       // where nothing was detected: an error, else only said
  bool keep_written = true;                         // false: TargetEntry::written stays empty, as running needs it not
};

/// The sources of `targets` that are URLs, in their order, each once. Looks at nothing else and reports no mistakes:
/// read_prober_config does.
[[nodiscard]] std::vector<TargetSource> read_target_sources(const core::ConfigNode& root);

/// Reads the keys of kProberTable (prober/config_keys.h); the table of `root` holds them all. Target files are found
/// relative to the file where they are named. Without `targets` (and without references of its own) the catalogue is
/// used: of the providers that apps name every region, two references each; three regions of each other provider, one
/// reference each; the controls of the vantage's own partition. Where no app names a provider: one reference of every
/// region. Restricted regions only where an app or the vantage names them.
/// All mistakes go to `errors`; the result is only fit for use when there are none.
[[nodiscard]] ProberConfig read_prober_config(const core::TableReader& root, const ConfigSources& sources,
                                              core::ConfigErrors& errors);

/// Every endpoint and control of the catalogue, also those that are taken by their full name only, to be run once:
/// for `sonde targets verify`. Mistakes of the catalogue go to `errors`.
[[nodiscard]] std::vector<TargetEntry> whole_catalogue(const ConfigSources& sources, Duration timeout,
                                                       core::ConfigErrors& errors);

/// A target made from a URL, with default expectations where `nodes` has none: for `sonde check URL`. Mistakes go to
/// `errors`; the result is then not for use.
[[nodiscard]] TargetEntry target_from_url(std::string_view url, Duration timeout, const SpecNodes& nodes,
                                          core::ConfigErrors& errors);
/// The same with all defaults.
[[nodiscard]] core::Result<TargetEntry> target_from_url(std::string_view url, Duration timeout);

}  // namespace sonde::prober
