// The steps, one after another: addresses, what the server is, three writes, reading until it is there, removal.
#include "pipeline/influx_examination.h"

#include <algorithm>
#include <utility>

#include "core/sanitize.h"
#include "core/target.h"
#include "pipeline/influx_rules.h"
#include "pipeline/influx_wire.h"

namespace sonde::pipeline {
namespace {

using Reading = InfluxExamination::Reading;
using Remains = InfluxExamination::Remains;

constexpr core::Duration kPollEvery = std::chrono::milliseconds{500};
/// VictoriaMetrics makes rows visible in portions: copies may follow the first that is seen.
constexpr core::Duration kSettle = std::chrono::seconds{2};
constexpr std::size_t kAnswerBytesMax = 4 * 1024 * 1024;

// Date was true at some moment between asking and the answer's end, and is cut to whole seconds.
std::optional<ClockBounds> clock_bounds(const io::HttpResponse& response, core::WallTime asked, core::WallTime now) {
  const auto date = parse_http_date(response.header("date"));
  if (!date) return std::nullopt;
  return ClockBounds{.least = asked - *date - std::chrono::seconds{1}, .most = now - *date};
}

class Examination final : public io::Handle::Pending {
 public:
  Examination(InfluxParts parts, InfluxOptions options, std::unique_ptr<InfluxSink> sink, std::string host,
              std::string_view vantage, core::Callback<void(InfluxExamination)> done)
      : parts_(parts),
        options_(std::move(options)),
        sink_(std::move(sink)),
        host_(std::move(host)),
        canary_(canary_for(vantage, options_.name, parts.loop.wall_now())),
        done_(std::move(done)) {}

  void start() {
    step_ = parts_.addresses.find(host_, [this](Addresses found) {
      out_.addresses = std::move(found);
      if (!out_.addresses.list.empty()) return ping();
      out_.unreachable = "the name " + core::sanitize(host_) + " does not resolve";
      finish();
    });
  }

 private:
  using Then = void (Examination::*)(const io::HttpResponse&);

  void ask(io::HttpRequest r, Then then) {
    for (auto& header : auth_headers(options_)) r.headers.push_back(std::move(header));
    r.timeout = options_.timeout;
    r.addresses = out_.addresses.list;
    r.ca_file = options_.ca_file;
    r.client_cert_file = options_.client_cert_file;
    r.client_key_file = options_.client_key_file;
    r.body_bytes_max = kAnswerBytesMax;
    asked_ = parts_.loop.precise_now();
    asked_wall_ = parts_.loop.wall_now();
    step_ =
        parts_.http.fetch(std::move(r), [this, then](const io::HttpResponse& response) { (this->*then)(response); });
  }

  void ping() {
    io::HttpRequest r;
    r.url = base_url(options_) + "/ping";
    ask(std::move(r), &Examination::pinged);
  }

  void pinged(const io::HttpResponse& response) {
    if (response.error != io::HttpError::kNone) {
      out_.unreachable = judge_reply(response).reason;
      return finish();
    }
    out_.answered_in = parts_.loop.precise_now() - asked_;
    out_.clock = clock_bounds(response, asked_wall_, parts_.loop.wall_now());
    ping_ = response;
    io::HttpRequest r;
    r.url = metrics_url(options_);
    ask(std::move(r), &Examination::looked);
  }

  void looked(const io::HttpResponse& response) {
    out_.server = read_server_facts(options_, ping_, response);
    write();
  }

  void write() {
    batch_.lines = canary_.lines();
    batch_.records = 2;
    step_ = sink_->deliver(batch_, [this](SinkReply reply) { wrote(std::move(reply)); });
  }

  void wrote(SinkReply reply) {
    out_.ack_hold = sink_->ack_hold();
    if (reply.kind == SinkReply::Kind::kDone && reply.dead_lettered == 0) {
      if (++out_.writes_taken < kCanaryWrites) return write();
    } else {
      out_.refusal = std::move(reply);
      if (out_.refusal->kind != SinkReply::Kind::kDone) {
        const bool unsure = out_.writes_taken > 0 || out_.refusal->kind == SinkReply::Kind::kRetry;
        out_.remains = unsure ? Remains::kNotKnown : Remains::kNothing;
        return finish();
      }
    }
    language_ = query_language(options_, out_.server.kind);
    out_.remains = Remains::kStays;
    if (language_ == QueryLanguage::kNone) {
      out_.reading = Reading::kNoWay;
      return finish();
    }
    give_up_at_ = parts_.loop.now() + kCanaryPatience;
    read();
  }

  void read() { ask(query_for(canary_, language_, options_), &Examination::was_read); }

  void was_read(const io::HttpResponse& response) {
    const auto values = values_of(response);
    if (!values) return remove();
    values_ = *values;
    out_.fate = read_fate(canary_, values_);
    const bool whole = out_.fate.first_copies > 0 && out_.fate.second_copies > 0;
    if (parts_.loop.now() >= give_up_at_ || (whole && (settled_ || language_ != QueryLanguage::kExport)))
      return remove();
    settled_ = whole;
    step_ = parts_.loop.after(whole ? kSettle : kPollEvery, [this] { read(); });
  }

  // Also says in out_ how the reading went.
  std::optional<std::vector<StoredValue>> values_of(const io::HttpResponse& response) {
    const bool forbidden = response.status == 401 || response.status == 403;
    const bool unknown_path = response.status == 404 || response.status == 405;
    if (response.status != 200) {
      out_.reading = forbidden ? Reading::kForbidden : unknown_path ? Reading::kNoWay : Reading::kFailed;
      out_.reading_said = judge_reply(response).reason;
      return std::nullopt;
    }
    auto values = read_values(language_, response.body);
    out_.reading = values ? Reading::kDone : Reading::kFailed;
    if (values) return std::move(*values);
    out_.reading_said = values.error().message;
    return std::nullopt;
  }

  void remove() {
    if (out_.reading == Reading::kNoWay) return finish();
    if (out_.reading == Reading::kDone && !out_.fate.found()) {
      out_.remains = out_.refusal ? Remains::kNothing : Remains::kNotKnown;
      return look_at_types();
    }
    auto request = removal_of(canary_, language_, options_, values_);
    if (!request) return look_at_types();
    ask(std::move(*request), &Examination::removed);
  }

  void removed(const io::HttpResponse& response) {
    const bool taken = response.error == io::HttpError::kNone && response.status >= 200 && response.status <= 299;
    if (!taken) {
      out_.remains_said = judge_reply(response).reason;
      return look_at_types();
    }
    if (language_ == QueryLanguage::kInfluxQl) {
      if (const auto answer = read_values(language_, response.body); !answer) {
        out_.remains_said = answer.error().message;
        return look_at_types();
      }
    }
    ask(query_for(canary_, language_, options_), &Examination::looked_again);
  }

  void looked_again(const io::HttpResponse& response) {
    const auto values = response.status == 200 ? read_values(language_, response.body) : core::Error{};
    if (!values) {  // who may not read may still remove
      out_.remains = Remains::kRemovedItSays;
    } else {
      out_.remains = read_fate(canary_, *values).found() ? Remains::kStays : Remains::kRemoved;
    }
    look_at_types();
  }

  // Only InfluxDB 1 is asked: it is what refuses lines one by one for ever.
  void look_at_types() {
    if (language_ != QueryLanguage::kInfluxQl || out_.reading != Reading::kDone) return finish();
    ask(field_types_query(options_), &Examination::saw_types);
  }

  void saw_types(const io::HttpResponse& response) {
    if (response.status == 200) {
      auto conflicts = read_type_conflicts(response.body);
      out_.types_known = conflicts.has_value();
      if (conflicts) out_.conflicts = std::move(*conflicts);
    }
    finish();
  }

  void finish() {
    core::Callback<void(InfluxExamination)> done = std::move(done_);
    done(std::move(out_));  // may destroy this
  }

  InfluxParts parts_;
  InfluxOptions options_;
  std::unique_ptr<InfluxSink> sink_;
  std::string host_;
  Canary canary_;
  core::Callback<void(InfluxExamination)> done_;
  InfluxExamination out_;
  io::HttpResponse ping_;
  LogBatch batch_;
  QueryLanguage language_ = QueryLanguage::kNone;
  std::vector<StoredValue> values_;
  bool settled_ = false;
  core::MonoTime asked_{};
  core::WallTime asked_wall_{};
  core::MonoTime give_up_at_{};
  io::Handle step_;
};

}  // namespace

core::Result<io::Handle> examine_influx(InfluxParts parts, InfluxOptions options, std::string_view vantage,
                                        core::Callback<void(InfluxExamination)> done) {
  options.timeout = std::min(options.timeout, kExaminationTimeout);
  options.dead_letter_file.clear();  // a refused canary is told, not kept
  auto sink = make_influx_sink(parts, options);
  if (!sink) return sink.error();
  auto url = core::parse_url(options.url);
  if (!url) return url.error();
  auto pending = std::make_unique<Examination>(parts, std::move(options), std::move(*sink), std::move(url->host),
                                               vantage, std::move(done));
  pending->start();
  return io::Handle{std::move(pending)};
}

}  // namespace sonde::pipeline
