// Reading a DNS reply.
#include "prober/stages/dns_answer.h"

#include <algorithm>
#include <set>

namespace sonde::prober {
namespace {

using core::Cause;
using core::dns::Rcode;
using io::DnsError;

constexpr int kAliasesMax = 16;

std::string canonical(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  std::string out{name};
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

Cause cause_of(DnsError error) {
  switch (error) {
    case DnsError::kNone:
      return Cause::kNone;
    case DnsError::kTimeout:
      return Cause::kTimeout;
    case DnsError::kUnreachable:
      return Cause::kUnreachable;
    case DnsError::kTcpRefused:
      return Cause::kTcpRefused;
    case DnsError::kTcpTimeout:
      return Cause::kTcpTimeout;
    case DnsError::kTcpShort:
      return Cause::kTcpShort;
    case DnsError::kMalformed:
      return Cause::kMalformed;
    case DnsError::kNoRoute:
      return Cause::kNoRoute;
    case DnsError::kNoResource:
      return Cause::kNoFd;
    case DnsError::kBadName:
      return Cause::kConfig;
  }
  return Cause::kMalformed;
}

Cause cause_of_rcode(std::uint16_t rcode) {
  switch (static_cast<Rcode>(rcode)) {
    case Rcode::kNoError:
      return Cause::kNone;
    case Rcode::kFormErr:
      return Cause::kFormerr;
    case Rcode::kServFail:
      return Cause::kServfail;
    case Rcode::kNxDomain:
      return Cause::kNxdomain;
    case Rcode::kNotImp:
      return Cause::kNotimp;
    case Rcode::kRefused:
      return Cause::kRefused;
  }
  return Cause::kRcodeOther;
}

void lower(std::optional<std::uint32_t>& min, std::uint32_t ttl) {
  if (!min || ttl < *min) min = ttl;
}

/// The alias of `owner`, if the answer holds one.
const core::dns::ResourceRecord* alias_of(const core::dns::Message& m, const std::string& owner) {
  const auto it = std::ranges::find_if(m.answers, [&owner](const auto& r) {
    return r.type == core::dns::Type::kCname && r.klass == 1 && r.name == owner;
  });
  return it == m.answers.end() ? nullptr : &*it;
}

void follow(const core::dns::Message& m, std::string owner, core::dns::Type type, DnsAnswer& out) {
  std::set<std::string> seen{owner};
  for (int aliases = 0; aliases <= kAliasesMax; ++aliases) {
    for (const auto& r : m.answers) {
      if (r.type != type || r.klass != 1 || r.name != owner) continue;
      out.data.push_back(r.data);
      lower(out.min_ttl, r.ttl);
    }
    const auto* alias = type == core::dns::Type::kCname ? nullptr : alias_of(m, owner);
    if (!out.data.empty() || alias == nullptr) {
      if (aliases > 0) out.detail = "by way of " + owner;
      return;
    }
    lower(out.min_ttl, alias->ttl);
    owner = canonical(alias->data);
    if (!seen.insert(owner).second) {
      out.cause = Cause::kCnameLoop;
      out.detail = "back at " + owner;
      return;
    }
  }
  out.cause = Cause::kCnameLoop;
  out.detail = "more than " + std::to_string(kAliasesMax) + " aliases";
}

}  // namespace

DnsAnswer read_answer(const io::DnsReply& reply, std::string_view name, core::dns::Type type) {
  DnsAnswer out;
  out.cause = cause_of(reply.error);
  out.detail = reply.detail;
  if (out.cause != Cause::kNone) return out;
  follow(reply.message, canonical(name), type, out);
  if (const Cause c = cause_of_rcode(reply.message.rcode); c != Cause::kNone) {
    out.cause = c;
    const std::string way = out.detail.empty() ? std::string{name} : out.detail;
    out.detail = core::dns::rcode_name(reply.message.rcode) + " for " + way;
    return out;
  }
  if (out.cause == Cause::kNone && out.data.empty()) {
    out.cause = Cause::kNodata;
    out.detail = "no " + core::dns::type_name(type) + " record" + (out.detail.empty() ? "" : " " + out.detail);
  }
  return out;
}

}  // namespace sonde::prober
