// The UDP sockets of a DNS channel: options, source, and datagrams with their kernel stamps and ICMP errors.
// Not connected, so that an answer from a wrong source is seen and counted and not dropped by the kernel.
// Internal to io/dns_channel.cc. Source: ip(7) IP_RECVERR, socket(7) SO_TIMESTAMPNS, recvmsg(2) MSG_ERRQUEUE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "io/address.h"
#include "io/loop.h"
#include "io/sockaddr.h"

namespace sonde::io {

/// Opens a socket for datagrams of `family` (AF_INET, AF_INET6). -1 with errno set; EADDRNOTAVAIL and ENODEV mean that
/// `source` or `interface` is not ours.
[[nodiscard]] int open_datagram_socket(int family, const std::optional<IpAddress>& source,
                                       const std::string& interface);

struct Datagram {
  ssize_t bytes = 0;  // as of recvmsg(2); below 0 with errno set
  bool cut = false;   // longer than the buffer
  Duration age{};     // how long it had waited when it was read; zero without a stamp
};

/// Reads one datagram into `data`; `from` gets its source.
[[nodiscard]] Datagram receive_datagram(int fd, std::span<std::uint8_t> data, sockaddr_storage& from,
                                        socklen_t& from_length);

/// One ICMP error that came back for a datagram of ours.
struct IcmpError {
  std::size_t bytes = 0;  // how much of our datagram was given back into the buffer
};
/// The next one of the socket's error queue, nothing when it is empty. Errors that are not about reaching the peer
/// (a packet too large for a link) are passed over.
[[nodiscard]] std::optional<IcmpError> next_icmp_error(int fd, std::span<std::uint8_t> data);

[[nodiscard]] Endpoint to_endpoint(const sockaddr_storage& address);

}  // namespace sonde::io
