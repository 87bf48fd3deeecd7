// Asks one resolver one question and says exactly what came back: c-ares below, raw answers, our own judgement of them.
// One channel per resolver, one try, no retry that could hide a lost packet; TCP when the answer is truncated.
// Source: c-ares 1.18 manual pages, ares_send(3), ares_set_socket_functions(3); RFC 1035, RFC 6891, RFC 7766.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_message.h"
#include "io/address.h"
#include "io/loop.h"

namespace sonde::io {

/// How a query ended below the answer's own code.
enum class DnsError {
  kNone,         // an answer that decodes and answers our question
  kTimeout,      // silence
  kUnreachable,  // ICMP said that nobody listens there
  kTcpRefused,   // truncated over UDP, then refused over TCP
  kTcpTimeout,   // truncated over UDP, then silent over TCP
  kTcpShort,     // closed over TCP before the answer was whole
  kMalformed,    // bytes that are no answer: QR clear, counts that lie, broken names
  kNoRoute,      // our own side has no route to the resolver
  kNoResource,   // no descriptor or memory
  kBadName,      // the name cannot be written as a DNS name
};

struct DnsReply {
  DnsError error = DnsError::kNone;
  std::string detail;          // for people
  core::dns::Message message;  // with kNone
  bool tcp = false;            // the answer came over TCP
  bool edns_broken = false;    // FORMERR with EDNS, fine without
  Duration elapsed{};          // from sending to the answer, precise clock, over all transports
};

struct DnsClientOptions {
  std::optional<IpAddress> source;              // local address to bind, where its family fits
  Duration timeout = std::chrono::seconds{10};  // longest wait for one transport
};

/// Keeps a channel per resolver asked (at most 64, the oldest idle one goes). One loop, one thread.
class DnsClient {
 public:
  virtual ~DnsClient() = default;
  /// `done` is called once, later, never from inside. Destroying the handle drops the answer.
  [[nodiscard]] virtual Handle query(const Endpoint& resolver, std::string_view name, core::dns::Type type,
                                     Callback<void(DnsReply)> done) = 0;
};

[[nodiscard]] std::unique_ptr<DnsClient> make_dns_client(Loop& loop, DnsClientOptions options);

/// The `nameserver` lines of resolv.conf(5) text, port 53; at most three, as the C library does.
[[nodiscard]] std::vector<Endpoint> parse_resolv_conf(std::string_view text);

}  // namespace sonde::io
