// Copies bytes between a socket pair and a TLS session, both ways, with one bounded buffer each way.
// Internal to io/tls_client.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "core/result.h"
#include "io/tls_client.h"
#include "io/tls_handshake.h"

namespace sonde::io {

class TlsPump {
 public:
  /// `handshake` is complete over the non-blocking `tls_fd`; both must outlive the pump.
  TlsPump(Loop& loop, TlsHandshake& handshake, int tls_fd, TlsTap tap)
      : loop_(loop), handshake_(handshake), ssl_(handshake.ssl()), tls_fd_(tls_fd), tap_(std::move(tap)) {}

  /// Once: makes the pair, starts pumping, returns the far end.
  [[nodiscard]] core::Result<UniqueFd> open();

  [[nodiscard]] TlsStreamEnd end() const { return end_; }
  [[nodiscard]] core::Cause cause() const { return cause_; }
  /// TlsSession::first_byte_at().
  [[nodiscard]] std::optional<MonoTime> first_byte_at() const { return first_byte_at_; }

 private:
  void pump();
  bool pump_up();
  bool pump_down();
  int read_record(char* into, std::size_t size);
  void end_from_ssl(int result);
  void update_watches();
  void set_watch(Handle& handle, bool wanted, int fd, Interest interest);

  Loop& loop_;
  TlsHandshake& handshake_;
  SSL* ssl_;
  int tls_fd_;
  TlsTap tap_;  // may be empty
  UniqueFd near_;
  std::string up_;    // towards the peer
  std::string down_;  // from the peer
  bool app_gone_ = false;
  bool told_app_ = false;
  bool write_waits_ = false;
  TlsStreamEnd end_ = TlsStreamEnd::kOpen;
  core::Cause cause_ = core::Cause::kNone;
  MonoTime opened_{};
  std::optional<MonoTime> first_byte_at_;
  Handle tls_read_;
  Handle tls_write_;
  Handle app_read_;
  Handle app_write_;
};

}  // namespace sonde::io
