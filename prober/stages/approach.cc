// Resolve, connect, TLS.
#include "prober/stages/approach.h"

#include <utility>

#include "core/text.h"
#include "prober/handshake_gate.h"
#include "prober/stages/allowed.h"
#include "prober/stages/path_mtu.h"
#include "prober/stages/tls_facts.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Stage;
namespace field = core::field;

constexpr std::size_t kAddressesTriedMax = 3;

Cause cause_of(io::DialError error) {
  switch (error) {
    case io::DialError::kNone:
      return Cause::kNone;
    case io::DialError::kRefused:
      return Cause::kRefused;
    case io::DialError::kSelfConnect:
      return Cause::kSelfConnect;
    case io::DialError::kReset:
      return Cause::kReset;
    case io::DialError::kUnreachable:
      return Cause::kUnreachable;
    case io::DialError::kProhibited:
      return Cause::kProhibited;
    case io::DialError::kTimeout:
      return Cause::kTimeout;
    case io::DialError::kNoRoute:
      return Cause::kNoRoute;
    case io::DialError::kNoResource:
      return Cause::kNoFd;
    case io::DialError::kBadSource:
      return Cause::kConfig;
    case io::DialError::kBlocked:
    case io::DialError::kPolicy:
      return Cause::kPolicy;
  }
  return Cause::kNoFd;
}

}  // namespace

void Approach::start(Callback<void(bool)> done) {
  done_ = std::move(done);
  enter(Stage::kDns);
  resolve_.emplace(context_, net_, plan_.host, plan_.hosts);
  resolve_->start([this](Resolved r) { on_resolved(std::move(r)); });
}

/// Begins a stage, and its own limit where it has one.
void Approach::enter(Stage stage) {
  stage_ = stage;
  stage_timer_.reset();
  const Duration limit = net_.stage_timeouts.at(static_cast<std::size_t>(stage));
  if (limit == Duration{}) return;
  stage_timer_ = context_.loop.at(context_.loop.precise_now() + limit, [this] { on_stage_timeout(); });
}

void Approach::on_stage_timeout() {
  const Duration limit = net_.stage_timeouts.at(static_cast<std::size_t>(stage_));
  give_up(Cause::kTimeout, "longer than " + core::format_duration(limit));
  resolve_.reset();
  pending_.reset();
  plan_.tunnel.reset();
  session_.reset();
  finish(false);
}

void Approach::give_up(Cause why, std::string_view detail) {
  if (waits_since_) {
    m_.outcome = core::failed(Stage::kTls, Cause::kOverload, "no place among our own TLS handshakes in flight");
    return;
  }
  std::string text{detail};
  if (stage_ == Stage::kTcp && next_ > 0) {
    const io::IpAddress& address = addresses_[next_ - 1];
    const io::DialError own = context_.dialer.own_fault({address, plan_.port}, way_out());
    if (own != io::DialError::kNone && own != io::DialError::kRefused) why = cause_of(own);
    text = to_string(address) + (text.empty() ? "" : ": " + text);
    if (!blemish_.empty()) text = blemish_ + "; " + text;
  }
  if (stage_ == Stage::kTls && session_ != nullptr) {
    give_up_tls(*session_, why, m_);
    if (m_.outcome.cause == why && m_.outcome.detail.empty()) m_.outcome.detail = std::move(text);
    if (m_.outcome.cause != Cause::kTimeout) return;
    if (auto fault = path_mtu_fault(below_tls_)) m_.outcome = std::move(*fault);
    return;
  }
  m_.outcome = core::failed(stage_, why, text);
}

void Approach::on_resolved(Resolved resolved) {
  if (resolved.elapsed) m_.set_seconds(field::kResolveSeconds, *resolved.elapsed);
  if (resolved.attempts > 1) m_.set(field::kDnsAttempts, std::int64_t{resolved.attempts});
  if (resolved.cause != Cause::kNone) return fail(Stage::kDns, resolved.cause, resolved.detail);
  m_.set(field::kAddresses, static_cast<std::int64_t>(resolved.offered));
  Allowed allowed = allowed_of(context_.dialer.policy(), resolved);
  if (allowed.addresses.empty()) {
    m_.set(field::kIp, to_string(resolved.addresses.front()));
    m_.family = family_name(resolved.addresses.front());
    m_.outcome = std::move(allowed.refused);
    return finish(false);
  }
  addresses_ = std::move(allowed.addresses);
  enter(Stage::kTcp);
  connect_next();
}

void Approach::connect_next() {
  const io::IpAddress& address = addresses_[next_++];
  m_.set(field::kIp, to_string(address));
  m_.family = family_name(address);
  pending_ =
      context_.dialer.dial({address, plan_.port}, way_out(), [this](io::DialResult r) { on_dialed(std::move(r)); });
}

void Approach::on_dialed(io::DialResult result) {
  if (result.error != io::DialError::kNone) return on_not_connected(result);
  m_.set_seconds(field::kConnectSeconds, result.elapsed);
  if (result.rtt) m_.set_seconds(field::kTcpRttSeconds, *result.rtt);
  m_.set(field::kTcpRetransmits, result.retransmits);
  fd_ = std::move(result.fd);
  if (!plan_.tls) return finish(true);
  if (!plan_.tunnel) return enter_tls();
  plan_.tunnel->start(context_.loop, fd_.get(), [this](core::Outcome o) { on_through(std::move(o)); });
}

void Approach::on_through(core::Outcome outcome) {
  if (outcome.status == core::Status::kOk) return enter_tls();
  m_.outcome = std::move(outcome);
  finish(false);
}

/// Another address may do; the time of this one is then no part of the result.
void Approach::on_not_connected(const io::DialResult& result) {
  const Cause cause = cause_of(result.error);
  const std::string what = to_string(addresses_[next_ - 1]) + ": " + result.detail;
  if (next_ < addresses_.size() && next_ < kAddressesTriedMax) {
    if (!core::is_own_fault(cause)) blemish_ += (blemish_.empty() ? "" : "; ") + what;
    return connect_next();
  }
  if (!core::is_own_fault(cause)) m_.set_seconds(field::kConnectSeconds, result.elapsed);  // else nothing went out
  fail(Stage::kTcp, cause, blemish_.empty() ? what : blemish_ + "; " + what);
}

void Approach::secure(const io::TlsRequest& request, Callback<void(bool)> done) {
  done_ = std::move(done);
  plan_.tls = request;
  enter_tls();
}

/// A wait for a place is neither the target's time nor part of the stage's limit.
void Approach::enter_tls() {
  stage_ = Stage::kTls;
  stage_timer_.reset();
  const auto on_place = [this] {
    waited_ = context_.loop.precise_now() - *waits_since_;
    waits_since_.reset();
    m_.set_seconds(field::kTlsWaitSeconds, waited_);
    shake_hands();
  };
  if (context_.handshakes == nullptr || context_.handshakes->enter(place_, on_place)) return shake_hands();
  waits_since_ = context_.loop.precise_now();
}

void Approach::shake_hands() {
  enter(Stage::kTls);
  below_tls_ = fd_.get();
  session_ = context_.tls.open(std::move(fd_), *plan_.tls);
  session_->handshake([this](io::TlsResult r) { on_shaken(std::move(r)); });
}

void Approach::on_shaken(io::TlsResult result) {
  place_.reset();
  tls_ = std::move(result);
  finish(set_tls_result(tls_, m_));
}

void Approach::fail(Stage stage, Cause cause, std::string_view detail) {
  m_.outcome = core::failed(stage, cause, detail);
  finish(false);
}

void Approach::finish(bool ok) {
  stage_timer_.reset();
  auto done = std::move(done_);
  done(ok);  // may destroy this
}

}  // namespace sonde::prober
