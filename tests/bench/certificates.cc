// Made anew in each run; valid for a day.
#include "tests/bench/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace sonde::bench {
namespace {

constexpr long kDay = 24L * 3600;

struct Identity {
  EVP_PKEY* key = nullptr;  // like the certificate, kept for the life of the process
  X509* certificate = nullptr;
};

void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, e, -1);
  X509_EXTENSION_free(e);
}

Identity make(KeyKind kind, const char* name, bool authority, const Identity* issuer) {
  Identity out;
  out.key = kind == KeyKind::kEcdsa ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
  X509* c = out.certificate = X509_new();
  static long serial = 1;
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(c), 90 * kDay);
  X509_set_pubkey(c, out.key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(c, X509_get_subject_name(issuer != nullptr ? issuer->certificate : c));
  add_extension(c, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (authority) add_extension(c, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!authority) add_extension(c, NID_subject_alt_name, "IP:127.0.0.1");
  X509_sign(c, issuer != nullptr ? issuer->key : out.key, EVP_sha256());
  return out;
}

struct Chain {
  explicit Chain(KeyKind kind)
      : root(make(kind, kind == KeyKind::kEcdsa ? "Bench ECDSA root" : "Bench RSA root", true, nullptr)),
        intermediate(make(kind, "Bench intermediate", true, &root)),
        leaf(make(kind, "127.0.0.1", false, &intermediate)) {}
  Identity root;
  Identity intermediate;
  Identity leaf;
};

const Chain& chain(KeyKind kind) {
  if (kind == KeyKind::kEcdsa) {
    static const Chain ecdsa{KeyKind::kEcdsa};
    return ecdsa;
  }
  static const Chain rsa{KeyKind::kRsa};  // only where it is wanted: its keys take seconds under valgrind
  return rsa;
}

}  // namespace

SSL_CTX* server_context(KeyKind kind) {
  const Chain& c = chain(kind);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, c.leaf.certificate);
  SSL_CTX_use_PrivateKey(context, c.leaf.key);
  SSL_CTX_add1_chain_cert(context, c.intermediate.certificate);
  SSL_CTX_set_num_tickets(context, 0);
  return context;
}

std::string write_roots(const std::string& directory, std::initializer_list<KeyKind> kinds) {
  std::string path = directory + "/roots.pem";
  std::FILE* f = std::fopen(path.c_str(), "w");
  if (f == nullptr) return path;
  for (const KeyKind kind : kinds) PEM_write_X509(f, chain(kind).root.certificate);
  std::fclose(f);
  return path;
}

}  // namespace sonde::bench
