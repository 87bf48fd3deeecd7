// Samples to text by prometheus-cpp. Its registry is not used: all values are read when the page is asked for.
#include "pipeline/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace sonde::pipeline {
namespace {

using Collector = core::Callback<void(std::vector<Metric>&)>;

Metric gauge(std::string name, std::string help, double value) {
  return {.name = std::move(name), .help = std::move(help), .type = Metric::Type::kGauge, .labels = {}, .value = value};
}

void collect_cursor(const Cursor& cursor, std::vector<Metric>& out) {
  const LogCounters c = cursor.counters();
  struct Row {
    std::string_view name;
    std::string_view help;
    std::uint64_t value;
    Metric::Type type;
  };
  const std::array rows{
      Row{"sonde_records_accepted_total", "Records taken into the log, as this sink sees it.", c.accepted,
          Metric::Type::kCounter},
      Row{"sonde_records_delivered_total", "Records that the sink has taken.", c.delivered, Metric::Type::kCounter},
      Row{"sonde_records_pending", "Records that wait for the sink.", c.pending, Metric::Type::kGauge},
      Row{"sonde_records_evicted_total", "Records lost to the log's bounds before the sink had them.", c.evicted,
          Metric::Type::kCounter},
      Row{"sonde_records_dead_lettered_total", "Records that the sink refused for good.", c.dead_lettered,
          Metric::Type::kCounter},
      Row{"sonde_records_quarantined_total", "Records lost to damage on the disk.", c.quarantined,
          Metric::Type::kCounter},
  };
  for (const Row& row : rows) {
    out.push_back({.name = std::string{row.name},
                   .help = std::string{row.help},
                   .type = row.type,
                   .labels = {{"sink", cursor.name()}},
                   .value = static_cast<double>(row.value)});
  }
  Metric oldest = gauge("sonde_sink_oldest_unsent_seconds", "Age of the oldest record that the sink has not taken.",
                        core::to_seconds(cursor.oldest_pending()));
  oldest.labels = {{"sink", cursor.name()}};
  out.push_back(std::move(oldest));
}

void collect_log(Log& log, std::vector<Metric>& out) {
  out.push_back(
      gauge("sonde_log_bytes", "Bytes that the log takes on disk.", static_cast<double>(log.bytes_on_disk())));
  out.push_back(gauge("sonde_log_degraded", "1 while the log keeps records in memory because the disk fails.",
                      log.degraded().empty() ? 0 : 1));
  const LogDisk disk = log.disk();
  const auto count = [&out](std::string_view name, std::string_view help, std::uint64_t value) {
    out.push_back({.name = std::string{name},
                   .help = std::string{help},
                   .type = Metric::Type::kCounter,
                   .labels = {},
                   .value = static_cast<double>(value)});
  };
  count("sonde_log_disk_failures_total", "How often the log's disk began to fail.", disk.failures);
  count("sonde_log_disk_tries_total", "How often a failing disk was tried again.", disk.tries);
  count("sonde_log_disk_returns_total", "How often it then worked.", disk.returns);
  for (const Cursor* cursor : log.cursors()) collect_cursor(*cursor, out);
}

void collect_pump(Pump& pump, std::vector<Metric>& out) {
  for (const SinkState s : {SinkState::kIdle, SinkState::kDelivering, SinkState::kBackingOff, SinkState::kBlocked}) {
    Metric m = gauge("sonde_sink_state", "1 for the state that the sink is in.", pump.state() == s ? 1 : 0);
    m.labels = {{"sink", std::string{pump.name()}}, {"state", std::string{name(s)}}};
    out.push_back(std::move(m));
  }
  const auto add = [&](std::string_view name, std::string_view help, Metric::Type type, std::optional<double> value) {
    if (!value) return;
    out.push_back({.name = std::string{name},
                   .help = std::string{help},
                   .type = type,
                   .labels = {{"sink", std::string{pump.name()}}},
                   .value = *value});
  };
  const SinkFacts facts = pump.facts();
  add("sonde_sink_expired_total", "Dead-lettered records that were older than the database keeps.",
      Metric::Type::kCounter, facts.tells_expired ? std::optional{pump.cursor().counters().expired} : std::nullopt);
  add("sonde_sink_left_out_total", "Rows that the database acknowledged and left out, of all its writers.",
      Metric::Type::kCounter, facts.left_out);
  add("sonde_sink_dns", "Where the sink's addresses come from: 0 fresh, 1 stale, 2 static, 3 none.",
      Metric::Type::kGauge, facts.dns);
  add("sonde_sink_clock_ahead_seconds", "How far our clock is ahead of the hub's, by its last answer.",
      Metric::Type::kGauge, facts.clock_ahead ? std::optional{core::to_seconds(*facts.clock_ahead)} : std::nullopt);
}

prometheus::MetricFamily& family_of(std::vector<prometheus::MetricFamily>& families, const Metric& m) {
  const auto known =
      std::find_if(families.begin(), families.end(), [&](const auto& family) { return family.name == m.name; });
  if (known != families.end()) return *known;
  prometheus::MetricFamily family;
  family.name = m.name;
  family.help = m.help;
  family.type = m.type == Metric::Type::kCounter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  return families.emplace_back(std::move(family));
}

}  // namespace

MetricsPage::MetricsPage(std::string version) : version_(std::move(version)) {}
MetricsPage::~MetricsPage() = default;

void MetricsPage::add_log(Log& log) {
  collectors_.emplace_back([&log](std::vector<Metric>& out) { collect_log(log, out); });
}

void MetricsPage::add_pump(Pump& pump) {
  collectors_.emplace_back([&pump](std::vector<Metric>& out) { collect_pump(pump, out); });
}

void MetricsPage::add_collector(Collector collect) { collectors_.push_back(std::move(collect)); }

std::string MetricsPage::text() {
  std::vector<Metric> samples;
  samples.push_back(gauge("sonde_build_info", "Always 1; the label tells the version.", 1));
  samples.back().labels = {{"version", version_}};
  for (Collector& collect : collectors_) collect(samples);
  std::vector<prometheus::MetricFamily> families;
  for (const Metric& sample : samples) {
    prometheus::ClientMetric metric;
    for (const auto& [key, value] : sample.labels) metric.label.push_back({.name = key, .value = value});
    if (sample.type == Metric::Type::kCounter) {
      metric.counter.value = sample.value;
    } else {
      metric.gauge.value = sample.value;
    }
    family_of(families, sample).metric.push_back(std::move(metric));
  }
  return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace sonde::pipeline
