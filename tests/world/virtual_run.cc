// The steps of a run: query, SYN, ClientHello, request, answer. Whether bytes vanish is asked when they arrive, as the
// servers do (session.cc).
#include "virtual_run.h"

#include <utility>

namespace sonde::world {
namespace {

namespace field = core::field;
using core::Cause;
using core::Duration;
using core::MonoTime;
using core::Stage;
using namespace std::chrono_literals;

constexpr Duration kTransfer = 200us;    // a small body, all of it in one segment
constexpr Duration kAskAgainFirst = 1s;  // of resolvers (docs/measurement.md) and of SYNs (tcp(7)): then doubled

}  // namespace

VirtualRun::When VirtualRun::await(Next next, MonoTime when) {
  next_ = when < deadline_ ? next : Next::kDeadline;
  return std::min(when, deadline_);
}

VirtualRun::When VirtualRun::end(MonoTime now) {
  m_.set_seconds(field::kDurationSeconds, now - started_);
  next_ = Next::kEnd;
  return std::nullopt;
}

VirtualRun::When VirtualRun::fail(MonoTime now, Stage stage, Cause cause, std::string_view detail) {
  m_.outcome = core::failed(stage, cause, detail);
  return end(now);
}

/// Silence: the same again after 1 s, then after twice as long.
VirtualRun::When VirtualRun::ask_again(Next next, MonoTime now, int& times) {
  return await(next, now + (kAskAgainFirst * (1U << static_cast<unsigned>(times++))));
}

Duration VirtualRun::travel(Stagehands& world) {
  return parked_ ? world.behaviour.jitter() : world.behaviour.travel(vantage_, target_of(world));
}

bool VirtualRun::vanishes(const Stagehands& world) const {
  return !parked_ && world.behaviour.black_hole(vantage_, target_of(world));
}

MonoTime VirtualRun::start(Stagehands& world, MonoTime now, Duration timeout) {
  m_ = {};
  stage_ = Stage::kDns;
  started_ = stage_started_ = now;
  deadline_ = now + timeout;
  queries_ = syns_ = 0;
  dns_ = DnsReply::kAddress;
  parked_ = head_came_ = false;
  tls_ = TlsReply::kGood;
  return *query(world, now);
}

VirtualRun::When VirtualRun::step(Stagehands& world, MonoTime now) {
  switch (next_) {
    case Next::kQuery:
      return query(world, now);
    case Next::kResolved:
      return resolved(world, now);
    case Next::kSyn:
      return syn(world, now);
    case Next::kRefused:
      m_.set_seconds(field::kConnectSeconds, now - stage_started_);
      return fail(now, Stage::kTcp, Cause::kRefused, ip_ + ": Connection refused");
    case Next::kConnected:
      return connected(world, now);
    case Next::kReset:
      return reset(world, now);
    case Next::kHandshake:
      return handshake(world, now);
    case Next::kAnswer:
      return answer(world, now);
    case Next::kDeadline:
      return deadline(world, now);
    case Next::kEnd:
      break;
  }
  return end(now);
}

VirtualRun::When VirtualRun::query(Stagehands& world, MonoTime now) {
  if (world.behaviour.uplink_lost(vantage_)) return ask_again(Next::kQuery, now, queries_);
  const DnsStep step = world.behaviour.resolve(vantage_, target_of(world));
  if (step.reply == DnsReply::kSilent) return ask_again(Next::kQuery, now, queries_);
  dns_ = step.reply;
  return await(Next::kResolved, now + step.delay);
}

VirtualRun::When VirtualRun::resolved(Stagehands& world, MonoTime now) {
  const Target& t = target_of(world);
  m_.set_seconds(field::kResolveSeconds, now - started_);
  if (queries_ > 0) m_.set(field::kDnsAttempts, std::int64_t{queries_ + 1});
  switch (dns_) {
    case DnsReply::kNxdomain:
      return fail(now, Stage::kDns, Cause::kNxdomain, "NXDOMAIN for " + t.host);
    case DnsReply::kServfail:
      return fail(now, Stage::kDns, Cause::kServfail, "SERVFAIL for " + t.host);
    case DnsReply::kRefused:
      return fail(now, Stage::kDns, Cause::kRefused, "REFUSED for " + t.host);
    case DnsReply::kEmpty:
      return fail(now, Stage::kDns, Cause::kNodata, "no AAAA record");
    case DnsReply::kWrong:
    case DnsReply::kInjected:  // the first answer is taken
      parked_ = true;
      break;
    case DnsReply::kAddress:
    case DnsReply::kSilent:
      break;
  }
  ip_ = parked_ ? world.plan.parked(vantage_) : world.plan.target(vantage_, t);
  m_.family = "ip4";
  m_.set(field::kIp, ip_);
  m_.set(field::kAddresses, std::int64_t{1});
  stage_ = Stage::kTcp;
  stage_started_ = now;
  return syn(world, now);
}

VirtualRun::When VirtualRun::syn(Stagehands& world, MonoTime now) {
  const Target& t = target_of(world);
  ListenerMode mode = ListenerMode::kOpen;
  if (!parked_) {
    mode = world.behaviour.listener(vantage_, t);
  } else if (t.protocol == Protocol::kTcp) {
    mode = ListenerMode::kRefuse;  // the parked site serves the web alone
  }
  if (mode == ListenerMode::kBlackHole) return ask_again(Next::kSyn, now, syns_);
  syn_travel_ = travel(world);
  return await(mode == ListenerMode::kRefuse ? Next::kRefused : Next::kConnected, now + syn_travel_);
}

VirtualRun::When VirtualRun::connected(Stagehands& world, MonoTime now) {
  m_.set_seconds(field::kConnectSeconds, now - stage_started_);
  const Target& t = target_of(world);
  const bool resets = !parked_ && world.behaviour.resets(vantage_, t);
  if (resets && t.protocol == Protocol::kTcp) return reset(world, now);  // met while it still connects: no TCP_INFO
  m_.set_seconds(field::kTcpRttSeconds, syn_travel_);
  m_.set(field::kTcpRetransmits, std::int64_t{syns_});
  if (t.protocol == Protocol::kTcp) return end(now);
  stage_ = t.protocol == Protocol::kHttps ? Stage::kTls : Stage::kHttp;
  stage_started_ = now;
  if (resets) return await(Next::kReset, now + syn_travel_);
  if (t.protocol == Protocol::kHttp) return request(world, now);
  if (!parked_) tls_ = world.behaviour.handshake(vantage_, t);
  const Duration flight = travel(world);
  return await(tls_ == TlsReply::kReset ? Next::kReset : Next::kHandshake, now + flight);
}

VirtualRun::When VirtualRun::reset(Stagehands& /*world*/, MonoTime now) {
  switch (stage_) {
    case Stage::kTls:
      m_.set_seconds(field::kTlsSeconds, now - stage_started_);
      return fail(now, Stage::kTls, Cause::kReset, "whatever name the hello is for");
    case Stage::kHttp:
      return fail(now, Stage::kHttp, Cause::kReset, "Recv failure: Connection reset by peer");
    case Stage::kDns:
    case Stage::kTcp:
    case Stage::kDone:
      break;
  }
  return fail(now, Stage::kTcp, Cause::kReset, ip_ + ": Connection reset by peer");
}

VirtualRun::When VirtualRun::handshake(Stagehands& world, MonoTime now) {
  if (vanishes(world)) return hang();
  const Target& t = target_of(world);
  m_.set_seconds(field::kTlsSeconds, now - stage_started_);
  Shown shown{.asked = t.host, .host = t.host, .issuer = issuer_of(t), .reply = tls_};
  if (parked_) shown = {.asked = t.host, .host = std::string{kParkedHost}, .issuer = std::string{kParkedIssuer}};
  if (!world.sight.certificate(shown, m_)) return end(now);
  stage_ = Stage::kHttp;
  stage_started_ = now;
  return request(world, now);
}

VirtualRun::When VirtualRun::request(Stagehands& world, MonoTime now) {
  http_ = {};
  if (parked_) {
    http_.delay = world.behaviour.jitter();
  } else {
    http_ = world.behaviour.answer(vantage_, target_of(world));
  }
  return await(Next::kAnswer, now + http_.delay);
}

VirtualRun::When VirtualRun::answer(Stagehands& world, MonoTime now) {
  if (vanishes(world)) return hang();
  const Target& t = target_of(world);
  m_.set_seconds(field::kProcessingSeconds, now - stage_started_);
  head_came_ = true;
  Sight::answer(parked_ ? nullptr : &t, t.role, http_, m_);
  if (http_.reply == HttpReply::kStall) return hang();
  if (http_.reply == HttpReply::kTruncated) return end(now);
  m_.set_seconds(field::kTransferSeconds, kTransfer);
  return end(now + kTransfer);
}

VirtualRun::When VirtualRun::deadline(Stagehands& /*world*/, MonoTime now) {
  switch (stage_) {
    case Stage::kTcp:
      return fail(now, stage_, Cause::kTimeout, ip_);
    case Stage::kHttp:
      return fail(now, stage_, head_came_ ? Cause::kBodyTimeout : Cause::kTimeout, "no complete answer in time");
    case Stage::kDns:
    case Stage::kTls:
    case Stage::kDone:
      break;
  }
  return fail(now, stage_, Cause::kTimeout);
}

}  // namespace sonde::world
