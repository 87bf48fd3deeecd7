// Host name to addresses.
#include "prober/stages/resolve.h"

#include <algorithm>
#include <utility>

#include "prober/stages/dns_answer.h"

namespace sonde::prober {
namespace {

using core::Cause;
using Family = NetSpec::Family;

constexpr std::size_t kAddressesMax = 64;  // of a family, RELIABILITY D26
// With both families asked for, how long the slower answer may take after the first: RFC 8305 3 says 50 ms; a far
// resolver gets some round trips more.
constexpr Duration kOtherFamilyMin = std::chrono::milliseconds{50};
constexpr Duration kOtherFamilyMax = std::chrono::seconds{1};
constexpr int kOtherFamilyFactor = 4;

std::string_view word(core::dns::Type type) { return type == core::dns::Type::kA ? "A" : "AAAA"; }

}  // namespace

void Resolve::start(Callback<void(Resolved)> done) {
  done_ = std::move(done);
  if (use_given_address()) return finish_soon();
  choose_resolvers();
  if (resolvers_.empty()) {
    result_.cause = Cause::kNoResolver;
    result_.detail = "no resolver is configured and /etc/resolv.conf names none";
    return finish_soon();
  }
  const bool ip6_first = net_.family == Family::kIp6 || net_.family == Family::kPreferIp6;
  if (!ip6_first && !ask(ip4_)) return;
  if (ip6_first || net_.family == Family::kBoth) (void)ask(ip6_);
}

void Resolve::finish_soon() {
  pending_ = context_.loop.soon([this] { finish(); });
}

/// A pinned address, or a host that is one.
bool Resolve::use_given_address() {
  const auto given = net_.pinned ? net_.pinned : io::parse_address(host_);
  if (!given) return false;
  const bool ip4 = given->family == io::IpAddress::Family::kIp4;
  if (!net_.pinned && (net_.family == Family::kIp4 || net_.family == Family::kIp6) &&
      ip4 != (net_.family == Family::kIp4)) {
    result_.cause = Cause::kConfig;
    result_.detail = host_ + (ip4 ? " is no IPv6 address" : " is no IPv4 address");
    return true;
  }
  result_.addresses.push_back(*given);
  result_.offered = 1;
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

/// False when the name cannot be asked for; the end is then queued.
bool Resolve::ask(Branch& branch) {
  auto packet = io::DnsPacket::make({.name = host_, .type = branch.type});
  if (!packet) {
    result_.cause = Cause::kConfig;
    result_.detail = packet.error().message;
    finish_soon();
    return false;
  }
  branch.packet = std::move(*packet);
  branch.asked = true;
  io::DnsOptions options;
  options.source = net_.source;
  options.interface = net_.interface;
  options.repeat = true;
  options.explain = true;
  branch.lookup = context_.dns.query(resolvers_, *branch.packet, options,
                                     [this, &branch](const io::DnsReply& r) { on_reply(branch, r); });
  return true;
}

void Resolve::on_reply(Branch& branch, const io::DnsReply& reply) {
  take(branch, reply);
  const bool may_fall_back = net_.family == Family::kAny || net_.family == Family::kPreferIp6;
  Branch& other = &branch == &ip4_ ? ip6_ : ip4_;
  if (may_fall_back && branch.cause == Cause::kNodata && !other.asked) {
    (void)ask(other);
    return;
  }
  const bool all_in = (!ip4_.asked || ip4_.answered) && (!ip6_.asked || ip6_.answered);
  // No name, no address of either family.
  if (all_in || branch.cause == Cause::kNxdomain) return finish();
  if (branch.cause == Cause::kNone) wait_for_the_other(reply.elapsed);
}

void Resolve::take(Branch& branch, const io::DnsReply& reply) {
  DnsAnswer answer = read_answer(reply, canonical_name(host_), branch.type);
  branch.answered = true;
  branch.cause = answer.cause;
  branch.detail = std::move(answer.detail);
  if (branch.cause == Cause::kUnreachable) {
    branch.cause = Cause::kNoResolver;  // it is our own: nothing is known about the name
    branch.detail = "nobody answers at";
    for (const io::Endpoint& e : resolvers_) branch.detail += ' ' + to_string(e);
  }
  // One after the other they add up; side by side the longer counts.
  const Duration before = result_.elapsed.value_or(Duration{});
  result_.elapsed = net_.family == Family::kBoth ? std::max(before, reply.elapsed) : before + reply.elapsed;
  result_.attempts = std::max(result_.attempts, reply.attempts);
  result_.offered += answer.data.size();
  std::vector<io::IpAddress> found;
  for (const std::string& text : answer.data) {
    const auto address = io::parse_address(text);
    if (address && found.size() < kAddressesMax) found.push_back(*address);
  }
  const bool first = branch.type == core::dns::Type::kA;
  result_.addresses.insert(first ? result_.addresses.begin() : result_.addresses.end(), found.begin(), found.end());
}

void Resolve::wait_for_the_other(Duration first_took) {
  const Duration patience = std::clamp(first_took * kOtherFamilyFactor, kOtherFamilyMin, kOtherFamilyMax);
  pending_ = context_.loop.after(patience, [this] {
    Branch& late = ip4_.answered ? ip6_ : ip4_;
    late.lookup.reset();
    late.cause = Cause::kTimeout;
    late.detail = "no answer";
    finish();
  });
}

void Resolve::finish() {
  ip4_.lookup.reset();
  ip6_.lookup.reset();
  if (result_.addresses.empty() && result_.cause == Cause::kNone) {
    // Of two failures IPv4's counts, unless it only says that there is none.
    const bool use_ip6 = !ip4_.answered || (ip6_.answered && ip4_.cause == Cause::kNodata);
    Branch& b = use_ip6 ? ip6_ : ip4_;
    result_.cause = b.cause;
    result_.detail = std::move(b.detail);
  } else if (net_.family == Family::kBoth) {
    for (const Branch* b : {&ip4_, &ip6_}) {
      if (b->cause == Cause::kNone) continue;
      result_.blemish =
          std::string{word(b->type)} + ": " + (b->detail.empty() ? std::string{name(b->cause)} : b->detail);
    }
  }
  auto done = std::move(done_);
  Resolved result = std::move(result_);
  done(std::move(result));  // may destroy this
}

}  // namespace sonde::prober
