// Opens one TCP connection to one address, and says exactly how that went.
// Source: connect(2), tcp(7) TCP_INFO, socket(7) SO_BINDTODEVICE, ip(7) IP_BIND_ADDRESS_NO_PORT.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/address.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::io {

/// How a connect ended. The kinds after kTimeout are faults of our own side.
enum class DialError {
  kNone,
  kRefused,      // RST to the SYN
  kReset,        // ECONNRESET while connecting
  kUnreachable,  // EHOSTUNREACH, ENETUNREACH and the like while connecting: somebody on the path said so
  kProhibited,   // EACCES while connecting: somebody on the path forbids it (ICMPv6 type 1, codes 1, 5 and 6)
  kTimeout,      // ETIMEDOUT: the kernel gave up before our deadline
  kNoRoute,      // ENETUNREACH, EHOSTUNREACH of connect(2) itself: no route of our own
  kBlocked,      // EACCES, EPERM, EINVAL of connect(2) itself: a local rule or route forbids it
  kNoResource,   // no descriptor, port or buffer left
  kBadSource,    // the configured source address or interface is not ours to use
  kPolicy,       // the address is denied by AddressPolicy
  kSelfConnect,  // the kernel connected the socket to itself
};

struct DialResult {
  DialError error = DialError::kNone;
  std::string detail;  // errno text or the kind of the denied range
  UniqueFd fd;         // connected and non-blocking, when error is kNone
  /// From connect(2) until it was settled. Of a connection that stands and whose SYN was sent once, it is the smaller
  /// of our clock and the kernel's round trip of the SYN: what is more on our clock is the delay of our own loop.
  Duration elapsed{};
  std::optional<Duration> rtt;   // TCP_INFO tcpi_rtt: the SYN's round trip as the kernel saw it
  std::int64_t retransmits = 0;  // TCP_INFO tcpi_total_retrans
};

/// From where one connection goes out.
struct DialFrom {
  std::optional<IpAddress> source;  // local address, used where its family fits; nothing = that of the dialer
  std::string_view interface;       // device; empty = the system's choice. Only read before dial() returns
};

struct DialerOptions {
  std::optional<IpAddress> source;  // local address to bind; used where its family fits
  AddressPolicy policy;
};

/// Stateless but for its options; the loop must outlive it and its handles.
class TcpDialer {
 public:
  TcpDialer(Loop& loop, DialerOptions options) : loop_(loop), options_(std::move(options)) {}

  /// Starts a connect. `done` is called once, later, never from inside. Destroying the handle cancels and closes.
  /// There is no timeout here: the caller owns the deadline.
  [[nodiscard]] Handle dial(const Endpoint& to, const DialFrom& from, Callback<void(DialResult)> done);

  /// What of our own keeps packets from going to `to` just now: kNoRoute, kBlocked, kBadSource or kNoResource; kNone
  /// when nothing does. Sends nothing: the kernel looks its way up for a datagram socket. For a connect that was given
  /// up, because an interface that goes down meanwhile is no error of connect(2) (RELIABILITY C32).
  [[nodiscard]] DialError own_fault(const Endpoint& to, const DialFrom& from) const;

  [[nodiscard]] const AddressPolicy& policy() const { return options_.policy; }

 private:
  [[nodiscard]] DialFrom way_out(const Endpoint& to, const DialFrom& from) const;

  Loop& loop_;
  DialerOptions options_;
};

}  // namespace sonde::io
