// The http check: resolve, connect, for https our own TLS, then libcurl speaks HTTP over that very stream. Redirects
// are followed by the check itself, each as a hop of its own, so that address policy, stages and times hold for each.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/sanitize.h"
#include "core/text.h"
#include "prober/checks/checks.h"
#include "prober/checks/http_hop.h"
#include "prober/checks/http_trail.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

class HttpCheck final : public Check {
 public:
  HttpCheck(const HttpSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec), net_(net), context_(context) {}

  void start(MonoTime deadline, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    deadline_ = deadline;
    started_ = context_.loop.precise_now();
    begin({.url = spec_.url, .method = spec_.ask.method});
  }

  core::Measurement give_up(Cause why) override {
    hop_->give_up(why);
    return conclude();
  }

 private:
  void begin(HttpHopAsk ask) {
    seen_.insert(ask.method + " " + to_text(ask.url));
    hop_ = std::make_unique<HttpHop>(spec_, net_, context_, std::move(ask));
    hop_->start(deadline_, [this](bool ok) { on_hop(ok); });
  }

  void on_hop(bool ok) {
    note_hop();
    if (!ok) {
      if (may_retry()) return retry(hop_->ask());
      return finish();
    }
    if (may_retry_without_expect()) return retry_without_expect();
    const io::HttpResponse& r = hop_->response();
    if (spec_.ask.redirects_max > 0 && is_redirect(r.status)) {
      if (!r.header("location").empty()) return redirect(r);
      if (!spec_.expect.status_given) {
        hop_->measurement().outcome =
            core::failed(Stage::kHttp, Cause::kStatus, "HTTP " + std::to_string(r.status) + " without a Location");
        return finish();
      }
    }
    hop_->measurement().outcome = judge_http(spec_.expect, r, hop_->tls());
    if (hop_->measurement().outcome.status == core::Status::kOk) judge_blemishes();
    finish();
  }

  void redirect(const io::HttpResponse& r) {
    auto next = follow(hop_->ask(), r.status, r.header("location"));
    if (auto* refused = std::get_if<core::Outcome>(&next)) return end_with(std::move(*refused));
    auto& ask = std::get<HttpHopAsk>(next);
    const std::string url = to_text(ask.url);
    if (seen_.contains(ask.method + " " + url)) {
      return end_with(core::failed(Stage::kHttp, Cause::kRedirectLoop, "back to " + url));
    }
    if (redirects_ == spec_.ask.redirects_max) {
      return end_with(core::failed(Stage::kHttp, Cause::kTooManyRedirects,
                                   "more than " + std::to_string(spec_.ask.redirects_max) + ", on to " + url));
    }
    ++redirects_;
    downgraded_ = downgraded_ || (hop_->tls() && ask.url.scheme == "http");
    next_hop(std::move(ask));
  }

  void end_with(core::Outcome outcome) {
    hop_->measurement().outcome = std::move(outcome);
    finish();
  }

  /// A server that is about to restart says so before it works on the request (RFC 9113 6.8): one more try.
  [[nodiscard]] bool may_retry() const { return !retried_ && hop_->is_unprocessed(); }

  /// A server that cannot meet `Expect: 100-continue` answers 417; the client then asks without (RFC 9110 10.1.1).
  [[nodiscard]] bool may_retry_without_expect() const {
    constexpr int kExpectationFailed = 417;
    const auto is_expect = [](const auto& header) { return core::lower_ascii(header.first) == "expect"; };
    return !retried_ && hop_->response().status == kExpectationFailed &&
           std::ranges::any_of(spec_.ask.headers, is_expect);
  }

  void retry_without_expect() {
    HttpHopAsk ask = hop_->ask();
    ask.with_expect = false;
    retry(std::move(ask));
  }

  void retry(HttpHopAsk ask) {
    retried_ = true;
    next_hop(std::move(ask));
  }

  void next_hop(HttpHopAsk ask) {
    trail_.add(to_text(hop_->ask().url), hop_->measurement());
    context_.loop.retire(std::move(hop_));  // its callback is on the stack
    begin(std::move(ask));
  }

  /// Keeps what the hop that has ended adds to the whole run.
  void note_hop() {
    if (blemish_.empty()) blemish_ = hop_->blemish();
    waited_ += hop_->waited();
    if (const io::TlsResult* tls = hop_->tls_result()) note_tls(*tls);
    const io::HttpOddities& odd = hop_->response().oddities;
    oddities_.bare_line_feeds |= odd.bare_line_feeds;
    oddities_.length_and_chunked |= odd.length_and_chunked;
    oddities_.bytes_after_end |= odd.bytes_after_end;
  }

  void note_tls(const io::TlsResult& tls) {
    auto expiry = tls.facts.chain_expiry;
    if (!expiry && tls.facts.certificates != nullptr) expiry = tls.facts.certificates->earliest_expiry;
    if (expiry) expiry_ = expiry_ ? std::min(*expiry_, *expiry) : *expiry;
    if (tls.blemish != Cause::kNone && !tls_blemish_) tls_blemish_ = tls;
  }

  void judge_blemishes() {
    core::Measurement& m = hop_->measurement();
    if (downgraded_) {
      m.outcome = core::degraded(Stage::kHttp, Cause::kDowngrade, "on the way to " + to_text(hop_->ask().url));
    } else if (oddities_.length_and_chunked) {
      m.outcome = core::degraded(Stage::kHttp, Cause::kSmugglingRisk, "both Content-Length and chunked");
    } else {
      apply_blemishes(spec_.expect.common,
                      {.address = blemish_,
                       .tls = tls_blemish_ ? &*tls_blemish_ : nullptr,
                       .cert_expiry = expiry_,
                       .now = context_.loop.wall_now(),
                       .duration = context_.loop.precise_now() - started_ - waited_},
                      m);
    }
  }

  /// What comes after a redirect is the redirecting server's doing, also where our policy stops it.
  void explain_hop(core::Outcome& outcome) const {
    if (redirects_ == 0 || outcome.status == core::Status::kOk || outcome.status == core::Status::kDegraded) return;
    if (outcome.cause == Cause::kPolicy || outcome.cause == Cause::kBogon) {
      outcome.status = core::Status::kFail;
      outcome.stage = Stage::kHttp;
      outcome.cause = Cause::kSsrfBlocked;
    }
    const std::string where = "hop " + std::to_string(redirects_ + 1) + ", " + authority(hop_->ask().url);
    outcome.detail = core::sanitize(where + (outcome.detail.empty() ? "" : ": ") + outcome.detail);
  }

  [[nodiscard]] std::string notes() const {
    const io::HttpResponse& r = hop_->response();
    std::string out;
    const auto add = [&out](bool there, std::string_view word) {
      if (there) (out += out.empty() ? "" : ",") += word;
    };
    add(oddities_.bare_line_feeds, "bare_line_feeds");
    add(oddities_.bytes_after_end, "bytes_after_end");
    add(retried_, "retried");
    add(!r.header("strict-transport-security").empty(), "hsts");
    add(!r.header("alt-svc").empty(), "alt_svc");
    return out;
  }

  /// The run's measurement: the last hop's facts, with what all hops add up to.
  core::Measurement conclude() {
    core::Measurement m = std::move(hop_->measurement());
    trail_.add(to_text(hop_->ask().url), m);
    trail_.write(m);
    explain_hop(m.outcome);
    if (m.get(field::kHttpStatusCode) != nullptr) m.set(field::kHttpRedirects, std::int64_t{redirects_});
    if (std::string text = notes(); !text.empty()) m.set(field::kHttpNotes, std::move(text));
    return m;
  }

  void finish() {
    auto done = std::move(done_);
    done(conclude());  // may destroy this
  }

  const HttpSpec& spec_;
  const NetSpec& net_;
  CheckContext& context_;
  Callback<void(core::Measurement)> done_;
  MonoTime started_{};
  MonoTime deadline_{};
  std::unique_ptr<HttpHop> hop_;  // the present one
  HttpTrail trail_;               // the earlier ones
  std::set<std::string> seen_;    // requests made, to see a circle
  int redirects_ = 0;
  bool downgraded_ = false;
  bool retried_ = false;
  Duration waited_{};  // for a place of our own
  std::string blemish_;
  std::optional<WallTime> expiry_;            // the earliest of all hops
  std::optional<io::TlsResult> tls_blemish_;  // of the first hop that has one
  io::HttpOddities oddities_;
};

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<HttpCheck>(static_cast<const HttpSpec&>(spec), net, context);
}

constexpr auto kFields = approach_fields_and(std::array<const core::Field*, 11>{
    &field::kProcessingSeconds, &field::kTransferSeconds, &field::kHttpStatusCode, &field::kHttpVersion,
    &field::kHttpContentLength, &field::kHttpBodyBytes, &field::kHttpRedirects, &field::kHttpHops,
    &field::kHttpLastModified, &field::kHttpDateSkewSeconds, &field::kHttpNotes});

}  // namespace

const CheckType kHttpCheck = {core::CheckKind::kHttp, kFields, &kHttpExpect, &kHttpRequest, &parse_http_spec, &make};

}  // namespace sonde::prober
