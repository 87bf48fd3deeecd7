// Where this machine is: every metadata service is asked at once, and what one of them tells is looked up in the
// catalogue.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/callback.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "prober/metadata_answer.h"
#include "prober/metadata_service.h"

namespace sonde::prober {

struct DetectOptions {
  /// Of all together. A service that answers at all does so within milliseconds; elsewhere nothing does.
  core::Duration timeout = std::chrono::seconds{2};
  /// Once a place is known, others get that long to say something else: a machine that is somewhere need not wait for
  /// the addresses of all other clouds.
  core::Duration grace = std::chrono::milliseconds{300};
  /// ADDRESS or ADDRESS:PORT that is asked in place of each service's own; empty: their own.
  std::string address;
  std::string version;  // of this program, for the User-Agent
};

/// What became of asking one service.
struct MetadataFinding {
  enum class Kind {
    kSilent,   // no HTTP answer in time
    kRefused,  // another status than 200
    kStrange,  // 200, and not what such a service says
    kTold,
  };
  const MetadataService* service = nullptr;
  Kind kind = Kind::kSilent;
  int status = 0;                      // of HTTP, where one came
  std::optional<DetectedPlace> place;  // of kTold; nothing where it does not tell whose cloud it is
};

struct VantageDetection {
  std::vector<MetadataFinding> findings;  // one per service, in the order of the table
  std::optional<std::size_t> found;       // which of them is believed
  bool contradictory = false;             // several name different clouds, and none is believed
  core::Duration took{};

  /// Where this machine is; null when it is not known.
  [[nodiscard]] const DetectedPlace* place() const { return found ? &*findings[*found].place : nullptr; }
};

/// Asks. `done` is called once, later, never from inside, after `timeout` at the latest. Destroying the handle cancels.
/// No proxy, no redirect, no look-up of names; heads and bodies are bounded. `loop`, `http` and `catalogue` must
/// outlive the handle. `options.address` must be one (io::parse_endpoint).
[[nodiscard]] io::Handle detect_vantage(io::Loop& loop, io::HttpClient& http, const Catalogue& catalogue,
                                        const DetectOptions& options, core::Callback<void(VantageDetection)> done);

/// Which finding is believed. A region of the catalogue goes before one that is unknown, and a service of its own
/// before one whose form others share; where two different clouds are equally likely, or three are named, none is.
/// Pure.
void believe(VantageDetection& detection);

}  // namespace sonde::prober
