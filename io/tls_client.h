// TLS over a connected socket: handshake, what the certificate says, what is wrong with it; then a byte stream.
// Verification is recorded, not enforced: a bad chain still yields its facts, and the cause says what is bad.
// Source: OpenSSL 3.0 manual, SSL_do_handshake(3), SSL_CTX_set_verify(3), X509_STORE_CTX_get_error(3); RFC 8446 6.2.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/outcome.h"
#include "core/result.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace sonde::io {

enum class TlsVersion : std::uint8_t { k10, k11, k12, k13 };

/// What connections may share: files and versions. One SSL_CTX is made for each distinct value, at its first use; its
/// files are read again when they have changed. A file that cannot be used ends a handshake with cause `config`.
struct TlsPolicy {
  std::string ca_file;    // PEM, trusted issuers; empty = those of the client
  std::string crl_file;   // PEM, revocation lists; an issuer without one is not asked for it
  std::string cert_file;  // PEM, client certificate, leaf first; empty = none to offer
  std::string key_file;   // PEM, its key; empty = in cert_file
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;

  auto operator<=>(const TlsPolicy&) const = default;
};

struct TlsRequest {
  std::string host;               // name or address that the certificate must be for; a name is sent as SNI
  std::vector<std::string> alpn;  // offered protocols, best first; empty offers none
  TlsPolicy policy;
  bool verify = true;             // false: facts are kept, and only pins are judged
  bool require_staple = false;    // a good OCSP staple must come, whatever the certificate says
  std::vector<std::string> pins;  // one must fit the leaf: SHA-256 of it in lower-case hex, or "sha256//" + base64 of
                                  // the SHA-256 of its public key (RFC 7469 2.4); empty = any
  bool diagnose = true;           // a failed handshake may be followed by a second connection that looks for the reason
};

/// What the certificates say that the peer sent. All texts are sanitized.
struct CertificateFacts {
  std::string fingerprint;                  // SHA-256 of the leaf, lower-case hex
  std::string key_pin;                      // "sha256//" + base64 of the SHA-256 of the leaf's public key
  std::string subject;                      // of the leaf, as RFC 2253 writes it
  std::string issuer;                       // common name or organisation of the leaf's issuer
  std::string serial;                       // lower-case hex
  std::string key;                          // "EC 256", "RSA 2048"
  std::string signature;                    // algorithm by which the leaf is signed, such as "ecdsa-with-SHA256"
  std::vector<std::string> names;           // subject alternative names of the leaf, at most 32
  int names_count = 0;                      // all that there are
  std::string chain;                        // each certificate sent: name and day of its end
  int count = 0;                            // certificates sent
  std::string interceptor;                  // a product that is known to open TLS and issued one of them, with its kind
  bool out_of_order = false;                // a certificate is not followed by its issuer (RFC 5246 7.4.2)
  bool sct = false;                         // the leaf carries signed certificate timestamps (RFC 6962 3.3)
  bool must_staple = false;                 // RFC 7633
  std::optional<WallTime> leaf_expiry;      // notAfter of the leaf
  std::optional<WallTime> earliest_expiry;  // earliest notAfter of all certificates sent
};

/// The OCSP staple. `kBad`: it cannot be verified, is not for this certificate, or is out of date.
enum class StapleStatus { kNone, kGood, kRevoked, kUnknown, kBad };

/// What the peer showed.
struct TlsFacts {
  std::string version;  // "TLSv1.3"; empty when it did not come so far
  std::string cipher;
  std::string alpn;
  std::string group;                   // of the key exchange: "X25519", "P-256", "DH 2048"; empty where there was none
  bool forward_secrecy = true;         // false: the key was sent, not agreed upon; whoever gets it reads all
  bool unusual_dh = false;             // a finite-field group that no standard names: nobody has looked at it
  std::optional<StapleStatus> staple;  // nothing when no certificate came
  /// Null without a certificate. Shared with the client's memo: a chain that came before is not read again.
  std::shared_ptr<const CertificateFacts> certificates;
  std::optional<WallTime> chain_expiry;  // earliest notAfter of the chain that was verified, its root included

  /// What a watch over certificates looks at: the chain that was verified, else what was sent.
  [[nodiscard]] std::optional<WallTime> expiry() const {
    if (chain_expiry) return chain_expiry;
    return certificates != nullptr ? certificates->earliest_expiry : std::nullopt;
  }
};

struct TlsResult {
  core::Cause cause = core::Cause::kNone;    // kNone: handshake done and chain trusted
  std::string detail;                        // for people
  core::Cause blemish = core::Cause::kNone;  // of a success: why it is degraded all the same
  std::string blemish_detail;
  bool complete = false;  // the handshake finished (the cause may still say untrusted)
  TlsFacts facts;
  Duration elapsed{};                       // handshake: precise clock, less the time that arrivals waited for us
  std::optional<std::int64_t> retransmits;  // TCP_INFO tcpi_total_retrans at the end of the handshake
};

/// How the stream after the handshake stands.
enum class TlsStreamEnd { kOpen, kClosed, kReset, kAlert, kProtocol };

/// Sees every byte of the peer before the far end of the stream does, and when it arrived. It must not touch the
/// session.
using TlsTap = Callback<void(std::string_view bytes, MonoTime arrived)>;

/// One TLS connection. Destroying it closes the socket and cancels what is pending.
class TlsSession {
 public:
  virtual ~TlsSession() = default;
  /// Once. `done` is called later, never from inside, and may destroy the session. There is no timeout here.
  virtual void handshake(Callback<void(TlsResult)> done) = 0;
  /// What is known so far, for a caller whose deadline came first. A cause other than kNone is certain: only its
  /// explanation was still under way.
  [[nodiscard]] virtual TlsResult known() const = 0;
  /// After a complete handshake, once: the far end of a socket pair whose bytes go through TLS both ways, with bounded
  /// buffers. The pump runs until the session is destroyed or both ends are closed.
  [[nodiscard]] virtual core::Result<UniqueFd> open_stream(TlsTap tap = {}) = 0;
  [[nodiscard]] virtual TlsStreamEnd stream_end() const = 0;
  /// The cause of an alert that ended the stream (a TLS 1.3 client certificate is refused only here), else kNone.
  [[nodiscard]] virtual core::Cause stream_cause() const = 0;
  /// When the kernel received the record that held the stream's first byte, open_stream() at the earliest; nothing
  /// before it came.
  [[nodiscard]] virtual std::optional<MonoTime> first_byte_at() const = 0;
};

/// Opens sessions; keeps what they can share. Sessions must not outlive it.
class TlsClient {
 public:
  virtual ~TlsClient() = default;
  [[nodiscard]] virtual std::unique_ptr<TlsSession> open(UniqueFd fd, TlsRequest request) = 0;
};

struct TlsOptions {
  std::string ca_file;  // PEM; empty = the system's store
};

/// Errors: the CA file cannot be read. `loop` must outlive the client.
[[nodiscard]] core::Result<std::unique_ptr<TlsClient>> make_tls_client(Loop& loop, const TlsOptions& options);

}  // namespace sonde::io
