// The resolver of one vantage, over UDP and TCP: answers every name of the world with the address of its pair.
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
  DnsServer(boost::asio::io_context& io, Services& services, std::size_t vantage);
  [[nodiscard]] core::Result<void> listen();

 private:
  struct Stream;
  struct Answer {
    std::vector<std::uint8_t> wire;  // empty: silence
    core::Duration delay{};
  };
  void receive();
  void send_later(Answer answer, const boost::asio::ip::udp::endpoint& to);
  void accept();
  void read_length(const std::shared_ptr<Stream>& s);
  void read_query(const std::shared_ptr<Stream>& s);
  void write_later(const std::shared_ptr<Stream>& s, Answer answer);
  [[nodiscard]] Answer answer(std::span<const std::uint8_t> query);
  [[nodiscard]] core::Duration fill(const core::dns::Message& query, core::dns::Message& reply, bool& silent);
  void fill_address(const core::dns::Question& q, std::string address, core::dns::Message& reply);

  boost::asio::io_context& io_;
  Services& services_;
  std::size_t vantage_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
  boost::asio::ip::udp::endpoint sender_;
  std::array<std::uint8_t, 4096> buffer_{};
};

}  // namespace sonde::world
