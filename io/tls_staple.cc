// Reading and verifying OCSP staples.
#include "io/tls_staple.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>

#include <span>
#include <utility>

#include "core/text.h"

namespace sonde::io {
namespace {

constexpr Duration kClockDifferenceMax = std::chrono::minutes{5};
constexpr std::size_t kStaplesMax = 8192;

struct FreeOcsp {
  void operator()(OCSP_RESPONSE* r) const { OCSP_RESPONSE_free(r); }
  void operator()(OCSP_BASICRESP* b) const { OCSP_BASICRESP_free(b); }
  void operator()(OCSP_CERTID* c) const { OCSP_CERTID_free(c); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOcsp>;

Staple bad(std::string why) { return {.status = StapleStatus::kBad, .detail = std::move(why)}; }

/// The certificate that issued the leaf: of the verified chain, else of what was sent.
X509* issuer_of_leaf(SSL* ssl) {
  for (STACK_OF(X509) * chain : {SSL_get0_verified_chain(ssl), SSL_get_peer_cert_chain(ssl)}) {
    if (chain != nullptr && sk_X509_num(chain) > 1) return sk_X509_value(chain, 1);
  }
  return nullptr;
}

Staple read_status(OCSP_BASICRESP* basic, X509* leaf, X509* issuer) {
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  // The responder chooses by which digest it names the certificate; these two are what is in use.
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    const Owned<OCSP_CERTID> id{OCSP_cert_to_id(digest, leaf, issuer)};
    if (!id || OCSP_resp_find_status(basic, id.get(), &status, &reason, &revoked, &this_update, &next_update) != 1) {
      continue;
    }
    Staple out{.this_update = to_wall(this_update), .next_update = to_wall(next_update)};
    switch (status) {
      case V_OCSP_CERTSTATUS_GOOD:
        out.status = StapleStatus::kGood;
        break;
      case V_OCSP_CERTSTATUS_REVOKED:
        out.status = StapleStatus::kRevoked;
        out.detail = "revoked";
        if (const auto when = to_wall(revoked)) out.detail += " since " + core::format_utc(*when);
        if (reason > 0) out.detail += std::string{" ("} + OCSP_crl_reason_str(reason) + ")";
        break;
      default:
        out.status = StapleStatus::kUnknown;
        out.detail = "the responder does not know the certificate";
    }
    return out;
  }
  return bad("the staple is for another certificate");
}

/// All but the dates.
Staple verify(SSL* ssl, std::span<const unsigned char> bytes) {
  const unsigned char* at = bytes.data();
  const Owned<OCSP_RESPONSE> response{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(bytes.size()))};
  if (!response) return bad("the staple cannot be read");
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return bad(std::string{"the staple says "} + OCSP_response_status_str(status));
  }
  const Owned<OCSP_BASICRESP> basic{OCSP_response_get1_basic(response.get())};
  if (!basic) return bad("the staple cannot be read");
  X509* issuer = issuer_of_leaf(ssl);
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (issuer == nullptr) return bad("the staple's issuer is not known");
  STACK_OF(X509)* known = SSL_get0_verified_chain(ssl);
  if (known == nullptr) known = SSL_get_peer_cert_chain(ssl);
  X509_STORE* store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (OCSP_basic_verify(basic.get(), known, store, 0) != 1) {
    const char* words = ERR_reason_error_string(ERR_peek_last_error());
    return bad(std::string{"the staple cannot be verified: "} + (words == nullptr ? "" : words));
  }
  return read_status(basic.get(), leaf, issuer);
}

Staple judge_dates(Staple s, WallTime now) {
  if (s.status == StapleStatus::kBad) return s;
  if (!s.this_update) return bad("the staple has no date");
  if (*s.this_update > now + kClockDifferenceMax) {
    return bad("the staple is from the future: " + core::format_utc(*s.this_update));
  }
  if (s.next_update && *s.next_update < now - kClockDifferenceMax) {
    return bad("the staple is out of date since " + core::format_utc(*s.next_update));
  }
  return s;
}

}  // namespace

Staple StapleMemo::read(SSL* ssl, const std::optional<Sha256>& chain, WallTime now) {
  unsigned char* bytes = nullptr;
  const long size = SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &bytes);
  if (bytes == nullptr || size <= 0) return {};
  const std::span<const unsigned char> staple{bytes, static_cast<std::size_t>(size)};
  std::pair<Sha256, Sha256> key{};
  if (!chain || EVP_Digest(staple.data(), staple.size(), key.first.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    const Staple once = verify(ssl, staple);
    ERR_clear_error();
    return judge_dates(once, now);
  }
  key.second = *chain;
  auto it = known_.find(key);
  if (it == known_.end()) {
    if (known_.size() >= kStaplesMax) known_.clear();
    it = known_.emplace(key, verify(ssl, staple)).first;
    ERR_clear_error();
  }
  return judge_dates(it->second, now);
}

}  // namespace sonde::io
