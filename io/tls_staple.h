// The OCSP answer that a server sends along (stapling, RFC 6066 8): verified once per answer, its dates judged each
// time. Internal to io/tls_*.cc: sees OpenSSL. Source: RFC 6960 3.2 and 4.2.2, OCSP_basic_verify(3).
#pragma once

#include <openssl/ssl.h>

#include <map>
#include <optional>
#include <string>

#include "io/tls_certificates.h"
#include "io/tls_client.h"

namespace sonde::io {

struct Staple {
  StapleStatus status = StapleStatus::kNone;
  std::string detail;                   // why it is bad, or since when revoked
  std::optional<WallTime> this_update;  // of an answer that was verified
  std::optional<WallTime> next_update;
};

class StapleMemo {
 public:
  /// The staple of a session that has a peer certificate, judged at `now`. `chain` is the digest of the Certificate
  /// message; without it nothing is remembered.
  [[nodiscard]] Staple read(SSL* ssl, const std::optional<Sha256>& chain, WallTime now);

 private:
  std::map<std::pair<Sha256, Sha256>, Staple> known_;  // by staple and chain
};

}  // namespace sonde::io
