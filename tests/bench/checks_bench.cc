// CPU per check. Rounds of ours, the bare loops' and blackbox's follow each other, so that a noisy moment hits all.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/bare_loop.h"
#include "tests/bench/benches.h"
#include "tests/bench/blackbox.h"
#include "tests/bench/certificates.h"
#include "tests/bench/rigs.h"
#include "tests/support/temp_dir.h"

namespace sonde::bench {
namespace {

constexpr double kMicro = 1e6;

struct Amounts {
  int rounds;
  std::size_t checks;    // ours and bare, each round
  std::size_t blackbox;  // each round: its CPU is read in ticks of 10 ms
};

Amounts amounts(Kind kind, Length length) {
  const bool tls = has_tls(kind);
  if (length == Length::kShort) return {1, kind == Kind::kDns ? 2000U : tls ? 50U : 300U, tls ? 30U : 60U};
  return {5, kind == Kind::kDns ? 20'000U : tls ? 800U : 4'000U, tls ? 500U : 1'500U};
}

class Comparison {
 public:
  Comparison(const ServerProcess& server, const Options& options, const std::string& ca_file, Blackbox* blackbox)
      : server_(server),
        options_(options),
        ca_file_(ca_file),
        blackbox_(blackbox),
        amounts_(amounts(server.kind(), options.length)),
        ours_(server.url(), ca_file, log_.path()) {}

  bool run(Report& report, double scheduling_us) {
    for (int round = 0; round <= amounts_.rounds; ++round) one_round(round == 0);
    std::vector<Figure> figures;
    Spread sonde = spread_of(ours_us_);
    for (double* value : {&sonde.median, &sonde.min, &sonde.max}) *value += scheduling_us;
    const Spread bare = spread_of(bare_us_);
    figures.emplace_back("sonde us", sonde);
    figures.emplace_back("bare us", bare);
    figures.push_back(one("sonde/bare", sonde.median / bare.median));
    if (legacy_us_.empty()) {
      figures.push_back(none("bare, legacy keys us"));
      figures.push_back(none("sonde/legacy"));
    } else {
      const Spread legacy = spread_of(legacy_us_);
      figures.emplace_back("bare, legacy keys us", legacy);
      figures.push_back(one("sonde/legacy", sonde.median / legacy.median));
    }
    if (blackbox_us_.empty()) {
      figures.push_back(none("blackbox us"));
      figures.push_back(none("blackbox/sonde"));
    } else {
      const Spread blackbox = spread_of(blackbox_us_);
      figures.emplace_back("blackbox us", blackbox);
      figures.push_back(one("blackbox/sonde", blackbox.median / sonde.median));
    }
    std::string note = trouble_;
    if (blackbox_ == nullptr) note += note.empty() ? kNoBlackbox : std::string{"; "} + kNoBlackbox;
    report.row("checks", name(server_.kind()), figures, note);
    return trouble_.empty();
  }

 private:
  void one_round(bool warm_up) {
    const std::size_t n = amounts_.checks;
    BareRun bare{.kind = server_.kind(),
                 .port = server_.port(),
                 .checks = n,
                 .in_flight = options_.in_flight,
                 .ca_file = ca_file_};
    take("bare loop", run_bare(bare), n, warm_up, bare_us_);
    if (has_tls(server_.kind())) {
      bare.decoding = KeyDecoding::kLegacy;
      take("bare loop", run_bare(bare), n, warm_up, legacy_us_);
    }
    const FlatOut::Result ours = ours_.run(n, options_.in_flight);
    take("sonde", {ours.cpu_seconds, ours.ok}, n, warm_up, ours_us_);
    if (blackbox_ == nullptr) return;
    DriverPlan plan = blackbox_->plan(server_.kind(), server_.port());
    std::size_t successes = 0;
    plan.requests = amounts_.blackbox;
    plan.in_flight_max = options_.in_flight;
    plan.on_body = [&](std::string_view body) { successes += body.find("\nprobe_success 1") != body.npos ? 1U : 0U; };
    const double before = blackbox_->cpu_seconds();
    drive(plan);
    take("blackbox", {blackbox_->cpu_seconds() - before, successes}, plan.requests, warm_up, blackbox_us_);
  }

  void take(const char* who, const BareResult& result, std::size_t checks, bool warm_up, std::vector<double>& to) {
    if (result.ok != checks) {
      trouble_ = std::string{who} + ": " + std::to_string(checks - result.ok) + " of " + std::to_string(checks) +
                 " checks failed";
    }
    if (!warm_up) to.push_back(result.cpu_seconds * kMicro / static_cast<double>(checks));
  }

  const ServerProcess& server_;
  const Options& options_;
  const std::string& ca_file_;
  Blackbox* blackbox_;
  Amounts amounts_;
  test::TempDir log_;
  FlatOut ours_;
  std::vector<double> ours_us_;
  std::vector<double> bare_us_;
  std::vector<double> legacy_us_;
  std::vector<double> blackbox_us_;
  std::string trouble_;
};

}  // namespace

bool wanted(const Options& options, Kind kind) {
  return options.only.empty() || std::ranges::any_of(options.only, [kind](const std::string& only) {
           return std::string_view{name(kind)}.starts_with(only);
         });
}

bool checks_bench(const Options& options, Report& report) {
  const test::TempDir files;
  const std::string ca_file = write_roots(files.path());
  std::vector<ServerProcess> servers;  // all forks first
  for (const Kind kind : kKinds) {
    if (wanted(options, kind)) servers.emplace_back(kind);
  }
  const auto blackbox = Blackbox::start(files.path(), ca_file);
  const double scheduling_us = scheduler_cpu_seconds(options.length == Length::kShort ? 500 : 5000) * kMicro;
  report.say(
      "CPU (user+sys) microseconds per check, new connection each, median (min-max) of interleaved rounds.\n"
      "sonde: the whole check: run, record, line, log with compression, and the scheduler's slot. bare: epoll, "
      "sockets\n"
      "and OpenSSL alone, one SSL_CTX, chain of 3 verified; \"legacy keys\": with OpenSSL's old decoding of public "
      "keys.\n"
      "blackbox: prometheus-blackbox-exporter, GOMAXPROCS=1, asked by /probe.");
  report.row("scheduling", "one slot",
             {one("sonde us", scheduling_us), one("one wake-up of a bare loop us", bare_wake_cpu_seconds() * kMicro)},
             "part of every row below; the slots of a millisecond share a wake-up");
  bool ok = true;
  for (const ServerProcess& server : servers) {
    ok &= Comparison{server, options, ca_file, blackbox.get()}.run(report, scheduling_us);
  }
  return ok;
}

}  // namespace sonde::bench
