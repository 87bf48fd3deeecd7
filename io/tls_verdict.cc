// Naming what is wrong with a chain or a handshake.
#include "io/tls_verdict.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "io/tls_certificates.h"

namespace sonde::io {
namespace {

using core::Cause;

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
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return Cause::kNone;  // the list of this issuer is not in crl_file
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      return Cause::kConfig;  // our crl_file is stale or wrong
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return Cause::kWeakSignature;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return Cause::kWeakKey;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:  // CVE-2022-0778: not even computed with
      return Cause::kCertMalformed;
    default:
      return Cause::kUntrusted;
  }
}

int rank(Cause c) {
  static constexpr std::array kOrder = {Cause::kCertMalformed, Cause::kExpired,      Cause::kNotYetValid,
                                        Cause::kRevoked,       Cause::kSelfSigned,   Cause::kChainExpired,
                                        Cause::kWeakSignature, Cause::kWeakKey,      Cause::kChainIncomplete,
                                        Cause::kUntrusted,     Cause::kNameMismatch, Cause::kConfig};
  return static_cast<int>(std::ranges::find(kOrder, c) - kOrder.begin());
}

std::string subject_of(SSL* ssl, int depth) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
  if (chain == nullptr || depth >= sk_X509_num(chain)) return {};
  return common_name(X509_get_subject_name(sk_X509_value(chain, depth)));
}

}  // namespace

std::pair<Cause, std::string> judge_chain(SSL* ssl, const std::vector<VerifyError>& errors) {
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl);
  const int sent_count = sent == nullptr ? 0 : sk_X509_num(sent);
  Cause worst = Cause::kNone;
  std::string detail;
  for (const VerifyError& e : errors) {
    const Cause c = cause_of(e, sent_count);
    if (c == Cause::kNone) continue;
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

Cause cause_of_alert(int alert, bool client_certificate_asked) {
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
    case SSL_AD_ACCESS_DENIED:
      return client_certificate_asked ? Cause::kClientCertRejected : Cause::kAlert;
    default:
      return Cause::kAlert;
  }
}

Cause cause_of_error_queue(bool client_certificate_asked, std::string& detail) {
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
    return cause_of_alert(alert, client_certificate_asked);
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
    case SSL_R_INAPPROPRIATE_FALLBACK:  // the mark of RFC 8446 4.1.3 in the server's random
      detail = "the server marks that it speaks a newer version than it chose: the hello was changed on the way";
      return Cause::kDowngrade;
    case SSL_R_BAD_DH_VALUE:
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
