// The resolver of one vantage, over UDP and TCP: answers every name of the world with the address of its pair. Or a
// server that is itself a target: answers for every name that it exists.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include "core/dns_message.h"
#include "core/result.h"
#include "services.h"

namespace sonde::world {

/// Listens from listen() until destroyed. `services` must outlive it. One thread.
class DnsServer {
 public:
  /// `target` is what probers ask as a target of its own; null: this is the vantage's resolver.
  DnsServer(boost::asio::io_context& io, Services& services, std::size_t vantage, const Target* target = nullptr);
  [[nodiscard]] core::Result<void> listen();

 private:
  struct Stream;
  struct Answer {
    std::vector<std::uint8_t> wire;
    core::Duration delay{};
  };
  void receive();
  void send_later(Answer answer, const boost::asio::ip::udp::endpoint& to);
  void accept();
  void read_length(const std::shared_ptr<Stream>& s);
  void read_query(const std::shared_ptr<Stream>& s);
  void write_later(const std::shared_ptr<Stream>& s, Answer answer);
  /// None: silence. Two over UDP where one is injected on the way.
  [[nodiscard]] std::vector<Answer> answers(std::span<const std::uint8_t> query, bool udp);
  [[nodiscard]] std::vector<std::uint8_t> wire(const core::dns::Message& query, const Target* t, DnsReply what);
  void fill(const core::dns::Question& q, const Target* t, DnsReply what, core::dns::Message& reply);
  [[nodiscard]] const Target* target_of(const std::string& name) const;
  void fill_good(const core::dns::Question& q, const Target& t, core::dns::Message& reply);
  void fill_address(const core::dns::Question& q, std::string address, core::dns::Message& reply);

  boost::asio::io_context& io_;
  Services& services_;
  std::size_t vantage_;
  const Target* target_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
  boost::asio::ip::udp::endpoint sender_;
  std::array<std::uint8_t, 4096> buffer_{};
};

}  // namespace sonde::world
