// One client handshake over a connected non-blocking socket, as a state machine; verification is recorded beside it.
// Internal to io/tls_*.cc: sees OpenSSL. Source: SSL_connect(3), SSL_get_error(3), SSL_CTX_set_msg_callback(3).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/tls_certificates.h"
#include "io/tls_client.h"
#include "io/tls_verdict.h"
#include "io/tls_wire.h"

namespace sonde::io {

class TlsHandshake {
 public:
  struct End {
    core::Cause cause = core::Cause::kNone;  // kNone: the handshake is complete
    std::string detail;
  };

  /// `fd` is the caller's; it and `request` must outlive this.
  TlsHandshake(Loop& loop, SSL_CTX* context, int fd, const TlsRequest& request)
      : loop_(loop), fd_(fd), request_(request), wire_(loop), ssl_(SSL_new(context)) {}
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;

  /// Once. `done` is called later, never from inside, and may destroy this.
  void start(Callback<void(End)> done);

  /// After the end: what the last failed call on the session means. `result` is what it returned.
  [[nodiscard]] End explain(int result);

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] TlsWire& wire() { return wire_; }
  [[nodiscard]] const std::vector<VerifyError>& verify_errors() const { return verify_errors_; }
  [[nodiscard]] bool client_certificate_asked() const { return client_certificate_asked_; }
  /// From start to end, or to now; without the time that arrived bytes waited for our loop.
  [[nodiscard]] Duration elapsed() const;
  /// Digest of the Certificate message; nothing before it came.
  [[nodiscard]] const std::optional<Sha256>& chain() const { return chain_; }

 private:
  struct FreeSession {
    void operator()(SSL* s) const { SSL_free(s); }
  };

  static int on_verify(int ok, X509_STORE_CTX* store);
  static int on_client_certificate(SSL* ssl, void* self);
  static void on_message(int write, int version, int type, const void* bytes, std::size_t size, SSL* ssl, void* self);

  bool set_up();
  bool set_name();
  void step();
  void finish(End end);

  Loop& loop_;
  int fd_;
  const TlsRequest& request_;
  TlsWire wire_;
  std::unique_ptr<SSL, FreeSession> ssl_;
  Callback<void(End)> done_;
  std::vector<VerifyError> verify_errors_;
  bool client_certificate_asked_ = false;
  bool starting_ = false;
  std::optional<Sha256> chain_;
  MonoTime started_{};
  MonoTime stepped_{};  // when the last step ended
  std::optional<MonoTime> ended_;
  Duration waited_{};  // arrivals for our loop
  End end_;
  Handle readable_;
  Handle writable_;
  Handle later_;
};

}  // namespace sonde::io
