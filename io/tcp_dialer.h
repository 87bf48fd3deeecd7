// Opens one TCP connection to one address, and says exactly how that went.
// Source: connect(2), tcp(7) TCP_INFO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/address.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::io {

/// How a connect ended. The kinds after kTimeout are faults of our own side.
enum class DialError {
  kNone,
  kRefused,      // RST to the SYN
  kReset,        // ECONNRESET while connecting
  kUnreachable,  // EHOSTUNREACH: somebody on the path said so
  kTimeout,      // ETIMEDOUT: the kernel gave up before our deadline
  kNoRoute,      // ENETUNREACH: no route of our own
  kBlocked,      // EACCES, EPERM: a local rule forbids it
  kNoResource,   // no descriptor, port or buffer left
  kBadSource,    // the configured source address is not ours
  kPolicy,       // the address is denied by AddressPolicy
  kSelfConnect,  // the kernel connected the socket to itself
};

struct DialResult {
  DialError error = DialError::kNone;
  std::string detail;            // errno text or the kind of the denied range
  UniqueFd fd;                   // connected and non-blocking, when error is kNone
  Duration elapsed{};            // from connect(2) until it was settled, precise clock
  std::optional<Duration> rtt;   // TCP_INFO tcpi_rtt: the SYN's round trip as the kernel saw it
  std::int64_t retransmits = 0;  // TCP_INFO tcpi_total_retrans
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
  [[nodiscard]] Handle dial(const Endpoint& to, Callback<void(DialResult)> done);

  [[nodiscard]] const AddressPolicy& policy() const { return options_.policy; }

 private:
  Loop& loop_;
  DialerOptions options_;
};

}  // namespace sonde::io
