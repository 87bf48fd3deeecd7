// Everything `sonde run` builds, wired: log, sinks, prober, hub, metrics.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/configuration.h"
#include "cli/files_in.h"
#include "cli/metrics_listener.h"
#include "core/result.h"
#include "hub/hub.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/name_resolver.h"
#include "pipeline/log.h"
#include "pipeline/metrics_page.h"
#include "pipeline/probe_page.h"
#include "pipeline/sink.h"
#include "pipeline/sink_resolver.h"
#include "prober/prober.h"

namespace sonde::cli {

class Service {
 public:
  /// `loop` and `files` must outlive it.
  Service(io::Loop& loop, io::Files& files, Configuration configuration);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Opens the log and the sinks and starts what the configuration says; with `once` every check runs once and
  /// `on_done` follows. Errors name what cannot be used.
  [[nodiscard]] core::Result<void> start(bool once, core::Callback<void()> on_done);
  /// Ends probing, makes everything durable, and gives the sinks a few seconds to take what is left; then `on_done`.
  /// What they did not take stays in the log for the next start.
  void stop(core::Callback<void()> on_done);
  /// Takes over a changed configuration: targets and whatever else is the prober's, and the modules of /probe. Errors
  /// leave the old one running: a change that only a restart can make is one, and names its keys.
  [[nodiscard]] core::Result<void> reconfigure(Configuration configuration);
  /// What POST /-/reload does; before start(). Empty = it is not offered.
  void on_reload(std::function<core::Result<void>()> reload) { reload_ = std::move(reload); }
  /// Tells how a reload went, for the metrics page.
  void reloaded(bool good);

  /// Where the page is, or "" without a hub.
  [[nodiscard]] std::string page_url() const;
  /// Where the metrics are, or "" without a listener for them.
  [[nodiscard]] std::string metrics_url() const;
  [[nodiscard]] const prober::Prober* prober() const { return prober_.get(); }
  /// accepted, delivered, pending, … of each sink, one line each, for the end.
  [[nodiscard]] std::string accounts() const;

 private:
  core::Result<void> open_sinks();
  core::Result<void> start_prober(bool once, core::Callback<void()> on_done);
  core::Result<void> start_hub();
  core::Result<void> start_metrics();
  void take(const core::ProbeResult& result);
  void take_asks(std::string_view header);
  void append_self_records();
  void collect(std::vector<pipeline::Metric>& metrics) const;
  void drain(core::MonoTime deadline, core::MonoTime idle_since, core::Callback<void()> on_done);

  io::Loop& loop_;
  io::Files& files_;
  Configuration configuration_;
  EmbeddedPage page_;
  std::unique_ptr<io::HttpClient>
      probe_http_;  // probes and sinks share no connection and no resolver (RELIABILITY P10)
  std::unique_ptr<io::HttpClient> sink_http_;
  std::unique_ptr<io::NameResolver> names_;
  std::unique_ptr<pipeline::AddressBook> addresses_;
  std::unique_ptr<pipeline::Log> log_;
  pipeline::MetricsPage metrics_;
  std::vector<std::unique_ptr<pipeline::Sink>> sinks_;
  std::vector<std::unique_ptr<pipeline::Pump>> pumps_;
  std::unique_ptr<prober::Prober> prober_;
  std::unique_ptr<hub::Hub> hub_;
  int hub_port_ = 0;
  pipeline::ProbePage probes_;
  std::function<core::Result<void>()> reload_;
  std::unique_ptr<MetricsListener> metrics_listener_;
  int metrics_port_ = 0;
  bool reload_good_ = true;
  core::WallTime reload_good_at_;
  io::Handle self_timer_;
  io::Handle drain_timer_;
};

}  // namespace sonde::cli
