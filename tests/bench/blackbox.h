// prometheus-blackbox-exporter, started beside the benchmark and asked as Prometheus asks it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/bench/bench_servers.h"
#include "tests/bench/http_driver.h"

namespace sonde::bench {

/// One exporter on 127.0.0.1 with GOMAXPROCS=1, until this object goes.
class Blackbox {
 public:
  /// Nothing when it is not installed or does not start; its files are made in `directory`.
  [[nodiscard]] static std::unique_ptr<Blackbox> start(const std::string& directory, const std::string& ca_file);

  /// user + sys so far, in seconds.
  [[nodiscard]] double cpu_seconds() const { return cpu_seconds_of(child_.pid()); }
  /// What to ask for one probe of a server; add how often.
  [[nodiscard]] DriverPlan plan(Kind kind, int server_port) const;

 private:
  Blackbox(const std::string& program, const std::string& config, int port);

  int port_;
  Child child_;
};

/// Why rows have no figures of it.
inline constexpr char kNoBlackbox[] = "prometheus-blackbox-exporter is not installed";

}  // namespace sonde::bench
