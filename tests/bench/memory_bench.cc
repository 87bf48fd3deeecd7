// Resident memory of the real program: idle with targets loaded, after its first round, and per HTTPS check in flight.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/benches.h"
#include "tests/bench/certificates.h"
#include "tests/support/temp_dir.h"

namespace sonde::bench {
namespace {

/// The program in the build folder that this one was built in.
std::string sonde_beside_this() {
  std::string path(4096, '\0');
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  for (int up = 0; up < 3; ++up) path.resize(std::min(path.rfind('/'), path.size()));  // tests/bench/sonde_bench
  return path + "/cli/sonde";
}

struct Setup {
  std::vector<std::string> urls;
  std::size_t targets = 0;
  int every_seconds = 10;
  int timeout_ms = 5000;
};

class SondeRun {
 public:
  SondeRun(const std::string& program, const std::string& ca_file, const Setup& setup)
      : child_({program, "run", "--config", write_config(ca_file, setup)}, {}) {}

  [[nodiscard]] double rss_kib() const { return resident_kib(child_.pid()); }
  [[nodiscard]] double anonymous_kib() const { return resident_kib(child_.pid(), Pages::kAnonymous); }
  [[nodiscard]] bool running() const { return child_.running(); }
  /// Largest of several looks over some seconds.
  [[nodiscard]] double largest_kib(double seconds) const {
    double out = 0;
    const double end = monotonic_seconds() + seconds;
    while (monotonic_seconds() < end && running()) {
      out = std::max(out, rss_kib());
      sleep_seconds(0.05);
    }
    return out;
  }
  /// Records of runs that the file sink has by now.
  [[nodiscard]] std::size_t results() const {
    std::ifstream in(directory_.file("records"));
    std::size_t n = 0;
    for (std::string line; std::getline(in, line);) n += line.starts_with("probe,") ? 1U : 0U;
    return n;
  }

 private:
  std::string write_config(const std::string& ca_file, const Setup& setup) const {
    const std::string path = directory_.file("sonde.yaml");
    std::ofstream out(path);
    out << "vantage: {name: bench}\nresolver: 127.0.0.1:9\npolicy: {allow: [127.0.0.0/8]}\n"
        << "tls: {ca_file: " << ca_file << "}\nruns_in_flight: 4096\n"
        << "log: {directory: " << directory_.file("log") << "}\n"
        << "sinks:\n  - file: {path: " << directory_.file("records") << "}\ntargets:\n";
    for (std::size_t i = 0; i < setup.targets; ++i) {
      out << "  - {name: target-" << i << ", url: \"" << setup.urls[i % setup.urls.size()]
          << "\", every: " << setup.every_seconds << "s, timeout: " << setup.timeout_ms << "ms}\n";
    }
    return path;
  }

  test::TempDir directory_;
  Child child_;
};

class Memory {
 public:
  Memory(const Options& options, Report& report)
      : options_(options),
        report_(report),
        program_(options.sonde.empty() ? sonde_beside_this() : options.sonde),
        ca_file_(write_roots(files_.path())) {}

  bool run() {
    if (!find_program(program_)) {
      report_.row("memory", "sonde run", {none("idle KiB")}, program_ + " is not there");
      return false;
    }
    report_.say(
        "Resident memory (VmRSS) of `sonde run` in KiB; targets are dns, tcp, http and https in equal parts. "
        "Anonymous: without the pages of the program and its libraries.");
    const bool brief = options_.length == Length::kShort;
    const double few = with_targets(1, 1);
    if (few == 0) return false;
    bool ok = true;
    if (brief) {
      ok = with_targets(100, 1) > 0;
    } else {
      ok = with_targets(1'000, 10) > 0 && with_targets(10'000, 30) > 0;
    }
    return in_flight(brief ? 20 : 500) && ok;
  }

 private:
  /// RSS after the first round; 0 when it did not work.
  double with_targets(std::size_t targets, int every_seconds) {
    const SondeRun idle{program_, ca_file_, {.urls = urls(), .targets = targets, .every_seconds = 3600}};
    const SondeRun probing{program_,
                           ca_file_,
                           {.urls = urls(),
                            .targets = targets,
                            .every_seconds = every_seconds,
                            .timeout_ms = std::min(every_seconds * 900, 5000)}};
    // Two intervals after the start the first round is over, whatever the phase.
    const double round = options_.length == Length::kShort ? 1.5 : 2.0 * every_seconds;
    const double largest = probing.largest_kib(std::max(round, 1.5));
    const double rss = probing.rss_kib();
    report_.row(
        "memory", std::to_string(targets) + " targets",
        {one("idle KiB", idle.rss_kib()), one("after first round KiB", rss), one("largest KiB", largest),
         one("of that anonymous KiB", probing.anonymous_kib()), one("results", static_cast<double>(probing.results()))},
        probing.running() && idle.running() ? "" : "sonde run ended early");
    return probing.running() && idle.running() ? rss : 0;
  }

  /// All checks start within a second and none is answered.
  bool in_flight(std::size_t checks) {
    const ServerProcess never{Kind::kHttpsEcdsa, ServerProcess::Manner::kNeverAnswer};
    const std::vector<std::string> held{never.url()};
    const SondeRun idle{program_, ca_file_, {.urls = held, .targets = checks, .every_seconds = 3600}};
    const int seconds = options_.length == Length::kShort ? 1 : 6;
    const SondeRun busy{program_,
                        ca_file_,
                        {.urls = held, .targets = checks, .every_seconds = seconds + 1, .timeout_ms = seconds * 1000}};
    const double largest = busy.largest_kib(2.0 * seconds + 1);
    const double before = idle.rss_kib();
    report_.row("memory", "https in flight, about " + std::to_string(checks),
                {one("idle KiB", before), one("largest KiB", largest),
                 one("KiB per check", (largest - before) / static_cast<double>(checks))},
                busy.running() && idle.running() ? "" : "sonde run ended early");
    return busy.running() && idle.running();
  }

  [[nodiscard]] std::vector<std::string> urls() const { return {dns_.url(), tcp_.url(), http_.url(), https_.url()}; }

  const Options& options_;
  Report& report_;
  std::string program_;
  test::TempDir files_;
  std::string ca_file_;
  ServerProcess dns_{Kind::kDns};
  ServerProcess tcp_{Kind::kTcp};
  ServerProcess http_{Kind::kHttp};
  ServerProcess https_{Kind::kHttpsEcdsa};
};

}  // namespace

bool memory_bench(const Options& options, Report& report) { return Memory{options, report}.run(); }

}  // namespace sonde::bench
