// The hub: takes records in over HTTP, reads them back from the log into store and judge, and shows both as API and
// page. In one process with a prober the log is shared: the prober appends, the hub reads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/callback.h"
#include "core/companion.h"
#include "core/result.h"
#include "hub/assets.h"
#include "hub/clocks.h"
#include "hub/config.h"
#include "io/files.h"
#include "io/loop.h"
#include "pipeline/log.h"
#include "pipeline/sink.h"

namespace sonde::hub {

/// What the hub is built from. All references must outlive it.
struct HubParts {
  io::Loop& loop;  // from io::make_system_loop()
  io::Files& files;
  pipeline::Log& log;
  const AssetSource& assets;
  core::Callback<std::string()> metrics;  // the text of /metrics; empty = the path is not served
  std::string version;                    // of this program, for the overview
  /// Asks the prober in this process for a companion; false where the vantage is not its own. Empty = there is none.
  core::Callback<bool(const core::CompanionAsk&)> ask_here{};
};

/// Counters and gauges for the metrics page.
struct HubSnapshot {
  std::uint64_t ingest_requests = 0;
  std::uint64_t ingest_lines = 0;             // accepted and handed to the log
  std::uint64_t ingest_lines_rejected = 0;    // refused with the reason told
  std::uint64_t ingest_requests_refused = 0;  // 4xx and 5xx for a whole request
  std::uint64_t ingest_bytes_waiting = 0;     // taken and not durable yet
  std::uint64_t store_results = 0;            // rows of history kept
  std::uint64_t judge_results = 0;
  std::uint64_t judge_late = 0;  // results that came after their round had been judged
  std::uint64_t judge_rounds = 0;
  std::uint64_t incidents_open = 0;
  std::uint64_t event_streams = 0;      // pages that are connected
  std::uint64_t judge_wrong_clock = 0;  // results left out because their prober's clock was known to be wrong
  std::uint64_t companions_asked = 0;
  std::uint64_t companions_judged = 0;
  std::uint64_t shadow_agreed = 0;
  std::uint64_t shadow_disagreed = 0;
  std::map<std::string, VantageClock> clocks;  // by vantage, of those who write here and say what their clock shows
};

class Hub {
 public:
  Hub(HubParts parts, HubConfig config);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Opens the database, brings the judge up to date from the log, and listens. Returns the port. Once.
  /// Errors: the directory, the token file or the address cannot be used.
  [[nodiscard]] core::Result<int> start();

  [[nodiscard]] HubSnapshot snapshot() const;
  /// Passes an ask on to the prober that writes to this hub in the name of that vantage; after start.
  void ask(core::CompanionAsk ask);
  /// The pumps that move records into this hub's own sinks, for the metrics page; empty before start.
  [[nodiscard]] std::vector<pipeline::Pump*> pumps();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::hub
