// Listening sockets without a loop: the kernel alone accepts.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "io/sockaddr.h"
#include "io/unique_fd.h"

namespace sonde::test {

/// Listens at `address`; port 0 takes any. The kernel completes connections; nobody speaks.
class TcpListener {
 public:
  explicit TcpListener(const char* address = "127.0.0.1", int port = 0, int backlog = 128)
      : address_(*io::parse_address(address)),
        fd_(socket(io::socket_family(address_), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const io::SocketAddress a = io::to_socket_address({address_, port});
    usable_ = bind(fd_.get(), a.get(), a.length) == 0 && listen(fd_.get(), backlog) == 0;
  }
  /// False when the address or the port could not be had.
  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] int port() const {
    sockaddr_storage a{};
    socklen_t length = sizeof a;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&a), &length);
    const auto* in = reinterpret_cast<const sockaddr_in*>(&a);  // the port is at the same place for both families
    return ntohs(in->sin_port);
  }
  [[nodiscard]] io::Endpoint endpoint() const { return {address_, port()}; }
  /// Takes one connection and says who made it; "" when none waits.
  [[nodiscard]] std::string accept_peer() {
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const io::UniqueFd fd{accept(fd_.get(), reinterpret_cast<sockaddr*>(&from), &length)};
    if (!fd) return "";
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
    return text;
  }

 private:
  io::IpAddress address_;
  io::UniqueFd fd_;
  bool usable_ = false;
};

/// A black hole on loopback: its backlog is full, so that the kernel drops every further SYN (tcp(7), listen(2)).
class FullListener {
 public:
  explicit FullListener(const char* address = "127.0.0.1", int port = 0) : listener_(address, port, 0) {
    const io::SocketAddress a = io::to_socket_address(listener_.endpoint());
    for (int i = 0; i < 4; ++i) {  // a backlog of 0 holds one; the rest makes sure
      io::UniqueFd fd{socket(a.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
      (void)connect(fd.get(), a.get(), a.length);
      fillers_.push_back(std::move(fd));
    }
  }
  [[nodiscard]] bool usable() const { return listener_.usable(); }
  [[nodiscard]] int port() const { return listener_.port(); }
  /// Makes room: the next SYN is answered.
  void drain() {
    fillers_.clear();
    while (!listener_.accept_peer().empty()) {
    }
  }

 private:
  TcpListener listener_;
  std::vector<io::UniqueFd> fillers_;
};

/// A port that nobody listens on (it was free a moment ago).
inline int free_tcp_port() { return TcpListener{"127.0.0.1", 0}.port(); }

}  // namespace sonde::test
