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
  bool early = false;                 // some of the rejected will be taken once their time has come
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

// Until when lines may be stamped, and until when a sender that keeps them is asked to wait.
struct Latest {
  core::WallTime taken;
  core::WallTime awaited;
};

void take_record(const Record& record, const Latest& latest, Parsed& parsed) {
  const std::uint64_t number = parsed.accepted + parsed.rejected + 1;
  if (record.time > latest.taken) {
    parsed.early |= record.time <= latest.awaited;
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

Parsed parse(std::string_view body, core::Precision precision, core::WallTime now, const Latest& latest) {
  Parsed parsed;
  core::decode_lines(
      body, precision, now, [&parsed, &latest](const Record& r) { take_record(r, latest, parsed); },
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

io::ServerResponse later(int status, std::string_view message, std::string_view seconds) {
  io::ServerResponse answer = influx_error(status, message);
  answer.headers.emplace_back("Retry-After", seconds);
  return answer;
}

// Says on each answer what our clock shows at that moment.
class TellingTheTime final : public io::Responder {
 public:
  TellingTheTime(io::Loop& loop, std::unique_ptr<io::Responder> inner) : loop_(loop), inner_(std::move(inner)) {}
  void respond(io::ServerResponse response) override {
    response.headers.emplace_back(pipeline::kNowHeader, pipeline::to_now_header(loop_.wall_now()));
    inner_->respond(std::move(response));
  }
  std::unique_ptr<io::EventStream> stream(io::ServerResponse head) override { return inner_->stream(std::move(head)); }

 private:
  io::Loop& loop_;
  std::unique_ptr<io::Responder> inner_;
};

}  // namespace

Ingest::Ingest(io::Loop& loop, pipeline::Log& log, IngestOptions options)
    : loop_(loop), log_(log), options_(options), counters_(std::make_shared<IngestCounters>()) {}

// True when the sender is a Sonde, which says what its clock shows.
bool Ingest::note_clock(const io::ServerRequest& request) {
  const auto note = pipeline::read_clock_note(request.header(pipeline::kClockHeader));
  if (!note) return false;
  // Before what it sends: the judge then reads first that the clock is wrong.
  if (const auto record = clocks_.note(*note, loop_.wall_now(), loop_.precise_now())) log_.append(*record);
  return true;
}

void Ingest::write(const io::ServerRequest& request, std::unique_ptr<io::Responder> responder) {
  counters_->requests += 1;
  const bool keeps = note_clock(request);
  if (keeps) responder = std::make_unique<TellingTheTime>(loop_, std::move(responder));
  const auto refuse = [this, &responder](io::ServerResponse response) {
    counters_->requests_refused += 1;
    responder->respond(std::move(response));
  };
  const auto precision = parse_precision(request.parameter("precision"));
  if (!precision) return refuse(influx_error(400, "precision must be ns, us, ms or s"));
  if (counters_->bytes_waiting > options_.waiting_bytes_max) {
    return refuse(later(429, "the log is behind; send again later", "1"));
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
  const core::WallTime now = loop_.wall_now();
  const Parsed parsed =
      parse(body, *precision, now, {.taken = now + options_.future_max, .awaited = now + options_.wait_max});
  // To refuse them for good would lose what a prober saw while its clock was ahead.
  if (keeps && parsed.early) {
    return refuse(
        later(503, "points lie in the future of this hub's clock; they are taken when it has come there", "10"));
  }
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
