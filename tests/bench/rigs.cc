// Wiring as cli/service.cc does it, without configuration files and sinks.
#include "tests/bench/rigs.h"

#include <sys/epoll.h>

#include <ctime>
#include <utility>
#include <vector>

#include "io/system_loop.h"
#include "io/unique_fd.h"
#include "pipeline/log.h"
#include "prober/prober.h"
#include "prober/scheduler.h"
#include "tests/bench/processes.h"

namespace sonde::bench {
namespace {

using core::Duration;
using core::WallTime;
namespace field = core::field;

constexpr Duration kTimeout = std::chrono::seconds{10};
constexpr std::size_t kInFlightMax = 4096;
constexpr int kWarmUpSeconds = 2;
constexpr Duration kCommitInterval = std::chrono::milliseconds{200};  // of pipeline::LogOptions

/// Everything below the checks.
struct Rig {
  Rig(prober::ProberConfig config, const std::string& log_directory, Duration commit_interval = kCommitInterval)
      : loop(io::make_system_loop()), files(io::make_system_files()), http(io::make_http_client(*loop)) {
    log =
        std::move(*pipeline::open_log(*loop, *files, {.directory = log_directory, .commit_interval = commit_interval}));
    cursor = &log->cursor("bench");
    prober = std::move(*prober::make_prober(*loop, *files, *http, std::move(config), "", [this](const core::Record& r) {
      log->append(r);
      ++other_records;
    }));
  }

  std::unique_ptr<io::Loop> loop;
  std::unique_ptr<io::Files> files;
  std::unique_ptr<io::HttpClient> http;
  std::unique_ptr<pipeline::Log> log;
  pipeline::Cursor* cursor = nullptr;
  std::unique_ptr<prober::Prober> prober;
  std::uint64_t other_records = 0;
};

prober::ProberConfig config_of(const std::string& ca_file) {
  prober::ProberConfig config;
  config.vantage.name = "bench";
  config.vantage.version = "bench";
  config.ca_file = ca_file;
  config.allow = {"127.0.0.0/8"};
  config.runs_in_flight_max = kInFlightMax;
  return config;
}

}  // namespace

struct FlatOut::Parts {
  Parts(const std::string& url, const std::string& ca_file, const std::string& log_directory, Duration commit_interval)
      : rig(config_of(ca_file), log_directory, commit_interval),
        entry(std::move(*prober::target_from_url(url, kTimeout))) {
    tags = core::ProbeTags{rig.prober->config().vantage, entry.target};
    rig.prober->start();
  }

  Rig rig;
  prober::TargetEntry entry;
  core::ProbeTags tags;
  std::vector<io::Handle> runs;
  std::size_t left = 0;
  std::size_t running = 0;
  std::size_t ok = 0;
  std::int64_t seq = 0;
};

FlatOut::FlatOut(const std::string& url, const std::string& ca_file, const std::string& log_directory,
                 Duration commit_interval)
    : parts_(std::make_unique<Parts>(url, ca_file, log_directory, commit_interval)) {}
FlatOut::~FlatOut() = default;

FlatOut::Result FlatOut::run(std::size_t checks, std::size_t in_flight) {
  Parts& p = *parts_;
  const double before = own_cpu_seconds();
  p.left = checks;
  p.ok = 0;
  p.runs.clear();
  p.runs.resize(in_flight);
  for (std::size_t i = 0; i < in_flight && p.left > 0; ++i) begin(i);
  p.rig.loop->run();
  (void)p.rig.log->flush();  // what was put off is part of the price
  return {own_cpu_seconds() - before, p.ok};
}

void FlatOut::begin(std::size_t slot) {
  Parts& p = *parts_;
  --p.left;
  ++p.running;
  p.runs[slot] = p.rig.prober->run_once(p.entry, [this, slot](core::Measurement m) { on_ended(slot, std::move(m)); });
}

void FlatOut::on_ended(std::size_t slot, core::Measurement m) {
  Parts& p = *parts_;
  const io::Handle run = std::move(p.runs[slot]);
  p.ok += is_success(m.outcome.status) ? 1 : 0;
  m.set_seconds(field::kLateSeconds, Duration{});
  m.set(field::kSeq, ++p.seq);
  p.rig.log->append({m, p.rig.prober->config().vantage, p.entry.target, p.tags, p.rig.loop->wall_now()});
  --p.running;
  if (p.left > 0) return begin(slot);
  if (p.running == 0) p.rig.loop->stop();
}

PacedResult run_paced(const Paced& plan) {
  prober::ProberConfig config = config_of(plan.ca_file);
  for (std::size_t i = 0; i < plan.targets; ++i) {
    auto entry = prober::target_from_url(plan.url, kTimeout);
    entry->target.name = "target-" + std::to_string(i);
    entry->target.every = plan.every;
    config.targets.push_back(std::move(*entry));
  }
  Rig rig{std::move(config), plan.log_directory};
  PacedResult out;
  // The counted time begins on a whole interval, so that each target has the same number of slots in it.
  const auto every = plan.every.count();
  const std::int64_t first = (core::to_unix_ns(rig.loop->wall_now()) / every + 1) * every +
                             Duration{std::chrono::seconds{kWarmUpSeconds}}.count() / every * every;
  const std::int64_t slots = std::max<std::int64_t>(1, Duration{std::chrono::seconds{plan.seconds}}.count() / every);
  const WallTime from = core::from_unix_ns(first);
  const WallTime to = core::from_unix_ns(first + slots * every);
  out.expected = plan.targets * static_cast<std::size_t>(slots);
  std::uint64_t all_results = 0;
  rig.prober->on_result([&](const core::ProbeResult& r) {
    ++all_results;
    rig.log->append(r);
    if (r.slot < from || r.slot >= to) return;
    ++out.records;
    out.ok += is_success(r.measurement.outcome.status) ? 1 : 0;
    const auto* suspect = r.measurement.get(field::kSuspect);
    out.suspect += suspect != nullptr && std::get<std::int64_t>(*suspect) != 0 ? 1 : 0;
    if (const auto* late = r.measurement.get(field::kLateSeconds)) {
      out.late_max = std::max(out.late_max, std::get<double>(*late));
    }
    if (plan.on_result) plan.on_result(r);
  });
  rig.prober->start();
  const auto until = [&](WallTime t) { return t - rig.loop->wall_now(); };
  const io::Handle begin = rig.loop->after(until(from), [&] { out.cpu_seconds = -own_cpu_seconds(); });
  const io::Handle end = rig.loop->after(until(to), [&] { out.cpu_seconds += own_cpu_seconds(); });
  const io::Handle stop = rig.loop->after(until(to) + std::chrono::seconds{1}, [&] { rig.loop->stop(); });
  rig.loop->run();
  rig.prober->stop();
  (void)rig.log->flush();
  const pipeline::LogCounters c = rig.cursor->counters();
  out.in_log = c.accepted == all_results + rig.other_records && c.pending == c.accepted;
  return out;
}

double scheduler_cpu_seconds(std::size_t slots) {
  const auto loop = io::make_system_loop();
  std::size_t fired = 0;
  prober::Scheduler::Events events;
  events.due = [&](std::size_t, WallTime, Duration) { ++fired; };
  events.missed = [](std::size_t, WallTime) {};
  events.gap = [](std::size_t, std::int64_t, WallTime, WallTime) {};
  prober::Scheduler scheduler{*loop, std::move(events)};
  const Duration every = std::chrono::seconds{1};
  for (std::size_t i = 0; i < slots; ++i) {
    scheduler.set(i, {.every = every, .phase = prober::phase_of("bench", std::to_string(i), "http", every)});
  }
  const double before = own_cpu_seconds();
  const io::Handle stop = loop->after(std::chrono::seconds{1}, [&] { loop->stop(); });
  loop->run();
  return (own_cpu_seconds() - before) / static_cast<double>(std::max<std::size_t>(fired, 1));
}

double bare_wake_cpu_seconds() {
  constexpr int kWakes = 1000;
  constexpr timespec kMillisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
  const io::UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event{};
  const double before = own_cpu_seconds();
  for (int i = 0; i < kWakes; ++i) (void)epoll_pwait2(epoll.get(), &event, 1, &kMillisecond, nullptr);
  return (own_cpu_seconds() - before) / kWakes;
}

}  // namespace sonde::bench
