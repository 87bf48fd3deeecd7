// Making X.509 certificates with OpenSSL. Sources: OpenSSL 3.0 manual X509_sign(3), X509V3_EXT_conf_nid(3); RFC 5280.
#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "core/check.h"

namespace sonde::world {
namespace {

struct KeyFree {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
struct CertFree {
  void operator()(X509* c) const { X509_free(c); }
};
struct BioFree {
  void operator()(BIO* b) const { BIO_free(b); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using Cert = std::unique_ptr<X509, CertFree>;

constexpr long kDay = 24L * 3600;

// What a certificate says; the signer is given apart.
struct Contents {
  std::string common_name;
  std::string alt_names;  // "DNS:a.test"; empty for authorities
  long not_before = -kDay;
  long not_after = 90 * kDay;
};

// Our inputs are our own, so a refusal of OpenSSL here is a bug.
void must(bool ok, const char* what) { SONDE_CHECK(ok, what); }

void add_extension(X509* cert, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  must(extension != nullptr && X509_add_ext(cert, extension, -1) == 1, "an X.509 extension can be made");
  X509_EXTENSION_free(extension);
}

void set_serial(X509* cert) {
  std::uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "OpenSSL has random bytes");
  must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1U) == 1, "a serial number can be set");
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto add = [name](const char* field, const std::string& text) {
    must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()),
                                    -1, -1, 0) == 1,
         "a name can be set");
  };
  add("O", "Sonde World");
  add("CN", common_name);
}

Cert make_certificate(const Contents& contents, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  Cert cert(X509_new());
  must(cert != nullptr && X509_set_version(cert.get(), X509_VERSION_3) == 1, "a certificate can be made");
  set_serial(cert.get());
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), contents.not_before);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), contents.not_after);
  set_name(X509_get_subject_name(cert.get()), contents.common_name);
  X509* signer = issuer == nullptr ? cert.get() : issuer;
  must(X509_set_issuer_name(cert.get(), X509_get_subject_name(signer)) == 1, "an issuer can be set");
  must(X509_set_pubkey(cert.get(), key) == 1, "a key can be set");
  const bool authority = contents.alt_names.empty();
  add_extension(cert.get(), signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(cert.get(), signer, NID_key_usage,
                authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  add_extension(cert.get(), signer, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) add_extension(cert.get(), signer, NID_authority_key_identifier, "keyid:always");
  if (!authority) {
    add_extension(cert.get(), signer, NID_ext_key_usage, "serverAuth");
    add_extension(cert.get(), signer, NID_subject_alt_name, contents.alt_names.c_str());
  }
  must(X509_sign(cert.get(), issuer_key == nullptr ? key : issuer_key, EVP_sha256()) > 0,
       "a certificate can be signed");
  return cert;
}

Contents leaf_contents(const std::string& host, CertificateKind kind) {
  Contents c;
  c.common_name = host;
  c.alt_names = "DNS:" + host;
  if (kind == CertificateKind::kExpired) {
    c.not_before = -91 * kDay;
    c.not_after = -kDay;
  }
  if (kind == CertificateKind::kWrongName) {
    c.common_name = "elsewhere.test";
    c.alt_names = "DNS:elsewhere.test";
  }
  return c;
}

}  // namespace

struct CertificateAuthority::Identity {
  Key key;
  Cert cert;
};

CertificateAuthority::CertificateAuthority() = default;
CertificateAuthority::~CertificateAuthority() = default;

core::Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::create() {
  std::unique_ptr<CertificateAuthority> ca(new CertificateAuthority());
  Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return core::Error{core::ErrorCode::kUnsupported, "this OpenSSL cannot make a P-256 key"};
  Contents root;
  root.common_name = "Sonde World Root";
  Cert cert = make_certificate(root, key.get(), nullptr, nullptr);
  ca->root_ = std::make_unique<Identity>(Identity{std::move(key), std::move(cert)});
  return ca;
}

std::string CertificateAuthority::root_pem() const {
  const std::unique_ptr<BIO, BioFree> bio(BIO_new(BIO_s_mem()));
  must(bio != nullptr && PEM_write_bio_X509(bio.get(), root_->cert.get()) == 1, "a certificate can be written");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

boost::asio::ssl::context& CertificateAuthority::server(const std::string& host, const std::string& issuer,
                                                        CertificateKind kind) {
  auto& context = servers_[host + ' ' + std::to_string(static_cast<int>(kind))];
  if (context != nullptr) return *context;
  auto& authority = issuers_[issuer];
  if (authority == nullptr) {
    Key key(EVP_EC_gen("P-256"));
    Contents contents;
    contents.common_name = issuer;
    Cert cert = make_certificate(contents, key.get(), root_->cert.get(), root_->key.get());
    authority = std::make_unique<Identity>(Identity{std::move(key), std::move(cert)});
  }
  const Key key(EVP_EC_gen("P-256"));
  const bool own = kind == CertificateKind::kSelfSigned;
  const Cert cert = make_certificate(leaf_contents(host, kind), key.get(), own ? nullptr : authority->cert.get(),
                                     own ? nullptr : authority->key.get());
  context = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  must(SSL_CTX_use_certificate(native, cert.get()) == 1, "a context takes its certificate");
  must(SSL_CTX_use_PrivateKey(native, key.get()) == 1, "a context takes its key");
  if (!own) must(SSL_CTX_add1_chain_cert(native, authority->cert.get()) == 1, "a context takes its chain");
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);  // every probe is a first visit; tickets would only be extra bytes
  return *context;
}

}  // namespace sonde::world
