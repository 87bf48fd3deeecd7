// Watches the bytes that a TLS session reads: bounds those that lead to nothing, and knows when a record arrived.
// Internal to io/tls_*.cc: sees OpenSSL. Source: BIO_set_callback_ex(3), receive_time.h.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>

#include "io/loop.h"

namespace sonde::io {

class TlsWire {
 public:
  explicit TlsWire(Loop& loop) : loop_(loop) {}
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  /// Once, after SSL_set_fd(3). This must outlive `ssl`.
  void attach(SSL* ssl, int fd);

  /// Something useful came (the handshake ended, a byte for the application): the count of idle bytes starts anew.
  void progress() { idle_bytes_ = 0; }
  /// Too many bytes came without progress; the session reads no more and every call on it fails.
  [[nodiscard]] bool flooded() const { return flooded_; }

  /// From now on (true) the arrival of each record is taken from the kernel: one system call a record.
  void follow_arrivals(bool on) { follow_ = on; }
  /// When the record that was begun last arrived; nothing where the kernel did not say.
  [[nodiscard]] std::optional<MonoTime> record_arrived() const { return arrived_; }

 private:
  static long on_bio(BIO* bio, int operation, const char* data, std::size_t length, int argi, long argl, int result,
                     std::size_t* processed);

  Loop& loop_;
  int fd_ = -1;
  std::size_t idle_bytes_ = 0;
  bool flooded_ = false;
  bool follow_ = false;
  std::optional<MonoTime> arrived_;
};

}  // namespace sonde::io
