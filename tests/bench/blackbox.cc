// Modules that do what our checks do by default.
#include "tests/bench/blackbox.h"

#include <fstream>

#include "tests/unit/prober/servers.h"

namespace sonde::bench {
namespace {

constexpr double kStartSecondsMax = 10;

const char* module_of(Kind kind) {
  switch (kind) {
    case Kind::kDns:
      return "dns";
    case Kind::kTcp:
      return "tcp";
    case Kind::kTlsEcdsa:
    case Kind::kTlsRsa:
      return "tls";
    case Kind::kHttp:
    case Kind::kHttpsEcdsa:
    case Kind::kHttpsRsa:
      return "http";
  }
  return "";
}

std::string target_of(Kind kind, int port) {
  return has_http(kind) ? url_of(kind, port) : "127.0.0.1:" + std::to_string(port);
}

void write_config(const std::string& path, const std::string& ca_file) {
  std::ofstream out(path);
  out << "modules:\n"
         "  dns: {prober: dns, timeout: 5s, dns: {query_name: app.test, query_type: A}}\n"
         "  tcp: {prober: tcp, timeout: 5s}\n"
      << "  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {ca_file: " << ca_file << "}}}\n"
      << "  http: {prober: http, timeout: 5s, http: {tls_config: {ca_file: " << ca_file << "}}}\n";
}

}  // namespace

Blackbox::Blackbox(const std::string& program, const std::string& config, int port)
    : port_(port),
      child_({program, "--config.file=" + config, "--web.listen-address=127.0.0.1:" + std::to_string(port),
              "--log.level=error"},
             {"GOMAXPROCS=1"}) {}

std::unique_ptr<Blackbox> Blackbox::start(const std::string& directory, const std::string& ca_file) {
  const auto program = find_program("prometheus-blackbox-exporter");
  if (!program) return nullptr;
  const std::string config = directory + "/blackbox.yml";
  write_config(config, ca_file);
  std::unique_ptr<Blackbox> out{new Blackbox{*program, config, test::free_port()}};
  const double begin = monotonic_seconds();
  while (out->child_.running() && monotonic_seconds() - begin < kStartSecondsMax) {
    if (drive({.port = out->port_, .path = "/-/healthy", .seconds_max = 1}) == 1) return out;
    sleep_seconds(0.05);
  }
  return nullptr;
}

DriverPlan Blackbox::plan(Kind kind, int server_port) const {
  return {.port = port_,
          .path = std::string{"/probe?module="} + module_of(kind) + "&target=" + target_of(kind, server_port)};
}

}  // namespace sonde::bench
