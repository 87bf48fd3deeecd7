// Reading a DNS reply.
#include "prober/stages/dns_answer.h"

#include <algorithm>

#include "core/text.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::dns::Rcode;
using io::DnsError;

constexpr std::size_t kAliasesMax = 16;

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
    case DnsError::kBadSource:
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
    case Rcode::kBadVers:
    case Rcode::kBadCookie:
      return Cause::kBadvers;
  }
  return Cause::kRcodeOther;
}

void widen(DnsAnswer& out, std::uint32_t ttl) {
  out.min_ttl = std::min(out.min_ttl.value_or(ttl), ttl);
  out.max_ttl = std::max(out.max_ttl.value_or(ttl), ttl);
}

struct Wanted {
  core::dns::Type type;
  std::uint16_t klass;

  [[nodiscard]] bool has_class(const core::dns::ResourceRecord& r) const {
    return klass == core::dns::kClassAny || r.klass == klass;
  }
  [[nodiscard]] bool operator()(const core::dns::ResourceRecord& r) const {
    return has_class(r) && (type == core::dns::Type::kAny || r.type == type);
  }
};

/// The alias of `owner`, if the answer holds one and it is not itself what was asked for.
const core::dns::ResourceRecord* alias_of(const core::dns::Message& m, std::string_view owner, const Wanted& wanted) {
  if (wanted.type == core::dns::Type::kCname || wanted.type == core::dns::Type::kAny) return nullptr;
  const auto it = std::ranges::find_if(m.answers, [&](const auto& r) {
    return r.type == core::dns::Type::kCname && wanted.has_class(r) && r.name == owner;
  });
  return it == m.answers.end() ? nullptr : &*it;
}

void follow(const core::dns::Message& m, std::string_view name, const Wanted& wanted, DnsAnswer& out) {
  std::string_view owner = name;
  while (true) {
    for (const auto& r : m.answers) {
      if (!wanted(r) || r.name != owner) continue;
      out.data.push_back(r.data);
      widen(out, r.ttl);
    }
    const auto* alias = alias_of(m, owner, wanted);
    if (!out.data.empty() || alias == nullptr) break;
    widen(out, alias->ttl);
    owner = alias->data;
    if (owner == name || std::ranges::find(out.aliases, owner) != out.aliases.end()) {
      out.cause = Cause::kCnameLoop;
      out.detail = "back at " + std::string{owner};
      return;
    }
    out.aliases.emplace_back(owner);
    if (out.aliases.size() > kAliasesMax) {
      out.cause = Cause::kCnameDepth;
      out.detail = "more than " + std::to_string(kAliasesMax) + " aliases";
      return;
    }
  }
  if (!out.aliases.empty()) out.detail = "by way of " + out.aliases.back();
}

}  // namespace

DnsAnswer read_answer(const io::DnsReply& reply, std::string_view name, core::dns::Type type, std::uint16_t klass) {
  DnsAnswer out;
  out.cause = cause_of(reply.error);
  out.detail = reply.detail;
  if (out.cause != Cause::kNone) return out;
  follow(reply.message, name, {type, klass}, out);
  if (const Cause c = cause_of_rcode(reply.message.rcode); c != Cause::kNone) {
    out.cause = reply.bogus ? Cause::kBogus : c;
    const std::string way = out.detail.empty() ? "" : ", " + out.detail;
    out.detail = core::dns::rcode_name(reply.message.rcode) + " for " + std::string{name} + way;
    if (reply.message.extended_error) out.detail += ", extended error " + std::to_string(*reply.message.extended_error);
    if (reply.bogus) out.detail += "; an answer without validation";
    return out;
  }
  if (out.cause == Cause::kNone && out.data.empty()) {
    out.cause = Cause::kNodata;
    out.detail = "no " + core::dns::type_name(type) + " record" + (out.detail.empty() ? "" : " " + out.detail);
  }
  return out;
}

std::string canonical_name(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return core::lower_ascii(name);
}

}  // namespace sonde::prober
