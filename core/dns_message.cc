// The frame of a DNS message: header, questions, records, EDNS. Names and data are in dns_wire and dns_rdata.
#include "core/dns_message.h"

#include <algorithm>
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
constexpr Type numbered(std::uint16_t n) { return static_cast<Type>(n); }
// IANA DNS parameters, resource record types. Those without an enumerator have their data in generic form.
constexpr std::array kTypeNames = {
    TypeName{Type::kA, "A"},
    TypeName{Type::kAaaa, "AAAA"},
    TypeName{Type::kCname, "CNAME"},
    TypeName{Type::kNs, "NS"},
    TypeName{Type::kSoa, "SOA"},
    TypeName{Type::kMx, "MX"},
    TypeName{Type::kTxt, "TXT"},
    TypeName{Type::kPtr, "PTR"},
    TypeName{Type::kSrv, "SRV"},
    TypeName{Type::kCaa, "CAA"},
    TypeName{Type::kHttps, "HTTPS"},
    TypeName{Type::kSvcb, "SVCB"},
    TypeName{Type::kNaptr, "NAPTR"},
    TypeName{Type::kDname, "DNAME"},
    TypeName{Type::kDs, "DS"},
    TypeName{Type::kTlsa, "TLSA"},
    TypeName{Type::kAny, "ANY"},
    TypeName{Type::kOpt, "OPT"},
    TypeName{numbered(13), "HINFO"},
    TypeName{numbered(17), "RP"},
    TypeName{numbered(18), "AFSDB"},
    TypeName{numbered(24), "SIG"},
    TypeName{numbered(25), "KEY"},
    TypeName{numbered(29), "LOC"},
    TypeName{numbered(36), "KX"},
    TypeName{numbered(37), "CERT"},
    TypeName{numbered(42), "APL"},
    TypeName{numbered(44), "SSHFP"},
    TypeName{numbered(45), "IPSECKEY"},
    TypeName{numbered(46), "RRSIG"},
    TypeName{numbered(47), "NSEC"},
    TypeName{numbered(48), "DNSKEY"},
    TypeName{numbered(49), "DHCID"},
    TypeName{numbered(50), "NSEC3"},
    TypeName{numbered(51), "NSEC3PARAM"},
    TypeName{numbered(53), "SMIMEA"},
    TypeName{numbered(55), "HIP"},
    TypeName{numbered(59), "CDS"},
    TypeName{numbered(60), "CDNSKEY"},
    TypeName{numbered(61), "OPENPGPKEY"},
    TypeName{numbered(62), "CSYNC"},
    TypeName{numbered(63), "ZONEMD"},
    TypeName{numbered(99), "SPF"},
    TypeName{numbered(108), "EUI48"},
    TypeName{numbered(109), "EUI64"},
    TypeName{numbered(249), "TKEY"},
    TypeName{numbered(250), "TSIG"},
    TypeName{numbered(256), "URI"},
};

struct NumberName {
  std::uint16_t number;
  std::string_view name;
};
constexpr std::array kClassNames = {NumberName{kClassIn, "IN"}, NumberName{3, "CH"}, NumberName{4, "HS"},
                                    NumberName{254, "NONE"}, NumberName{kClassAny, "ANY"}};
// IANA DNS parameters, RCODEs; the extra names of 16 are for reading only.
constexpr std::array kRcodeNames = {NumberName{0, "NOERROR"},  NumberName{1, "FORMERR"},   NumberName{2, "SERVFAIL"},
                                    NumberName{3, "NXDOMAIN"}, NumberName{4, "NOTIMP"},    NumberName{5, "REFUSED"},
                                    NumberName{6, "YXDOMAIN"}, NumberName{7, "YXRRSET"},   NumberName{8, "NXRRSET"},
                                    NumberName{9, "NOTAUTH"},  NumberName{10, "NOTZONE"},  NumberName{11, "DSOTYPENI"},
                                    NumberName{16, "BADVERS"}, NumberName{16, "BADSIG"},   NumberName{17, "BADKEY"},
                                    NumberName{18, "BADTIME"}, NumberName{19, "BADMODE"},  NumberName{20, "BADNAME"},
                                    NumberName{21, "BADALG"},  NumberName{22, "BADTRUNC"}, NumberName{23, "BADCOOKIE"}};
constexpr std::uint16_t kExtendedErrorOption = 15;  // RFC 8914 2

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// "TYPE123": the number after `prefix`; with `bare` also "123".
std::optional<std::uint16_t> numbered_name(std::string_view text, std::string_view prefix, bool bare) {
  if (text.starts_with(prefix)) {
    text.remove_prefix(prefix.size());
  } else if (!bare) {
    return std::nullopt;
  }
  std::uint16_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint16_t> find_number(std::span<const NumberName> names, std::string_view text) {
  for (const NumberName& n : names) {
    if (n.name == text) return n.number;
  }
  return std::nullopt;
}

std::string_view find_name(std::span<const NumberName> names, std::uint16_t number) {
  for (const NumberName& n : names) {
    if (n.number == number) return n.name;
  }
  return {};
}

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

// Options of OPT (RFC 6891 6.1.2): only an extended error is kept.
bool read_options(WireReader& rdata, Message& m) {
  while (rdata.left() > 0) {
    const std::uint16_t code = rdata.u16();
    WireReader value = rdata.part(rdata.u16());
    if (code == kExtendedErrorOption && !m.extended_error) {
      m.extended_error = value.u16();
      if (!value.ok()) return false;
    }
    if (!rdata.ok()) return false;
  }
  return true;
}

// OPT holds EDNS in its class and ttl; a second one or one with a name is a format error (RFC 6891 6.1.1).
bool read_opt(const ResourceRecord& r, WireReader& rdata, Message& m) {
  if (m.edns || r.name != ".") return false;
  m.edns = true;
  m.udp_payload = r.klass;
  m.dnssec_ok = (r.ttl & kDo) != 0;
  m.rcode = static_cast<std::uint16_t>(m.rcode | r.ttl >> 24U << 4U);
  return read_options(rdata, m);
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
      if (!additional || !read_opt(r, rdata, m)) return false;
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
  const std::string name = upper(text);
  for (const auto& known : kTypeNames) {
    if (known.name == name) return known.type;
  }
  const auto number = numbered_name(name, "TYPE", false);  // RFC 3597 5
  return number ? std::optional{static_cast<Type>(*number)} : std::nullopt;
}

std::string type_name(Type t) {
  for (const auto& known : kTypeNames) {
    if (known.type == t) return std::string(known.name);
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(t));
}

std::optional<std::uint16_t> parse_class(std::string_view text) {
  const std::string name = upper(text);
  const auto known = find_number(kClassNames, name);
  return known ? known : numbered_name(name, "CLASS", true);
}

std::string class_name(std::uint16_t klass) {
  const std::string_view known = find_name(kClassNames, klass);
  return known.empty() ? "CLASS" + std::to_string(klass) : std::string{known};
}

std::optional<std::uint16_t> parse_rcode(std::string_view text) {
  constexpr std::uint16_t kRcodeMax = 4095;  // 12 bits with EDNS
  const std::string name = upper(text);
  auto number = find_number(kRcodeNames, name);
  if (!number) number = numbered_name(name, "RCODE", true);
  return number && *number <= kRcodeMax ? number : std::nullopt;
}

std::string rcode_name(std::uint16_t rcode) {
  const std::string_view known = find_name(kRcodeNames, rcode);
  return known.empty() ? "RCODE" + std::to_string(rcode) : std::string{known};
}

std::string record_text(const ResourceRecord& r) {
  const auto dotted = [](std::string_view name) { return std::string{name} + (name == "." ? "" : "."); };
  std::string out =
      dotted(r.name) + '\t' + std::to_string(r.ttl) + '\t' + class_name(r.klass) + '\t' + type_name(r.type) + '\t';
  const std::string_view data = r.data;
  switch (r.type) {
    case Type::kNs:
    case Type::kCname:
    case Type::kPtr:
    case Type::kDname:
    case Type::kMx:
    case Type::kSrv:
    case Type::kNaptr: {  // a name is the last word
      const std::size_t word = data.rfind(' ') + 1;
      return out.append(data.substr(0, word)) + dotted(data.substr(word));
    }
    case Type::kSoa: {
      const std::size_t first = data.find(' ');
      const std::size_t second = first == std::string_view::npos ? first : data.find(' ', first + 1);
      if (second == std::string_view::npos) return out.append(data);
      out += dotted(data.substr(0, first)) + ' ' + dotted(data.substr(first + 1, second - first - 1));
      return out.append(data.substr(second));
    }
    case Type::kHttps:
    case Type::kSvcb: {
      const std::size_t first = data.find(' ');
      if (first == std::string_view::npos) return out.append(data);
      const std::size_t second = std::min(data.find(' ', first + 1), data.size());
      out.append(data.substr(0, first + 1)) += dotted(data.substr(first + 1, second - first - 1));
      return out.append(data.substr(second));
    }
    case Type::kA:
    case Type::kTxt:
    case Type::kAaaa:
    case Type::kOpt:
    case Type::kDs:
    case Type::kTlsa:
    case Type::kAny:
    case Type::kCaa:
      break;
  }
  return out.append(data);
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
    if (!out.ok()) return Error{ErrorCode::kInvalid, "not a DNS name: " + q.name, "不是 DNS 域名：" + q.name};
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
