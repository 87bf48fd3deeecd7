// A small HTTP/1.1 client that asks one address many times, each time over a new connection: what drives blackbox.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sonde::bench {

struct DriverPlan {
  int port = 0;  // on 127.0.0.1
  std::string path;
  std::size_t requests = 1;
  std::size_t in_flight_max = 16;
  double per_second = 0;                               // starts are spread evenly; 0 = as fast as in_flight_max allows
  double seconds_max = 60;                             // gives up then
  std::function<void(std::string_view body)> on_body;  // of each whole 200 answer; may be empty
};

/// Blocks until all are answered or the time is over; returns how many 200 answers came.
std::size_t drive(const DriverPlan& plan);

}  // namespace sonde::bench
