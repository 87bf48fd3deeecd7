// Pieces of a write request to a line-protocol server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.h"
#include "pipeline/influx_sink.h"

namespace sonde::pipeline {

/// "https://host/prefix/write?db=d&precision=ns", or the form of v2 or v3. InfluxDB 3 stores the good lines of a batch
/// and lists the bad ones, but the list may be cut (after 100), so a refused batch is bisected there too.
[[nodiscard]] std::string write_url(const InfluxOptions& options);
/// The server's own metrics page, beside the write path.
[[nodiscard]] std::string metrics_url(const InfluxOptions& options);
/// The configured URL without a '/' at its end: what all paths of the server are put behind.
[[nodiscard]] std::string base_url(const InfluxOptions& options);
/// Authorization (token or basic), where configured.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> auth_headers(const InfluxOptions& options);

/// gzip (RFC 1952), level 1: line protocol shrinks to a tenth, and more effort gains little.
[[nodiscard]] std::string gzip(std::string_view text);

/// The lines without their text fields; lines that have no other field are left out.
[[nodiscard]] std::string without_text_fields(std::string_view lines);

/// A date as HTTP writes it, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7, the preferred form).
[[nodiscard]] std::optional<core::WallTime> parse_http_date(std::string_view value);

/// Retry-After (RFC 9110 10.2.3): seconds or a date.
[[nodiscard]] std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now);

/// What a metrics page says about a VictoriaMetrics program.
struct VictoriaFacts {
  bool is_victoria = false;
  std::string started;  // text of its start time; empty when not shown
  bool stores = false;  // itself: not a vmagent or vminsert, which takes writes for others
  bool agent = false;   // a vmagent
  std::string version;  // "v1.79.5"; distributions leave it empty
  /// Rows that it acknowledged and left out since it was started, of all writers: not to be parsed, or of a time that
  /// it does not keep.
  std::uint64_t left_out = 0;
};
[[nodiscard]] VictoriaFacts read_victoria_facts(std::string_view metrics_page);

}  // namespace sonde::pipeline
