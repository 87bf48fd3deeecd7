// What is wrong with a chain or a handshake, as one cause and a text. Internal to io/tls_*.cc: sees OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <utility>
#include <vector>

#include "core/outcome.h"

namespace sonde::io {

/// One verification error: X509_V_ERR_* and the depth it was found at (0 = leaf).
struct VerifyError {
  int code = 0;
  int depth = 0;
};

/// The one cause that explains these errors best, and a text that names all of them.
/// The leaf's own dates come first, then trust, then the rest of the chain, then the name: what the owner must fix
/// first. A missing revocation list is no error.
[[nodiscard]] std::pair<core::Cause, std::string> judge_chain(SSL* ssl, const std::vector<VerifyError>& errors);

/// The cause for an alert that the peer sent (RFC 8446 6.2 numbers). Alerts about certificates are about ours only when
/// the peer asked for one.
[[nodiscard]] core::Cause cause_of_alert(int alert, bool client_certificate_asked);

/// The cause for the oldest error of OpenSSL's queue after a failed call; empties the queue.
/// `detail` gets OpenSSL's words for it.
[[nodiscard]] core::Cause cause_of_error_queue(bool client_certificate_asked, std::string& detail);

}  // namespace sonde::io
