// DNS messages on the wire: a codec for queries and answers, bounded against hostile bytes.
// Source: RFC 1035 4.1 (format, compression), RFC 3596 (AAAA), RFC 2782 (SRV), RFC 8659 (CAA), RFC 9460 (SVCB, HTTPS),
// RFC 3403 (NAPTR), RFC 6672 (DNAME), RFC 4034 5 (DS), RFC 6698 (TLSA), RFC 6891 (EDNS), RFC 8914 (extended errors).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sonde::core::dns {

/// Record types whose data Sonde reads, and ANY (IANA DNS parameters). Others are kept by number.
enum class Type : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kNaptr = 35,
  kDname = 39,
  kOpt = 41,
  kDs = 43,
  kTlsa = 52,
  kSvcb = 64,
  kHttps = 65,
  kAny = 255,  // of questions only
  kCaa = 257,
};
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,
  kBadCookie = 23
};
inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::uint16_t kClassAny = 255;  // of questions only

[[nodiscard]] std::optional<Type> parse_type(std::string_view text);            // "A", "aaaa", "TYPE123"
[[nodiscard]] std::string type_name(Type t);                                    // "A"; "TYPE123" where it has none
[[nodiscard]] std::optional<std::uint16_t> parse_class(std::string_view text);  // "IN", "ch", "CLASS3", "3"
[[nodiscard]] std::string class_name(std::uint16_t klass);                      // "IN"; "CLASS7"
[[nodiscard]] std::optional<std::uint16_t> parse_rcode(std::string_view text);  // "NXDOMAIN", "RCODE12", "17"
[[nodiscard]] std::string rcode_name(std::uint16_t rcode);                      // "NXDOMAIN"; "RCODE12"

struct Question {
  std::string name;  // lower case, no trailing dot, labels escaped as in RFC 1035 5.1 where not plain; "." is the root
  Type type = Type::kA;
  std::uint16_t klass = 1;
};

struct ResourceRecord {
  std::string name;
  Type type = Type::kA;
  std::uint16_t klass = 1;
  std::uint32_t ttl = 0;  // values with the top bit set read as 0 (RFC 2181 8)
  std::string data;       // in presentation form: "192.0.2.1", "10 mx.example.com", …; sanitized
};

struct Message {
  std::uint16_t id = 0;
  bool response = false;  // QR
  std::uint8_t opcode = 0;
  bool authoritative = false;        // AA
  bool truncated = false;            // TC
  bool recursion_desired = false;    // RD
  bool recursion_available = false;  // RA
  bool authenticated = false;        // AD
  bool checking_disabled = false;    // CD
  std::uint16_t rcode = 0;           // with the EDNS upper bits
  std::vector<Question> questions;
  std::vector<ResourceRecord> answers;
  std::vector<ResourceRecord> authorities;
  std::vector<ResourceRecord> additionals;  // without OPT
  bool edns = false;
  std::uint16_t udp_payload = 0;                // EDNS advertised size
  bool dnssec_ok = false;                       // DO
  std::optional<std::uint16_t> extended_error;  // the first one's INFO-CODE (RFC 8914 2)
};

/// The whole record as dig prints it: "name.\tTTL\tCLASS\tTYPE\tdata", names of name-valued data with their final dot.
[[nodiscard]] std::string record_text(const ResourceRecord& r);

/// Wire form. `name` rules as in Question. Errors: label over 63, name over 255, data that does not fit its type.
/// Answers of type A, AAAA, CNAME, NS, PTR, DNAME, MX, TXT, SOA, SRV, CAA can be written, and any type in the generic
/// form of RFC 3597 5 ("\# 2 abcd"); names are not compressed.
[[nodiscard]] Result<std::vector<std::uint8_t>> encode(const Message& m);

/// Reads a whole message. Never reads past the end, follows at most 64 compression pointers per name, each backwards.
/// At most 4096 records are kept. Error kCorrupt for anything malformed.
[[nodiscard]] Result<Message> decode(std::span<const std::uint8_t> wire);

}  // namespace sonde::core::dns
