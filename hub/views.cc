// Targets and series.
#include "hub/views.h"

#include <algorithm>
#include <array>

#include "core/schema.h"
#include "hub/json.h"
#include "hub/median.h"

namespace sonde::hub {
namespace {

Json field_json(const core::FieldValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

// One probe record under its own names, every field that is there.
Json result_json(const core::Record& r) {
  Json json;
  json["time_ms"] = core::to_unix_ms(r.time);
  json["vantage"] = r.tag(core::tag::kVantage);
  set_known(json, "check", r.tag(core::tag::kCheck));
  set_known(json, "family", r.tag(core::tag::kFamily));
  for (const auto& [name, value] : r.fields) {
    if (!json.contains(name)) json[name] = field_json(value);
  }
  if (const auto suspect = r.integer(core::field::kSuspect.name)) {
    json[std::string{core::field::kSuspect.name}] = *suspect != 0;
  }
  return json;
}

// The worst of what the vantages see now: fail, degraded, ok, unknown; `none` where nothing is fresh.
std::string_view status_of(const Picture& picture, const TargetState& target, core::WallTime now) {
  constexpr std::array<int, 4> kRank{2, 3, 4, 1};  // by Status
  int worst = 0;
  std::string_view word = "none";
  for (const auto& [vantage, record] : target.latest) {
    const core::Record* fresh = picture.fresh(target, vantage, now);
    const auto status = fresh != nullptr ? shown_status(*fresh) : std::nullopt;
    if (!status || kRank[static_cast<std::size_t>(*status)] <= worst) continue;
    worst = kRank[static_cast<std::size_t>(*status)];
    word = core::name(*status);
  }
  return word;
}

Json target_value(const Picture& picture, const TargetState& state, core::WallTime now) {
  const core::Target& t = state.target;
  Json json;
  json["name"] = t.name;
  set_known(json, "url", t.url);
  json["check"] = core::name(t.check);
  json["role"] = core::name(t.role);
  set_known(json, "app", t.app);
  set_known(json, "provider", t.provider);
  set_known(json, "region", t.region);
  set_known(json, "service", t.service);
  if (t.partition) json["partition"] = core::name(*t.partition);
  if (!t.depends_on.empty()) json["depends_on"] = t.depends_on;
  set_known(json, "country", t.country);
  set_known(json, "city", t.city);
  set_known(json, "lat", t.lat);
  set_known(json, "lon", t.lon);
  if (t.every > core::Duration::zero()) json["every_seconds"] = core::to_seconds(t.every);
  json["status"] = status_of(picture, state, now);
  if (state.never_healthy()) json["never_healthy"] = true;
  json["latest"] = Json::array();
  for (const auto& [vantage, record] : state.latest) json["latest"].push_back(result_json(record));
  return json;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string targets_json(const Picture& picture, core::WallTime now) {
  Json json;
  json["targets"] = Json::array();
  for (const auto& [name, state] : picture.targets()) json["targets"].push_back(target_value(picture, state, now));
  return dump(json);
}

std::string target_json(const Picture& picture, const TargetState& target, const std::vector<core::Record>& failures,
                        core::WallTime now) {
  Json json;
  json["target"] = target_value(picture, target, now);
  json["failures"] = Json::array();
  for (const core::Record& r : failures) json["failures"].push_back(result_json(r));
  return dump(json);
}

std::vector<SeriesPoint> downsample(const std::vector<HistoryPoint>& points, std::int64_t from_ms, std::int64_t to_ms,
                                    std::int64_t step_ms) {
  std::vector<SeriesPoint> steps;
  auto at = points.begin();
  std::vector<double> latencies;
  for (std::int64_t start = from_ms; start < to_ms; start += step_ms) {
    SeriesPoint step{.start_ms = start, .median_seconds = {}, .max_seconds = {}};
    latencies.clear();
    for (; at != points.end() && at->time_ms < start + step_ms; ++at) {
      step.runs += 1;
      if (at->status == core::Status::kFail) step.failures += 1;
      const bool succeeded = at->status == core::Status::kOk || at->status == core::Status::kDegraded;
      if (succeeded && at->duration_seconds) latencies.push_back(*at->duration_seconds);
    }
    if (!latencies.empty()) {
      step.max_seconds = *std::ranges::max_element(latencies);
      step.median_seconds = median(latencies);
    }
    steps.push_back(step);
  }
  return steps;
}

std::int64_t choose_step_ms(std::int64_t span_ms, std::int64_t every_ms) {
  constexpr std::array<std::int64_t, 17> kSteps{1,   5,    10,   15,   30,    60,    120,   300,  600,
                                                900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
  for (const std::int64_t seconds : kSteps) {
    const std::int64_t step = seconds * 1000;
    if (step >= every_ms && (span_ms + step - 1) / step <= 360) return step;
  }
  return std::max((span_ms + 359) / 360, every_ms);
}

std::string series_json(const HistoryQuery& query, std::int64_t step_ms, const std::vector<HistorySeries>& series) {
  Json json;
  json["target"] = query.target;
  json["from_ms"] = query.from_ms;
  json["to_ms"] = query.to_ms;
  json["step_ms"] = step_ms;
  json["series"] = Json::array();
  for (const HistorySeries& one : series) {
    Json points = Json::array();
    for (const SeriesPoint& p : downsample(one.points, query.from_ms, query.to_ms, step_ms)) {
      points.push_back({p.start_ms, or_null(p.median_seconds), or_null(p.max_seconds), p.runs, p.failures});
    }
    json["series"].push_back({{"vantage", one.vantage}, {"points", std::move(points)}});
  }
  return dump(json);
}

}  // namespace sonde::hub
