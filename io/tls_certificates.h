// What certificates say, as plain values, read once per distinct chain. Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "io/tls_client.h"

namespace sonde::io {

using Sha256 = std::array<unsigned char, 32>;

/// Nothing for a time that cannot be read; years past 2255 count as 2255, where nanoseconds end.
[[nodiscard]] std::optional<WallTime> to_wall(const ASN1_TIME* t);

/// The common name of a subject or issuer, sanitized, at most 100 bytes; empty when there is none.
[[nodiscard]] std::string common_name(const X509_NAME* name);

/// What the peer's certificates say; null without one.
[[nodiscard]] std::shared_ptr<const CertificateFacts> read_certificates(SSL* ssl);

/// Earliest notAfter of the chain that OpenSSL built; nothing where it built none.
[[nodiscard]] std::optional<WallTime> chain_expiry(SSL* ssl);

/// Remembers what each chain said, by the digest of the Certificate message that it came in.
class CertificateMemo {
 public:
  [[nodiscard]] std::shared_ptr<const CertificateFacts> read(SSL* ssl, const std::optional<Sha256>& message);

 private:
  std::map<Sha256, std::shared_ptr<const CertificateFacts>> known_;
};

}  // namespace sonde::io
