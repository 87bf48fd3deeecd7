// Reading version, cipher, protocol and group.
#include "io/tls_facts.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>

#include "core/sanitize.h"

namespace sonde::io {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};

/// The key that the peer sent for the exchange; null where it sent none.
std::unique_ptr<EVP_PKEY, FreeKey> exchange_key(SSL* ssl) {
  EVP_PKEY* key = nullptr;
  SSL_ctrl(ssl, SSL_CTRL_GET_PEER_TMP_KEY, 0, &key);  // SSL_get_peer_tmp_key() without its old-style cast
  return std::unique_ptr<EVP_PKEY, FreeKey>{key};
}

std::string group_of(SSL* ssl) {
  const auto key = exchange_key(ssl);
  if (!key) return {};
  const int type = EVP_PKEY_get_base_id(key.get());
  if (type == EVP_PKEY_DH) return "DH " + std::to_string(EVP_PKEY_get_bits(key.get()));
  if (type == EVP_PKEY_EC) {
    const int nid = static_cast<int>(SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nullptr));
    const char* name = EC_curve_nid2nist(nid);
    return name == nullptr ? "EC " + std::to_string(EVP_PKEY_get_bits(key.get())) : name;
  }
  const char* name = OBJ_nid2sn(type);  // X25519, X448
  return name == nullptr ? std::string{} : name;
}

/// A group of ones own making may hide a prime that is none, or a small subgroup; what it takes to prove that is more
/// arithmetic than a check may spend (RELIABILITY T30).
bool is_unusual_dh(SSL* ssl) {
  const auto key = exchange_key(ssl);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_DH) return false;
  std::array<char, 64> name{};
  return EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), nullptr) != 1 || name[0] == '\0';
}

}  // namespace

int dh_bits(SSL* ssl) {
  const auto key = exchange_key(ssl);
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_DH ? EVP_PKEY_get_bits(key.get()) : 0;
}

TlsFacts read_facts(const TlsHandshake& handshake, TlsMemo& memo) {
  SSL* ssl = handshake.ssl();
  TlsFacts f;
  if (ssl == nullptr) return f;
  if (SSL_get_current_cipher(ssl) != nullptr) {
    f.version = SSL_get_version(ssl);
    f.cipher = SSL_get_cipher_name(ssl);
    f.group = group_of(ssl);
    f.forward_secrecy = SSL_CIPHER_get_kx_nid(SSL_get_current_cipher(ssl)) != NID_kx_rsa;
    f.unusual_dh = f.group.starts_with("DH ") && is_unusual_dh(ssl);
  }
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size > 0) f.alpn = core::sanitize({reinterpret_cast<const char*>(alpn), alpn_size}, 32);
  f.certificates = memo.certificates.read(ssl, handshake.chain());
  return f;
}

}  // namespace sonde::io
