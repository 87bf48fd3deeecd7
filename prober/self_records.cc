// Heartbeats and gaps.
#include "prober/self_records.h"

#include <chrono>
#include <string>
#include <utility>

#include "core/schema.h"

namespace sonde::prober {

core::Record heartbeat_record(const core::Vantage& vantage, const ProberSnapshot& now, std::optional<ClockEvent> event,
                              WallTime at) {
  const auto count = [](auto n) { return static_cast<std::int64_t>(n); };
  core::Record r;
  r.measurement = core::measurement::kSonde;
  r.time = at;
  r.add_tag(core::tag::kVantage, vantage.name);
  r.add_field("uptime_seconds", core::to_seconds(now.uptime));
  r.add_field("runs", count(now.runs));
  r.add_field("skipped", count(now.skipped));
  r.add_field("in_flight", count(now.in_flight));
  r.add_field("waiting", count(now.waiting));
  r.add_field("handshakes", count(now.handshakes));
  r.add_field("handshakes_waiting", count(now.handshakes_waiting));
  r.add_field("targets", count(now.targets));
  r.add_field("loop_lag_seconds", core::to_seconds(now.loop_lag));
  r.add_field("suspect", std::int64_t{now.suspect_why.empty() ? 0 : 1});
  if (!now.suspect_why.empty()) r.add_field("suspect_why", now.suspect_why);
  if (event) {
    r.add_field("clock_step_ms", std::int64_t{(event->wall - event->slept) / std::chrono::milliseconds{1}});
    r.add_field("slept_seconds", core::to_seconds(event->slept));
  }
  return r;
}

core::Record gap_record(const core::Vantage& vantage, const core::Target& target, std::int64_t slots, WallTime first,
                        WallTime last, WallTime at) {
  core::Record r;
  r.measurement = core::measurement::kGap;
  r.time = at;
  r.add_tag(core::tag::kTarget, target.name);
  r.add_tag(core::tag::kVantage, vantage.name);
  r.add_field("count", slots);
  r.add_field("first_ms", core::to_unix_ms(first));
  r.add_field("last_ms", core::to_unix_ms(last));
  r.add_field("why", std::string{"missed"});
  return r;
}

void count_run(ProberSnapshot& counters, const core::Outcome& outcome) {
  ++counters.runs;
  switch (outcome.status) {
    case core::Status::kOk:
    case core::Status::kDegraded:
      ++counters.ok;
      break;
    case core::Status::kFail:
      ++counters.failed;
      break;
    case core::Status::kUnknown:
      ++counters.unknown;
      break;
  }
}

bool same_tags(const core::Vantage& a, const core::Vantage& b) {
  return a.name == b.name && a.provider == b.provider && a.region == b.region && a.partition == b.partition;
}

}  // namespace sonde::prober
