// The control API on loopback: GET /state, POST /faults, DELETE /faults/ID, DELETE /faults.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/result.h"
#include "services.h"

namespace sonde::world {

/// Listens from listen() until destroyed. `services` must outlive it. One thread.
class ControlApi {
 public:
  ControlApi(boost::asio::io_context& io, Services& services);
  [[nodiscard]] core::Result<void> listen();

  struct Reply {
    int status = 200;
    std::string body;  // JSON
  };
  /// What the API answers; apart from the sockets, so that each rule is one function.
  [[nodiscard]] Reply handle(std::string_view method, std::string_view path, const std::string& body);

 private:
  void accept();
  [[nodiscard]] std::string state() const;
  [[nodiscard]] Reply add_fault(const std::string& body);
  [[nodiscard]] Reply remove_fault(std::string_view id);
  void end_later(std::uint64_t id, core::Duration after);

  boost::asio::io_context& io_;
  Services& services_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace sonde::world
