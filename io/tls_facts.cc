// Reading certificates, and naming what is wrong with a chain or a handshake.
#include "io/tls_facts.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "core/sanitize.h"
#include "core/text.h"

namespace sonde::io {
namespace {

using core::Cause;

constexpr std::size_t kNamesMax = 32;

std::optional<WallTime> to_wall(const ASN1_TIME* t) {
  std::tm tm{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &tm) != 1) return std::nullopt;
  const std::time_t seconds = timegm(&tm);
  constexpr std::time_t kSecondsMax = 9'000'000'000;  // past this nanoseconds no longer fit 64 bits (year 2255)
  return WallTime{std::chrono::seconds{std::clamp(seconds, std::time_t{0}, kSecondsMax)}};
}

std::string fingerprint(const X509* cert) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (X509_digest(cert, EVP_sha256(), digest.data(), &size) != 1) return {};
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

std::string name_entry(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string out = core::sanitize({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}, 100);
  OPENSSL_free(utf8);
  return out;
}

std::string issuer_of(const X509* cert) {
  const X509_NAME* name = X509_get_issuer_name(cert);
  std::string text = name_entry(name, NID_commonName);
  return text.empty() ? name_entry(name, NID_organizationName) : text;
}

std::vector<std::string> names_of(const X509* cert) {
  struct Free {
    void operator()(GENERAL_NAMES* n) const { GENERAL_NAMES_free(n); }
  };
  std::vector<std::string> out;
  const std::unique_ptr<GENERAL_NAMES, Free> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr))};
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && out.size() < kNamesMax; ++i) {
    const GENERAL_NAME* n = sk_GENERAL_NAME_value(names.get(), i);
    if (n->type != GEN_DNS) continue;
    const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(n->d.dNSName));
    out.push_back(core::sanitize({data, static_cast<std::size_t>(ASN1_STRING_length(n->d.dNSName))}, 255));
  }
  return out;
}

Cause cause_of(const VerifyError& e, int certificates_sent) {
  const bool leaf = e.depth == 0;
  switch (e.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return leaf ? Cause::kExpired : Cause::kChainExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Cause::kNotYetValid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Cause::kNameMismatch;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Cause::kSelfSigned;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      // A lone leaf whose issuer nobody knows: the usual server that forgot its intermediate.
      return leaf && certificates_sent <= 1 ? Cause::kChainIncomplete : Cause::kUntrusted;
    case X509_V_ERR_CERT_REVOKED:
      return Cause::kRevoked;
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return Cause::kWeakSignature;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return Cause::kWeakKey;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
      return Cause::kCertMalformed;
    default:
      return Cause::kUntrusted;
  }
}

int rank(Cause c) {
  static constexpr std::array kOrder = {Cause::kCertMalformed, Cause::kExpired,     Cause::kNotYetValid,
                                        Cause::kRevoked,       Cause::kSelfSigned,  Cause::kChainExpired,
                                        Cause::kWeakSignature, Cause::kWeakKey,     Cause::kChainIncomplete,
                                        Cause::kUntrusted,     Cause::kNameMismatch};
  return static_cast<int>(std::ranges::find(kOrder, c) - kOrder.begin());
}

std::string subject_of(SSL* ssl, int depth) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
  if (chain == nullptr || depth >= sk_X509_num(chain)) return {};
  return name_entry(X509_get_subject_name(sk_X509_value(chain, depth)), NID_commonName);
}

}  // namespace

TlsFacts read_facts(SSL* ssl) {
  TlsFacts f;
  if (SSL_get_current_cipher(ssl) != nullptr) {
    f.version = SSL_get_version(ssl);
    f.cipher = SSL_get_cipher_name(ssl);
  }
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size > 0) f.alpn = core::sanitize({reinterpret_cast<const char*>(alpn), alpn_size}, 32);
  const X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return f;
  f.fingerprint = fingerprint(leaf);
  f.issuer = issuer_of(leaf);
  f.names = names_of(leaf);
  f.leaf_expiry = to_wall(X509_get0_notAfter(leaf));
  f.earliest_expiry = f.leaf_expiry;
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; sent != nullptr && i < sk_X509_num(sent); ++i) {
    const auto expiry = to_wall(X509_get0_notAfter(sk_X509_value(sent, i)));
    if (expiry && (!f.earliest_expiry || *expiry < *f.earliest_expiry)) f.earliest_expiry = expiry;
  }
  return f;
}

std::pair<Cause, std::string> judge_chain(SSL* ssl, const std::vector<VerifyError>& errors) {
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl);
  const int sent_count = sent == nullptr ? 0 : sk_X509_num(sent);
  Cause worst = Cause::kNone;
  std::string detail;
  for (const VerifyError& e : errors) {
    const Cause c = cause_of(e, sent_count);
    if (worst == Cause::kNone || rank(c) < rank(worst)) worst = c;
    if (!detail.empty()) detail += "; ";
    detail += X509_verify_cert_error_string(e.code);
    if (e.depth > 0) detail += " (depth " + std::to_string(e.depth) + " " + subject_of(ssl, e.depth) + ")";
  }
  if (worst == Cause::kExpired || worst == Cause::kNotYetValid) {
    const X509* leaf = SSL_get0_peer_certificate(ssl);
    const auto when = to_wall(worst == Cause::kExpired ? X509_get0_notAfter(leaf) : X509_get0_notBefore(leaf));
    if (when) detail = (worst == Cause::kExpired ? "since " : "until ") + core::format_utc(*when) + ": " + detail;
  }
  return {worst, detail};
}

Cause cause_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      return Cause::kNoCommonCipher;
    case SSL_AD_PROTOCOL_VERSION:
      return Cause::kOldProtocol;
    case SSL_AD_UNRECOGNIZED_NAME:
      return Cause::kSniRequired;
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return Cause::kAlpn;
    case SSL_AD_CERTIFICATE_REQUIRED:
      return Cause::kClientCertRequired;
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return Cause::kClientCertRejected;
    default:
      return Cause::kAlert;
  }
}

Cause cause_of_error_queue(std::string& detail) {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (error == 0) return Cause::kClosed;
  const int reason = ERR_GET_REASON(error);
  const char* words = ERR_reason_error_string(error);
  detail = words == nullptr ? "TLS error" : words;
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
    return ERR_GET_LIB(error) == ERR_LIB_ASN1 || ERR_GET_LIB(error) == ERR_LIB_X509 ? Cause::kCertMalformed
                                                                                    : Cause::kProtocol;
  }
  if (reason >= SSL_AD_REASON_OFFSET) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    detail = "alert " + std::to_string(alert) + ": " + detail;
    return cause_of_alert(alert);
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return Cause::kNotTls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:  // what TLS 1.0 and 1.1 end in
      return Cause::kOldProtocol;
    case SSL_R_DH_KEY_TOO_SMALL:
      return Cause::kWeakDh;
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
      return Cause::kWeakKey;
    case SSL_R_CA_MD_TOO_WEAK:
      return Cause::kWeakSignature;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
      return Cause::kCertTooLarge;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return Cause::kClosed;
    default:
      return Cause::kProtocol;
  }
}

}  // namespace sonde::io
