// Reading certificates.
#include "io/tls_certificates.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "core/sanitize.h"
#include "core/text.h"
#include "io/tls_interception.h"

namespace sonde::io {
namespace {

constexpr std::size_t kNamesMax = 32;
constexpr int kChainTextsMax = 8;
constexpr std::size_t kSubjectBytesMax = 200;
constexpr std::size_t kNameBytesMax = 100;
constexpr std::size_t kSerialBytesMax = 64;  // 20 octets at most, RFC 5280 4.1.2.2; nobody enforces it
constexpr std::size_t kChainsMax = 8192;     // about 1 KiB each
constexpr std::size_t kDayBytes = 10;        // "2027-01-02" of format_utc

struct FreeTimestamps {
  void operator()(STACK_OF(SCT) * list) const { SCT_LIST_free(list); }
};

struct FreeOpenSsl {
  void operator()(void* p) const { OPENSSL_free(p); }
  void operator()(BIGNUM* n) const { BN_free(n); }
  void operator()(BIO* b) const { BIO_free(b); }
  void operator()(GENERAL_NAMES* n) const { GENERAL_NAMES_free(n); }
  void operator()(TLS_FEATURE* f) const { TLS_FEATURE_free(f); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOpenSsl>;

std::string hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return out;
}

std::string fingerprint(const X509* cert) {
  Sha256 digest{};
  unsigned int size = 0;
  return X509_digest(cert, EVP_sha256(), digest.data(), &size) == 1 ? hex(digest.data(), size) : std::string{};
}

std::string key_pin(const X509* cert) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &encoded);
  if (size <= 0) return {};
  const Owned<unsigned char> hold{encoded};
  Sha256 digest{};
  if (EVP_Digest(encoded, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    return {};
  std::array<unsigned char, 48> text{};  // 44 and a NUL
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return "sha256//" + std::string{reinterpret_cast<const char*>(text.data())};
}

std::string name_entry(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  const Owned<unsigned char> hold{utf8};
  return core::sanitize({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}, kNameBytesMax);
}

std::string common_name_or_organisation(const X509_NAME* name) {
  std::string text = common_name(name);
  return text.empty() ? name_entry(name, NID_organizationName) : text;
}

std::string whole_name(const X509_NAME* name) {
  const Owned<BIO> out{BIO_new(BIO_s_mem())};
  // RFC 2253 escapes what has a meaning there; what is not ASCII stays UTF-8.
  constexpr unsigned long kFlags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (!out || X509_NAME_print_ex(out.get(), name, 0, kFlags) < 0) return {};
  char* text = nullptr;
  const long size = BIO_ctrl(out.get(), BIO_CTRL_INFO, 0, &text);  // BIO_get_mem_data() without its old-style cast
  return size <= 0 ? std::string{} : core::sanitize({text, static_cast<std::size_t>(size)}, kSubjectBytesMax);
}

std::string serial(const X509* cert) {
  const Owned<BIGNUM> number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), nullptr)};
  if (!number) return {};
  const Owned<char> text{BN_bn2hex(number.get())};
  if (!text) return {};
  std::string out = core::sanitize(text.get(), kSerialBytesMax);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string key_of(const X509* cert) {
  const EVP_PKEY* key = X509_get0_pubkey(cert);
  if (key == nullptr) return "unreadable";
  std::string type;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      type = "RSA";
      break;
    case EVP_PKEY_EC:
      type = "EC";
      break;
    default: {
      const char* name = OBJ_nid2sn(EVP_PKEY_get_base_id(key));
      type = name == nullptr ? "other" : name;
    }
  }
  return type + " " + std::to_string(EVP_PKEY_get_bits(key));
}

std::string alternative_name(const GENERAL_NAME& n) {
  if (n.type != GEN_DNS && n.type != GEN_IPADD) return {};
  const ASN1_STRING* value = n.type == GEN_DNS ? n.d.dNSName : n.d.iPAddress;
  const unsigned char* data = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (n.type == GEN_DNS) return core::sanitize({reinterpret_cast<const char*>(data), size}, 255);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != 4 && size != 16) return {};
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(), text.size()) == nullptr ? "" : text.data();
}

void read_names(const X509* cert, CertificateFacts& facts) {
  const Owned<GENERAL_NAMES> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr))};
  if (!names) return;
  facts.names_count = sk_GENERAL_NAME_num(names.get());
  for (int i = 0; i < facts.names_count && facts.names.size() < kNamesMax; ++i) {
    std::string name = alternative_name(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) facts.names.push_back(std::move(name));
  }
}

bool must_staple(const X509* cert) {
  constexpr long kStatusRequest = 5;  // the TLS extension that must be honoured, RFC 7633 4.2.1
  const Owned<TLS_FEATURE> features{
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(cert, NID_tlsfeature, nullptr, nullptr))};
  for (int i = 0; features && i < sk_ASN1_INTEGER_num(features.get()); ++i) {
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) return true;
  }
  return false;
}

bool has_timestamps(const X509* cert) {
  const std::unique_ptr<STACK_OF(SCT), FreeTimestamps> list{
      static_cast<STACK_OF(SCT)*>(X509_get_ext_d2i(cert, NID_ct_precert_scts, nullptr, nullptr))};
  return list && sk_SCT_num(list.get()) > 0;
}

std::string end_of(const X509* cert) {
  const auto end = to_wall(X509_get0_notAfter(cert));
  const std::string day = end ? core::format_utc(*end).substr(0, kDayBytes) : "unreadable";
  return common_name_or_organisation(X509_get_subject_name(cert)) + " " + day;
}

void read_chain(const STACK_OF(X509) * sent, CertificateFacts& facts) {
  facts.count = sent == nullptr ? 0 : sk_X509_num(sent);
  for (int i = 0; i < facts.count; ++i) {
    const X509* cert = sk_X509_value(sent, i);
    const auto expiry = to_wall(X509_get0_notAfter(cert));
    if (expiry && (!facts.earliest_expiry || *expiry < *facts.earliest_expiry)) facts.earliest_expiry = expiry;
    const X509_NAME* issuer = X509_get_issuer_name(cert);
    if (facts.interceptor.empty() && i < kChainTextsMax) facts.interceptor = interceptor_of(whole_name(issuer));
    if (i + 1 < facts.count && X509_NAME_cmp(issuer, X509_get_subject_name(sk_X509_value(sent, i + 1))) != 0) {
      facts.out_of_order = true;
    }
    if (i < kChainTextsMax) facts.chain += (i == 0 ? "" : "; ") + end_of(cert);
  }
  if (facts.count > kChainTextsMax) facts.chain += "; " + std::to_string(facts.count - kChainTextsMax) + " more";
}

}  // namespace

std::optional<WallTime> to_wall(const ASN1_TIME* t) {
  std::tm tm{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &tm) != 1) return std::nullopt;
  const std::time_t seconds = timegm(&tm);
  constexpr std::time_t kSecondsMax = 9'000'000'000;  // past this nanoseconds no longer fit 64 bits (year 2255)
  return WallTime{std::chrono::seconds{std::clamp(seconds, std::time_t{0}, kSecondsMax)}};
}

std::string common_name(const X509_NAME* name) { return name_entry(name, NID_commonName); }

std::shared_ptr<const CertificateFacts> read_certificates(SSL* ssl) {
  const X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return nullptr;
  auto facts = std::make_shared<CertificateFacts>();
  facts->fingerprint = fingerprint(leaf);
  facts->key_pin = key_pin(leaf);
  facts->subject = whole_name(X509_get_subject_name(leaf));
  facts->issuer = common_name_or_organisation(X509_get_issuer_name(leaf));
  facts->serial = serial(leaf);
  facts->key = key_of(leaf);
  const char* signature = OBJ_nid2sn(X509_get_signature_nid(leaf));
  facts->signature = signature == nullptr ? "unknown" : signature;
  read_names(leaf, *facts);
  facts->sct = has_timestamps(leaf);
  facts->must_staple = must_staple(leaf);
  facts->leaf_expiry = to_wall(X509_get0_notAfter(leaf));
  facts->earliest_expiry = facts->leaf_expiry;
  read_chain(SSL_get_peer_cert_chain(ssl), *facts);
  return facts;
}

std::optional<WallTime> chain_expiry(SSL* ssl) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
  std::optional<WallTime> out;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const auto expiry = to_wall(X509_get0_notAfter(sk_X509_value(chain, i)));
    if (expiry && (!out || *expiry < *out)) out = expiry;
  }
  return out;
}

std::shared_ptr<const CertificateFacts> CertificateMemo::read(SSL* ssl, const std::optional<Sha256>& message) {
  if (!message) return read_certificates(ssl);
  if (const auto it = known_.find(*message); it != known_.end()) return it->second;
  auto facts = read_certificates(ssl);
  if (facts == nullptr) return facts;  // the message could not be read as certificates
  if (known_.size() >= kChainsMax) known_.clear();
  known_.emplace(*message, facts);
  return facts;
}

}  // namespace sonde::io
