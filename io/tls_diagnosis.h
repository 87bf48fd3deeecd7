// A second connection to the same peer after a handshake that failed without saying why: to see what the peer has.
// It decides nothing; it explains. Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>

#include "io/tls_facts.h"
#include "io/tls_handshake.h"
#include "io/unique_fd.h"

namespace sonde::io {

/// Both ends of a connection and the device that it must leave by, so that another one can be made alike.
struct TlsPeer {
  sockaddr_storage local{};
  sockaddr_storage peer{};
  socklen_t size = 0;
  std::string interface;

  /// Nothing when the socket is not connected any more.
  [[nodiscard]] static std::optional<TlsPeer> of(int fd);
};

class TlsDiagnosis {
 public:
  struct Finding {
    bool answered = false;  // the peer said something in TLS
    bool complete = false;
    core::Cause cause = core::Cause::kNone;  // why not complete
    std::string detail;
    TlsFacts facts;
    int version = 0;                         // TLS1_2_VERSION, ...
    int dh_bits = 0;                         // 0 where the exchange was not Diffie-Hellman over a finite field
    core::Cause chain = core::Cause::kNone;  // what strict verification would say
  };

  /// `memo` must outlive this; `context` is referenced until the end.
  TlsDiagnosis(Loop& loop, SSL_CTX* context, TlsMemo& memo, TlsRequest request);
  ~TlsDiagnosis();
  TlsDiagnosis(const TlsDiagnosis&) = delete;
  TlsDiagnosis& operator=(const TlsDiagnosis&) = delete;

  /// Once. `done` is called later, never from inside, within two seconds, and may destroy this.
  void start(const TlsPeer& peer, Callback<void(Finding)> done);

 private:
  bool connect_to(const TlsPeer& peer);
  void on_connected();
  void on_shaken(TlsHandshake::End end);
  void finish();

  Loop& loop_;
  TlsMemo& memo_;
  TlsRequest request_;
  UniqueFd fd_;
  std::unique_ptr<TlsHandshake> handshake_;
  SSL_CTX* context_;
  Finding finding_;
  Callback<void(Finding)> done_;
  Handle writable_;
  Handle timer_;
};

}  // namespace sonde::io
