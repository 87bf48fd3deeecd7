// Between our Endpoint and the kernel's sockaddr; for .cc files of io/ and loopback tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "io/address.h"

namespace sonde::io {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

inline SocketAddress to_socket_address(const Endpoint& e) {
  SocketAddress out;
  const auto port = htons(static_cast<std::uint16_t>(e.port));
  if (e.address.family == IpAddress::Family::kIp4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = port;
    std::memcpy(&in.sin_addr, e.address.bytes.data(), 4);
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = port;
    std::memcpy(&in.sin6_addr, e.address.bytes.data(), 16);
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  }
  return out;
}

inline int socket_family(const IpAddress& a) { return a.family == IpAddress::Family::kIp4 ? AF_INET : AF_INET6; }

}  // namespace sonde::io
