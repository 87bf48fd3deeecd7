// Takes line protocol in over HTTP, as InfluxDB 1 (`/write`) and 2 (`/api/v2/write`) do, and appends it to the log.
// 204 is sent only once the log is durable. Source: InfluxDB 1.8 and 2 HTTP API reference, "write".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/callback.h"
#include "core/time.h"
#include "io/http_server.h"
#include "io/loop.h"
#include "pipeline/log.h"

namespace sonde::hub {

struct IngestOptions {
  std::size_t unpacked_bytes_max = 16 * 1024 * 1024;  // of a gzip body
  std::size_t waiting_bytes_max = 32 * 1024 * 1024;   // appended and not durable yet, over all requests; beyond → 429
  /// Lines that claim to be later than now by more than this are refused: they would stay the newest for ever.
  core::Duration future_max = std::chrono::minutes{2};
};

struct IngestCounters {
  std::uint64_t requests = 0;
  std::uint64_t requests_refused = 0;  // nothing of them was taken
  std::uint64_t lines = 0;             // appended
  std::uint64_t lines_rejected = 0;
  std::uint64_t bytes_waiting = 0;
};

class Ingest {
 public:
  /// `loop` and `log` must outlive it; the log may call back later than that.
  Ingest(io::Loop& loop, pipeline::Log& log, IngestOptions options);

  /// Gives the value of the header sonde-companions for an answer to a prober of these vantages, or "" for none; before
  /// the first write.
  void on_vantages(core::Callback<std::string(std::span<const std::string>)> ask) { ask_ = std::move(ask); }

  /// Answers one POST: 204 when every line is durable; 400 naming the first bad line, the good ones being durable;
  /// 413 and 415 for bodies that are too large or coded in another way than gzip; 429 with Retry-After when too much
  /// waits for the disk; 503 when the disk refused.
  void write(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder);

  [[nodiscard]] const IngestCounters& counters() const { return *counters_; }

 private:
  io::Loop& loop_;
  pipeline::Log& log_;
  IngestOptions options_;
  core::Callback<std::string(std::span<const std::string>)> ask_;
  // Shared with answers that wait for the disk: the log may outlive this object and still call them.
  std::shared_ptr<IngestCounters> counters_;
};

}  // namespace sonde::hub
