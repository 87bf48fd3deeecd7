// The listener of a prober for Prometheus: /metrics with the newest result of every target and our own health, and
// /probe as a stand-in for blackbox_exporter.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config_table.h"
#include "io/files.h"
#include "io/http_guard.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "pipeline/metrics_page.h"
#include "pipeline/probe_page.h"
#include "prober/blackbox/handler.h"

namespace sonde::cli {

/// The map `metrics:` of the configuration.
struct MetricsConfig {
  io::ListenAddress listen{.address = "127.0.0.1", .port = 8687};
  std::string token_file;
  std::vector<std::string> allow_hosts;
  std::string blackbox_file;  // empty = no /probe
  core::Duration timeout_offset = std::chrono::milliseconds{500};
  prober::blackbox::Modules modules;  // of blackbox_file
};

extern const core::KeyTable kMetricsKeys;

/// Reads the map and the blackbox file that it names.
/// An address that is not loopback without a token_file is an error that says so. Mistakes go to `errors`.
[[nodiscard]] MetricsConfig read_metrics_config(const core::ConfigNode& node, io::Files& files,
                                                core::ConfigErrors& errors);

class MetricsListener {
 public:
  /// All references must outlive it.
  struct Parts {
    io::Loop& loop;
    io::Files& files;
    pipeline::MetricsPage& page;
    const pipeline::ProbePage& probes;
    std::function<prober::Prober*()> prober;     // null until it runs
    std::function<core::Result<void>()> reload;  // empty = /-/reload is not offered
    std::function<std::string()> degraded = {};  // why the log is in memory only, for the health answer; "" = it is not
  };
  MetricsListener(Parts parts, MetricsConfig config);
  MetricsListener(const MetricsListener&) = delete;
  MetricsListener& operator=(const MetricsListener&) = delete;

  /// Listens. Returns the port. Errors: address or token file cannot be used.
  [[nodiscard]] core::Result<int> start();
  /// Ends the runs of /probe. Before the prober changes or goes.
  void drop_runs() { handler_.drop_runs(); }
  /// Takes over the modules of a new configuration; the address stays.
  void reconfigure(MetricsConfig config);
  /// Counts a reload that succeeded or not.
  void reloaded(bool good);
  void collect(std::vector<pipeline::Metric>& metrics) const;

 private:
  /// A page under construction, a family in each turn, so that a large fleet does not hold up the loop.
  struct PageJob {
    std::unique_ptr<io::Responder> responder;
    std::string text;
    std::size_t family = 0;
    io::Handle step;
  };

  void on_request(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder);
  [[nodiscard]] std::string health() const;
  void answer_get(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder);
  void answer_reload(std::unique_ptr<io::Responder> responder);
  void begin_page(std::unique_ptr<io::Responder> responder);
  void continue_page(std::uint64_t id);

  Parts parts_;
  MetricsConfig config_;
  prober::blackbox::ProbeHandler handler_;
  std::unique_ptr<io::HttpGuard> guard_;
  std::unique_ptr<io::HttpServer> server_;
  std::map<std::uint64_t, PageJob> pages_;
  std::uint64_t pages_begun_ = 0;
  std::size_t page_bytes_ = 0;  // of the last page, with some room
  bool reload_good_ = true;
  core::WallTime reload_good_at_{};
};

}  // namespace sonde::cli
