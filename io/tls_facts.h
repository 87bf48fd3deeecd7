// What a certificate chain says and what is wrong with it, as plain values. Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <utility>
#include <vector>

#include "io/tls_client.h"

namespace sonde::io {

/// One verification error: X509_V_ERR_* and the depth it was found at (0 = leaf).
struct VerifyError {
  int code = 0;
  int depth = 0;
};

/// Reads version, cipher, ALPN and the peer's certificates as far as the handshake came.
[[nodiscard]] TlsFacts read_facts(SSL* ssl);

/// The one cause that explains these errors best, and a text that names all of them.
/// The leaf's own dates come first, then trust, then the rest of the chain, then the name: what the owner must fix
/// first.
[[nodiscard]] std::pair<core::Cause, std::string> judge_chain(SSL* ssl, const std::vector<VerifyError>& errors);

/// The cause for an alert that the peer sent (RFC 8446 6.2 numbers).
[[nodiscard]] core::Cause cause_of_alert(int alert);

/// The cause for the newest error of OpenSSL's queue after a failed call; empties the queue.
/// `detail` gets OpenSSL's words for it.
[[nodiscard]] core::Cause cause_of_error_queue(std::string& detail);

}  // namespace sonde::io
