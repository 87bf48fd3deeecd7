// A server that answers exactly so long after the kernel received the request: the known truth of the fidelity bench.
#pragma once

#include <memory>
#include <vector>

#include "core/time.h"
#include "tests/bench/processes.h"

namespace sonde::bench {

/// HTTP over TCP and DNS over UDP on one port of 127.0.0.1, in a child process until this object goes.
/// The child takes the kernel's receive stamp, sleeps until shortly before the moment, and spins for the rest; it runs
/// SCHED_FIFO where that is permitted (sched(7)).
class DelayServer {
 public:
  explicit DelayServer(core::Duration delay);
  ~DelayServer();
  DelayServer(const DelayServer&) = delete;
  DelayServer& operator=(const DelayServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] bool real_time() const;
  /// How late its own answers were since the last call, in seconds: part of every error measured against it.
  [[nodiscard]] std::vector<double> take_lateness();

 private:
  struct Shared;

  int port_ = 0;
  Shared* shared_;  // memory that parent and child share
  std::unique_ptr<Child> child_;
};

}  // namespace sonde::bench
