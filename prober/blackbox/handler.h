// GET /probe?target=…&module=…[&hostname=…][&debug=true], as blackbox_exporter answers it: one run now, its metrics as
// the answer. Any target may be asked for, so this is an open relay by design: the address policy of the prober stays
// in force, and the listener is loopback's unless it asks for a token. Source: blackbox_exporter 0.23, handling of
// requests and timeouts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "io/http_server.h"
#include "io/loop.h"
#include "prober/blackbox/module.h"
#include "prober/prober.h"

namespace sonde::prober::blackbox {

class ProbeHandler {
 public:
  /// `timeout_offset` is taken off the scrape's timeout, so that the answer is there in time. `loop` and `files` must
  /// outlive it.
  ProbeHandler(io::Loop& loop, io::Files& files, Duration timeout_offset);
  ~ProbeHandler();
  ProbeHandler(const ProbeHandler&) = delete;
  ProbeHandler& operator=(const ProbeHandler&) = delete;

  /// Replaces the modules; runs in flight are dropped.
  void set_modules(Modules modules);
  /// Answers now or when the run has ended. `prober` must not go or change before drop_runs().
  void handle(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder, Prober& prober);
  /// Answers all that wait with 503. Before the prober is reconfigured or goes.
  void drop_runs();

  [[nodiscard]] std::uint64_t runs() const { return runs_total_; }
  [[nodiscard]] std::uint64_t unknown_modules() const { return unknown_modules_; }
  [[nodiscard]] std::size_t in_flight() const { return runs_.size(); }

 private:
  struct OneRun {
    const Module* module = nullptr;
    TargetEntry entry;
    std::unique_ptr<io::Responder> responder;
    bool debug = false;
    io::Handle handle;
  };

  void ended(std::uint64_t id, const core::Measurement& measurement);

  io::Loop& loop_;
  io::Files& files_;
  Duration timeout_offset_;
  Modules modules_;
  std::map<std::uint64_t, std::unique_ptr<OneRun>> runs_;
  std::uint64_t runs_total_ = 0;
  std::uint64_t unknown_modules_ = 0;
};

/// The time that a run may take: the module's, and no longer than the scrape's (header
/// X-Prometheus-Scrape-Timeout-Seconds; 120 s without it) less the offset. Nothing when the header is no number.
[[nodiscard]] std::optional<Duration> run_timeout(std::string_view header, Duration module, Duration offset);

}  // namespace sonde::prober::blackbox
