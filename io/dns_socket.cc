// UDP sockets with stamps and errors.
#include "io/dns_socket.h"

#include <linux/errqueue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "io/receive_time.h"

namespace sonde::io {
namespace {

constexpr int kReceiveBufferBytes = 4 * 1024 * 1024;  // 208 KiB lose answers from 512 queries in flight on
constexpr Duration kAgeMax = std::chrono::seconds{60};
constexpr int kIcmpErrorsMax = 64;  // read in one go
constexpr int kOn = 1;

bool bind_to(int fd, int family, const std::optional<IpAddress>& source, const std::string& interface) {
  if (!interface.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                       static_cast<socklen_t>(interface.size() + 1)) != 0) {
    return false;
  }
  if (!source || socket_family(*source) != family) return true;
  const SocketAddress local = to_socket_address({*source, 0});
  return bind(fd, local.get(), local.length) == 0;
}

Duration age_of(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const Duration age =
        std::chrono::seconds{now.tv_sec - stamp.tv_sec} + std::chrono::nanoseconds{now.tv_nsec - stamp.tv_nsec};
    return age < Duration{} || age > kAgeMax ? Duration{} : age;  // else the wall clock was set meanwhile
  }
  return {};
}

/// True when the queue's entry is a peer's or router's word that our datagram did not arrive.
bool is_unreachable(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    const bool ip4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    const bool ip6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if (!ip4 && !ip6) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(c), sizeof error);
    const bool icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
    return icmp && error.ee_errno != EMSGSIZE;
  }
  return false;
}

}  // namespace

int open_datagram_socket(int family, const std::optional<IpAddress>& source, const std::string& interface) {
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
  stamp_arrivals(fd);
  if (family == AF_INET) {
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &kOn, sizeof kOn);
  } else {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &kOn, sizeof kOn);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn);
  }
  if (bind_to(fd, family, source, interface)) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

Datagram receive_datagram(int fd, std::span<std::uint8_t> data, sockaddr_storage& from, socklen_t& from_length) {
  iovec part{data.data(), data.size()};
  alignas(cmsghdr) std::array<char, 128> control;
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Datagram out;
  out.bytes = recvmsg(fd, &message, MSG_DONTWAIT);
  if (out.bytes < 0) return out;
  from_length = message.msg_namelen;
  out.cut = (message.msg_flags & MSG_TRUNC) != 0;
  out.age = age_of(message);
  return out;
}

std::optional<IcmpError> next_icmp_error(int fd, std::span<std::uint8_t> data) {
  for (int i = 0; i < kIcmpErrorsMax; ++i) {
    iovec part{data.data(), data.size()};
    alignas(cmsghdr) std::array<char, 512> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (n < 0) return std::nullopt;
    if (is_unreachable(message)) return IcmpError{static_cast<std::size_t>(n)};
  }
  return std::nullopt;
}

Endpoint to_endpoint(const sockaddr_storage& address) {
  Endpoint out;
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::memcpy(out.address.bytes.data(), &in.sin_addr, 4);
    out.port = ntohs(in.sin_port);
  } else {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    out.address.family = IpAddress::Family::kIp6;
    std::memcpy(out.address.bytes.data(), &in.sin6_addr, 16);
    out.port = ntohs(in.sin6_port);
  }
  return out;
}

}  // namespace sonde::io
