// How a canary is asked for and removed at each kind of database: requests as values, and their answers read. Pure.
// Sources: InfluxDB 1.8 API reference (/ping, /query), InfluxDB 2.7 API (/api/v2/query, /api/v2/delete; annotated CSV),
// InfluxDB 3 Core API (/api/v3/query_sql), VictoriaMetrics 1.79 README (/api/v1/export,
// /api/v1/admin/tsdb/delete_series).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/http_client.h"
#include "pipeline/canary.h"
#include "pipeline/influx_sink.h"

namespace sonde::pipeline {

enum class ServerKind {
  kUnknown,
  kInflux1,
  kInflux2,
  kInflux3,
  kVictoria,      // a VictoriaMetrics that stores and answers queries
  kVictoriaGate,  // vmagent, vminsert: takes writes for others
  kHub,           // another Sonde
};

struct ServerFacts {
  ServerKind kind = ServerKind::kUnknown;
  std::string product;              // "InfluxDB 1.6.7", sanitized; empty where the server does not say
  bool start_time_visible = false;  // so that a restart can be seen (RELIABILITY P4)
};

/// What the server is, by its answers to /ping and /metrics and by the write path that is configured.
[[nodiscard]] ServerFacts read_server_facts(const InfluxOptions& options, const io::HttpResponse& ping,
                                            const io::HttpResponse& metrics);

/// How to ask; kNone where the write path's server answers no queries.
enum class QueryLanguage { kNone, kInfluxQl, kFlux, kSql, kExport };
[[nodiscard]] QueryLanguage query_language(const InfluxOptions& options, ServerKind kind);

/// Asks for everything that canaries of that sink and vantage left within an hour around this one. Without timeout,
/// addresses and credentials. `language` is not kNone.
[[nodiscard]] io::HttpRequest query_for(const Canary& canary, QueryLanguage language, const InfluxOptions& options);
/// The values in an answer. Errors: kCorrupt for what is no such answer, kInvalid with the server's own words.
[[nodiscard]] core::Result<std::vector<StoredValue>> read_values(QueryLanguage language, std::string_view body);

/// Removes the series of that sink and vantage; `names` are those that the query gave. Nothing where the database has
/// no request for it.
[[nodiscard]] std::optional<io::HttpRequest> removal_of(const Canary& canary, QueryLanguage language,
                                                        const InfluxOptions& options,
                                                        const std::vector<StoredValue>& names);

/// A field of `probe` that the database knows with another type than Sonde writes: every line with it is refused.
struct TypeConflict {
  std::string field;
  std::string there;  // "float", "string", ...
  std::string ours;
};
/// Asks InfluxDB 1 which types the fields of `probe` have.
[[nodiscard]] io::HttpRequest field_types_query(const InfluxOptions& options);
[[nodiscard]] core::Result<std::vector<TypeConflict>> read_type_conflicts(std::string_view body);

}  // namespace sonde::pipeline
