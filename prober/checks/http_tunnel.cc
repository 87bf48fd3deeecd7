// Tunnels through proxies.
#include "prober/checks/http_tunnel.h"

#include <charconv>
#include <utility>

#include "core/sanitize.h"
#include "prober/checks/http_redirect.h"

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

std::string named(const HttpProxy& proxy) { return "the proxy " + authority(proxy.url); }

}  // namespace

void HttpTunnel::start(io::Loop& loop, int fd, Callback<void(core::Outcome)> done) {
  done_ = std::move(done);
  std::string ask = "CONNECT " + to_ + " HTTP/1.1\r\nHost: " + to_ + "\r\nUser-Agent: " + user_agent_ + "\r\n";
  if (!proxy_.authorization.empty()) ask += "Proxy-Authorization: " + proxy_.authorization + "\r\n";
  talk_ = std::make_unique<io::TcpTalk>(loop, fd, [this] { on_change(); });
  talk_->send(ask + "\r\n");
}

void HttpTunnel::on_change() {
  const std::string_view answer = talk_->unread();
  if (answer.find(kEndOfHead) != std::string_view::npos) return finish(judge(answer));
  if (talk_->end() == io::TalkEnd::kOpen && answer.size() <= kAnswerBytesMax) return;
  finish(core::failed(Stage::kTcp, Cause::kConfig, named(proxy_) + " did not answer CONNECT"));
}

core::Outcome HttpTunnel::judge(std::string_view answer) const {
  const int status = status_of(answer);
  const std::string said = named(proxy_) + " answered " + std::to_string(status) + " to CONNECT";
  if (status == kGatewayTimeout) return core::failed(Stage::kTcp, Cause::kTimeout, said);
  if (status == kBadGateway || status == kUnavailable) return core::failed(Stage::kTcp, Cause::kUnreachable, said);
  if (status < 200 || status > 299) return core::failed(Stage::kTcp, Cause::kConfig, said);
  if (answer.find(kEndOfHead) + kEndOfHead.size() == answer.size()) return {};
  return core::failed(Stage::kTls, Cause::kNotTls, "bytes before the handshake");
}

void HttpTunnel::finish(core::Outcome outcome) {
  talk_->stop();
  auto done = std::move(done_);
  done(std::move(outcome));  // may destroy this
}

void blame_proxy(const HttpProxy& proxy, core::Outcome& outcome) {
  if (outcome.stage > Stage::kTcp || outcome.detail.starts_with(named(proxy))) return;
  const std::string what =
      named(proxy) + ": " + std::string{name(outcome.cause)} + (outcome.detail.empty() ? "" : ", " + outcome.detail);
  if (core::is_own_fault(outcome.cause)) {
    outcome.detail = core::sanitize(what);
  } else {
    outcome = core::failed(outcome.stage, Cause::kConfig, what);
  }
}

}  // namespace sonde::prober
