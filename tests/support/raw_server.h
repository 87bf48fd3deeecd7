// A TCP server on the test's own loop that sends given bytes, right or wrong, and ends as told.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::test {

/// What a server does with a connection.
struct RawScript {
  enum class End {
    kClose,  // orderly, after everything is sent
    kReset,  // RST (SO_LINGER 0)
    kHold,   // stays open and says nothing more
  };
  std::string bytes;
  End end = End::kClose;
  std::string wait_for = "\r\n\r\n";  // starts once this has been received; empty = at once
  std::size_t chunk = 0;              // bytes per write; 0 = all
  io::Duration gap{};                 // between chunks
  std::string repeat;                 // sent again and again after `bytes`, until the peer goes
};

class RawServer {
 public:
  /// Listens on 127.0.0.1. `loop` must be a real one and outlive this.
  RawServer(io::Loop& loop, RawScript script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const { return accepted_; }
  /// All bytes received, of all connections.
  [[nodiscard]] const std::string& received() const { return received_; }
  /// Connections that the peer has not ended.
  [[nodiscard]] int open() const;

 private:
  struct Connection;
  io::Loop& loop_;
  RawScript script_;
  io::UniqueFd listener_;
  int port_ = 0;
  int accepted_ = 0;
  std::string received_;
  io::Handle accept_watch_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

/// The script's bytes at one end of a socketpair, for requests over a given stream; the other end is `peer`.
/// Plays as a RawServer does.
class RawStream {
 public:
  RawStream(io::Loop& loop, RawScript script);
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  /// The end to hand to the code under test. Once.
  [[nodiscard]] io::UniqueFd take_peer() { return std::move(peer_); }
  [[nodiscard]] const std::string& received() const { return received_; }
  /// The peer has closed its end.
  [[nodiscard]] bool closed() const;

 private:
  RawScript script_;
  io::UniqueFd peer_;
  std::string received_;
  std::unique_ptr<struct RawPlayer> player_;
};

/// A TCP client that sends raw bytes and keeps what comes back.
class RawClient {
 public:
  /// Connects to 127.0.0.1:`port` (a blocking connect; aborts when refused) and sends `bytes`, `chunk` at a time.
  RawClient(io::Loop& loop, int port, std::string bytes, std::size_t chunk = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string bytes);
  /// Shuts the sending side (after what is queued).
  void shut();
  /// Stops reading, so that the server's writes back up.
  void stop_reading();
  void close();
  [[nodiscard]] const std::string& received() const { return received_; }
  /// The server closed or reset.
  [[nodiscard]] bool ended() const;

 private:
  std::string received_;
  std::unique_ptr<struct RawPlayer> player_;
};

}  // namespace sonde::test
