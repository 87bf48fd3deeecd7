// Chains for the TLS servers of the benchmarks: leaf, intermediate and root, all ECDSA P-256 or all RSA-2048.
#pragma once

#include <openssl/ssl.h>

#include <initializer_list>
#include <string>

namespace sonde::bench {

enum class KeyKind { kEcdsa, kRsa };

/// A server's context: the leaf for 127.0.0.1 and its intermediate are sent, no session tickets. Lives for ever.
[[nodiscard]] SSL_CTX* server_context(KeyKind kind);

/// The roots as PEM in one file below `directory`. Call it before servers are forked, so that they share the chains.
[[nodiscard]] std::string write_roots(const std::string& directory,
                                      std::initializer_list<KeyKind> kinds = {KeyKind::kEcdsa, KeyKind::kRsa});

}  // namespace sonde::bench
