// One hop.
#include "prober/checks/http_hop.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/text.h"
#include "prober/checks/http_date.h"
#include "prober/stages/path_mtu.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

// The library must end before the runner does: only it knows how far the answer had come.
constexpr Duration kDeadlineMargin = std::chrono::milliseconds{10};
constexpr Duration kBudgetMin = std::chrono::milliseconds{1};
constexpr std::chrono::seconds kSkewMin{60};
constexpr std::string_view kHttp2 = "h2";

std::vector<std::string> alpn_of(HttpVersions versions) {
  switch (versions) {
    case HttpVersions::kAuto:
      return {"h2", "http/1.1"};
    case HttpVersions::kOnly11:
      return {"http/1.1"};
    case HttpVersions::kOnly2:
      return {"h2"};
  }
  return {};
}

std::optional<io::TlsRequest> tls_of(const HttpSpec& spec, const HttpHopAsk& ask) {
  if (ask.url.scheme != "https") return std::nullopt;
  io::TlsRequest tls = spec.tls;
  if (tls.alpn.empty()) tls.alpn = alpn_of(spec.ask.versions);
  if (ask.url.host != spec.url.host) {  // another host is judged by its own name, and learns nothing of who we are
    tls.host = ask.url.host;
    tls.pins.clear();
    tls.policy.cert_file.clear();
    tls.policy.key_file.clear();
  }
  return tls;
}

ApproachPlan plan_of(const HttpSpec& spec, const HttpHopAsk& ask, const std::optional<io::TlsRequest>& tls,
                     const std::string& user_agent) {
  const auto& proxy = spec.ask.proxy;
  if (!proxy) return {.host = ask.url.host, .port = ask.url.port, .tls = tls};
  ApproachPlan plan{.host = proxy->url.host, .port = proxy->url.port, .tls = tls};
  if (!tls) return plan;
  const bool literal6 = ask.url.host.find(':') != std::string::npos;
  const std::string host = literal6 ? "[" + ask.url.host + "]" : ask.url.host;
  plan.tunnel = std::make_unique<HttpTunnel>(*proxy, host + ":" + std::to_string(ask.url.port), user_agent);
  return plan;
}

NetSpec net_of(const HttpSpec& spec, const HttpHopAsk& ask, NetSpec net) {
  // That address is of the target's name, not of another host or a proxy.
  if (spec.ask.proxy || ask.url.host != spec.url.host) net.pinned.reset();
  return net;
}

Cause cause_of(const io::HttpResponse& r) {
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

bool has_name(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view name) {
  return std::ranges::any_of(headers, [name](const auto& h) { return core::lower_ascii(h.first) == name; });
}

}  // namespace

HttpHop::HttpHop(const HttpSpec& spec, const NetSpec& net, CheckContext& context, HttpHopAsk ask)
    : spec_(spec),
      net_(net_of(spec, ask, net)),
      context_(context),
      ask_(std::move(ask)),
      tls_(tls_of(spec, ask_)),
      approach_(context, net_, plan_of(spec, ask_, tls_, context.user_agent), m_) {}

void HttpHop::start(MonoTime deadline, Callback<void(bool)> done) {
  deadline_ = deadline;
  done_ = std::move(done);
  // The proxy resolves names, so all that our policy can judge is an address that stands in the URL.
  const auto literal = by_proxy() ? io::parse_address(ask_.url.host) : std::nullopt;
  const std::string_view denied = literal ? context_.dialer.policy().denied(*literal) : std::string_view{};
  if (denied.empty()) return approach_.start([this](bool ok) { on_connected(ok); });
  const std::string what = ask_.url.host + " is a " + std::string{denied} + " address";
  m_.outcome = core::failed(Stage::kTcp, Cause::kPolicy, what + "; policy.allow can permit it");
  later_ = context_.loop.soon([this] { finish(false); });
}

void HttpHop::on_connected(bool ok) {
  if (!ok) {
    if (by_proxy()) blame_proxy(*spec_.ask.proxy, m_.outcome);
    return finish(false);
  }
  io::HttpRequest request = make_request();
  if (!take_stream(request)) return finish(false);
  asked_ = true;
  fetch_ = context_.http.fetch(std::move(request), [this](io::HttpResponse r) { on_response(std::move(r)); });
}

/// The stream to speak over, and whether HTTP/2 is spoken; false after a failure.
bool HttpHop::take_stream(io::HttpRequest& request) {
  if (!tls_) {
    request.http2 = spec_.ask.versions == HttpVersions::kOnly2 && !by_proxy();
    request.stream = std::move(approach_.fd());
    return true;
  }
  request.http2 = tls_result()->facts.alpn == kHttp2;
  if (spec_.ask.versions == HttpVersions::kOnly2 && !request.http2) {
    m_.outcome = core::failed(Stage::kTls, Cause::kAlpn, "the server did not choose HTTP/2");
    return false;
  }
  io::TlsTap tap;
  if (request.http2) {
    request.headers.emplace_back(":scheme", "https");
    tap = [this](std::string_view bytes, MonoTime arrived) {
      watch_.take(bytes, arrived);
      if (watch_.flooded() && !later_) later_ = context_.loop.soon([this] { on_flood(); });
    };
  }
  auto stream = approach_.session()->open_stream(std::move(tap));
  if (!stream) {
    m_.outcome = core::failed(Stage::kHttp, Cause::kNoFd, stream.error().message);
    return false;
  }
  request.stream = std::move(*stream);
  return true;
}

void HttpHop::give_up(Cause why) {
  if (asked_) {
    m_.outcome = core::failed(Stage::kHttp, why);
    return;
  }
  approach_.give_up(why);
  if (by_proxy()) blame_proxy(*spec_.ask.proxy, m_.outcome);
}

void HttpHop::on_flood() {
  m_.outcome = core::failed(Stage::kHttp, Cause::kH2Flood);
  finish(false);
}

io::HttpRequest HttpHop::make_request() const {
  const HttpAsk& ask = spec_.ask;
  io::HttpRequest request;
  request.method = ask_.method;
  request.url = "http://" + authority(ask_.url) + ask_.url.path;
  for (const auto& [name, value] : ask.headers) {
    const std::string lower = core::lower_ascii(name);
    const bool of_host = lower == "host" || may_hold_secret(lower);
    const bool of_body = lower.starts_with("content-") || lower == "expect" || lower == "transfer-encoding";
    if ((of_host && !ask_.with_credentials) || (of_body && !ask_.with_body)) continue;
    if (lower == "expect" && !ask_.with_expect) continue;
    request.headers.emplace_back(name, value);
  }
  if (!has_name(ask.headers, "user-agent")) request.headers.emplace_back("User-Agent", context_.user_agent);
  if (!ask.authorization.empty() && ask_.with_credentials) {
    request.headers.emplace_back("Authorization", ask.authorization);
  }
  if (by_proxy() && !tls_) {
    request.target = to_text(ask_.url);
    if (!ask.proxy->authorization.empty()) {
      request.headers.emplace_back("Proxy-Authorization", ask.proxy->authorization);
    }
  }
  if (ask_.with_body) request.body = ask.body;
  request.accept_encoding = ask.encodings;
  request.keep_body = spec_.expect.looks_at_body();
  request.body_bytes_max = spec_.expect.body_bytes_max;
  const Duration left = deadline_ - context_.loop.precise_now() - kDeadlineMargin;
  request.timeout = std::max(kBudgetMin, stage_budget(net_, Stage::kHttp, left));
  return request;
}

void HttpHop::on_response(io::HttpResponse response) {
  response_ = std::move(response);
  take_arrival();
  set_facts();
  if (response_.error == io::HttpError::kNone) return finish(true);
  m_.outcome = outcome_of_failure();
  finish(false);
}

/// Over TLS libcurl sees the answer two turns of our loop after it came.
void HttpHop::take_arrival() {
  io::HttpResponse& r = response_;
  const io::TlsSession* below = approach_.session();
  if (below == nullptr || r.first_byte == MonoTime{} || r.interim_heads > 0) return;
  const bool http2 = watch_.any();
  const auto arrived = http2 ? watch_.answered_at() : below->first_byte_at();
  if (arrived && *arrived >= r.started && *arrived <= r.first_byte) r.first_byte = *arrived;
}

void HttpHop::set_facts() {
  const io::HttpResponse& r = response_;
  if (r.retransmits) m_.set(field::kTcpRetransmits, *r.retransmits);
  if (r.first_byte == MonoTime{}) return;
  m_.set_seconds(field::kProcessingSeconds, r.first_byte - r.started);
  if (r.status != 0) m_.set(field::kHttpStatusCode, std::int64_t{r.status});
  if (!r.version.empty()) m_.set(field::kHttpVersion, r.version);
  if (!r.head_complete) return;
  m_.set(field::kHttpBodyBytes, static_cast<std::int64_t>(r.body_bytes));
  const std::string_view length = r.header("content-length");
  std::int64_t announced = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), announced);
  if (!length.empty() && error == std::errc{}) m_.set(field::kHttpContentLength, announced);
  if (const auto modified = parse_http_date(r.header("last-modified"))) {
    m_.set(field::kHttpLastModified, core::to_unix_ms(*modified) / 1000);
  }
  if (const auto date = parse_http_date(r.header("date"))) {
    const auto skew = std::chrono::floor<std::chrono::seconds>(*date - context_.loop.wall_now());
    if (skew > kSkewMin || -skew > kSkewMin) m_.set(field::kHttpDateSkewSeconds, std::int64_t{skew.count()});
  }
  if (r.error == io::HttpError::kNone) m_.set_seconds(field::kTransferSeconds, r.finished - r.first_byte);
}

/// How the stream below ended tells more than what libcurl made of it.
core::Outcome HttpHop::outcome_of_failure() {
  const io::HttpResponse& r = response_;
  const io::TlsSession* below = approach_.session();
  if (below != nullptr) {
    const io::TlsStreamEnd end = below->stream_end();
    if (end == io::TlsStreamEnd::kAlert || end == io::TlsStreamEnd::kProtocol) {
      return core::failed(Stage::kTls, below->stream_cause(), "after the handshake");
    }
    if (end == io::TlsStreamEnd::kReset) return core::failed(Stage::kHttp, Cause::kReset, r.error_text);
  }
  const bool ours = r.error == io::HttpError::kTimeout || r.error == io::HttpError::kHeaderTooLarge ||
                    r.error == io::HttpError::kBodyTooLarge || r.error == io::HttpError::kEncoding;
  if (!ours && watch_.end() != io::Http2End::kNone) {
    const bool reset = watch_.end() == io::Http2End::kStreamReset;
    return core::failed(Stage::kHttp, reset ? Cause::kH2Reset : Cause::kH2Goaway, watch_.code());
  }
  if (r.error == io::HttpError::kTimeout && r.first_byte == MonoTime{}) {
    if (auto fault = path_mtu_fault(false, r.peers_large_ones_vanish)) return std::move(*fault);
  }
  if (watch_.flooded()) return core::failed(Stage::kHttp, Cause::kH2Flood, r.error_text);
  const bool http2 = below != nullptr && tls_result()->facts.alpn == kHttp2;
  const bool silent = http2 && ((r.error == io::HttpError::kHttp2 && !watch_.any()) ||
                                (r.error == io::HttpError::kTruncated && !watch_.answered_at()));
  return core::failed(Stage::kHttp, silent ? Cause::kEmpty : cause_of(r), r.error_text);
}

void HttpHop::finish(bool ok) {
  fetch_.reset();
  later_.reset();
  auto done = std::move(done_);
  done(ok);  // may destroy this
}

}  // namespace sonde::prober
