// Sonde's own metrics as a Prometheus text page: log, cursors, pumps, and what other parts add.
// Source: Prometheus exposition formats, text format 0.0.4.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/callback.h"
#include "pipeline/log.h"
#include "pipeline/sink.h"

namespace sonde::pipeline {

/// One sample. Samples of one name must agree in type; their help is the first one's.
struct Metric {
  enum class Type { kGauge, kCounter };
  std::string name;  // [a-zA-Z_:][a-zA-Z0-9_:]*, with its unit: "sonde_log_bytes", "sonde_records_total"
  std::string help;
  Type type = Type::kGauge;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

class MetricsPage {
 public:
  /// Gives `sonde_build_info{version=…} 1`.
  explicit MetricsPage(std::string version);
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  /// The log and all its cursors (`sonde_log_*`, `sonde_records_*{sink=…}`). Must outlive the page.
  void add_log(Log& log);
  /// State of a pump (`sonde_sink_*{sink=…}`). Must outlive the page.
  void add_pump(Pump& pump);
  /// Called for each page; adds samples.
  void add_collector(core::Callback<void(std::vector<Metric>&)> collect);

  /// The page, now. Content type: kContentType.
  [[nodiscard]] std::string text();
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::string version_;
  std::vector<core::Callback<void(std::vector<Metric>&)>> collectors_;
};

}  // namespace sonde::pipeline
