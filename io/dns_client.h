// Asks resolvers one question over UDP and says exactly what came back: c-ares below, every datagram seen, our own
// judgement of them. TCP when the answer is truncated, once more without EDNS when that is disliked.
// For DNS over TCP or TLS from the start see dns_stream.h.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/dns_query.h"

namespace sonde::io {

struct DnsOptions {
  std::optional<IpAddress> source;  // nothing = the client's own
  std::string_view interface;       // device to leave by; empty = the system's choice
  /// Send again after 1 s of silence (then doubling), going round the servers; an answer to any sending counts. For
  /// finding an address. A check of a DNS server sends once: a repetition would hide a lost packet.
  bool repeat = false;
  /// After SERVFAIL ask once more without DNSSEC validation, to tell a bogus zone from a broken one; at most 500 ms.
  bool explain = false;
  /// How long to listen for further answers after the first (RELIABILITY D16); nothing = see kDnsLingerFactor.
  std::optional<Duration> linger = Duration{};
  MonoTime latest = MonoTime::max();  // lingering and explaining end by then
};

/// Lingering by default: ten times as long as the first answer took, at most 300 ms. A forged answer is sent from
/// somewhere on the way, so the real one follows within a few round trips of it. An answer within 1 ms comes from the
/// same building: nobody stands in between, and such checks must stay cheap.
inline constexpr int kDnsLingerFactor = 10;
inline constexpr Duration kDnsLingerMax = std::chrono::milliseconds{300};
inline constexpr Duration kDnsNearby = std::chrono::milliseconds{1};

/// One query under way; destroying it drops the answer.
class DnsLookup {
 public:
  virtual ~DnsLookup() = default;
  /// For a caller whose deadline comes first. True when the question is being asked over TCP by now.
  [[nodiscard]] virtual bool over_tcp() const = 0;
  /// How many datagrams were ignored so far, and what the first of them was.
  [[nodiscard]] virtual int strays() const = 0;
  [[nodiscard]] virtual std::string stray() const = 0;
  /// When an answer to the same question of the same servers came after an earlier look-up had been destroyed, at most
  /// 10 s after it was sent: how long after. Told once, to the look-up that asks first.
  [[nodiscard]] virtual std::optional<Duration> take_late() = 0;
};

struct DnsClientOptions {
  std::optional<IpAddress> source;  // local address to bind, where its family fits
};

/// Keeps channels for the resolvers asked (at most 64, the first idle one goes). One loop, one thread.
class DnsClient {
 public:
  virtual ~DnsClient() = default;
  /// `servers` (at least one; the first is asked, the others only where it does not answer and `repeat` is set or it is
  /// unreachable), `packet` and the text of `options` must outlive the lookup. `done` is called at most once,
  /// later, never from inside: silence has no end here, the caller owns the deadline.
  [[nodiscard]] virtual std::unique_ptr<DnsLookup> query(std::span<const Endpoint> servers, const DnsPacket& packet,
                                                         const DnsOptions& options, Callback<void(DnsReply)> done) = 0;
};

[[nodiscard]] std::unique_ptr<DnsClient> make_dns_client(Loop& loop, DnsClientOptions options);

/// The `nameserver` lines of resolv.conf(5) text, port 53; at most three, as the C library does.
[[nodiscard]] std::vector<Endpoint> parse_resolv_conf(std::string_view text);

}  // namespace sonde::io
