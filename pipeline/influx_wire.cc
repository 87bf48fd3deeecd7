// URLs, headers, compression and line editing for the influx sink.
#include "pipeline/influx_wire.h"

#include <time.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base64.h"
#include "core/check.h"
#include "core/percent.h"
#include "pipeline/lines.h"

namespace sonde::pipeline {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib manual: 16 more asks for the gzip wrapper
constexpr int kGzipMemory = 8;

// End of the part before the fields: the first space that is not escaped.
std::size_t fields_start(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == ' ') {
      return i + 1;
    }
  }
  return line.size();
}

// End of the field that begins at `at`: the next comma or space outside quotes. `text` = its value is a text.
std::size_t field_end(std::string_view line, std::size_t at, bool& text) {
  bool quoted = false;
  bool in_value = false;
  text = false;
  for (std::size_t i = at; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\') {
      ++i;
    } else if (c == '"' && in_value) {
      quoted = !quoted;
    } else if (c == '=' && !in_value) {
      in_value = true;
      text = i + 1 < line.size() && line[i + 1] == '"';
    } else if (!quoted && (c == ',' || c == ' ')) {
      return i;
    }
  }
  return line.size();
}

void append_without_text(std::string_view line, std::string& out) {
  const std::size_t before = out.size();
  std::size_t at = fields_start(line);
  if (at < line.size() && line.find('"') == std::string_view::npos) {  // no text in it
    out += line;
    return;
  }
  out += line.substr(0, at);
  bool any = false;
  while (at < line.size()) {
    bool text = false;
    const std::size_t end = field_end(line, at, text);
    if (!text) {
      if (any) out += ',';
      out += line.substr(at, end - at);
      any = true;
    }
    at = end + 1;
    if (end < line.size() && line[end] == ' ') {
      out += line.substr(end);
      break;
    }
  }
  if (!any) out.resize(before);
}

// The whole number behind `sample`; 0 where it is not there.
std::uint64_t counted(std::string_view page, std::string_view sample) {
  const std::size_t at = page.find(sample);
  std::uint64_t value = 0;
  if (at != std::string_view::npos) std::from_chars(page.data() + at + sample.size(), page.data() + page.size(), value);
  return value;
}

// The value of label `name` of the first sample of `metric`.
std::string_view label_of(std::string_view page, std::string_view metric, std::string_view name) {
  const std::size_t at = page.find(metric);
  if (at == std::string_view::npos) return {};
  std::string_view line = page.substr(at, std::min(page.find('\n', at), page.size()) - at);
  const std::string key = std::string{name} + "=\"";
  std::size_t begin = 0;
  do {  // "version" is also the end of "short_version"
    begin = line.find(key, begin == 0 ? 0 : begin + 1);
    if (begin == std::string_view::npos) return {};
  } while (std::string_view{"{, "}.find(line[begin - 1]) == std::string_view::npos);
  line.remove_prefix(begin + key.size());
  return line.substr(0, std::min(line.find('"'), line.size()));
}

}  // namespace

std::string base_url(const InfluxOptions& options) {
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string write_url(const InfluxOptions& options) {
  std::string url = base_url(options);
  if (options.api == InfluxOptions::Api::kV3) {
    // no_sync stays false: an answer before the write-ahead log is on disk would promise too much.
    return url + "/api/v3/write_lp?db=" + core::percent_encode(options.database) +
           "&precision=nanosecond&accept_partial=true&no_sync=false";
  }
  if (options.api == InfluxOptions::Api::kV2 || !options.bucket.empty()) {
    return url + "/api/v2/write?org=" + core::percent_encode(options.org) +
           "&bucket=" + core::percent_encode(options.bucket) + "&precision=ns";
  }
  url += "/write?";
  if (!options.database.empty()) url += "db=" + core::percent_encode(options.database) + "&";
  return url + "precision=ns";
}

std::string metrics_url(const InfluxOptions& options) { return base_url(options) + "/metrics"; }

std::vector<std::pair<std::string, std::string>> auth_headers(const InfluxOptions& options) {
  if (!options.token.empty()) {
    return {{"Authorization", (options.api == InfluxOptions::Api::kV3 ? "Bearer " : "Token ") + options.token}};
  }
  if (options.username.empty()) return {};
  return {{"Authorization", "Basic " + core::base64(options.username + ":" + options.password)}};
}

std::string gzip(std::string_view text) {
  z_stream z{};
  SONDE_CHECK(deflateInit2(&z, 1, Z_DEFLATED, kGzipWindow, kGzipMemory, Z_DEFAULT_STRATEGY) == Z_OK,
              "zlib starts unless memory is out");
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib does not write there
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int end = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  SONDE_CHECK(end == Z_STREAM_END, "zlib ends in a buffer of its own bound");
  return out;
}

std::string without_text_fields(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const std::size_t n = first_line_bytes(lines);
    append_without_text(lines.substr(0, n), out);
    lines.remove_prefix(n);
  }
  return out;
}

std::optional<core::WallTime> parse_http_date(std::string_view value) {
  tm parts{};
  const std::string text{value};
  if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return std::nullopt;
  return core::WallTime{std::chrono::seconds{timegm(&parts)}};
}

std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now) {
  if (value.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc{} && end == value.data() + value.size()) {
    if (seconds < 0 || seconds > 1'000'000) return std::nullopt;
    return std::chrono::seconds{seconds};
  }
  const auto when = parse_http_date(value);
  if (!when) return std::nullopt;
  return std::max(core::Duration{}, *when - now);
}

VictoriaFacts read_victoria_facts(std::string_view metrics_page) {
  VictoriaFacts facts;
  facts.is_victoria = metrics_page.find("vm_app_version{") != std::string_view::npos;
  constexpr std::string_view kStart = "\nvm_app_start_timestamp ";
  const std::size_t at = metrics_page.find(kStart);
  if (at != std::string_view::npos) {
    const std::string_view rest = metrics_page.substr(at + kStart.size());
    facts.started = std::string{rest.substr(0, rest.find('\n'))};
  }
  if (!facts.is_victoria) return facts;
  facts.version = std::string{label_of(metrics_page, "vm_app_version{", "short_version")};
  facts.stores = metrics_page.find("\nvm_data_size_bytes{") != std::string_view::npos;
  facts.left_out = counted(metrics_page, "\nvm_rows_invalid_total{type=\"influx\"} ") +
                   counted(metrics_page, "\nvm_rows_ignored_total{reason=\"big_timestamp\"} ") +
                   counted(metrics_page, "\nvm_rows_ignored_total{reason=\"small_timestamp\"} ");
  facts.agent = metrics_page.find("\nvmagent_") != std::string_view::npos;
  return facts;
}

}  // namespace sonde::pipeline
