// Making SSL_CTX objects.
#include "io/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

namespace sonde::io {
namespace {

constexpr long kCertificateBytesMax = 128 * 1024;  // of a whole chain, RELIABILITY P14
constexpr int kVerifyDepthMax = 16;
constexpr int kSecurityLevel = 2;  // RFC 9325 as OpenSSL has it: 112 bits, no SHA-1; SSL_CTX_set_security_level(3)
constexpr Duration kLookEvery = std::chrono::seconds{1};

/// OpenSSL's words for the newest error; empties its queue.
std::string openssl_words() {
  const unsigned long error = ERR_peek_last_error();
  const char* words = ERR_GET_LIB(error) == ERR_LIB_SYS ? nullptr : ERR_reason_error_string(error);
  std::string text = words == nullptr ? "no such file or not readable" : words;
  ERR_clear_error();
  return text;
}

core::Error unusable(const std::string& what, const std::string& path) {
  return {core::ErrorCode::kNotFound, "the " + what + " " + path + " cannot be used: " + openssl_words()};
}

std::optional<core::Error> load_trust(SSL_CTX* c, const std::string& ca_file, const std::string& crl_file) {
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(c) != 1) return unusable("store of trusted issuers of", "the system");
  } else if (SSL_CTX_load_verify_file(c, ca_file.c_str()) != 1) {
    return unusable("CA file", ca_file);
  }
  if (crl_file.empty()) return std::nullopt;
  X509_STORE* store = SSL_CTX_get_cert_store(c);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr || X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) < 1) {
    return unusable("CRL file", crl_file);
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return std::nullopt;
}

std::optional<core::Error> load_identity(SSL_CTX* c, const TlsPolicy& policy) {
  if (policy.cert_file.empty()) return std::nullopt;
  if (SSL_CTX_use_certificate_chain_file(c, policy.cert_file.c_str()) != 1) {
    return unusable("certificate file", policy.cert_file);
  }
  const std::string& key = policy.key_file.empty() ? policy.cert_file : policy.key_file;
  if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1) return unusable("key file", key);
  return std::nullopt;
}

void set_limits(SSL_CTX* c, const TlsPolicy& policy, TlsStrictness strictness) {
  const bool diagnostic = strictness == TlsStrictness::kDiagnostic;
  SSL_CTX_set_min_proto_version(c, diagnostic ? TLS1_VERSION : protocol_number(policy.min_version));
  SSL_CTX_set_max_proto_version(c, diagnostic ? TLS1_3_VERSION : protocol_number(policy.max_version));
  // TLS 1.0 and 1.1 sign with SHA-1, which every other level refuses.
  if (diagnostic || policy.min_version < TlsVersion::k12) SSL_CTX_set_security_level(c, 0);
  if (diagnostic) SSL_CTX_set_cipher_list(c, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
  X509_VERIFY_PARAM* verify = SSL_CTX_get0_param(c);
  X509_VERIFY_PARAM_set_auth_level(verify, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(verify, kVerifyDepthMax);
}

}  // namespace

int protocol_number(TlsVersion v) {
  switch (v) {
    case TlsVersion::k10:
      return TLS1_VERSION;
    case TlsVersion::k11:
      return TLS1_1_VERSION;
    case TlsVersion::k12:
      return TLS1_2_VERSION;
    case TlsVersion::k13:
      return TLS1_3_VERSION;
  }
  return TLS1_2_VERSION;
}

TlsContexts::FileStamp TlsContexts::stamp(const std::string& path) {
  struct stat s {};
  FileStamp out{.path = path};
  if (stat(path.c_str(), &s) != 0) return out;
  out.inode = s.st_ino;
  out.size = s.st_size;
  out.changed = WallTime{std::chrono::seconds{s.st_mtim.tv_sec} + std::chrono::nanoseconds{s.st_mtim.tv_nsec}};
  return out;
}

std::vector<TlsContexts::FileStamp> TlsContexts::stamps(const TlsPolicy& policy) const {
  std::vector<FileStamp> out;
  for (const std::string& path :
       {policy.ca_file.empty() ? ca_file_ : policy.ca_file, policy.crl_file, policy.cert_file, policy.key_file}) {
    if (!path.empty()) out.push_back(stamp(path));
  }
  return out;
}

void TlsContexts::build(const TlsPolicy& policy, TlsStrictness strictness, Entry& entry) const {
  ERR_clear_error();
  TlsContext context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX* c = context.get();
  if (c == nullptr) {
    entry.error = {core::ErrorCode::kIo, "no TLS context: " + openssl_words()};
    return;
  }
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // every run is a full handshake
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_max_cert_list(c, kCertificateBytesMax);
  set_limits(c, policy, strictness);
  auto error = load_trust(c, policy.ca_file.empty() ? ca_file_ : policy.ca_file, policy.crl_file);
  if (!error) error = load_identity(c, policy);
  ERR_clear_error();
  if (error) {
    entry.error = std::move(*error);
  } else {
    entry.context = std::move(context);
  }
}

core::Result<SSL_CTX*> TlsContexts::get(const TlsPolicy& policy, TlsStrictness strictness, MonoTime now) {
  const auto [it, fresh] = entries_.try_emplace({policy, strictness});
  Entry& entry = it->second;
  if (fresh || now - entry.looked >= kLookEvery) {
    entry.looked = now;
    auto files = stamps(policy);  // taken before the files are read: a change meanwhile is seen the next time
    if (fresh || files != entry.files) {
      entry.files = std::move(files);
      entry.context.reset();
      build(policy, strictness, entry);
    }
  }
  if (entry.context == nullptr) return entry.error;
  return entry.context.get();
}

}  // namespace sonde::io
