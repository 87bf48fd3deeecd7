// Certificates made at run time, and a TLS server on a thread of its own, for loopback tests.
#pragma once

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/prober/servers.h"

namespace sonde::test {

struct FreeKey {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
struct FreeCertificate {
  void operator()(X509* c) const { X509_free(c); }
};

struct Identity {
  std::unique_ptr<EVP_PKEY, FreeKey> key;
  std::unique_ptr<X509, FreeCertificate> certificate;
};

struct CertificateOptions {
  std::string common_name;
  std::string alternative_names;  // "DNS:app.test,IP:127.0.0.1"
  bool authority = false;
  long valid_from = -3600;  // seconds from now
  long valid_to = 90L * 24 * 3600;
  unsigned int rsa_bits = 0;  // 0 = an EC key
  const char* curve = "P-256";
  bool explicit_curve = false;  // the curve's numbers in place of its name
  const EVP_MD* digest = EVP_sha256();
  std::vector<std::pair<int, std::string>> extensions{};  // NID and value as X509V3_EXT_conf_nid() reads it
  std::function<void(X509*)> alter{};                     // before it is signed
};

inline EVP_PKEY* make_key(const CertificateOptions& o) {
  if (o.rsa_bits > 0) return EVP_RSA_gen(o.rsa_bits);
  EVP_PKEY* key = EVP_EC_gen(o.curve);
  if (o.explicit_curve) EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit");
  return key;
}

/// Signed by `issuer`, or by itself when that is null.
inline Identity make_certificate(const CertificateOptions& o, const Identity* issuer) {
  Identity out;
  out.key.reset(make_key(o));
  out.certificate.reset(X509_new());
  X509* c = out.certificate.get();
  static long serial = 1000;
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c), o.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(c), o.valid_to);
  X509_set_pubkey(c, out.key.get());
  if (!o.common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(o.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(c, X509_get_subject_name(issuer != nullptr ? issuer->certificate.get() : c));
  const auto extension = [c](int nid, const std::string& value) {
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
  };
  extension(NID_basic_constraints, o.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (o.authority) extension(NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!o.alternative_names.empty()) extension(NID_subject_alt_name, o.alternative_names);
  for (const auto& [nid, value] : o.extensions) extension(nid, value);
  if (o.alter) o.alter(c);
  X509_sign(c, issuer != nullptr ? issuer->key.get() : out.key.get(), o.digest);
  return out;
}

/// A root, an intermediate and what they sign, made once.
struct TestAuthority {
  Identity root = make_certificate({.common_name = "Sonde Test Root", .authority = true}, nullptr);
  Identity intermediate = make_certificate({.common_name = "Sonde Test Intermediate", .authority = true}, &root);

  static const TestAuthority& get() {
    static const TestAuthority authority;
    return authority;
  }
  [[nodiscard]] Identity leaf(CertificateOptions o = {}) const {
    if (o.common_name.empty()) o.common_name = "app.test";
    if (o.alternative_names.empty()) o.alternative_names = "DNS:app.test";
    return make_certificate(o, &intermediate);
  }
};

inline void write_pem(const X509* certificate, const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "w");
  PEM_write_X509(f, certificate);
  std::fclose(f);
}

/// Certificate and key in one file.
inline void write_pem(const Identity& identity, const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "w");
  PEM_write_X509(f, identity.certificate.get());
  PEM_write_PrivateKey(f, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(f);
}

/// Accepts one connection after the other on a thread, until destroyed.
class TlsServer {
 public:
  struct Options {
    std::vector<const Identity*> chain;  // leaf first
    int min_version = TLS1_2_VERSION;
    int max_version = TLS1_3_VERSION;
    std::string ciphers;    // for TLS 1.2; empty = the defaults
    std::string alpn_only;  // refuse the handshake unless this is offered
    bool want_client_certificate = false;
    std::function<bool(int fd)> preamble;  // in plain text, before the handshake, blocking; false ends the connection
    std::function<void(SSL*)> serve;       // after the handshake, blocking
    std::function<void(SSL_CTX*)> tune;    // before the certificates are loaded
  };

  explicit TlsServer(Options options) : options_(std::move(options)), listener_(bound_socket(SOCK_STREAM)) {
    listen(listener_.get(), 16);
    make_blocking(listener_.get());
    context_.reset(SSL_CTX_new(TLS_server_method()));
    set_up();
    thread_ = std::thread([this] { run(); });
  }
  ~TlsServer() {
    shutdown(listener_.get(), SHUT_RDWR);  // wakes accept(2)
    thread_.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] int port() const { return bound_port(listener_.get()); }
  [[nodiscard]] std::string url(const std::string& scheme, const std::string& path = "",
                                const std::string& host = "app.test") const {
    return scheme + "://" + host + ":" + std::to_string(port()) + path;
  }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
  };

  static void make_blocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

  void set_up() {
    SSL_CTX* c = context_.get();
    SSL_CTX_set_min_proto_version(c, options_.min_version);
    SSL_CTX_set_max_proto_version(c, options_.max_version);
    if (options_.min_version < TLS1_2_VERSION) SSL_CTX_set_security_level(c, 0);
    if (options_.tune) options_.tune(c);
    if (!options_.ciphers.empty()) SSL_CTX_set_cipher_list(c, options_.ciphers.c_str());
    SSL_CTX_use_certificate(c, options_.chain.front()->certificate.get());
    SSL_CTX_use_PrivateKey(c, options_.chain.front()->key.get());
    for (std::size_t i = 1; i < options_.chain.size(); ++i) {
      SSL_CTX_add1_chain_cert(c, options_.chain[i]->certificate.get());
    }
    if (options_.want_client_certificate)
      SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_alpn_select_cb(c, &TlsServer::on_alpn, this);
  }

  static int on_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                     unsigned int in_size, void* arg) {
    const auto& self = *static_cast<TlsServer*>(arg);
    const std::string wanted = self.options_.alpn_only.empty() ? "http/1.1" : self.options_.alpn_only;
    for (unsigned int i = 0; i < in_size; i += in[i] + 1U) {
      if (std::string{reinterpret_cast<const char*>(in + i + 1), in[i]} != wanted) continue;
      *out = in + i + 1;
      *out_size = in[i];
      return SSL_TLSEXT_ERR_OK;
    }
    return self.options_.alpn_only.empty() ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  void run() {
    while (true) {
      const io::UniqueFd fd{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!fd) return;
      const timeval patience{5, 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      if (options_.preamble && !options_.preamble(fd.get())) continue;
      SSL* ssl = SSL_new(context_.get());
      SSL_set_fd(ssl, fd.get());
      if (SSL_accept(ssl) == 1 && options_.serve) options_.serve(ssl);
      ERR_clear_error();
      SSL_free(ssl);
    }
  }

  Options options_;
  io::UniqueFd listener_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::thread thread_;
};

}  // namespace sonde::test
