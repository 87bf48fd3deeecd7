// One write: unpack, read line by line, append, wait for the disk, answer.
#include "hub/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/companion.h"
#include "core/line_protocol.h"
#include "core/sanitize.h"
#include "core/schema.h"
#include "hub/answer.h"
#include "hub/gunzip.h"

namespace sonde::hub {
namespace {

using core::Record;

constexpr std::size_t kVantagesNoted = 8;  // of one write: a prober has one, a hub that passes others' on has more

std::optional<core::Precision> parse_precision(std::string_view text) {
  if (text.empty() || text == "ns" || text == "n") return core::Precision::kNanoseconds;
  if (text == "us" || text == "u") return core::Precision::kMicroseconds;
  if (text == "ms") return core::Precision::kMilliseconds;
  if (text == "s") return core::Precision::kSeconds;
  return std::nullopt;
}

// The good lines of a body in our own form, by class, and what was wrong with the others.
struct Parsed {
  struct Part {
    std::string lines;
    std::uint64_t records = 0;
  };
  std::array<Part, 3> parts;  // by RecordClass
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::string first_error;
  std::vector<std::string> vantages;  // that ran probes, the first few

  void note_vantage(std::string_view name) {
    if (name.empty() || vantages.size() == kVantagesNoted || std::ranges::find(vantages, name) != vantages.end())
      return;
    vantages.emplace_back(name);
  }

  void reject(std::string_view why) {
    if (rejected++ == 0) first_error = core::sanitize(why);
  }
};

void take_record(const Record& record, core::WallTime latest, Parsed& parsed) {
  const std::uint64_t number = parsed.accepted + parsed.rejected + 1;
  if (record.time > latest) {
    return parsed.reject(fmt::format("point {} ({}): its time lies in the future", number, record.measurement));
  }
  auto& part = parsed.parts[static_cast<std::size_t>(pipeline::class_of(record))];
  if (!core::encode_line(record, part.lines)) {
    return parsed.reject(fmt::format("point {} ({}): no fields, more than {} tags, or longer than {} bytes", number,
                                     record.measurement, core::kLineTagsMax, core::kLineBytesMax));
  }
  part.records += 1;
  parsed.accepted += 1;
  if (record.measurement == core::measurement::kProbe) parsed.note_vantage(record.tag(core::tag::kVantage));
}

Parsed parse(std::string_view body, core::Precision precision, core::WallTime now, core::Duration future_max) {
  Parsed parsed;
  core::decode_lines(
      body, precision, now, [&parsed, latest = now + future_max](const Record& r) { take_record(r, latest, parsed); },
      [&parsed](const core::LineError& e) { parsed.reject(fmt::format("line {}: {}", e.line, e.message)); });
  return parsed;
}

io::ServerResponse answer_for(std::uint64_t rejected, const std::string& first_error, const std::string& asks) {
  if (rejected == 0) {
    io::ServerResponse taken{.status = 204, .headers = {}, .body = {}};
    if (!asks.empty()) taken.headers.emplace_back(core::kCompanionHeader, asks);
    return taken;
  }
  return influx_error(400, fmt::format("partial write: {} dropped={}", first_error, rejected));
}

}  // namespace

Ingest::Ingest(io::Loop& loop, pipeline::Log& log, IngestOptions options)
    : loop_(loop), log_(log), options_(options), counters_(std::make_shared<IngestCounters>()) {}

void Ingest::write(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  counters_->requests += 1;
  const auto refuse = [this, &responder](io::ServerResponse response) {
    counters_->requests_refused += 1;
    responder->respond(std::move(response));
  };
  const auto precision = parse_precision(request.parameter("precision"));
  if (!precision) return refuse(influx_error(400, "precision must be ns, us, ms or s"));
  if (counters_->bytes_waiting > options_.waiting_bytes_max) {
    io::ServerResponse busy = influx_error(429, "the log is behind; send again later");
    busy.headers.emplace_back("Retry-After", "1");
    return refuse(std::move(busy));
  }
  std::string unpacked;
  std::string_view body = request.body;
  if (const std::string_view coding = request.header("content-encoding"); coding == "gzip") {
    auto result = gunzip(body, {.bytes_max = options_.unpacked_bytes_max});
    if (!result) {
      return refuse(influx_error(result.error().code == core::ErrorCode::kNoSpace ? 413 : 400, result.error().message));
    }
    unpacked = std::move(*result);
    body = unpacked;
  } else if (!coding.empty() && coding != "identity") {
    return refuse(influx_error(415, "Content-Encoding must be gzip or absent"));
  }
  const Parsed parsed = parse(body, *precision, loop_.wall_now(), options_.future_max);
  counters_->lines_rejected += parsed.rejected;
  if (parsed.accepted == 0 && parsed.rejected > 0) {
    return refuse(
        influx_error(400, fmt::format("unable to parse: {} dropped={}", parsed.first_error, parsed.rejected)));
  }
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < parsed.parts.size(); ++i) {
    const Parsed::Part& part = parsed.parts[i];
    if (part.records == 0) continue;
    log_.append_lines(part.lines, part.records, static_cast<pipeline::RecordClass>(i));
    bytes += part.lines.size();
  }
  counters_->lines += parsed.accepted;
  counters_->bytes_waiting += bytes;
  log_.on_durable([counters = counters_, bytes, rejected = parsed.rejected, first_error = parsed.first_error,
                   asks = ask_ && parsed.rejected == 0 ? ask_(parsed.vantages) : std::string{},
                   waiting = std::move(responder)](const core::Result<void>& durable) {
    counters->bytes_waiting -= bytes;
    if (!durable) return waiting->respond(influx_error(503, "the log cannot keep it: " + durable.error().message));
    waiting->respond(answer_for(rejected, first_error, asks));
  });
}

}  // namespace sonde::hub
