// Tunnels through proxies.
#include "prober/checks/http_tunnel.h"

#include <charconv>
#include <utility>

#include "core/sanitize.h"
#include "prober/checks/http_redirect.h"
#include "prober/stages/tls_facts.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;

constexpr std::size_t kAnswerBytesMax = 16 * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr int kBadGateway = 502;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;

/// The status of an answer's first line, or 0.
int status_of(std::string_view answer) {
  int status = 0;
  if (!answer.starts_with("HTTP/1.") || answer.size() < 12) return 0;
  std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

}  // namespace

HttpTunnel::HttpTunnel(CheckContext& context, const HttpProxy& proxy, std::string to, io::TlsRequest tls,
                       io::UniqueFd fd, core::Measurement& into)
    : context_(context), proxy_(proxy), to_(std::move(to)), request_(std::move(tls)), fd_(std::move(fd)), m_(into) {}

void HttpTunnel::start(Callback<void(bool)> done) {
  done_ = std::move(done);
  std::string ask = "CONNECT " + to_ + " HTTP/1.1\r\nHost: " + to_ + "\r\nUser-Agent: " + context_.user_agent + "\r\n";
  if (!proxy_.authorization.empty()) ask += "Proxy-Authorization: " + proxy_.authorization + "\r\n";
  talk_ = io::talk(context_.loop, fd_.get(), ask + "\r\n", std::string{kEndOfHead}, kAnswerBytesMax,
                   [this](const io::TalkResult& r) { on_answer(r); });
}

void HttpTunnel::on_answer(const io::TalkResult& result) {
  const int status = status_of(result.received);
  const std::string said = "the proxy " + authority(proxy_.url) + " answered " + std::to_string(status) + " to CONNECT";
  if (result.error != io::TalkError::kNone || status == 0) {
    return fail(Stage::kTcp, Cause::kConfig, "the proxy " + authority(proxy_.url) + " did not answer CONNECT");
  }
  if (status == kGatewayTimeout) return fail(Stage::kTcp, Cause::kTimeout, said);
  if (status == kBadGateway || status == kUnavailable) return fail(Stage::kTcp, Cause::kUnreachable, said);
  if (status < 200 || status > 299) return fail(Stage::kTcp, Cause::kConfig, said);
  if (!result.received.ends_with(kEndOfHead)) return fail(Stage::kTls, Cause::kNotTls, "bytes before the handshake");
  session_ = context_.tls.open(std::move(fd_), request_);
  session_->handshake([this](io::TlsResult r) {
    tls_ = std::move(r);
    finish(set_tls_result(tls_, m_));
  });
}

void HttpTunnel::give_up(Cause why) {
  if (session_ != nullptr) return give_up_tls(*session_, why, m_);
  m_.outcome = core::failed(Stage::kTcp, why, "the proxy " + authority(proxy_.url) + " had not answered CONNECT");
}

void HttpTunnel::fail(Stage stage, Cause cause, const std::string& detail) {
  m_.outcome = core::failed(stage, cause, detail);
  finish(false);
}

void HttpTunnel::finish(bool ok) {
  auto done = std::move(done_);
  done(ok);  // may destroy this
}

void blame_proxy(const HttpProxy& proxy, core::Outcome& outcome) {
  const std::string what = "the proxy " + authority(proxy.url) + ": " + std::string{name(outcome.cause)} +
                           (outcome.detail.empty() ? "" : ", " + outcome.detail);
  if (core::is_own_fault(outcome.cause)) {
    outcome.detail = core::sanitize(what);
  } else {
    outcome = core::failed(outcome.stage, Cause::kConfig, what);
  }
}

}  // namespace sonde::prober
