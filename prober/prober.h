// The prober: schedules runs of all targets, watches itself, and hands every record to one callback.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/companion.h"
#include "core/probe_line.h"
#include "core/record.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "prober/config.h"

namespace sonde::prober {

/// Counters and gauges for the metrics page and the heartbeat.
struct ProberSnapshot {
  std::uint64_t runs = 0;  // ended, all kinds
  std::uint64_t ok = 0;    // ok or degraded
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;  // without the skipped ones
  std::uint64_t skipped = 0;  // slots that had no run
  std::size_t in_flight = 0;
  std::size_t waiting = 0;             // runs that are due and find no place among those in flight
  std::size_t handshakes = 0;          // TLS handshakes in flight
  std::size_t handshakes_waiting = 0;  // runs that have connected and find no place among those
  std::size_t targets = 0;
  std::uint64_t companions = 0;          // made, since the start
  std::uint64_t companions_refused = 0;  // asked for and not granted
  Duration loop_lag{};                   // largest of the last minute
  std::string suspect_why;               // "", "lag", "clock", "captive" or "uplink": how the prober trusts itself now
  Duration uptime{};
};

class Prober {
 public:
  virtual ~Prober() = default;

  /// Results of runs go to `take` instead of `emit`, which then gets all other records only: who wants a line of line
  /// protocol need not pay for a Record. Set before start() or run_all_once(). `take` must not destroy the prober.
  virtual void on_result(Callback<void(const core::ProbeResult&)> take) = 0;
  /// Results are stamped after `newest`, the newest stamp of an earlier process in the same log: the clock may have
  /// gone back meanwhile (RELIABILITY P3). One more than a day ahead is that of a clock that was wrong, and is not
  /// heeded: new points do not meet the old ones for as long. Set before start() or run_all_once().
  virtual void stamp_after(WallTime newest) = 0;
  /// Emits the `vantage` and `target` records, then runs every target in its slots until stop(). Once.
  virtual void start() = 0;
  /// Ends scheduling; runs in flight are dropped and reported as skipped.
  virtual void stop() = 0;
  /// Takes a new configuration while running. A target that stays (the same name and kind of check) keeps its sequence
  /// numbers and, while its interval is the same, its slots; its run in flight goes on with what it began with. What
  /// runs of a target that is removed, or of a vantage that is renamed, is reported as skipped. Clients are replaced
  /// only where their own settings changed. Errors (a CA file that cannot be read, ...) leave the old configuration
  /// running.
  virtual core::Result<void> reconfigure(ProberConfig config) = 0;

  /// Runs one target now, outside the schedule. `entry` must outlive the handle; `done` is called once, later.
  /// Works without start(). Destroying the handle cancels.
  [[nodiscard]] virtual io::Handle run_once(const TargetEntry& entry, Callback<void(core::Measurement)> done) = 0;
  /// Runs every target of the configuration once, at most runs_in_flight_max at a time, emits the records as start()
  /// would, then calls `done`. Instead of start(), once.
  virtual void run_all_once(Callback<void()> done) = 0;

  /// A judge asks for a companion of one of this prober's targets (prober/companions.h): made soon, within the prober's
  /// own budget, and emitted as a `companion` record; else counted as refused. Asks for another vantage are not heard.
  /// Does nothing before start(). False where the vantage is not this prober's.
  virtual bool ask(const core::CompanionAsk& ask) = 0;

  [[nodiscard]] virtual ProberSnapshot snapshot() const = 0;
  /// The configuration but for its targets, which are the prober's own: see targets().
  [[nodiscard]] virtual const ProberConfig& config() const = 0;
  /// In no particular order; good until the next call of reconfigure.
  [[nodiscard]] virtual std::vector<const TargetEntry*> targets() const = 0;
};

/// Builds DNS, TCP and TLS clients for `config` and a prober over them. `loop` and `http` must outlive it.
/// `emit` gets every record in order of completion; it must not destroy the prober.
/// `resolv_conf` is the text of /etc/resolv.conf, used when the configuration names no resolver.
/// Errors: the CA file, the source address or the resolver cannot be used.
[[nodiscard]] core::Result<std::unique_ptr<Prober>> make_prober(io::Loop& loop, io::HttpClient& http,
                                                                ProberConfig config, std::string_view resolv_conf,
                                                                Callback<void(core::Record)> emit);

}  // namespace sonde::prober
