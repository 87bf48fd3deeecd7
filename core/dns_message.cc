// The frame of a DNS message: header, questions, records, EDNS. Names and data are in dns_wire and dns_rdata.
#include "core/dns_message.h"

#include <array>
#include <charconv>

#include "core/dns_rdata.h"
#include "core/dns_wire.h"

namespace sonde::core::dns {
namespace {

constexpr std::size_t kRecordsMax = 4096;
constexpr std::size_t kMessageBytesMax = 65535;

struct TypeName {
  Type type;
  std::string_view name;
};
constexpr std::array kTypeNames = {
    TypeName{Type::kA, "A"},     TypeName{Type::kNs, "NS"},       TypeName{Type::kCname, "CNAME"},
    TypeName{Type::kSoa, "SOA"}, TypeName{Type::kPtr, "PTR"},     TypeName{Type::kMx, "MX"},
    TypeName{Type::kTxt, "TXT"}, TypeName{Type::kAaaa, "AAAA"},   TypeName{Type::kSrv, "SRV"},
    TypeName{Type::kOpt, "OPT"}, TypeName{Type::kHttps, "HTTPS"}, TypeName{Type::kCaa, "CAA"},
};

// Bits of the second header word (RFC 1035 4.1.1, RFC 4035 3).
constexpr std::uint16_t kQr = 0x8000;
constexpr std::uint16_t kAa = 0x0400;
constexpr std::uint16_t kTc = 0x0200;
constexpr std::uint16_t kRd = 0x0100;
constexpr std::uint16_t kRa = 0x0080;
constexpr std::uint16_t kAd = 0x0020;
constexpr std::uint16_t kCd = 0x0010;
constexpr std::uint32_t kDo = 0x8000;  // in the ttl of OPT (RFC 3225)

Error malformed(std::string what) { return {ErrorCode::kCorrupt, "malformed DNS message: " + std::move(what)}; }

void read_flags(std::uint16_t flags, Message& m) {
  m.response = (flags & kQr) != 0;
  m.opcode = static_cast<std::uint8_t>(flags >> 11U & 0xFU);
  m.authoritative = (flags & kAa) != 0;
  m.truncated = (flags & kTc) != 0;
  m.recursion_desired = (flags & kRd) != 0;
  m.recursion_available = (flags & kRa) != 0;
  m.authenticated = (flags & kAd) != 0;
  m.checking_disabled = (flags & kCd) != 0;
  m.rcode = flags & 0xFU;
}

std::uint16_t write_flags(const Message& m) {
  const auto bit = [](bool on, std::uint16_t mask) { return on ? mask : std::uint16_t{0}; };
  return static_cast<std::uint16_t>(bit(m.response, kQr) | (m.opcode & 0xFU) << 11U | bit(m.authoritative, kAa) |
                                    bit(m.truncated, kTc) | bit(m.recursion_desired, kRd) |
                                    bit(m.recursion_available, kRa) | bit(m.authenticated, kAd) |
                                    bit(m.checking_disabled, kCd) | (m.rcode & 0xFU));
}

std::size_t records_of(const Message& m) { return m.answers.size() + m.authorities.size() + m.additionals.size(); }

// OPT holds EDNS in its class and ttl; a second one or one with a name is a format error (RFC 6891 6.1.1).
bool read_opt(const ResourceRecord& r, Message& m) {
  if (m.edns || r.name != ".") return false;
  m.edns = true;
  m.udp_payload = r.klass;
  m.dnssec_ok = (r.ttl & kDo) != 0;
  m.rcode = static_cast<std::uint16_t>(m.rcode | r.ttl >> 24U << 4U);
  return true;
}

bool read_records(WireReader& reader, std::uint16_t count, bool additional, Message& m,
                  std::vector<ResourceRecord>& out) {
  for (int i = 0; i < count; ++i) {
    ResourceRecord r;
    r.name = reader.name();
    r.type = static_cast<Type>(reader.u16());
    r.klass = reader.u16();
    r.ttl = reader.u32();
    WireReader rdata = reader.part(reader.u16());
    if (!rdata.ok()) return false;
    if (r.type == Type::kOpt) {
      if (!additional || !read_opt(r, m)) return false;
      continue;
    }
    if (r.ttl >= 0x80000000U) r.ttl = 0;
    r.data = present_rdata(r.type, rdata);
    if (!rdata.ok() || rdata.left() != 0) return false;
    if (records_of(m) < kRecordsMax) out.push_back(std::move(r));
  }
  return true;
}

void write_records(const std::vector<ResourceRecord>& records, WireWriter& out) {
  for (const auto& r : records) {
    out.name(r.name);
    out.u16(static_cast<std::uint16_t>(r.type));
    out.u16(r.klass);
    out.u32(r.ttl);
    const std::size_t length_at = out.size();
    out.u16(0);
    write_rdata(r.type, r.data, out);
    const std::size_t length = out.size() - length_at - 2;
    if (length > kMessageBytesMax) out.fail();
    if (!out.ok()) return;
    out.set_u16(length_at, static_cast<std::uint16_t>(length));
  }
}

void write_opt(const Message& m, WireWriter& out) {
  out.name(".");
  out.u16(static_cast<std::uint16_t>(Type::kOpt));
  out.u16(m.udp_payload);
  out.u32(static_cast<std::uint32_t>(m.rcode >> 4U & 0xFFU) << 24U | (m.dnssec_ok ? kDo : 0U));
  out.u16(0);
}

}  // namespace

std::optional<Type> parse_type(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  for (const auto& known : kTypeNames) {
    if (known.name == upper) return known.type;
  }
  static constexpr std::string_view kGeneric = "TYPE";  // RFC 3597 5
  if (!upper.starts_with(kGeneric)) return std::nullopt;
  std::uint16_t number = 0;
  const char* const end = upper.data() + upper.size();
  const auto [stop, error] = std::from_chars(upper.data() + kGeneric.size(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return static_cast<Type>(number);
}

std::string type_name(Type t) {
  for (const auto& known : kTypeNames) {
    if (known.type == t) return std::string(known.name);
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(t));
}

std::string rcode_name(std::uint16_t rcode) {
  static constexpr std::array<std::string_view, 11> kNames = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                              "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                              "NXRRSET", "NOTAUTH", "NOTZONE"};
  if (rcode < kNames.size()) return std::string(kNames[rcode]);
  if (rcode == 16) return "BADVERS";
  if (rcode == 23) return "BADCOOKIE";
  return "RCODE" + std::to_string(rcode);
}

Result<std::vector<std::uint8_t>> encode(const Message& m) {
  const auto invalid = [](std::string why) { return Error{ErrorCode::kInvalid, std::move(why)}; };
  if (m.questions.size() > 0xFFFF || records_of(m) >= 0xFFFF) return invalid("too many records for a DNS message");
  if (m.rcode > (m.edns ? 0xFFFU : 0xFU)) return invalid("the DNS rcode does not fit the message");
  WireWriter out;
  out.u16(m.id);
  out.u16(write_flags(m));
  out.u16(static_cast<std::uint16_t>(m.questions.size()));
  out.u16(static_cast<std::uint16_t>(m.answers.size()));
  out.u16(static_cast<std::uint16_t>(m.authorities.size()));
  out.u16(static_cast<std::uint16_t>(m.additionals.size() + (m.edns ? 1 : 0)));
  for (const auto& q : m.questions) {
    out.name(q.name);
    if (!out.ok()) return invalid("not a DNS name: " + q.name);
    out.u16(static_cast<std::uint16_t>(q.type));
    out.u16(q.klass);
  }
  for (const auto* section : {&m.answers, &m.authorities, &m.additionals}) write_records(*section, out);
  if (!out.ok()) return invalid("a DNS record has a name or data that does not fit its type");
  if (m.edns) write_opt(m, out);
  if (out.size() > kMessageBytesMax) return invalid("the DNS message is longer than 65535 bytes");
  return out.take();
}

Result<Message> decode(std::span<const std::uint8_t> wire) {
  WireReader reader(wire);
  Message m;
  m.id = reader.u16();
  read_flags(reader.u16(), m);
  std::array<std::uint16_t, 4> counts{};
  for (auto& c : counts) c = reader.u16();
  if (!reader.ok()) return malformed("shorter than its header");
  for (int i = 0; i < counts[0]; ++i) {
    Question q;
    q.name = reader.name();
    q.type = static_cast<Type>(reader.u16());
    q.klass = reader.u16();
    if (!reader.ok()) return malformed("a question does not fit");
    if (m.questions.size() < kRecordsMax) m.questions.push_back(std::move(q));
  }
  if (!read_records(reader, counts[1], false, m, m.answers)) return malformed("an answer does not fit");
  if (!read_records(reader, counts[2], false, m, m.authorities)) return malformed("an authority does not fit");
  if (!read_records(reader, counts[3], true, m, m.additionals)) return malformed("an additional record does not fit");
  // Bytes after the last record are ignored, as resolvers do: a service is not broken because of them.
  return m;
}

}  // namespace sonde::core::dns
