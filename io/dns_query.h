// One DNS question in wire form, and what an answer to it is. Shared by the transports. Pure: no socket here.
// Source: RFC 1035 4.1, RFC 6891 (EDNS), RFC 4035 3 (CD).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/dns_message.h"
#include "core/result.h"
#include "io/address.h"
#include "io/loop.h"

namespace sonde::io {

/// What is asked for, and with which flags.
struct DnsQuestion {
  std::string name;  // as core::dns::Question; a final dot is allowed
  core::dns::Type type = core::dns::Type::kA;
  std::uint16_t klass = core::dns::kClassIn;
  bool recursion = true;           // RD
  bool edns = true;                // with OPT, advertising kDnsUdpPayload
  bool dnssec = false;             // DO; needs edns
  bool checking_disabled = false;  // CD
};

inline constexpr std::uint16_t kDnsUdpPayload = 1232;  // DNS flag day 2020: fits every path without fragments
inline constexpr std::size_t kDnsHeaderBytes = 12;

/// A question ready to be sent: made once, sent by many queries, each of which gives its copy a fresh id.
class DnsPacket {
 public:
  /// Errors: the name has no wire form (RFC 1035 3.1: labels up to 63 bytes, 255 in all).
  [[nodiscard]] static core::Result<DnsPacket> make(const DnsQuestion& question);

  [[nodiscard]] std::span<const std::uint8_t> wire() const { return wire_; }
  [[nodiscard]] bool edns() const { return edns_; }
  /// Largest UDP answer that this question allows.
  [[nodiscard]] std::size_t udp_payload() const { return edns_ ? kDnsUdpPayload : 512; }
  /// The same question without EDNS.
  [[nodiscard]] DnsPacket plain() const;
  /// The same question with checking disabled: a resolver then answers without validating (RFC 4035 3.2.2).
  [[nodiscard]] DnsPacket unchecked() const;

  enum class Match {
    kNo,       // it is for another question
    kMangled,  // ours, but the letters' case was changed
    kYes,
  };
  /// Whether `message` (at least a header) repeats this question. A header alone that carries an error code is taken
  /// for ours: servers that cannot read a question answer so.
  [[nodiscard]] Match match(std::span<const std::uint8_t> message) const { return match_question(wire_, message); }
  /// The same for a query in wire form.
  [[nodiscard]] static Match match_question(std::span<const std::uint8_t> query, std::span<const std::uint8_t> message);

 private:
  std::vector<std::uint8_t> wire_;
  bool edns_ = false;
};

/// How a query ended below the answer's own code.
enum class DnsError {
  kNone,         // an answer that decodes and answers our question
  kTimeout,      // silence
  kUnreachable,  // ICMP said that nobody listens there
  kTcpRefused,   // truncated over UDP, then refused over TCP
  kTcpTimeout,   // no connection over TCP in time
  kTcpShort,     // closed over TCP before the answer was whole
  kMalformed,    // bytes that are no answer: QR clear, counts that lie, broken names
  kNoRoute,      // our own side has no route to the resolver
  kNoResource,   // no descriptor or memory
  kBadSource,    // the configured source address or interface is not ours
};

struct DnsReply {
  DnsError error = DnsError::kNone;
  std::string detail;                       // for people
  core::dns::Message message;               // with kNone
  Endpoint server;                          // who answered
  bool tcp = false;                         // the answer came over TCP
  bool edns_broken = false;                 // an error with EDNS (FORMERR, BADVERS, BADCOOKIE), fine without
  bool case_mangled = false;                // the question came back with other letters' case
  bool bogus = false;                       // SERVFAIL, but the same question without DNSSEC validation has an answer
  int attempts = 1;                         // how often it was sent over UDP
  int duplicates = 0;                       // further equal answers that came while lingering
  int strays = 0;                           // datagrams that were ignored: wrong id, question or source, or too short
  std::optional<core::dns::Message> other;  // a further answer that differs from the first
  Duration elapsed{};                       // from sending to the answer, by the kernel's stamp, over all transports
  Duration lingered{};                      // how long we went on listening after it
};

/// Reads what came as an answer to `asked`: fills error, detail, message and case_mangled.
[[nodiscard]] DnsReply read_dns_reply(std::span<const std::uint8_t> wire, const DnsPacket& asked);

/// True where asking again without EDNS may help (FORMERR, BADVERS, BADCOOKIE).
[[nodiscard]] bool dislikes_edns(const core::dns::Message& m);

}  // namespace sonde::io
