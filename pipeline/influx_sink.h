// Delivers batches to anything that takes InfluxDB line protocol over HTTP: InfluxDB 1, 2 and 3, VictoriaMetrics,
// another Sonde hub. Source: InfluxDB 1.8, 2 and 3 API reference (/write, /api/v2/write, /api/v3/write_lp);
// RELIABILITY 1.5 for what servers really do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/callback.h"
#include "core/result.h"
#include "io/files.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "pipeline/sink.h"
#include "pipeline/sink_resolver.h"

namespace sonde::pipeline {

/// Secrets are values here: whoever reads the configuration has read the files.
struct InfluxOptions {
  std::string name;  // of the sink and of its cursor; unique
  std::string url;   // http(s)://host[:port][/prefix]
  /// Which write path: kAuto is v2 where there is a bucket, else v1.
  enum class Api { kAuto, kV1, kV2, kV3 };
  Api api = Api::kAuto;
  std::string database;  // v1: /write?db=, v3: /api/v3/write_lp?db=
  std::string org;       // v2, with bucket: /api/v2/write?org=&bucket=
  std::string bucket;
  std::string token;  // sent as "Authorization: Token …", to v3 as "Bearer …"
  std::string username;
  std::string password;
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  bool gzip = true;
  enum class OmitStrings { kAuto, kYes, kNo };
  /// VictoriaMetrics stores string fields as 0. kAuto asks the server once what it is and leaves them out there.
  OmitStrings omit_strings = OmitStrings::kAuto;
  std::size_t batch_bytes = 1024 * 1024;              // of text, before gzip
  core::Duration timeout = std::chrono::seconds{30};  // of one request
  /// How long acknowledged records are kept to be sent again (Sink::ack_hold, RELIABILITY P4). Nothing: 30 s when the
  /// server is a VictoriaMetrics, which acknowledges before it stores; else none.
  std::optional<core::Duration> ack_hold;
  std::string dead_letter_file;  // where lines go that the server refuses alone; empty = nowhere
  std::uint64_t dead_letter_bytes_max = 16 * 1024 * 1024;
  bool operator==(const InfluxOptions&) const = default;
};

class InfluxSink : public Sink {
 public:
  /// Lines given up on since the start.
  [[nodiscard]] virtual std::uint64_t dead_lettered() const = 0;
  /// Where the server's addresses come from, for the metric `sonde_sink_dns`.
  [[nodiscard]] virtual AddressSource address_source() const = 0;
  /// `take` gets the header sonde-companions of an answer that has it: the server is a hub and asks something of
  /// probers. Before the first delivery.
  virtual void on_companions(core::Callback<void(std::string_view)> take) = 0;
};

/// Parts that a sink uses. All must outlive it.
struct InfluxParts {
  io::Loop& loop;
  io::Files& files;
  io::HttpClient& http;
  AddressBook& addresses;
};

/// Errors: the URL is not http(s), or both database and bucket are set.
[[nodiscard]] core::Result<std::unique_ptr<InfluxSink>> make_influx_sink(InfluxParts parts, InfluxOptions options);

}  // namespace sonde::pipeline
