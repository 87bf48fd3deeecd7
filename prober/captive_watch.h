// Looks for a transparent proxy or captive portal on the way out: it answers for addresses where nobody can be.
// RFC 5737 and RFC 3849 reserve addresses for documentation; a connection to one of them proves that somebody in
// between accepts connections in others' names, and then no result of this vantage means what it says (RELIABILITY
// C35).
#pragma once

#include <memory>
#include <optional>

#include "io/tcp_dialer.h"

namespace sonde::prober {

using core::Callback;
using core::Duration;

struct CaptiveOptions {
  io::Endpoint canary;                  // must have nobody behind it
  std::optional<io::IpAddress> source;  // as the probes have
  Duration every = std::chrono::minutes{1};
  Duration timeout = std::chrono::seconds{5};
};

class CaptiveWatch {
 public:
  /// Looks at once and then every `every`; `found` is told after each look whether the canary answered.
  /// `loop` must outlive this.
  CaptiveWatch(io::Loop& loop, const CaptiveOptions& options, Callback<void(bool)> found);
  CaptiveWatch(const CaptiveWatch&) = delete;
  CaptiveWatch& operator=(const CaptiveWatch&) = delete;

 private:
  void look();
  void end_look(bool connected);

  io::Loop& loop_;
  CaptiveOptions options_;
  io::TcpDialer dialer_;
  Callback<void(bool)> found_;
  io::Handle connect_;
  io::Handle timer_;
};

}  // namespace sonde::prober
