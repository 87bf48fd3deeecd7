// Requests, runs and answers.
#include "prober/blackbox/handler.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/sanitize.h"
#include "pipeline/metrics_page.h"
#include "prober/blackbox/answer.h"

namespace sonde::prober::blackbox {
namespace {

constexpr std::string_view kDefaultModule = "http_2xx";
constexpr std::size_t kRunsMax = 512;
constexpr double kScrapeDefaultSeconds = 120;
constexpr Duration kTimeoutMin = std::chrono::milliseconds{10};

io::ServerResponse text_answer(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
          .body = std::move(body)};
}

io::ServerResponse answer_of(const Answered& run, bool debug) {
  if (debug) return text_answer(200, debug_text(run));
  io::ServerResponse response = text_answer(200, metrics_text(run));
  response.headers.front().second = pipeline::MetricsPage::kContentType;
  return response;
}

}  // namespace

std::optional<Duration> run_timeout(std::string_view header, Duration module, Duration offset) {
  double seconds = 0;
  if (!header.empty()) {
    const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
    if (error != std::errc{} || end != header.data() + header.size() || !(seconds >= 0 && seconds < 1e6)) {
      return std::nullopt;
    }
  }
  if (seconds == 0) seconds = kScrapeDefaultSeconds;
  const Duration longest = core::from_seconds(seconds) - offset;
  const bool own = (module > Duration{} && module < longest) || longest < Duration{};
  return std::max(own ? module : longest, kTimeoutMin);
}

ProbeHandler::ProbeHandler(io::Loop& loop, io::Files& files, Duration timeout_offset)
    : loop_(loop), files_(files), timeout_offset_(timeout_offset) {}

ProbeHandler::~ProbeHandler() { drop_runs(); }

void ProbeHandler::set_modules(Modules modules) {
  drop_runs();
  modules_ = std::move(modules);
}

void ProbeHandler::handle(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder, Prober& prober) {
  const std::string_view asked = request.parameter("module");
  const std::string_view name = asked.empty() ? kDefaultModule : asked;
  const Module* module = modules_.find(name);
  if (module == nullptr) {
    ++unknown_modules_;
    return responder->respond(text_answer(400, fmt::format("Unknown module \"{}\"\n", core::sanitize(name))));
  }
  const std::string_view target = request.parameter("target");
  if (target.empty()) return responder->respond(text_answer(400, "Target parameter is missing\n"));
  const auto timeout =
      run_timeout(request.header("x-prometheus-scrape-timeout-seconds"), module->timeout, timeout_offset_);
  if (!timeout) {
    return responder->respond(text_answer(500, "X-Prometheus-Scrape-Timeout-Seconds is no number of seconds\n"));
  }
  if (runs_.size() >= kRunsMax) {
    return responder->respond(text_answer(503, fmt::format("{} probes are under way already\n", kRunsMax)));
  }
  const bool debug = request.parameter("debug") == "true";
  const Ask ask{
      .target = std::string{target}, .hostname = std::string{request.parameter("hostname")}, .timeout = *timeout};
  ++runs_total_;
  auto entry = entry_of(*module, ask, files_);
  if (!entry && entry.error().code != core::ErrorCode::kNotFound) {
    return responder->respond(text_answer(400, core::sanitize(entry.error().message) + "\n"));
  }
  if (!entry) {  // blackbox_exporter answers with a probe that failed, so alerts on probe_success see it
    core::Measurement m;
    m.outcome = core::failed(core::Stage::kDns, core::Cause::kConfig, entry.error().message);
    m.set(core::field::kDurationSeconds, 0.0);
    core::Target wrong;
    wrong.url = core::sanitize(target);
    wrong.check = module->kind;
    return responder->respond(answer_of({*module, wrong, m}, debug));
  }
  const std::uint64_t id = runs_total_;
  auto run = std::make_unique<OneRun>();
  run->module = module;
  run->entry = std::move(*entry);
  run->responder = std::move(responder);
  run->debug = debug;
  OneRun& kept = *runs_.emplace(id, std::move(run)).first->second;
  kept.handle = prober.run_once(kept.entry, [this, id](const core::Measurement& m) { ended(id, m); });
}

void ProbeHandler::ended(std::uint64_t id, const core::Measurement& measurement) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return;
  std::unique_ptr<OneRun> run = std::move(found->second);
  runs_.erase(found);
  run->responder->respond(answer_of({*run->module, run->entry.target, measurement}, run->debug));
  loop_.retire(std::move(run));  // we are inside its run
}

void ProbeHandler::drop_runs() {
  for (auto& [id, run] : runs_) {
    run->responder->respond(text_answer(503, "the configuration is being changed; try again\n"));
  }
  runs_.clear();
}

}  // namespace sonde::prober::blackbox
