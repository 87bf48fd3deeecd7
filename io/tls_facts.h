// What a handshake showed, as far as it came. Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include "io/tls_certificates.h"
#include "io/tls_handshake.h"
#include "io/tls_staple.h"

namespace sonde::io {

/// What sessions of one client share, so that the same bytes are not read twice.
struct TlsMemo {
  CertificateMemo certificates;
  StapleMemo staples;
};

/// All but the staple.
[[nodiscard]] TlsFacts read_facts(const TlsHandshake& handshake, TlsMemo& memo);

/// Bits of the finite-field group of the key exchange; 0 where it was none.
[[nodiscard]] int dh_bits(SSL* ssl);

}  // namespace sonde::io
