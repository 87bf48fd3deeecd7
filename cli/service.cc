// Building and wiring: sources append to the log, sinks read from it.
#include "cli/service.h"

#include <algorithm>
#include <set>
#include <variant>

#include <fmt/format.h>

#include "cli/machine.h"
#include "pipeline/file_sink.h"
#include "pipeline/influx_sink.h"
#include "pipeline/self_record.h"

namespace sonde::cli {
namespace {

using core::Result;

// The judge keeps its cursor hours behind on purpose, to learn again after a restart: that is no backlog of a sink.
bool is_delivery(const pipeline::Cursor& cursor) { return cursor.name() != "judge"; }

constexpr core::Duration kDrainMax = std::chrono::seconds{5};
constexpr core::Duration kIdleLongEnough = std::chrono::milliseconds{1500};

pipeline::Metric gauge(std::string name, std::string help, double value,
                       std::vector<std::pair<std::string, std::string>> labels = {}) {
  return {.name = std::move(name),
          .help = std::move(help),
          .type = pipeline::Metric::Type::kGauge,
          .labels = std::move(labels),
          .value = value};
}

pipeline::Metric counter(std::string name, std::string help, std::uint64_t value,
                         std::vector<std::pair<std::string, std::string>> labels = {}) {
  return {.name = std::move(name),
          .help = std::move(help),
          .type = pipeline::Metric::Type::kCounter,
          .labels = std::move(labels),
          .value = static_cast<double>(value)};
}

void collect_prober(const prober::ProberSnapshot& s, std::vector<pipeline::Metric>& metrics) {
  const std::string help = "Runs ended, by status.";
  metrics.push_back(counter("sonde_probe_runs_total", help, s.ok, {{"status", "ok"}}));
  metrics.push_back(counter("sonde_probe_runs_total", help, s.failed, {{"status", "fail"}}));
  metrics.push_back(counter("sonde_probe_runs_total", help, s.unknown, {{"status", "unknown"}}));
  metrics.push_back(counter("sonde_probe_slots_skipped_total", "Slots that had no run.", s.skipped));
  metrics.push_back(gauge("sonde_probe_runs_in_flight", "Runs under way.", static_cast<double>(s.in_flight)));
  metrics.push_back(gauge("sonde_probe_targets", "Targets scheduled.", static_cast<double>(s.targets)));
  metrics.push_back(
      gauge("sonde_loop_lag_seconds", "Largest delay of the loop in the last minute.", core::to_seconds(s.loop_lag)));
  metrics.push_back(counter("sonde_probe_companions_total", "Extra probes made because a judge asked.", s.companions));
  metrics.push_back(
      counter("sonde_probe_companions_refused_total", "Extra probes asked for and not granted.", s.companions_refused));
  metrics.push_back(
      gauge("sonde_probe_suspect", "1 while the prober does not trust itself.", s.suspect_why.empty() ? 0 : 1));
}

void collect_hub(const hub::HubSnapshot& s, std::vector<pipeline::Metric>& metrics) {
  metrics.push_back(counter("sonde_ingest_requests_total", "Write requests taken.", s.ingest_requests));
  metrics.push_back(counter("sonde_ingest_lines_total", "Lines accepted.", s.ingest_lines));
  metrics.push_back(counter("sonde_ingest_lines_rejected_total", "Lines refused.", s.ingest_lines_rejected));
  metrics.push_back(
      counter("sonde_ingest_requests_refused_total", "Write requests refused as a whole.", s.ingest_requests_refused));
  metrics.push_back(gauge("sonde_ingest_bytes_waiting", "Bytes taken and not durable yet.",
                          static_cast<double>(s.ingest_bytes_waiting)));
  metrics.push_back(gauge("sonde_store_results", "Results of history kept.", static_cast<double>(s.store_results)));
  metrics.push_back(counter("sonde_judge_results_total", "Results judged.", s.judge_results));
  metrics.push_back(counter("sonde_judge_late_total", "Results that came after their round was judged.", s.judge_late));
  metrics.push_back(counter("sonde_judge_wrong_clock_total",
                            "Results left out because their prober's clock was at least 1 s off.",
                            s.judge_wrong_clock));
  metrics.push_back(counter("sonde_judge_rounds_total", "Rounds judged.", s.judge_rounds));
  metrics.push_back(
      counter("sonde_judge_companions_asked_total", "Extra probes that the judge asked for.", s.companions_asked));
  metrics.push_back(counter("sonde_judge_companions_total", "Results of extra probes judged.", s.companions_judged));
  const std::string shadow =
      "Findings of a round that named somebody, by whether simple thresholds blame the same side.";
  metrics.push_back(counter("sonde_judge_shadow_total", shadow, s.shadow_agreed, {{"says", "same"}}));
  metrics.push_back(counter("sonde_judge_shadow_total", shadow, s.shadow_disagreed, {{"says", "other"}}));
  metrics.push_back(gauge("sonde_incidents_open", "Incidents open.", static_cast<double>(s.incidents_open)));
  metrics.push_back(gauge("sonde_event_streams", "Pages connected.", static_cast<double>(s.event_streams)));
}

void collect_clocks(const hub::HubSnapshot& s, std::vector<pipeline::Metric>& metrics) {
  for (const auto& [vantage, clock] : s.clocks) {
    metrics.push_back(gauge("sonde_vantage_clock_ahead_seconds", "How far a prober's clock is ahead of the hub's.",
                            core::to_seconds(clock.ahead), {{"vantage", vantage}}));
    metrics.push_back(gauge("sonde_vantage_clock_wrong",
                            "1 while a prober's clock is at least 1 s off: its results are not judged.",
                            clock.wrong ? 1 : 0, {{"vantage", vantage}}));
  }
}

std::string url_of(const std::string& address, int port) {
  const bool ip6 = address.find(':') != std::string::npos;
  return fmt::format("http://{}:{}/", ip6 ? "[" + address + "]" : address, port);
}

}  // namespace

Service::Service(io::Loop& loop, io::Files& files, Configuration configuration)
    : loop_(loop),
      files_(files),
      configuration_(std::move(configuration)),
      metrics_(SONDE_VERSION),
      reload_good_at_(loop.wall_now()) {}

Service::~Service() = default;

Result<void> Service::start(bool once, core::Callback<void()> on_done) {
  probe_http_ = io::make_http_client(loop_);
  sink_http_ = io::make_http_client(loop_);
  names_ = io::make_name_resolver(loop_);
  addresses_ = std::make_unique<pipeline::AddressBook>(loop_, *names_);
  auto log = pipeline::open_log(loop_, files_, configuration_.log);
  if (!log) return log.error();
  log_ = std::move(*log);
  metrics_.add_log(*log_);
  metrics_.add_collector([this](std::vector<pipeline::Metric>& metrics) { collect(metrics); });
  if (Result<void> opened = open_sinks(); !opened) return opened;
  if (configuration_.runs_hub) {
    if (Result<void> started = start_hub(); !started) return started;
  }
  if (configuration_.metrics && !once) {
    if (Result<void> started = start_metrics(); !started) return started;
  }
  append_self_records();
  if (!configuration_.runs_prober) return {};
  return start_prober(once, std::move(on_done));
}

Result<void> Service::start_metrics() {
  metrics_listener_ = std::make_unique<MetricsListener>(
      MetricsListener::Parts{loop_, files_, metrics_, probes_, [this] { return prober_.get(); }, reload_,
                             [this] { return log_->degraded(); }},
      *configuration_.metrics);
  const Result<int> port = metrics_listener_->start();
  if (!port) return port.error();
  metrics_port_ = *port;
  return {};
}

void Service::take(const core::ProbeResult& result) {
  if (metrics_listener_ || hub_) probes_.take(result);
  log_->append(result);
}

// A hub that is written to asks something of the prober here, or of one that writes to the hub here.
void Service::take_asks(std::string_view header) {
  for (const core::CompanionAsk& ask : core::read_asks(header)) {
    if (prober_ && prober_->ask(ask)) continue;
    if (hub_) hub_->ask(ask);
  }
}

Result<void> Service::open_sinks() {
  for (const pipeline::SinkConfig& config : configuration_.sinks) {
    if (const auto* influx = std::get_if<pipeline::InfluxConfig>(&config)) {
      const std::string vantage = configuration_.runs_prober ? configuration_.prober.vantage.name : std::string{};
      auto sink = pipeline::make_influx_sink({loop_, files_, *sink_http_, *addresses_, vantage}, influx->options);
      if (!sink) return sink.error();
      (*sink)->on_companions([this](std::string_view header) { take_asks(header); });
      sinks_.push_back(std::move(*sink));
    } else if (const auto* file = std::get_if<pipeline::FileSinkOptions>(&config)) {
      sinks_.push_back(pipeline::make_file_sink(loop_, files_, *file));
    } else {
      sinks_.push_back(pipeline::make_stdout_sink(std::get<pipeline::StdoutConfig>(config).name));
    }
    pipeline::Sink& sink = *sinks_.back();
    pipeline::Cursor& cursor = log_->cursor(std::string{sink.name()});
    pumps_.push_back(std::make_unique<pipeline::Pump>(loop_, cursor, sink, pipeline::Pump::Options{}));
    metrics_.add_pump(*pumps_.back());
  }
  return {};
}

Result<void> Service::start_hub() {
  hub_ = std::make_unique<hub::Hub>(
      hub::HubParts{loop_, files_, *log_, page_, [this] { return metrics_.text() + probes_.text(); }, SONDE_VERSION,
                    [this](const core::CompanionAsk& ask) { return prober_ && prober_->ask(ask); }},
      configuration_.hub);
  const Result<int> port = hub_->start();
  if (!port) return port.error();
  hub_port_ = *port;
  for (pipeline::Pump* pump : hub_->pumps()) metrics_.add_pump(*pump);
  return {};
}

Result<void> Service::start_prober(bool once, core::Callback<void()> on_done) {
  auto prober =
      prober::make_prober(loop_, files_, *probe_http_, std::move(configuration_.prober), read_resolv_conf(files_),
                          [this](const core::Record& record) { log_->append(record); });
  if (!prober) return prober.error();
  prober_ = std::move(*prober);
  prober_->stamp_after(log_->newest_stamp());
  prober_->on_result([this](const core::ProbeResult& result) { take(result); });
  if (!once) {
    prober_->start();
    return {};
  }
  prober_->run_all_once(std::move(on_done));
  return {};
}

// A pump waits a second for a batch to fill, so only one that was idle for longer has nothing left. Counters would not
// do: what a sink acknowledged may be held for some time before it counts as delivered.
void Service::drain(core::MonoTime deadline, core::MonoTime idle_since, core::Callback<void()> on_done) {
  const core::MonoTime now = loop_.now();
  const bool idle = std::ranges::all_of(pumps_, [](const auto& p) { return p->state() == pipeline::SinkState::kIdle; });
  if (!idle) idle_since = now;
  if (pumps_.empty() || now - idle_since >= kIdleLongEnough || now >= deadline) {
    on_done();
    return;
  }
  drain_timer_ =
      loop_.after(std::chrono::milliseconds{50}, [this, deadline, idle_since, done = std::move(on_done)]() mutable {
        drain(deadline, idle_since, std::move(done));
      });
}

void Service::stop(core::Callback<void()> on_done) {
  self_timer_.reset();
  if (metrics_listener_) metrics_listener_->drop_runs();
  if (prober_) prober_->stop();
  if (const Result<void> flushed = log_->flush(); !flushed) {
    fmt::print(stderr, "the log could not be made durable: {}\n", flushed.error().message);
  }
  drain(loop_.now() + kDrainMax, loop_.now(), std::move(on_done));
}

Result<void> Service::reconfigure(Configuration configuration) {
  if (const std::string keys = needs_restart(configuration_, configuration); !keys.empty()) {
    return core::Error{core::ErrorCode::kUnsupported, "only a restart can change " + keys + "; nothing was taken over",
                       keys + " 的改动需要重启才能生效；没有采用任何改动"};
  }
  if (!prober_) return {};  // all that can change is the prober's
  if (metrics_listener_) metrics_listener_->drop_runs();
  if (Result<void> changed = prober_->reconfigure(std::move(configuration.prober)); !changed) return changed;
  if (metrics_listener_ && configuration.metrics) metrics_listener_->reconfigure(std::move(*configuration.metrics));
  std::set<std::string, std::less<>> targets;
  for (const prober::TargetEntry* entry : prober_->targets()) targets.insert(entry->target.name);
  probes_.keep_only(targets);
  return {};
}

void Service::reloaded(bool good) {
  reload_good_ = good;
  if (good) reload_good_at_ = loop_.wall_now();
  if (metrics_listener_) metrics_listener_->reloaded(good);
}

void Service::append_self_records() {
  const std::string instance = configuration_.runs_prober && prober_ ? prober_->config().vantage.name : "hub";
  for (const pipeline::Cursor* cursor : log_->cursors()) {
    if (!is_delivery(*cursor)) continue;
    log_->append(pipeline::self_record(*cursor, instance, loop_.wall_now()));
  }
  self_timer_ = loop_.after(pipeline::kSelfRecordInterval, [this] { append_self_records(); });
}

void Service::collect(std::vector<pipeline::Metric>& metrics) const {
  if (prober_) collect_prober(prober_->snapshot(), metrics);
  if (hub_) {
    const hub::HubSnapshot snapshot = hub_->snapshot();
    collect_hub(snapshot, metrics);
    collect_clocks(snapshot, metrics);
  }
  if (metrics_listener_) metrics_listener_->collect(metrics);
  metrics.push_back(gauge("sonde_config_last_reload_successful", "1 when the configuration on disk is in force.",
                          reload_good_ ? 1 : 0));
  metrics.push_back(gauge("sonde_config_last_reload_success_timestamp_seconds",
                          "When a configuration was last taken over.",
                          static_cast<double>(core::to_unix_ms(reload_good_at_)) / 1000));
}

std::string Service::page_url() const { return hub_ ? url_of(configuration_.hub.address, hub_port_) : std::string{}; }

std::string Service::metrics_url() const {
  return metrics_listener_ ? url_of(configuration_.metrics->listen.address, metrics_port_) + "metrics" : std::string{};
}

std::string Service::accounts() const {
  std::string text;
  for (const pipeline::Cursor* cursor : log_->cursors()) {
    if (!is_delivery(*cursor)) continue;
    const pipeline::LogCounters c = cursor->counters();
    text +=
        fmt::format("{}: accepted {} = delivered {} + pending {} + evicted {} + dead-lettered {} + quarantined {}\n",
                    cursor->name(), c.accepted, c.delivered, c.pending, c.evicted, c.dead_lettered, c.quarantined);
    if (c.expired > 0) {
      text +=
          fmt::format("{}: {} of the dead-lettered were older than the database keeps\n", cursor->name(), c.expired);
    }
  }
  return text;
}

}  // namespace sonde::cli
