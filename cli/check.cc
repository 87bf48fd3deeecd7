// `sonde check URL…`: one run of each URL, now.
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/configuration.h"
#include "cli/verbs.h"
#include "cli/waterfall.h"
#include "io/asio_loop.h"
#include "io/files.h"
#include "prober/prober.h"

namespace sonde::cli {
namespace {

struct Run {
  prober::TargetEntry entry;
  io::Handle handle;
  std::optional<core::Measurement> result;
};

nlohmann::ordered_json to_json(const core::Record& record) {
  nlohmann::ordered_json object;
  object["time_ms"] = core::to_unix_ms(record.time);
  for (const auto& [key, value] : record.tags) object[key] = value;
  for (const auto& [key, value] : record.fields) {
    std::visit([&object, &key = key](const auto& held) { object[key] = held; }, value);
  }
  return object;
}

// Nagios reads one line: a state word, a text, and performance data after '|'.
std::string nagios_line(const core::Target& target, const core::Measurement& m) {
  static constexpr std::array kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  const core::Outcome& o = m.outcome;
  const core::FieldValue* duration = m.get(core::field::kDurationSeconds);
  const double seconds = duration == nullptr ? 0 : std::get<double>(*duration);
  std::string text =
      o.cause == core::Cause::kNone ? "" : fmt::format(" {}_{} {}", name(o.stage), name(o.cause), o.detail);
  std::erase(text, '|');
  return fmt::format("SONDE {} - {}{} | time={:.6f}s\n", kWords.at(static_cast<std::size_t>(o.status)), target.url,
                     text, seconds);
}

int exit_of(const std::vector<std::unique_ptr<Run>>& runs, bool nagios) {
  bool failed = false;
  bool unknown = false;
  bool degraded = false;
  for (const auto& run : runs) {
    const core::Status status = run->result->outcome.status;
    failed |= status == core::Status::kFail;
    unknown |= status == core::Status::kUnknown;
    degraded |= status == core::Status::kDegraded;
  }
  if (nagios) return failed ? 2 : unknown ? 3 : degraded ? 1 : 0;
  return failed ? exit_code::kFailed : unknown ? exit_code::kUnknown : exit_code::kOk;
}

void print(const Run& run, const core::Vantage& vantage, core::WallTime started, const CheckOptions& options,
           const Context& context) {
  const core::Measurement& m = *run.result;
  std::string out;
  if (options.json) {
    // What a remote sent is sanitized UTF-8 already; replacing is for the unexpected, never an exception.
    out = to_json(core::to_record(m, vantage, run.entry.target, started))
              .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
          "\n";
  } else if (options.nagios) {
    out = nagios_line(run.entry.target, m);
  } else {
    out = draw_waterfall(run.entry.target, m, started, context.out);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

int usage_error(const core::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return exit_code::kUsage;
}

}  // namespace

int check_verb(const CheckOptions& options, const Context& context) {
  std::vector<std::unique_ptr<Run>> runs;
  for (const std::string& url : options.urls) {
    core::Result<prober::TargetEntry> entry = prober::target_from_url(url, options.timeout);
    if (!entry) return usage_error(entry.error());
    runs.push_back(std::make_unique<Run>(Run{std::move(*entry), {}, std::nullopt}));
  }

  const auto loop = io::make_asio_loop();
  const auto http = io::make_http_client(*loop);
  const auto files = io::make_system_files();
  prober::ProberConfig config;
  config.vantage.name = "here";
  config.resolver = options.resolver;
  config.ca_file = options.ca_file;
  config.source = options.source;
  // Whoever types a URL here decides for this machine: the address policy protects against configuration from
  // elsewhere.
  config.allow = {"0.0.0.0/0", "::/0"};
  const core::Vantage vantage = config.vantage;
  auto prober =
      prober::make_prober(*loop, *http, std::move(config), read_resolv_conf(*files), [](const core::Record&) {});
  if (!prober) return usage_error(prober.error());

  const core::WallTime started = loop->wall_now();
  std::size_t printed = 0;
  for (const auto& run : runs) {
    run->handle = (*prober)->run_once(run->entry, [&, r = run.get()](core::Measurement m) {
      r->result = std::move(m);
      // In the order given, each as soon as those before it are there.
      for (; printed < runs.size() && runs[printed]->result; ++printed) {
        print(*runs[printed], vantage, started, options, context);
      }
      if (printed == runs.size()) loop->stop();
    });
  }
  loop->run();
  return exit_of(runs, options.nagios);
}

}  // namespace sonde::cli
