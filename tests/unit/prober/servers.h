// Servers for loopback tests, on the test's own loop: a scripted TCP server and a DNS server over UDP and TCP.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/dns_message.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::test {

inline sockaddr_in loopback_address(int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

inline int bound_port(int fd) {
  sockaddr_in a{};
  socklen_t length = sizeof a;
  getsockname(fd, reinterpret_cast<sockaddr*>(&a), &length);
  return ntohs(a.sin_port);
}

/// A socket bound to 127.0.0.1; port 0 takes any. Not yet listening. An fd of -1 means that the port is taken.
inline io::UniqueFd bound_socket(int type, int port = 0) {
  io::UniqueFd fd{socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in a = loopback_address(port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) fd.reset();
  return fd;
}

/// A port that nobody listens on (it was free a moment ago).
inline int free_port() {
  const io::UniqueFd fd = bound_socket(SOCK_STREAM);
  return bound_port(fd.get());
}

/// What a scripted server does once it has read enough, or at once.
struct Script {
  std::string wait_for;  // read until this was seen; empty = do not read
  std::string say;
  enum class Then { kKeepOpen, kClose, kReset } then = Then::kClose;
};

class ScriptedServer {
 public:
  ScriptedServer(io::Loop& loop, Script script)
      : loop_(loop), script_(std::move(script)), fd_(bound_socket(SOCK_STREAM)) {
    listen(fd_.get(), 64);
    accept_ = loop_.watch(fd_.get(), io::Interest::kRead, [this] { on_connection(); });
  }
  [[nodiscard]] int port() const { return bound_port(fd_.get()); }
  [[nodiscard]] std::string url(const std::string& scheme, const std::string& path = "") const {
    return scheme + "://127.0.0.1:" + std::to_string(port()) + path;
  }
  [[nodiscard]] const std::string& received() const { return received_; }
  /// The peer's address of the newest connection.
  [[nodiscard]] const std::string& peer() const { return peer_; }

 private:
  struct Connection {
    io::UniqueFd fd;
    std::string got;
    io::Handle watch;
  };

  void on_connection() {
    sockaddr_in from{};
    socklen_t length = sizeof from;
    io::UniqueFd fd{accept4(fd_.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) return;
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
    peer_ = text;
    auto c = std::make_unique<Connection>();
    Connection* raw = c.get();
    raw->fd = std::move(fd);
    connections_.push_back(std::move(c));
    if (script_.wait_for.empty()) return act(*raw);
    raw->watch = loop_.watch(raw->fd.get(), io::Interest::kRead, [this, raw] { on_readable(*raw); });
  }

  void on_readable(Connection& c) {
    char buffer[4096];
    const ssize_t n = recv(c.fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return c.watch.reset();
    c.got.append(buffer, static_cast<std::size_t>(n));
    received_ = c.got;
    if (c.got.find(script_.wait_for) == std::string::npos) return;
    c.watch.reset();
    act(c);
  }

  void act(Connection& c) {
    if (!script_.say.empty()) (void)!send(c.fd.get(), script_.say.data(), script_.say.size(), MSG_NOSIGNAL);
    if (script_.then == Script::Then::kReset) {
      const linger hard{1, 0};
      setsockopt(c.fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    if (script_.then != Script::Then::kKeepOpen) c.fd.reset();
  }

  io::Loop& loop_;
  Script script_;
  io::UniqueFd fd_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::string received_;
  std::string peer_;
  io::Handle accept_;
};

/// Answers DNS over UDP, and over TCP on the same port when asked to.
class DnsServer {
 public:
  using Answer = std::function<std::vector<std::vector<std::uint8_t>>(const core::dns::Message& query, bool tcp)>;

  enum class Tcp { kServe, kRefuse, kSilent, kShort };

  DnsServer(io::Loop& loop, Answer answer, Tcp tcp = Tcp::kRefuse)
      : loop_(loop), answer_(std::move(answer)), mode_(tcp) {
    do {  // both transports need the same number
      udp_ = bound_socket(SOCK_DGRAM);
      tcp_ = bound_socket(SOCK_STREAM, bound_port(udp_.get()));
    } while (!tcp_);
    udp_watch_ = loop_.watch(udp_.get(), io::Interest::kRead, [this] { on_datagram(); });
    if (tcp == Tcp::kRefuse) {
      tcp_.reset();
      return;
    }
    listen(tcp_.get(), 16);
    tcp_watch_ = loop_.watch(tcp_.get(), io::Interest::kRead, [this] { on_connection(); });
  }
  [[nodiscard]] int port() const { return bound_port(udp_.get()); }
  [[nodiscard]] int queries() const { return queries_; }
  [[nodiscard]] std::string url(const std::string& name, const std::string& type = "A") const {
    return "dns://127.0.0.1:" + std::to_string(port()) + "/" + name + "?type=" + type;
  }

 private:
  struct Connection {
    io::UniqueFd fd;
    std::string got;
    io::Handle watch;
  };

  void on_datagram() {
    std::uint8_t buffer[4096];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t n = recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n <= 0) return;
    ++queries_;
    const auto query = core::dns::decode({buffer, static_cast<std::size_t>(n)});
    if (!query) return;
    for (const auto& wire : answer_(*query, false)) {
      (void)!sendto(udp_.get(), wire.data(), wire.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
    }
  }

  void on_connection() {
    auto c = std::make_unique<Connection>();
    c->fd.reset(accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!c->fd) return;
    Connection* raw = c.get();
    connections_.push_back(std::move(c));
    raw->watch = loop_.watch(raw->fd.get(), io::Interest::kRead, [this, raw] { on_readable(*raw); });
  }

  void on_readable(Connection& c) {
    char buffer[4096];
    const ssize_t n = recv(c.fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return c.watch.reset();
    c.got.append(buffer, static_cast<std::size_t>(n));
    if (c.got.size() < 2 || mode_ == Tcp::kSilent) return;
    const std::span<const std::uint8_t> wire{reinterpret_cast<const std::uint8_t*>(c.got.data()) + 2, c.got.size() - 2};
    const auto query = core::dns::decode(wire);
    if (!query) return;
    for (const auto& answer : answer_(*query, true)) {
      const auto size = answer.size() + (mode_ == Tcp::kShort ? 40 : 0);
      std::string out{static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)};
      out.append(reinterpret_cast<const char*>(answer.data()), answer.size());
      (void)!send(c.fd.get(), out.data(), out.size(), MSG_NOSIGNAL);
    }
    if (mode_ == Tcp::kShort) {
      c.watch.reset();
      c.fd.reset();
    }
  }

  io::Loop& loop_;
  Answer answer_;
  Tcp mode_;
  io::UniqueFd udp_;
  io::UniqueFd tcp_;
  std::vector<std::unique_ptr<Connection>> connections_;
  int queries_ = 0;
  io::Handle udp_watch_;
  io::Handle tcp_watch_;
};

/// The reply to `query` with these answers and that code.
inline core::dns::Message reply_to(const core::dns::Message& query, std::vector<core::dns::ResourceRecord> answers,
                                   core::dns::Rcode rcode = core::dns::Rcode::kNoError) {
  core::dns::Message m = query;
  m.response = true;
  m.recursion_available = true;
  m.rcode = static_cast<std::uint16_t>(rcode);
  m.answers = std::move(answers);
  return m;
}

inline std::vector<std::vector<std::uint8_t>> wire(const core::dns::Message& m) {
  auto bytes = core::dns::encode(m);
  return {bytes.has_value() ? *bytes : std::vector<std::uint8_t>{}};
}

inline core::dns::ResourceRecord record(std::string name, core::dns::Type type, std::string data,
                                        std::uint32_t ttl = 60) {
  return {.name = std::move(name), .type = type, .klass = 1, .ttl = ttl, .data = std::move(data)};
}

/// A resolver that knows every name as 127.0.0.1.
inline std::vector<std::vector<std::uint8_t>> answer_loopback(const core::dns::Message& query, bool /*tcp*/) {
  const auto& q = query.questions.front();
  if (q.type != core::dns::Type::kA) return wire(reply_to(query, {}));
  return wire(reply_to(query, {record(q.name, q.type, "127.0.0.1")}));
}

}  // namespace sonde::test
