// Paths to answers.
#include "hub/api.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "hub/answer.h"
#include "hub/gunzip.h"
#include "hub/json.h"
#include "hub/overview.h"
#include "hub/views.h"

namespace sonde::hub {
namespace {

constexpr std::string_view kApi = "/api/v1/";
constexpr std::size_t kFailuresMax = 100;
constexpr std::size_t kIncidentsMax = 1000;
constexpr std::int64_t kPointsMax = 10'000;

io::ServerResponse text_answer(std::string body) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

io::ServerResponse not_found() { return error_answer(404, "no such thing"); }
io::ServerResponse failed(const core::Error& e) { return error_answer(503, e.message); }

// A whole number between `min` and `max`; `fallback` when the parameter is absent, nothing when it is not such a
// number.
std::optional<std::int64_t> number_parameter(const io::ServerRequest& request, std::string_view name,
                                             std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
  return value;
}

bool accepts_gzip(const io::ServerRequest& request) {
  return request.header("accept-encoding").find("gzip") != std::string_view::npos;
}

bool is_write(std::string_view path) { return path == "/write" || path == "/api/v2/write"; }

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)) {}

void Api::handle(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  route(request, with_security_headers(std::move(responder)));
}

void Api::route(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  if (auto refused = parts_.guard.refuse(request)) return responder->respond(std::move(*refused));
  if (is_write(request.path)) {
    if (request.method != "POST") return responder->respond(method_not_allowed("POST"));
    return parts_.ingest.write(request, std::move(responder));
  }
  if (request.method != "GET" && request.method != "HEAD") return responder->respond(method_not_allowed("GET, HEAD"));
  if (request.path == "/api/v1/events" && request.method == "GET") {
    if (std::string why = parts_.not_ready(); !why.empty()) return responder->respond(error_answer(503, why));
    return parts_.events.open(*responder, overview());
  }
  responder->respond(answer(request));
}

io::ServerResponse Api::answer(const io::ServerRequest& request) {
  if (request.path == "/-/healthy") return text_answer("healthy\n");
  if (request.path == "/-/ready") {
    if (std::string why = parts_.not_ready(); !why.empty()) return error_answer(503, why);
    return text_answer("ready\n");
  }
  if (request.path == "/metrics") {
    if (!parts_.metrics) return not_found();
    io::ServerResponse page = text_answer(parts_.metrics());
    page.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    return page;
  }
  if (request.path.starts_with(kApi)) {
    if (std::string why = parts_.not_ready(); !why.empty()) return error_answer(503, why);
    return answer_api(request);
  }
  return asset(request);
}

io::ServerResponse Api::answer_api(const io::ServerRequest& request) {
  const std::string what = request.path.substr(kApi.size());
  const core::WallTime now = parts_.loop.wall_now();
  const Picture& picture = parts_.store.picture();
  if (what == "overview") return json_answer(overview());
  if (what == "targets") return json_answer(targets_json(picture, now));
  if (what == "vantages") return json_answer(vantages_json(picture, now));
  if (what == "series") return series(request);
  if (what == "incidents") return incidents(request);
  if (what.starts_with("targets/")) return target(what.substr(8));
  if (what.starts_with("incidents/")) return incident(what.substr(10));
  return not_found();
}

std::string Api::overview() const {
  return overview_json({.picture = parts_.store.picture(),
                        .incidents = parts_.incidents.open(),
                        .now = parts_.loop.wall_now(),
                        .version = parts_.version});
}

io::ServerResponse Api::target(const std::string& name) {
  const Picture& picture = parts_.store.picture();
  const auto found = picture.targets().find(name);
  if (found == picture.targets().end()) return not_found();
  auto failures = parts_.store.history().failures(name, kFailuresMax);
  if (!failures) return failed(failures.error());
  return json_answer(target_json(picture, found->second, *failures, parts_.loop.wall_now()));
}

io::ServerResponse Api::series(const io::ServerRequest& request) {
  HistoryQuery query{.target = std::string{request.parameter("target")},
                     .check = std::string{request.parameter("check")},
                     .vantage = std::string{request.parameter("vantage")}};
  if (query.target.empty()) return error_answer(400, "target is missing");
  const auto known = parts_.store.picture().targets().find(query.target);
  if (known == parts_.store.picture().targets().end()) return not_found();

  constexpr std::int64_t kTimeMax = 4'102'444'800'000;  // the year 2100
  const std::int64_t now_ms = core::to_unix_ms(parts_.loop.wall_now());
  const auto to = number_parameter(request, "to_ms", now_ms, 1, kTimeMax);
  if (!to) return error_answer(400, "to_ms must be a time in Unix milliseconds");
  const auto from = number_parameter(request, "from_ms", std::max<std::int64_t>(*to - 3'600'000, 0), 0, kTimeMax);
  if (!from || *from >= *to) return error_answer(400, "from_ms must be a time in Unix milliseconds before to_ms");
  const std::int64_t span = *to - *from;
  const std::int64_t every_ms = parts_.store.picture().every(known->second) / std::chrono::milliseconds{1};
  const auto step = number_parameter(request, "step_ms", choose_step_ms(span, every_ms), 1, span);
  if (!step || (span + *step - 1) / *step > kPointsMax) {
    return error_answer(400, "step_ms must be a whole number that gives at most 10000 points");
  }
  query.from_ms = *from;
  query.to_ms = *to;
  auto series = parts_.store.history().series(query);
  if (!series) return failed(series.error());
  return json_answer(series_json(query, *step, *series));
}

io::ServerResponse Api::incidents(const io::ServerRequest& request) {
  const std::string_view state = request.parameter("state");
  std::optional<bool> open;
  if (state == "open" || state == "closed") {
    open = state == "open";
  } else if (!state.empty() && state != "all") {
    return error_answer(400, "state must be open, closed or all");
  }
  const auto limit = number_parameter(request, "limit", 100, 1, kIncidentsMax);
  if (!limit) return error_answer(400, "limit must be a number from 1 to 1000");
  auto found = parts_.store.history().incidents(open, static_cast<std::size_t>(*limit));
  if (!found) return failed(found.error());
  Json json;
  json["incidents"] = Json::array();
  for (const StoredIncident& one : *found) {
    Json incident = Json::parse(one.json, nullptr, false);
    if (incident.is_object()) json["incidents"].push_back(std::move(incident));
  }
  return json_answer(dump(json));
}

io::ServerResponse Api::incident(const std::string& id) {
  auto found = parts_.store.history().incident(id);
  if (!found) return failed(found.error());
  if (!*found) return not_found();
  auto events = parts_.store.history().incident_events(id);
  if (!events) return failed(events.error());
  Json json = Json::parse((*found)->json, nullptr, false);
  if (!json.is_object()) return not_found();
  json["events"] = Json::array();
  for (const std::string& one : *events) {
    Json event = Json::parse(one, nullptr, false);
    if (event.is_object()) json["events"].push_back(std::move(event));
  }
  return json_answer(dump(json));
}

io::ServerResponse Api::asset(const io::ServerRequest& request) {
  const std::string_view name =
      request.path == "/" ? std::string_view{"index.html"} : std::string_view{request.path}.substr(1);
  const std::optional<Asset> found = parts_.assets.find(name);
  if (!found) return not_found();
  io::ServerResponse response;
  response.headers = {{"Content-Type", std::string{found->mime}},
                      {"ETag", found->etag},
                      {"Vary", "Accept-Encoding"},
                      {"Cache-Control", found->immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (request.header("if-none-match").find(found->etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  if (accepts_gzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = found->gzip;
    return response;
  }
  auto plain = gunzip(found->gzip, {.ratio_max = 1100});  // our own file, so that only the size bounds it
  if (!plain) return error_answer(500, "this file cannot be unpacked");
  response.body = std::move(*plain);
  return response;
}

void Api::tell_changes() {
  if (parts_.events.streams() == 0) return;
  // Time alone changes the picture too: results grow old and vantages fall silent.
  const core::WallTime now = parts_.loop.wall_now();
  const std::uint64_t version = parts_.store.picture().version() + parts_.incidents.version();
  if (version == told_version_ && now - told_at_ < parts_.store.picture().round()) return;
  told_version_ = version;
  told_at_ = now;
  parts_.events.send("overview", overview());
}

}  // namespace sonde::hub
