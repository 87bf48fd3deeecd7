// From VerdictEvent to the incident of docs/api.md.
#include "hub/incidents.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "hub/json.h"

namespace sonde::hub {
namespace {

using judge::EventKind;
using judge::VerdictEvent;

constexpr std::size_t kOpenMax = 10'000;

// The judge's own JSON of the event with what an incident adds over time.
std::string incident_json(const VerdictEvent& e, std::int64_t opened_ms) {
  const bool closed = e.event == EventKind::kClosed;
  Json json{{"id", e.id}, {"state", closed ? "closed" : "open"}};
  json.update(Json::parse(judge::to_json(e), nullptr, false));
  json.erase("event");
  json.erase("time_ms");
  json["opened_ms"] = opened_ms;
  json["updated_ms"] = core::to_unix_ms(e.time);
  if (closed) json["closed_ms"] = core::to_unix_ms(e.time);
  return dump(json);
}

std::string event_json(const VerdictEvent& e) {
  Json json;
  json["time_ms"] = core::to_unix_ms(e.time);
  json["event"] = judge::name(e.event);
  json["grade"] = judge::name(e.grade);
  set_known(json, "confidence", e.confidence);
  set_text(json, "summary", e.summary);
  return dump(json);
}

// The fields that the headline needs, out of JSON that we wrote ourselves; what is missing stays empty.
Incident read_back(const StoredIncident& stored) {
  Incident i{.id = stored.id, .opened_ms = stored.opened_ms, .updated_ms = stored.updated_ms, .json = stored.json};
  const Json json = Json::parse(stored.json, nullptr, false);
  if (!json.is_object()) return i;
  i.grade = text_at(json, "grade");
  i.blame = text_at(json, "class");
  if (const auto component = json.find("component"); component != json.end() && component->is_object()) {
    i.component_kind = text_at(*component, "kind");
  }
  if (const auto severity = json.find("severity"); severity != json.end() && severity->is_number()) {
    i.severity = severity->get<double>();
  }
  i.summary = {text_at(json, "summary_en"), text_at(json, "summary_zh")};
  return i;
}

}  // namespace

Incidents::Incidents(History& history) : history_(history) {
  auto kept = history_.incidents(true, kOpenMax);
  if (!kept) {
    spdlog::warn("open incidents could not be read back: {}", kept.error().message);
    return;
  }
  for (const StoredIncident& stored : *kept) open_.emplace(stored.id, read_back(stored));
}

std::string Incidents::take(const VerdictEvent& e) {
  const std::int64_t time_ms = core::to_unix_ms(e.time);
  std::int64_t opened_ms = time_ms;
  if (const auto known = open_.find(e.id); known != open_.end()) {
    opened_ms = known->second.opened_ms;
    if (time_ms < known->second.updated_ms) return {};
  } else if (auto stored = history_.incident(e.id); stored && *stored) {
    opened_ms = (*stored)->opened_ms;
    if (time_ms <= (*stored)->updated_ms) return {};
  }
  Incident incident{.id = e.id,
                    .grade = std::string{judge::name(e.grade)},
                    .blame = e.blame ? std::string{judge::name(*e.blame)} : std::string{},
                    .component_kind = e.component_kind,
                    .severity = e.severity,
                    .summary = e.summary,
                    .opened_ms = opened_ms,
                    .updated_ms = time_ms,
                    .json = incident_json(e, opened_ms)};
  const bool closed = e.event == EventKind::kClosed;
  StoredIncident stored{.id = e.id,
                        .open = !closed,
                        .opened_ms = opened_ms,
                        .updated_ms = time_ms,
                        .closed_ms = closed ? time_ms : 0,
                        .json = incident.json};
  return save(std::move(stored), incident, time_ms, judge::name(e.event), event_json(e));
}

std::string Incidents::save(StoredIncident stored, const Incident& incident, std::int64_t event_ms,
                            std::string_view event, const std::string& json) {
  auto added = history_.save_incident(stored, event_ms, event, json);
  if (added && !*added) return {};
  // A disk that refuses must not hide an incident: it is told all the same, and lost only at a restart.
  if (!added) spdlog::error("incident {} could not be kept: {}", stored.id, added.error().message);
  if (stored.open) {
    open_.insert_or_assign(stored.id, incident);
  } else {
    open_.erase(stored.id);
  }
  ++version_;
  return stored.json;
}

std::vector<std::string> Incidents::close_others(const std::vector<VerdictEvent>& open, core::WallTime now) {
  std::set<std::string> held;
  for (const VerdictEvent& e : open) held.insert(e.id);
  std::vector<Incident> gone;
  for (const auto& [id, incident] : open_) {
    if (!held.contains(id)) gone.push_back(incident);
  }
  std::vector<std::string> told;
  const std::int64_t now_ms = core::to_unix_ms(now);
  for (const Incident& incident : gone) {
    Json json = Json::parse(incident.json, nullptr, false);
    if (!json.is_object()) json = Json{{"id", incident.id}};
    json["state"] = "closed";
    json["updated_ms"] = now_ms;
    json["closed_ms"] = now_ms;
    Json event{{"time_ms", now_ms}, {"event", "closed"}, {"grade", incident.grade}};
    set_text(event, "summary", incident.summary);
    StoredIncident stored{.id = incident.id,
                          .open = false,
                          .opened_ms = incident.opened_ms,
                          .updated_ms = now_ms,
                          .closed_ms = now_ms,
                          .json = dump(json)};
    told.push_back(save(std::move(stored), incident, now_ms, "closed", dump(event)));
  }
  return told;
}

std::vector<const Incident*> Incidents::open() const {
  std::vector<const Incident*> all;
  for (const auto& [id, incident] : open_) all.push_back(&incident);
  std::ranges::stable_sort(all, [](const Incident* a, const Incident* b) {
    const auto rank = [](const Incident* i) {
      const int grade = i->grade == "convicted" ? 0 : i->grade == "leaning" ? 1 : 2;
      return std::tuple{grade, -i->severity, -i->opened_ms};
    };
    return rank(a) < rank(b);
  });
  return all;
}

}  // namespace sonde::hub
