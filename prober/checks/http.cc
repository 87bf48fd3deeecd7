// The http check: resolve, connect, for https our own TLS, then libcurl speaks HTTP/1.1 over that very stream.
// A redirect is an answer and is not followed.
#include <algorithm>
#include <array>
#include <utility>

#include "prober/checks/checks.h"
#include "prober/checks/http_spec.h"
#include "prober/stages/approach.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

// The library must end before the runner does: only it knows how far the answer had come.
constexpr Duration kDeadlineMargin = std::chrono::milliseconds{10};
constexpr Duration kBudgetMin = std::chrono::milliseconds{1};

bool is_user_agent(std::string_view header) {
  return std::ranges::equal(header, std::string_view{"user-agent"}, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

class HttpCheck final : public Check {
 public:
  HttpCheck(const HttpSpec& spec, const NetSpec& net, CheckContext& context)
      : spec_(spec), net_(net), context_(context), approach_(context, net, plan(spec), m_) {}

  void start(MonoTime deadline, Callback<void(core::Measurement)> done) override {
    done_ = std::move(done);
    deadline_ = deadline;
    started_ = context_.loop.precise_now();
    approach_.start([this](bool ok) { on_connected(ok); });
  }

  core::Measurement give_up(Cause why) override {
    if (asked_) {
      m_.outcome = core::failed(Stage::kHttp, why);
    } else {
      approach_.give_up(why);
    }
    return std::move(m_);
  }

 private:
  static ApproachPlan plan(const HttpSpec& spec) {
    return {.host = spec.url.host, .port = spec.url.port, .tls = spec.tls};
  }

  void on_connected(bool ok) {
    if (!ok) return finish();
    io::HttpRequest request;
    if (spec_.tls) {
      auto stream = approach_.session()->open_stream();
      if (!stream) {
        m_.outcome = core::failed(Stage::kHttp, Cause::kNoFd, stream.error().message);
        return finish();
      }
      request.stream = std::move(*stream);
    } else {
      request.stream = std::move(approach_.fd());
    }
    request.method = spec_.method;
    request.url = spec_.request_url;
    request.headers = spec_.request_headers;
    if (std::ranges::none_of(request.headers, [](const auto& h) { return is_user_agent(h.first); })) {
      request.headers.emplace_back("User-Agent", context_.user_agent);
    }
    const Duration left = deadline_ - context_.loop.precise_now() - kDeadlineMargin;
    request.timeout = std::max(kBudgetMin, stage_budget(net_, Stage::kHttp, left));
    asked_ = true;
    fetch_ = context_.http.fetch(std::move(request), [this](const io::HttpResponse& r) { on_response(r); });
  }

  void on_response(const io::HttpResponse& r) {
    set_facts(r);
    if (r.error != io::HttpError::kNone) {
      m_.outcome = outcome_of(r);
      return finish();
    }
    m_.outcome = judge_http(spec_, r);
    if (m_.outcome.status == core::Status::kOk) {
      apply_blemishes(spec_.common,
                      {.address = approach_.blemish(),
                       .tls = approach_.session() != nullptr ? &approach_.tls() : nullptr,
                       .cert_expiry = approach_.earliest_expiry(),
                       .now = context_.loop.wall_now(),
                       .duration = context_.loop.precise_now() - started_ - approach_.waited()},
                      m_);
    }
    finish();
  }

  void set_facts(const io::HttpResponse& r) {
    if (r.first_byte == MonoTime{}) return;
    m_.set_seconds(field::kProcessingSeconds, r.first_byte - r.started);
    if (r.status != 0) m_.set(field::kHttpStatusCode, std::int64_t{r.status});
    if (!r.version.empty()) m_.set(field::kHttpVersion, r.version);
    if (!r.head_complete) return;
    m_.set(field::kHttpContentLength, static_cast<std::int64_t>(r.body_bytes));
    m_.set(field::kHttpRedirects, std::int64_t{0});
    if (r.error == io::HttpError::kNone) m_.set_seconds(field::kTransferSeconds, r.finished - r.first_byte);
  }

  /// How the stream below ended tells more than what libcurl made of it.
  core::Outcome outcome_of(const io::HttpResponse& r) {
    if (const io::TlsSession* session = approach_.session(); session != nullptr) {
      const io::TlsStreamEnd end = session->stream_end();
      if (end == io::TlsStreamEnd::kAlert || end == io::TlsStreamEnd::kProtocol) {
        return core::failed(Stage::kTls, session->stream_cause(), "after the handshake");
      }
      if (end == io::TlsStreamEnd::kReset) return core::failed(Stage::kHttp, Cause::kReset, r.error_text);
    }
    return core::failed(Stage::kHttp, cause_of(r), r.error_text);
  }

  static Cause cause_of(const io::HttpResponse& r) {
    switch (r.error) {
      case io::HttpError::kNone:
        return Cause::kNone;
      case io::HttpError::kTimeout:
        if (r.first_byte == MonoTime{}) return Cause::kTimeout;
        return r.head_complete ? Cause::kBodyTimeout : Cause::kHeaderTimeout;
      case io::HttpError::kEmpty:
        return Cause::kEmpty;
      case io::HttpError::kReset:
        return Cause::kReset;
      case io::HttpError::kMalformed:
        return Cause::kMalformed;
      case io::HttpError::kTruncated:
        return Cause::kTruncated;
      case io::HttpError::kEncoding:
        return Cause::kEncoding;
      case io::HttpError::kHeaderTooLarge:
        return Cause::kHeaderTooLarge;
      case io::HttpError::kBodyTooLarge:
        return Cause::kBodyTooLarge;
      case io::HttpError::kHttp2:
        return Cause::kH2Protocol;
      case io::HttpError::kPolicy:
        return Cause::kPolicy;
      case io::HttpError::kResolve:  // the four below cannot come from a stream that we connected ourselves
      case io::HttpError::kConnect:
      case io::HttpError::kTls:
      case io::HttpError::kOwn:
        return Cause::kNoFd;
    }
    return Cause::kNoFd;
  }

  void finish() {
    auto done = std::move(done_);
    done(std::move(m_));  // may destroy this
  }

  const HttpSpec& spec_;
  const NetSpec& net_;
  CheckContext& context_;
  core::Measurement m_;
  Approach approach_;
  io::Handle fetch_;
  MonoTime started_{};
  MonoTime deadline_{};
  bool asked_ = false;
  Callback<void(core::Measurement)> done_;
};

std::unique_ptr<Check> make(const CheckSpec& spec, const core::Target& /*target*/, const NetSpec& net,
                            CheckContext& context) {
  return std::make_unique<HttpCheck>(static_cast<const HttpSpec&>(spec), net, context);
}

constexpr std::array<const core::Field*, 29> kFields = {
    &field::kResolveSeconds,     &field::kAddresses,      &field::kIp,
    &field::kConnectSeconds,     &field::kTcpRttSeconds,  &field::kTcpRetransmits,
    &field::kTlsWaitSeconds,     &field::kTlsSeconds,     &field::kTlsVersion,
    &field::kTlsCipher,          &field::kAlpn,           &field::kSslEarliestCertExpiry,
    &field::kCertFingerprint,    &field::kCertIssuer,     &field::kTlsGroup,
    &field::kSslLastChainExpiry, &field::kCertSubject,    &field::kCertNames,
    &field::kCertSerial,         &field::kCertKey,        &field::kCertSignature,
    &field::kCertChain,          &field::kOcspStaple,     &field::kProcessingSeconds,
    &field::kTransferSeconds,    &field::kHttpStatusCode, &field::kHttpVersion,
    &field::kHttpContentLength,  &field::kHttpRedirects};

}  // namespace

const CheckType kHttpCheck = {core::CheckKind::kHttp, kFields, &kHttpExpect, &kHttpRequest, &parse_http_spec, &make};

}  // namespace sonde::prober
