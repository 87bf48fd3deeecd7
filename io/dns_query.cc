// Questions in wire form.
#include "io/dns_query.h"

#include <algorithm>
#include <utility>

namespace sonde::io {
namespace {

namespace dns = core::dns;

constexpr std::size_t kTypeAndClassBytes = 4;
constexpr std::size_t kOptBytes = 11;  // root name, type, class, ttl, no options
// Bits of the header's third and fourth byte, RFC 1035 4.1.1, RFC 4035 3.
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kCheckingDisabled = 0x10;
constexpr std::uint8_t kRcodeMask = 0x0F;

std::uint8_t lower(std::uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + ('a' - 'A')) : c; }

}  // namespace

core::Result<DnsPacket> DnsPacket::make(const DnsQuestion& question) {
  dns::Message m;
  m.recursion_desired = question.recursion;
  m.checking_disabled = question.checking_disabled;
  m.edns = question.edns;
  m.udp_payload = kDnsUdpPayload;
  m.dnssec_ok = question.dnssec;
  m.questions.push_back({.name = question.name, .type = question.type, .klass = question.klass});
  auto wire = dns::encode(m);
  if (!wire) return wire.error();
  DnsPacket out;
  out.wire_ = std::move(*wire);
  out.edns_ = question.edns;
  return out;
}

DnsPacket DnsPacket::plain() const {
  DnsPacket out = *this;
  if (!edns_) return out;
  out.wire_.resize(out.wire_.size() - kOptBytes);  // OPT is the last record and the only one
  out.wire_[11] = 0;                               // ARCOUNT
  out.edns_ = false;
  return out;
}

DnsPacket DnsPacket::unchecked() const {
  DnsPacket out = *this;
  out.wire_[3] |= kCheckingDisabled;
  return out;
}

DnsPacket::Match DnsPacket::match_question(std::span<const std::uint8_t> query, std::span<const std::uint8_t> message) {
  const unsigned questions = static_cast<unsigned>(message[4] << 8U | message[5]);
  if (questions == 0 && (message[2] & kResponse) != 0 && (message[3] & kRcodeMask) != 0) return Match::kYes;
  std::size_t end = kDnsHeaderBytes;
  while (query[end] != 0) end += query[end] + std::size_t{1};  // ours: well-formed
  const std::size_t name_end = ++end;
  end += kTypeAndClassBytes;
  if (questions != 1 || message.size() < end) return Match::kNo;
  const auto ours = query.subspan(kDnsHeaderBytes, end - kDnsHeaderBytes);
  const auto theirs = message.subspan(kDnsHeaderBytes, end - kDnsHeaderBytes);
  if (std::ranges::equal(ours, theirs)) return Match::kYes;
  // Length bytes are below 64, so making letters lower leaves them as they are.
  const std::size_t name_bytes = name_end - kDnsHeaderBytes;
  const bool equal = std::ranges::equal(ours.first(name_bytes), theirs.first(name_bytes), {}, lower, lower) &&
                     std::ranges::equal(ours.subspan(name_bytes), theirs.subspan(name_bytes));
  return equal ? Match::kMangled : Match::kNo;
}

DnsReply read_dns_reply(std::span<const std::uint8_t> wire, const DnsPacket& asked) {
  DnsReply reply;
  const auto malformed = [&reply](std::string why) {
    reply.error = DnsError::kMalformed;
    reply.detail = std::move(why);
  };
  if (wire.size() < kDnsHeaderBytes) {
    malformed("the answer is shorter than a DNS header");
    return reply;
  }
  if ((wire[2] & kResponse) == 0) {
    malformed("the answer is a query (QR is clear)");
    return reply;
  }
  const DnsPacket::Match match = asked.match(wire);
  if (match == DnsPacket::Match::kNo) {
    malformed("the answer is for another question");
    return reply;
  }
  reply.case_mangled = match == DnsPacket::Match::kMangled;
  auto message = dns::decode(wire);
  if (message) {
    reply.message = std::move(*message);
  } else {
    malformed(message.error().message);
  }
  return reply;
}

bool dislikes_edns(const dns::Message& m) {
  const auto rcode = static_cast<dns::Rcode>(m.rcode);
  return rcode == dns::Rcode::kFormErr || rcode == dns::Rcode::kBadVers || rcode == dns::Rcode::kBadCookie;
}

}  // namespace sonde::io
