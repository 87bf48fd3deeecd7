// Names, JSON and record of a verdict.
#include "hub/judge/verdict.h"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/schema.h"

namespace sonde::hub::judge {
namespace {

using Json = nlohmann::ordered_json;

// Numbers are rounded to what they are worth, so that the text is short and stable.
double rounded(double x, double digits) { return std::round(x * digits) / digits; }

void put(Json& j, const char* key, const std::string& text) {
  if (!text.empty()) j[key] = text;
}

Json evidence_json(const Evidence& e) {
  Json cells = Json::array();
  for (const EvidenceCell& c : e.cells) {
    cells.push_back(Json{{"vantage", c.vantage}, {"target", c.target}, {"stage", c.stage}, {"cause", c.cause}});
  }
  return Json{{"for", e.about}, {"text_en", e.text.en}, {"text_zh", e.text.zh}, {"cells", std::move(cells)}};
}

}  // namespace

std::string_view name(Grade g) {
  constexpr std::array<std::string_view, 3> kNames{"insufficient", "leaning", "convicted"};
  return kNames.at(static_cast<std::size_t>(g));
}
std::string_view name(BlameClass c) {
  constexpr std::array<std::string_view, 5> kNames{"app", "provider", "dns", "path", "vantage"};
  return kNames.at(static_cast<std::size_t>(c));
}
std::string_view name(Side s) {
  constexpr std::array<std::string_view, 3> kNames{"near", "middle", "far"};
  return kNames.at(static_cast<std::size_t>(s));
}
std::string_view name(EventKind e) {
  constexpr std::array<std::string_view, 3> kNames{"opened", "revised", "closed"};
  return kNames.at(static_cast<std::size_t>(e));
}

std::string to_json(const VerdictEvent& e) {
  Json j;
  j["event"] = name(e.event);
  j["id"] = e.id;
  j["time_ms"] = core::to_unix_ms(e.time);
  j["since_ms"] = core::to_unix_ms(e.since);
  j["grade"] = name(e.grade);
  if (e.blame) j["class"] = name(*e.blame);
  if (!e.component_key.empty()) j["component"] = Json{{"kind", e.component_kind}, {"key", e.component_key}};
  if (e.confidence) j["confidence"] = rounded(*e.confidence, 100);
  j["severity"] = rounded(e.severity, 100);
  if (e.side) j["side"] = name(*e.side);
  put(j, "stage", e.stage);
  put(j, "mode", e.mode);
  put(j, "cause", e.cause);
  if (e.flapping) j["flapping"] = true;
  j["apps"] = e.apps;
  j["acquitted"] = e.acquitted;
  j["evidence"] = Json::array();
  for (const Evidence& item : e.evidence) j["evidence"].push_back(evidence_json(item));
  j["candidates"] = Json::array();
  for (const Candidate& c : e.candidates) {
    j["candidates"].push_back(Json{{"key", c.key}, {"confidence", rounded(c.confidence, 100)}});
  }
  j["would_settle"] = Json::array();
  for (const core::BilingualText& t : e.would_settle) {
    j["would_settle"].push_back(Json{{"text_en", t.en}, {"text_zh", t.zh}});
  }
  j["next_en"] = Json::array();
  j["next_zh"] = Json::array();
  for (const core::BilingualText& t : e.next) {
    j["next_en"].push_back(t.en);
    j["next_zh"].push_back(t.zh);
  }
  j["summary_en"] = e.summary.en;
  j["summary_zh"] = e.summary.zh;
  // Names come from configuration and are valid text; should one not be, it must not take the hub down.
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::Record to_record(const VerdictEvent& e) {
  const bool closed = e.event == EventKind::kClosed;
  core::Record r;
  r.measurement = core::measurement::kVerdict;
  r.time = e.time;
  if (e.blame) r.add_tag("class", name(*e.blame));
  r.add_tag("component", e.component_key);
  r.add_tag("component_kind", e.component_kind);
  r.add_tag("grade", name(e.grade));
  r.add_tag("state", closed ? "closed" : e.flapping ? "flapping" : "open");
  r.add_field("id", e.id);
  r.add_field("event", std::string{name(e.event)});
  r.add_field("state_code", std::int64_t{closed ? 0 : 1});
  if (e.confidence) r.add_field("confidence", rounded(*e.confidence, 100));
  r.add_field("severity", rounded(e.severity, 100));
  r.add_field("since_ms", core::to_unix_ms(e.since));
  const auto text = [&r](std::string_view key, std::string value) {
    if (!value.empty()) r.add_field(key, std::move(value));
  };
  text("stage", e.stage);
  text("mode", e.mode);
  text("cause", e.cause);
  if (e.side) text("side", std::string{name(*e.side)});
  text("apps", fmt::format("{}", fmt::join(e.apps, ",")));
  text("summary_en", e.summary.en);
  text("summary_zh", e.summary.zh);
  return r;
}

}  // namespace sonde::hub::judge
