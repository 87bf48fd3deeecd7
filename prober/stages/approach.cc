// Resolve, connect, TLS.
#include "prober/stages/approach.h"

#include <utility>

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
  resolve_.start([this](Resolved r) { on_resolved(std::move(r)); });
}

void Approach::on_resolved(Resolved resolved) {
  if (resolved.elapsed) m_.set_seconds(field::kResolveSeconds, *resolved.elapsed);
  if (resolved.cause != Cause::kNone) return fail(Stage::kDns, resolved.cause, resolved.detail);
  m_.set(field::kAddresses, static_cast<std::int64_t>(resolved.offered));
  if (!choose_allowed(resolved)) return;
  stage_ = Stage::kTcp;
  connect_next();
}

/// Keeps the addresses that the policy allows; fails when none is left.
bool Approach::choose_allowed(const Resolved& resolved) {
  const io::AddressPolicy& policy = context_.dialer.policy();
  for (const io::IpAddress& a : resolved.addresses) {
    if (policy.denied(a).empty()) addresses_.push_back(a);
  }
  if (!addresses_.empty()) return true;
  const io::IpAddress& first = resolved.addresses.front();
  const std::string kind{policy.denied(first)};
  m_.set(field::kIp, to_string(first));
  m_.family = family_name(first);
  if (resolved.elapsed && io::is_bogon(kind)) {
    fail(Stage::kDns, Cause::kBogon, "the name points to the " + kind + " address " + to_string(first));
  } else {
    fail(Stage::kTcp, Cause::kPolicy, to_string(first) + " is a " + kind + " address; policy.allow can permit it");
  }
  return false;
}

void Approach::connect_next() {
  const io::IpAddress& address = addresses_[next_++];
  m_.set(field::kIp, to_string(address));
  m_.family = family_name(address);
  pending_ = context_.dialer.dial({address, plan_.port}, [this](io::DialResult r) { on_dialed(std::move(r)); });
}

void Approach::on_dialed(io::DialResult result) {
  m_.set_seconds(field::kConnectSeconds, result.elapsed);
  if (result.error != io::DialError::kNone) {
    const Cause cause = cause_of(result.error);
    const std::string what = to_string(addresses_[next_ - 1]) + ": " + result.detail;
    const bool another = next_ < addresses_.size() && next_ < kAddressesTriedMax;
    if (!another) return fail(Stage::kTcp, cause, blemish_.empty() ? what : blemish_ + "; " + what);
    if (!core::is_own_fault(cause)) blemish_ += (blemish_.empty() ? "" : "; ") + what;
    return connect_next();
  }
  if (result.rtt) m_.set_seconds(field::kTcpRttSeconds, *result.rtt);
  m_.set(field::kTcpRetransmits, result.retransmits);
  fd_ = std::move(result.fd);
  if (plan_.tls) return shake_hands();
  finish(true);
}

void Approach::shake_hands() {
  stage_ = Stage::kTls;
  session_ = context_.tls.open(std::move(fd_), *plan_.tls);
  session_->handshake([this](io::TlsResult r) { on_shaken(std::move(r)); });
}

void Approach::on_shaken(io::TlsResult result) {
  tls_ = std::move(result);
  finish(set_tls_result(tls_, m_));
}

void Approach::give_up(Cause why) {
  if (stage_ == Stage::kTls && session_ != nullptr) return give_up_tls(*session_, why, m_);
  m_.outcome = core::failed(stage_, why);
}

void Approach::fail(Stage stage, Cause cause, std::string_view detail) {
  m_.outcome = core::failed(stage, cause, detail);
  finish(false);
}

void Approach::finish(bool ok) {
  auto done = std::move(done_);
  done(ok);  // may destroy this
}

}  // namespace sonde::prober
