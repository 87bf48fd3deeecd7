// A DNS server over UDP whose every datagram is scripted: what is sent, from which socket, and when.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/prober/servers.h"

namespace sonde::test {

using Bytes = std::vector<std::uint8_t>;

class HostileDns {
 public:
  /// The way back to who asked.
  class Back {
   public:
    Back(HostileDns& server, sockaddr_in to) : server_(server), to_(to) {}
    void send(const Bytes& bytes) const { server_.send(server_.udp_.get(), bytes, to_); }
    void send(const core::dns::Message& m) const { send(wire(m).front()); }
    /// From another port than the one that was asked.
    void send_from_elsewhere(const core::dns::Message& m) const {
      server_.send(server_.elsewhere_.get(), wire(m).front(), to_);
    }
    void send_later(io::Duration delay, const core::dns::Message& m) const {
      server_.later_.push_back(server_.loop_.after(delay, [back = *this, m] { back.send(m); }));
    }

   private:
    HostileDns& server_;
    sockaddr_in to_;
  };
  using Script = std::function<void(const core::dns::Message& query, const Bytes& raw, const Back& back)>;

  HostileDns(io::Loop& loop, Script script)
      : loop_(loop),
        script_(std::move(script)),
        udp_(bound_socket(SOCK_DGRAM)),
        elsewhere_(bound_socket(SOCK_DGRAM)),
        watch_(loop.watch(udp_.get(), io::Interest::kRead, [this] { on_datagram(); })) {}

  [[nodiscard]] int port() const { return bound_port(udp_.get()); }
  [[nodiscard]] int elsewhere() const { return bound_port(elsewhere_.get()); }
  [[nodiscard]] std::string url(const std::string& name = "app.test", const std::string& type = "A") const {
    return "dns://127.0.0.1:" + std::to_string(port()) + "/" + name + "?type=" + type;
  }
  [[nodiscard]] io::Endpoint endpoint() const { return *io::parse_endpoint("127.0.0.1:" + std::to_string(port()), 53); }
  [[nodiscard]] const std::vector<core::dns::Message>& queries() const { return queries_; }

 private:
  void on_datagram() {
    Bytes raw(4096);
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t n = recvfrom(udp_.get(), raw.data(), raw.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n <= 0) return;
    raw.resize(static_cast<std::size_t>(n));
    auto query = core::dns::decode(raw);
    if (!query) return;
    queries_.push_back(*query);
    script_(*query, raw, Back{*this, from});
  }

  static void send(int fd, const Bytes& bytes, const sockaddr_in& to) {
    (void)!sendto(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  io::Loop& loop_;
  Script script_;
  io::UniqueFd udp_;
  io::UniqueFd elsewhere_;
  std::vector<core::dns::Message> queries_;
  std::vector<io::Handle> later_;
  io::Handle watch_;
};

/// The answer `A address` to `query`.
inline core::dns::Message with_address(const core::dns::Message& query, const std::string& address,
                                       std::uint32_t ttl = 60) {
  const auto& q = query.questions.front();
  return reply_to(query, {record(q.name, core::dns::Type::kA, address, ttl)});
}

}  // namespace sonde::test
