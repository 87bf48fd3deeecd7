// Host name to addresses.
#include "prober/stages/resolve.h"

#include <algorithm>
#include <utility>

#include "prober/stages/dns_answer.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::dns::Type;
using Family = NetSpec::Family;

constexpr std::size_t kAddressesMax = 64;  // RELIABILITY D26

}  // namespace

void Resolve::start(Callback<void(Resolved)> done) {
  done_ = std::move(done);
  if (use_given_address() || use_hosts_file()) return;
  choose_resolvers();
  if (resolvers_.empty()) {
    return fail_soon(Cause::kNoResolver, "no resolver is configured and /etc/resolv.conf names none");
  }
  ask(is_ip6_first() ? Type::kAaaa : Type::kA);
}

bool Resolve::is_ip6_first() const { return net_.family == Family::kIp6 || net_.family == Family::kPreferIp6; }

void Resolve::fail_soon(Cause cause, std::string detail) {
  result_.cause = cause;
  result_.detail = std::move(detail);
  soon_ = context_.loop.soon([this] { finish(); });
}

/// A pinned address, or a host that is one; the end is then queued.
bool Resolve::use_given_address() {
  const auto given = net_.pinned ? net_.pinned : io::parse_address(host_);
  if (!given) return false;
  const bool ip4 = given->family == io::IpAddress::Family::kIp4;
  if (!net_.pinned && net_.family == (ip4 ? Family::kIp6 : Family::kIp4)) {
    fail_soon(Cause::kConfig, host_ + (ip4 ? " is no IPv6 address" : " is no IPv4 address"));
    return true;
  }
  result_.addresses.push_back(*given);
  result_.offered = 1;
  soon_ = context_.loop.soon([this] { finish(); });
  return true;
}

/// What the administrator of this machine wrote goes before DNS, as for every other program here (nsswitch.conf(5),
/// "files dns"); not where the target names a resolver of its own. The end is then queued.
bool Resolve::use_hosts_file() {
  if (!hosts_ || context_.hosts == nullptr || net_.resolver) return false;
  using IpFamily = io::IpAddress::Family;
  const bool ip6_first = is_ip6_first();
  auto found = context_.hosts->find(host_, ip6_first ? IpFamily::kIp6 : IpFamily::kIp4);
  if (found.empty() && may_fall_back()) {
    found = context_.hosts->find(host_, ip6_first ? IpFamily::kIp4 : IpFamily::kIp6);
  }
  if (found.empty()) return false;
  result_.offered = found.size();
  found.resize(std::min(found.size(), kAddressesMax));
  result_.addresses = std::move(found);
  soon_ = context_.loop.soon([this] { finish(); });
  return true;
}

void Resolve::choose_resolvers() {
  if (net_.resolver) {
    resolvers_.push_back(*net_.resolver);
  } else if (context_.resolver) {
    resolvers_.push_back(*context_.resolver);
    resolvers_.insert(resolvers_.end(), context_.more_resolvers.begin(), context_.more_resolvers.end());
  }
}

void Resolve::ask(Type type) {
  auto packet = io::DnsPacket::make({.name = host_, .type = type});
  if (!packet) return fail_soon(Cause::kConfig, packet.error().message);
  lookup_.reset();
  packet_ = std::move(*packet);
  io::DnsOptions options;
  options.source = net_.source;
  options.interface = net_.interface;
  options.repeat = true;
  options.explain = true;
  lookup_ =
      context_.dns.query(resolvers_, *packet_, options, [this, type](const io::DnsReply& r) { on_reply(type, r); });
}

bool Resolve::may_fall_back() const {
  return !fell_back_ && net_.family != Family::kIp4 && net_.family != Family::kIp6;
}

void Resolve::on_reply(Type type, const io::DnsReply& reply) {
  result_.elapsed = result_.elapsed.value_or(Duration{}) + reply.elapsed;
  result_.attempts = std::max(result_.attempts, reply.attempts);
  DnsAnswer answer = read_answer(reply, canonical_name(host_), type);
  if (answer.cause == Cause::kNodata && may_fall_back()) {
    fell_back_ = true;
    return ask(type == Type::kA ? Type::kAaaa : Type::kA);
  }
  result_.cause = answer.cause;
  result_.detail = std::move(answer.detail);
  if (answer.cause == Cause::kUnreachable) {
    result_.cause = Cause::kNoResolver;  // it is our own: nothing is known about the name
    result_.detail = "nobody answers at";
    for (const io::Endpoint& e : resolvers_) result_.detail += ' ' + to_string(e);
  }
  result_.offered = answer.data.size();
  for (const std::string& text : answer.data) {
    const auto address = io::parse_address(text);
    if (address && result_.addresses.size() < kAddressesMax) result_.addresses.push_back(*address);
  }
  finish();
}

void Resolve::finish() {
  auto done = std::move(done_);
  Resolved result = std::move(result_);
  done(std::move(result));  // may destroy this
}

}  // namespace sonde::prober
