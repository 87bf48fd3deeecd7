// From the faults that strike to what happens.
#include "behaviour.h"

#include "distance.h"

namespace sonde::world {
namespace {

DnsReply dns_reply(Kind k) {
  switch (k) {
    case Kind::kDnsNxdomain:
      return DnsReply::kNxdomain;
    case Kind::kDnsServfail:
      return DnsReply::kServfail;
    case Kind::kDnsRefused:
      return DnsReply::kRefused;
    case Kind::kDnsSilent:
      return DnsReply::kSilent;
    case Kind::kDnsWrong:
      return DnsReply::kWrong;
    case Kind::kDnsInjected:
      return DnsReply::kInjected;
    default:
      return DnsReply::kEmpty;  // kDnsEmpty; other kinds have other layers
  }
}

TlsReply tls_reply(Kind k) {
  switch (k) {
    case Kind::kTlsExpired:
      return TlsReply::kExpired;
    case Kind::kTlsWrongName:
      return TlsReply::kWrongName;
    case Kind::kTlsSelfSigned:
      return TlsReply::kSelfSigned;
    default:
      return TlsReply::kReset;  // kTlsReset; other kinds have other layers
  }
}

HttpReply http_reply(Kind k) {
  switch (k) {
    case Kind::kHttpStatus:
      return HttpReply::kStatus;
    case Kind::kHttpStall:
      return HttpReply::kStall;
    case Kind::kHttpTruncated:
      return HttpReply::kTruncated;
    case Kind::kHttpWrongBody:
      return HttpReply::kWrongBody;
    default:
      return HttpReply::kGood;  // kHttpSlow: good, only later
  }
}

}  // namespace

Behaviour::Behaviour(World w) : world(std::move(w)), faults(world) {
  distances_.reserve(world.vantages.size() * world.targets.size());
  for (const Vantage& v : world.vantages) {
    for (const Target& t : world.targets) distances_.push_back(round_trip(world.distances, v, t));
  }
}

core::Duration Behaviour::jitter() {
  return core::from_seconds(core::to_seconds(world.distances.jitter) * world.distances.scale * faults.draw());
}

core::Duration Behaviour::travel(std::size_t vantage, const Target& t) {
  const auto slow = faults.strike(Layer::kPath, vantage, t);
  const core::Duration extra = slow ? slow->delay : core::Duration{};
  const auto index = static_cast<std::size_t>(&t - world.targets.data());
  return distances_[vantage * world.targets.size() + index] + jitter() + extra;
}

DnsStep Behaviour::resolve(std::size_t vantage, const Target& t) {
  const core::Duration nearby = jitter();
  if (const auto fault = faults.strike(Layer::kDns, vantage, t)) return {dns_reply(fault->kind), nearby};
  // Most names are in the resolver's cache; one in eight is fetched from where the service is.
  return {DnsReply::kAddress, faults.draw() < 0.125 ? travel(vantage, t) : nearby};
}

bool Behaviour::resets(std::size_t vantage, const Target& t) {
  return faults.strike(Layer::kConnection, vantage, t).has_value();
}

TlsReply Behaviour::handshake(std::size_t vantage, const Target& t) {
  const auto fault = faults.strike(Layer::kTls, vantage, t);
  return fault ? tls_reply(fault->kind) : TlsReply::kGood;
}

HttpStep Behaviour::answer(std::size_t vantage, const Target& t) {
  HttpStep out;
  out.delay = travel(vantage, t);
  const auto fault = faults.strike(Layer::kHttp, vantage, t);
  const std::string broken = faults.broken_dependency(t);
  if (fault) {
    out.reply = http_reply(fault->kind);
    if (fault->kind == Kind::kHttpSlow) out.delay += fault->delay;
    if (out.reply == HttpReply::kStatus) out.status = fault->status;
  }
  if (out.reply == HttpReply::kGood && !broken.empty()) {
    out.reply = HttpReply::kBrokenDependency;
    out.status = 503;
    out.dependency = broken;
  }
  return out;
}

}  // namespace sonde::world
