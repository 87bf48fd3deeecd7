// The running world: all servers on one event loop, kept in step with the faults that are active.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "clock_files.h"
#include "control_api.h"
#include "core/result.h"
#include "dns_server.h"
#include "endpoint.h"
#include "services.h"

namespace sonde::world {

/// One thread. `io`, `services` and `clocks` must outlive it, and `io` must not run after it is gone.
class Simulation {
 public:
  Simulation(boost::asio::io_context& io, Services& services, ClockFiles& clocks);
  /// Opens every listener of every vantage, and the control API.
  [[nodiscard]] core::Result<void> start();

 private:
  [[nodiscard]] core::Result<void> start_vantage(std::size_t vantage);
  [[nodiscard]] core::Result<void> add_endpoint(EndpointIdentity identity, std::string address, int port);
  void follow_faults();
  void next_slot();

  boost::asio::io_context& io_;
  Services& services_;
  ClockFiles& clocks_;
  std::vector<std::unique_ptr<DnsServer>> dns_servers_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  ControlApi control_;
  boost::asio::steady_timer slots_;
};

}  // namespace sonde::world
