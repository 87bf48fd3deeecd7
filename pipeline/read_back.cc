// The requests. Their answers are read in read_back_answers.cc.
#include "pipeline/read_back.h"

#include <set>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/percent.h"
#include "core/sanitize.h"
#include "core/schema.h"
#include "core/text.h"
#include "pipeline/influx_wire.h"

namespace sonde::pipeline {
namespace {

constexpr core::Duration kAround = std::chrono::hours{1};
constexpr std::size_t kProductBytesMax = 64;

// Names come from the configuration and need not be whole UTF-8.
std::string dump(const nlohmann::json& j) { return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

// "1.6.7", "v2.7.1", "3.0.1" → 1, 2, 3
ServerKind influx_kind(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  if (version.starts_with("1.")) return ServerKind::kInflux1;
  if (version.starts_with("2.")) return ServerKind::kInflux2;
  if (version.starts_with("3.")) return ServerKind::kInflux3;
  return ServerKind::kUnknown;
}

// "canary"='doctor' AND "sink"='…' AND …: the values need no quoting, see canary_for.
std::string conditions(const Canary& canary, std::string_view between, std::string_view form) {
  std::string out;
  for (const auto& [key, value] : canary.tags()) {
    if (!out.empty()) out += between;
    out += fmt::format(fmt::runtime(form), key, value);
  }
  return out;
}

std::string influxql_conditions(const Canary& canary) { return conditions(canary, " AND ", "\"{}\"='{}'"); }

std::string influxql_url(const InfluxOptions& o, std::string_view query) {
  return fmt::format("{}/query?db={}&epoch=ns&q={}", base_url(o), core::percent_encode(o.database),
                     core::percent_encode(query));
}

std::string flux_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

io::HttpRequest flux_query(const Canary& canary, const InfluxOptions& o) {
  const auto seconds = [](core::WallTime t) { return core::to_unix_ms(t) / 1000; };
  const std::string query = fmt::format(
      "from(bucket: {}) |> range(start: {}, stop: {}) |> filter(fn: (r) => r._measurement == \"{}\" and {})",
      flux_text(o.bucket), seconds(canary.first - kAround), seconds(canary.first + kAround), kCanaryMeasurement,
      conditions(canary, " and ", "r.{} == \"{}\""));
  io::HttpRequest r;
  r.method = "POST";
  r.url = base_url(o) + "/api/v2/query?org=" + core::percent_encode(o.org);
  r.headers = {{"Content-Type", "application/json"}, {"Accept", "application/csv"}};
  nlohmann::json dialect;
  dialect["annotations"] = nlohmann::json::array({"datatype"});
  r.body = dump({{"query", query}, {"type", "flux"}, {"dialect", std::move(dialect)}});
  return r;
}

io::HttpRequest get(std::string url) {
  io::HttpRequest r;
  r.url = std::move(url);
  return r;
}

std::string export_selector(std::string_view name, const Canary& canary) {
  const std::string by_name = name.empty() ? std::string{} : fmt::format("__name__=\"{}\",", name);
  return core::percent_encode("{" + by_name + conditions(canary, ",", "{}=\"{}\"") + "}");
}

io::HttpRequest post(std::string url) {
  io::HttpRequest r = get(std::move(url));
  r.method = "POST";
  return r;
}

io::HttpRequest removal_v2(const Canary& canary, const InfluxOptions& o) {
  io::HttpRequest r = post(base_url(o) + "/api/v2/delete?org=" + core::percent_encode(o.org) +
                           "&bucket=" + core::percent_encode(o.bucket));
  r.headers = {{"Content-Type", "application/json"}};
  r.body = dump({{"start", core::format_utc(canary.first - kAround)},
                 {"stop", core::format_utc(canary.first + kAround)},
                 {"predicate", fmt::format("_measurement=\"{}\" AND {}", kCanaryMeasurement,
                                           conditions(canary, " AND ", "{}=\"{}\""))}});
  return r;
}

// By name, so that nothing goes that the query did not show.
std::optional<io::HttpRequest> removal_from_victoria(const Canary& canary, const InfluxOptions& o,
                                                     const std::vector<StoredValue>& values) {
  std::set<std::string> names;
  for (const StoredValue& v : values) names.insert(v.name);
  if (names.empty()) return std::nullopt;
  std::string url = base_url(o) + "/api/v1/admin/tsdb/delete_series?";
  for (const std::string& name : names) url += "match[]=" + export_selector(name, canary) + "&";
  url.pop_back();
  return post(std::move(url));
}

}  // namespace

ServerFacts read_server_facts(const InfluxOptions& options, const io::HttpResponse& ping,
                              const io::HttpResponse& metrics) {
  ServerFacts facts;
  const auto product = [&facts](std::string_view name, std::string_view version) {
    facts.product = core::sanitize(fmt::format("{}{}{}", name, version.empty() ? "" : " ", version), kProductBytesMax);
  };
  const VictoriaFacts victoria = metrics.status == 200 ? read_victoria_facts(metrics.body) : VictoriaFacts{};
  facts.start_time_visible = !victoria.started.empty();
  if (victoria.is_victoria) {
    facts.kind = victoria.stores ? ServerKind::kVictoria : ServerKind::kVictoriaGate;
    product(victoria.stores  ? "VictoriaMetrics"
            : victoria.agent ? "vmagent"
                             : "VictoriaMetrics without storage",
            victoria.version);
    return facts;
  }
  if (metrics.status == 200 && metrics.body.find("\nsonde_") != std::string::npos) {
    facts.kind = ServerKind::kHub;
    product("Sonde", "");
    return facts;
  }
  const std::string_view version = ping.header("x-influxdb-version");
  facts.kind = influx_kind(version);
  if (!version.empty()) product("InfluxDB", version);
  if (facts.kind == ServerKind::kUnknown && options.api == InfluxOptions::Api::kV3) facts.kind = ServerKind::kInflux3;
  if (facts.kind == ServerKind::kUnknown && !options.bucket.empty()) facts.kind = ServerKind::kInflux2;
  return facts;
}

QueryLanguage query_language(const InfluxOptions& options, ServerKind kind) {
  if (kind == ServerKind::kVictoriaGate || kind == ServerKind::kHub) return QueryLanguage::kNone;
  if (kind == ServerKind::kVictoria) return QueryLanguage::kExport;
  if (options.api == InfluxOptions::Api::kV3) return QueryLanguage::kSql;
  return options.bucket.empty() ? QueryLanguage::kInfluxQl : QueryLanguage::kFlux;
}

io::HttpRequest query_for(const Canary& canary, QueryLanguage language, const InfluxOptions& options) {
  SONDE_CHECK(language != QueryLanguage::kNone, "a server that answers no queries is not asked");
  const core::WallTime from = canary.first - kAround;
  const core::WallTime to = canary.first + kAround;
  switch (language) {
    case QueryLanguage::kNone:
    case QueryLanguage::kInfluxQl:
      return get(influxql_url(
          options, fmt::format("SELECT * FROM \"{}\" WHERE {} AND time >= {} AND time <= {}", kCanaryMeasurement,
                               influxql_conditions(canary), core::to_unix_ns(from), core::to_unix_ns(to))));
    case QueryLanguage::kFlux:
      return flux_query(canary, options);
    case QueryLanguage::kSql:
      return get(fmt::format(
          "{}/api/v3/query_sql?db={}&format=json&q={}", base_url(options), core::percent_encode(options.database),
          core::percent_encode(fmt::format("SELECT * FROM {} WHERE {} AND time >= '{}' AND time <= '{}'",
                                           kCanaryMeasurement, influxql_conditions(canary), core::format_utc(from),
                                           core::format_utc(to)))));
    case QueryLanguage::kExport:
      return get(fmt::format("{}/api/v1/export?match[]={}&start={}&end={}", base_url(options),
                             export_selector("", canary), core::to_unix_ms(from) / 1000, core::to_unix_ms(to) / 1000));
  }
  return {};
}

std::optional<io::HttpRequest> removal_of(const Canary& canary, QueryLanguage language, const InfluxOptions& options,
                                          const std::vector<StoredValue>& names) {
  switch (language) {
    case QueryLanguage::kNone:
    case QueryLanguage::kSql:  // InfluxDB 3 removes whole tables only, and this one may hold canaries of others
      return std::nullopt;
    case QueryLanguage::kInfluxQl:
      return post(influxql_url(
          options, fmt::format("DROP SERIES FROM \"{}\" WHERE {}", kCanaryMeasurement, influxql_conditions(canary))));
    case QueryLanguage::kFlux:
      return removal_v2(canary, options);
    case QueryLanguage::kExport:
      return removal_from_victoria(canary, options, names);
  }
  return std::nullopt;
}

io::HttpRequest field_types_query(const InfluxOptions& options) {
  return get(influxql_url(options, fmt::format("SHOW FIELD KEYS FROM \"{}\"", core::measurement::kProbe)));
}

}  // namespace sonde::pipeline
