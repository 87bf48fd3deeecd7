// The influx sink: one delivery at a time, cut into pieces as the server's answers demand.
#include "pipeline/influx_sink.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/companion.h"
#include "core/target.h"
#include "pipeline/dead_letter.h"
#include "pipeline/influx_rules.h"
#include "pipeline/influx_wire.h"
#include "pipeline/lines.h"

namespace sonde::pipeline {
namespace {

constexpr std::size_t kReplyBytesMax = 64 * 1024;
constexpr std::size_t kMetricsBytesMax = 4 * 1024 * 1024;
constexpr core::Duration kVictoriaHold = std::chrono::seconds{30};  // it flushes its memory every 5 s, merges later
/// A server that is away often drops packets: without a bound of its own, connecting would take the whole timeout, and
/// one that has returned would be found out late (RELIABILITY P12). Three SYNs fit.
constexpr core::Duration kConnectTimeout = std::chrono::seconds{4};
/// A database that vanished in the middle of a request (its machine, or the path) is found out by then and not only
/// after the whole timeout; one that is merely slow acknowledges what it is sent.
constexpr core::Duration kPeerTimeout = std::chrono::seconds{10};
constexpr std::size_t kBatchBytesMin = 16 * 1024;

class Influx final : public InfluxSink {
 public:
  Influx(InfluxParts parts, InfluxOptions options, std::string host)
      : parts_(parts),
        options_(std::move(options)),
        host_(std::move(host)),
        dead_letters_(parts.files, options_.dead_letter_file, options_.dead_letter_bytes_max),
        batch_bytes_(options_.batch_bytes) {}

  [[nodiscard]] std::string_view name() const override { return options_.name; }
  [[nodiscard]] std::size_t batch_bytes_max() const override { return batch_bytes_; }
  [[nodiscard]] bool newest_first() const override { return true; }
  [[nodiscard]] core::Duration ack_hold() const override {
    return options_.ack_hold.value_or(victoria_ ? kVictoriaHold : core::Duration{});
  }
  [[nodiscard]] io::Handle deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) override;
  [[nodiscard]] std::uint64_t dead_lettered() const override { return dead_lettered_; }
  [[nodiscard]] SinkFacts facts() const override {
    SinkFacts out{.expired = expired_, .left_out = {}, .dns = static_cast<int>(address_source())};
    if (victoria_) out.left_out = left_out_;
    return out;
  }
  [[nodiscard]] AddressSource address_source() const override { return parts_.addresses.last_source(host_); }
  void on_companions(core::Callback<void(std::string_view)> take) override { on_companions_ = std::move(take); }

 private:
  class Delivery;

  // A VictoriaMetrics acknowledges what it cannot use too; only its own counters tell (RELIABILITY 1.5).
  void note_left_out(const VictoriaFacts& facts) {
    if (facts.is_victoria && counted_ && facts.left_out > *counted_) {
      left_out_ += facts.left_out - *counted_;
      spdlog::warn(
          "sink {}: the server acknowledged and left out {} rows since it was last asked, of all writers: "
          "its own log says why",
          options_.name, facts.left_out - *counted_);
    }
    counted_ = facts.is_victoria ? std::optional{facts.left_out} : std::nullopt;
  }

  InfluxParts parts_;
  InfluxOptions options_;
  std::string host_;
  DeadLetterFile dead_letters_;
  std::size_t batch_bytes_;
  std::uint64_t dead_lettered_ = 0;
  std::uint64_t expired_ = 0;
  core::Callback<void(std::string_view)> on_companions_;
  bool known_ = false;  // what the server is has been asked since the last failure
  bool victoria_ = false;
  std::optional<std::uint64_t> counted_;  // rows left out, as the server last said; a restart begins anew
  std::uint64_t left_out_ = 0;
  std::string started_;  // the server's start time, as it says it
};

/// One batch on its way. States follow each other: addresses, what the server is, then piece by piece.
class Influx::Delivery final : public io::Handle::Pending {
 public:
  Delivery(Influx& sink, const LogBatch& batch, core::Callback<void(SinkReply)> done)
      : sink_(sink), done_(std::move(done)) {
    pieces_.push_back(batch.lines);
  }

  void start() {
    step_ = sink_.parts_.addresses.find(sink_.host_, [this](Addresses found) {
      addresses_ = std::move(found);
      if (addresses_.list.empty())
        return finish({.kind = SinkReply::Kind::kRetry, .message = "the name " + sink_.host_ + " does not resolve"});
      const bool matters = sink_.options_.omit_strings == InfluxOptions::OmitStrings::kAuto || !sink_.options_.ack_hold;
      const bool ask = (matters && !sink_.known_) || sink_.ack_hold() > core::Duration{};
      ask ? look() : send();
    });
  }

 private:
  [[nodiscard]] io::HttpRequest request(std::string method, std::string url) const {
    const InfluxOptions& o = sink_.options_;
    io::HttpRequest r;
    r.method = std::move(method);
    r.url = std::move(url);
    r.headers = auth_headers(o);
    r.timeout = o.timeout;
    r.connect_timeout = std::min(o.timeout, kConnectTimeout);
    r.peer_timeout = std::min(o.timeout, kPeerTimeout);
    r.addresses = addresses_.list;
    r.ca_file = o.ca_file;
    r.client_cert_file = o.client_cert_file;
    r.client_key_file = o.client_key_file;
    return r;
  }

  // Asks the server's metrics page what it is and since when it runs.
  void look() {
    io::HttpRequest r = request("GET", metrics_url(sink_.options_));
    r.body_bytes_max = kMetricsBytesMax;
    step_ = sink_.parts_.http.fetch(std::move(r), [this](io::HttpResponse response) {
      if (looked(response)) send();
    });
  }

  // False when the server cannot be reached: the delivery is then over.
  bool looked(const io::HttpResponse& response) {
    // A page that is too large or does not decode says at least that somebody answers; one that comes byte by byte
    // would only be followed by a write that does too.
    const bool nobody = response.status == 0 || response.error == io::HttpError::kTimeout;
    if (response.error != io::HttpError::kNone && nobody) {
      finish({.kind = SinkReply::Kind::kRetry, .message = judge_reply(response).reason});
      return false;
    }
    const VictoriaFacts facts =
        response.status == 200 ? read_victoria_facts(response.body) : VictoriaFacts{};  // others need not have the page
    sink_.known_ = true;
    sink_.victoria_ = facts.is_victoria;
    sink_.note_left_out(facts);
    restarted_ = !sink_.started_.empty() && !facts.started.empty() && facts.started != sink_.started_;
    if (!facts.started.empty()) sink_.started_ = facts.started;
    return true;
  }

  void send() {
    if (pieces_.empty())
      return finish({.kind = SinkReply::Kind::kDone, .dead_lettered = dead_, .message = std::move(last_refusal_)});
    const bool plain = sink_.options_.omit_strings == InfluxOptions::OmitStrings::kNo ||
                       (sink_.options_.omit_strings == InfluxOptions::OmitStrings::kAuto && !sink_.victoria_);
    std::string text = plain ? pieces_.front() : without_text_fields(pieces_.front());
    if (text.empty()) {  // nothing in it that this database can hold
      pieces_.pop_front();
      return send();
    }
    io::HttpRequest r = request("POST", write_url(sink_.options_));
    r.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    r.body_bytes_max = kReplyBytesMax;
    r.body = std::move(text);
    if (sink_.options_.gzip) {
      r.body = gzip(r.body);
      r.headers.emplace_back("Content-Encoding", "gzip");
    }
    step_ = sink_.parts_.http.fetch(std::move(r), [this](io::HttpResponse response) { sent(response); });
  }

  void sent(const io::HttpResponse& response) {
    const InfluxVerdict verdict = judge_reply(response);
    const std::string_view asks = response.header(core::kCompanionHeader);
    if (verdict.action == InfluxAction::kTaken && !asks.empty() && sink_.on_companions_) {
      sink_.on_companions_(asks);
    }
    switch (verdict.action) {
      case InfluxAction::kTaken:
        pieces_.pop_front();
        break;
      case InfluxAction::kHalve:
        sink_.batch_bytes_ = std::max(kBatchBytesMin, std::min(sink_.batch_bytes_, pieces_.front().size()) / 2);
        [[fallthrough]];
      case InfluxAction::kBisect:
        if (!split()) give_up(verdict);
        break;
      case InfluxAction::kRetry:
        return finish({.kind = SinkReply::Kind::kRetry,
                       .retry_after = parse_retry_after(response.header("retry-after"), sink_.parts_.loop.wall_now()),
                       .message = verdict.reason});
      case InfluxAction::kBlocked:
        return finish({.kind = SinkReply::Kind::kBlocked, .message = verdict.reason});
    }
    send();
  }

  // Cuts the first piece in two at a line near its middle; false when it is a single line.
  bool split() {
    const std::string piece = std::move(pieces_.front());
    std::size_t cut = 0;
    std::size_t line_start = 0;
    while (cut < piece.size() / 2 || cut == 0) {
      line_start = cut;
      cut += first_line_bytes(std::string_view{piece}.substr(cut));
    }
    if (cut >= piece.size()) cut = line_start;  // the last line is the longer half
    pieces_.front() = piece.substr(cut);
    if (cut == 0) return false;
    pieces_.push_front(piece.substr(0, cut));
    return true;
  }

  // A line that is refused alone leaves the log for the dead-letter file. It is counted even where that file does not
  // take it: one bad line must not hold up all others.
  void give_up(const InfluxVerdict& verdict) {
    const std::string& reason = verdict.reason;
    const auto kept = sink_.dead_letters_.add(
        {.time = sink_.parts_.loop.wall_now(), .sink = sink_.options_.name, .reason = reason, .line = pieces_.front()});
    if (!kept) spdlog::error("sink {}: {}; a refused line is lost", sink_.options_.name, kept.error().message);
    spdlog::warn("sink {}: a line was refused alone: {}", sink_.options_.name, reason);
    ++dead_;
    if (verdict.expired) ++expired_;
    last_refusal_ = reason;
    pieces_.pop_front();
  }

  void finish(SinkReply reply) {
    reply.restarted = restarted_;
    if (reply.kind == SinkReply::Kind::kDone) {
      sink_.dead_lettered_ += dead_;
      sink_.expired_ += expired_;
    }
    if (reply.kind == SinkReply::Kind::kRetry) sink_.known_ = false;  // another server may answer next time
    core::Callback<void(SinkReply)> done = std::move(done_);
    done(std::move(reply));  // may destroy this
  }

  Influx& sink_;
  core::Callback<void(SinkReply)> done_;
  std::deque<std::string> pieces_;
  Addresses addresses_;
  std::uint64_t dead_ = 0;
  std::uint64_t expired_ = 0;  // of them
  std::string last_refusal_;
  bool restarted_ = false;
  io::Handle step_;
};

io::Handle Influx::deliver(const LogBatch& batch, core::Callback<void(SinkReply)> done) {
  auto delivery = std::make_unique<Delivery>(*this, batch, std::move(done));
  delivery->start();
  return io::Handle{std::move(delivery)};
}

}  // namespace

core::Result<std::unique_ptr<InfluxSink>> make_influx_sink(InfluxParts parts, InfluxOptions options) {
  const auto url = core::parse_url(options.url);
  if (!url) return url.error();
  if (url->scheme != "http" && url->scheme != "https") {
    return core::Error{core::ErrorCode::kInvalid, "the url of an influx sink begins with http:// or https://"};
  }
  if (!options.database.empty() && !options.bucket.empty()) {
    return core::Error{core::ErrorCode::kInvalid, "an influx sink has a database (v1, v3) or a bucket (v2), not both"};
  }
  if (options.api == InfluxOptions::Api::kV3 && options.database.empty()) {
    return core::Error{core::ErrorCode::kInvalid, "an influx sink with api: v3 needs a database"};
  }
  return std::unique_ptr<InfluxSink>(std::make_unique<Influx>(parts, std::move(options), url->host));
}

}  // namespace sonde::pipeline
