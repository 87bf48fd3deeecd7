// A TCP peer behind a TUN device of the test's own network: it decides packet by packet what arrives and what is
// answered, which no real server on loopback can. IPv4 only, one connection at a time is enough for a check.
// Source: Documentation/networking/tuntap.rst; RFC 9293 3.1 (header), RFC 2018 (selective acknowledgement).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::test {

/// What tests run under in_own_network() as set-up: says whether there can be such a device here.
inline constexpr const char* kTunSetup = "ip tuntap add dev t1 mode tun";
/// We are 10.9.0.1 on the device `t0`, which each peer makes for itself.
inline constexpr const char* kTunPeerAddress = "10.9.0.2";

class TunPeer {
 public:
  struct Behaviour {
    bool answers_data = true;        // false: it is silent after the handshake
    std::size_t largest = 65535;     // payload of a segment that still arrives
    std::string says;                // once, after the first bytes in order
    std::size_t lost_of_answer = 0;  // so many first bytes of what it says never arrive, however often they are sent
    bool resets_data = false;        // the first bytes are answered with a RST
    std::uint8_t ttl_of_reset = 64;
  };

  TunPeer(io::Loop& loop, Behaviour behaviour);
  TunPeer(const TunPeer&) = delete;
  TunPeer& operator=(const TunPeer&) = delete;

  /// The device could be made.
  [[nodiscard]] bool works() const { return static_cast<bool>(fd_); }
  [[nodiscard]] int dropped() const { return dropped_; }
  /// Bytes that arrived in order.
  [[nodiscard]] std::size_t received() const { return received_; }

 private:
  struct Segment;
  void on_readable();
  void on_segment(const Segment& s);
  void on_data(const Segment& s);
  void reply(const Segment& to, std::uint8_t flags, const std::string& options, const std::string& payload);

  io::Loop& loop_;
  Behaviour behaviour_;
  io::UniqueFd fd_;
  io::Handle readable_;
  std::uint32_t next_ = 0;     // expected sequence number
  std::uint32_t sending_ = 0;  // our own
  int dropped_ = 0;
  std::size_t received_ = 0;
};

}  // namespace sonde::test
