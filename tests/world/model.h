// The world as a value: clouds, apps, controls, vantages, and what happens to them when. Read from world.yaml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_node.h"
#include "core/target.h"
#include "core/text.h"
#include "core/time.h"
#include "fault.h"

namespace sonde::world {

/// Where something stands on the earth.
struct Place {
  std::string city;
  std::string country;  // ISO 3166 alpha-2
  double lat = 0;
  double lon = 0;
};

/// How a target is reached.
enum class Protocol { kHttps, kHttp, kTcp, kDns };

/// One thing that probers check. `index` order is file order: references, then apps, then controls.
struct Target {
  core::Role role = core::Role::kReference;
  std::string name;  // reference: PROVIDER/REGION/SERVICE; app: NAME; control: control/NAME
  std::string host;  // DNS name; of several targets, if these differ by protocol or path
  Protocol protocol = Protocol::kHttps;
  std::string path = "/";             // with its query
  std::vector<int> statuses = {200};  // what a prober takes as healthy; the first one is answered
  std::string provider;               // where it runs: a reference's own, an app's host; empty for controls
  std::string region;
  std::string service;  // references only
  core::Partition partition = core::Partition::kOverseas;
  Place place;
  std::vector<std::string> depends_on;    // PROVIDER/REGION/SERVICE, apps only
  bool breaks_with_dependencies = false;  // answers 503 while one of them fails for everybody
  std::string dns_provider;               // who serves its zone; apps only
  std::string issuer;                     // of its certificate, where the world does not choose; apps only
  std::string greeting;                   // what a tcp target says first
  int subnet = 0;                         // third and fourth octet of its addresses
  int host_octet = 0;
};

struct Vantage {
  std::string name;
  std::string provider;
  std::string region;
  core::Partition partition = core::Partition::kOverseas;
  std::string isp;
  Place place;
  std::string resolver;  // a name that vantages may share; empty: one of its own
};

/// How distance becomes delay: round trip = 2 * km / 200 km per ms * detour, plus the extras.
struct Distances {
  double scale = 1;                                       // 0 switches delay off
  double detour = 1.5;                                    // cables are not great circles
  core::Duration border = std::chrono::milliseconds{40};  // added between partitions
  core::Duration jitter = std::chrono::milliseconds{4};   // up to so much more, drawn each time
};

/// A fault that comes and goes by itself.
struct TimelineEntry {
  core::Duration at{};
  core::Duration length{};
  Fault fault;
};

/// What a replayed outage was and what a judge should say of it; only files of the museum have it.
struct Story {
  /// One part of the outage.
  struct Stage {
    core::Duration from{};  // after the start
    core::Duration to{};
    std::vector<std::string> right;        // keys of the components that are to be convicted, all of them
    std::vector<std::string> also;         // keys that are no mistake either: symptoms, parts, twins
    std::string today;                     // what the judge does now: "convicts", "partly", "insufficient" or "nothing"
    std::string why;                       // where it is not "convicts": why, in words
    std::vector<std::string> wrong_today;  // keys that it convicts now and should not: known mistakes
  };
  std::string title;
  std::string when;    // date and time of the outage
  std::string source;  // in words, with the mark of the source: [S] stored and public, [R] recalled
  core::BilingualText happened;
  std::string naive;  // what a naive tool says
  std::vector<Stage> stages;
};

struct World {
  std::uint64_t seed = 1;
  core::Duration round = std::chrono::seconds{2};
  Distances distances;
  std::vector<Target> targets;
  std::vector<Vantage> vantages;
  std::vector<TimelineEntry> timeline;
  core::Duration timeline_period{};  // when a repeated timeline starts again
  std::optional<Story> story;
  bool catalogue = false;  // targets stand in the catalogue's own names

  [[nodiscard]] const Target* find_target(std::string_view name) const;
};

/// Who issues the certificate of a target; every issuer signs under one root.
[[nodiscard]] std::string issuer_of(const Target& t);
/// The DNS zone that its name is in: the last two labels.
[[nodiscard]] std::string zone_of(const Target& t);

/// The map of a file whose key `base` names another file: that one's map, whose keys are replaced by those given here.
[[nodiscard]] core::ConfigNode read_world_file(const std::string& path, core::ConfigErrors& errors);

/// Reads and checks a whole world. All errors go to `errors`; the result is whole only when there are none.
[[nodiscard]] World read_world(const core::ConfigNode& root, core::ConfigErrors& errors);

}  // namespace sonde::world
