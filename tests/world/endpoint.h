// The listener of one (vantage, target) pair: open, refusing, or a black hole, and changed at any moment.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "active_faults.h"
#include "core/result.h"
#include "services.h"

namespace sonde::world {

/// What an accepted connection shall see. Outlives the endpoint.
struct EndpointIdentity {
  std::size_t vantage = 0;
  const Target* target = nullptr;  // null for the parked site
  std::string host;                // name in its certificate
  std::string issuer;
  Protocol protocol = Protocol::kHttps;
};

/// Black hole, without privileges: on Linux a listener whose accept queue is full drops further SYNs without a word
/// (net/ipv4/tcp_input.c, tcp_conn_request). So: stop accepting, listen(fd, 0), and fill the one place that is left
/// with a connection of our own. Undone by listen(fd, 128) and accepting again; SYNs that clients repeat then succeed.
class Endpoint {
 public:
  Endpoint(boost::asio::io_context& io, Services& services, EndpointIdentity identity, std::string address, int port);

  /// Opens the listener.
  [[nodiscard]] core::Result<void> start();
  /// Makes the listener behave as `mode`. Returns an error when the port cannot be bound again.
  [[nodiscard]] core::Result<void> set_mode(ListenerMode mode);
  [[nodiscard]] const EndpointIdentity& identity() const { return identity_; }

 private:
  [[nodiscard]] core::Result<void> open();
  void accept();
  void drain();
  void fill_queue();

  boost::asio::io_context& io_;
  Services& services_;
  EndpointIdentity identity_;
  boost::asio::ip::tcp::endpoint where_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::socket filler_;
  ListenerMode mode_ = ListenerMode::kRefuse;
};

}  // namespace sonde::world
