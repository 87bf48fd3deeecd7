// What badssl.com shows and what is odd but no error: names, digests, timestamps, interception, renegotiation, the
// mark of a downgrade (RELIABILITY 2.3).
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/param_build.h>

#include "io/tls_interception.h"
#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using TlsOddity = TlsFixture;

const auto kAnyLevel = [](SSL_CTX* c) { SSL_CTX_set_security_level(c, 0); };

/// For CertificateOptions::alter: a subject of an organisation alone.
void name_organisation(X509* c, const char* name) {
  X509_NAME* subject = X509_get_subject_name(c);
  while (X509_NAME_entry_count(subject) > 0) X509_NAME_ENTRY_free(X509_NAME_delete_entry(subject, 0));
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
}

TEST_F(TlsOddity, T11_WithoutACommonNameTheAlternativeNamesCount) {
  const auto organisation = [](X509* c) { name_organisation(c, "Shop"); };
  auto m = run_leaf({.alternative_names = "DNS:app.test", .alter = organisation});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kCertSubject), "O=Shop");
  EXPECT_EQ(text_of(m, field::kCertNames), "app.test");
  m = run_leaf({.alternative_names = "DNS:other.test", .alter = organisation});
  EXPECT_EQ(summary(m), "fail tls name_mismatch");
}

TEST_F(TlsOddity, T15_Md5IsAWeakSignatureInTheLeafAndInTheChain) {
  const Identity rsa = make_certificate({.common_name = "RSA", .authority = true, .rsa_bits = 2048}, &authority_.root);
  const Identity md5 =
      make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test", .digest = EVP_md5()}, &rsa);
  auto m = run_against({.chain = {&md5, &rsa}, .tune = kAnyLevel});
  EXPECT_EQ(summary(m), "fail tls weak_signature") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kCertSignature), "RSA-MD5");
  const Identity old =
      make_certificate({.common_name = "Old", .authority = true, .rsa_bits = 2048, .digest = EVP_md5()}, &rsa);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &old);
  m = run_against({.chain = {&leaf, &old, &rsa}, .tune = kAnyLevel});
  EXPECT_EQ(summary(m), "fail tls weak_signature") << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kSslLastChainExpiry));
}

TEST_F(TlsOddity, T18_EllipticKeysAreOkAndNamed) {
  for (const auto& [curve, key] : {std::pair{"P-256", "EC 256"}, {"P-384", "EC 384"}, {"P-521", "EC 521"}}) {
    SCOPED_TRACE(curve);
    const auto m = run_leaf({.curve = curve});
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_EQ(text_of(m, field::kCertKey), key);
  }
}

/// The policy of extended validation (CA/Browser Forum 2.23.140.1.1).
void claim_extended_validation(X509* c) {
  CERTIFICATEPOLICIES* policies = CERTIFICATEPOLICIES_new();
  POLICYINFO* policy = POLICYINFO_new();
  policy->policyid = OBJ_txt2obj("2.23.140.1.1", 1);
  sk_POLICYINFO_push(policies, policy);
  X509_add1_ext_i2d(c, NID_certificate_policies, policies, 0, 0);
  CERTIFICATEPOLICIES_free(policies);
}

TEST_F(TlsOddity, T21_StrongDigestsAndExtendedValidationAreOk) {
  for (const auto& [digest, name] : {std::pair{EVP_sha256(), "ecdsa-with-SHA256"},
                                     {EVP_sha384(), "ecdsa-with-SHA384"},
                                     {EVP_sha512(), "ecdsa-with-SHA512"}}) {
    SCOPED_TRACE(name);
    const auto m = run_leaf({.digest = digest, .alter = claim_extended_validation});
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_EQ(text_of(m, field::kCertSignature), name);
  }
}

/// Embeds a list of timestamps: one with `bytes` of signature, or bytes that are none.
void embed_timestamps(X509* c, bool readable) {
  ASN1_OCTET_STRING* inner = ASN1_OCTET_STRING_new();
  // SignedCertificateTimestampList (RFC 6962 3.3): length, then one v1 timestamp with its length.
  std::string one = std::string(1, '\0') + std::string(32, 'l') + std::string(8, '\1') + std::string(2, '\0') +
                    std::string{"\4\3\0\2", 4} + "si";
  std::string list = std::string{'\0', static_cast<char>(one.size())} + one;
  list = std::string{'\0', static_cast<char>(list.size())} + list;
  if (!readable) list = "no timestamps";
  ASN1_OCTET_STRING_set(inner, reinterpret_cast<const unsigned char*>(list.data()), static_cast<int>(list.size()));
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_OCTET_STRING(inner, &der);
  ASN1_OCTET_STRING* outer = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(outer, der, size);
  X509_EXTENSION* e = X509_EXTENSION_create_by_NID(nullptr, NID_ct_precert_scts, 0, outer);
  X509_add_ext(c, e, -1);
  X509_EXTENSION_free(e);
  ASN1_OCTET_STRING_free(outer);
  OPENSSL_free(der);
  ASN1_OCTET_STRING_free(inner);
}

TEST_F(TlsOddity, T23_TimestampsAreANoteAndNeverAFailure) {
  auto m = run_leaf({});
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kTlsNotes), "no_sct");
  m = run_leaf({.alter = [](X509* c) { embed_timestamps(c, true); }});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kTlsNotes));
  m = run_leaf({.alter = [](X509* c) { embed_timestamps(c, false); }});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsNotes), "no_sct");
}

TEST_F(TlsOddity, T10_AChainOutOfOrderIsNoted) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.root, &authority_.intermediate}});
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kTlsNotes), "chain_out_of_order,no_sct");
}

TEST_F(TlsOddity, T24_AnInterceptorIsNamed) {
  const struct {
    const char* common_name;
    const char* organisation;  // in place of the common name
    std::string says;
  } cases[] = {{"Superfish, Inc.", "", "Superfish (adware)"},
               {"eDellRoot", "", "eDellRoot (a vendor's root whose key is public)"},
               {"DSDTestProvider", "", "DSDTestProvider (a vendor's root whose key is public)"},
               {"preact-cli", "", "preact-cli (a developer's tool)"},
               {"webpack-dev-server", "", "webpack-dev-server (a developer's tool)"},
               {"mitmproxy", "", "mitmproxy (a debugging proxy)"},
               {"", "Fortinet", "Fortinet (a network's gateway)"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.says);
    CertificateOptions o{.common_name = c.common_name, .authority = true};
    if (*c.organisation != '\0') o.alter = [&c](X509* cert) { name_organisation(cert, c.organisation); };
    const Identity root = make_certificate(o, nullptr);
    const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &root);
    for (const auto& chain : {std::vector{&leaf}, std::vector{&leaf, &root}}) {
      const auto m = run_against({.chain = {chain.begin(), chain.end()}});
      EXPECT_EQ(summary(m), "fail tls untrusted");
      EXPECT_TRUE(m.outcome.detail.starts_with("intercepted: issued by " + c.says + "; ")) << m.outcome.detail;
      EXPECT_FALSE(text_of(m, field::kCertIssuer).empty());
    }
  }
}

TEST_F(TlsOddity, T24_AnInterceptorsOwnCertificateIsNamedToo) {
  const Identity own =
      make_certificate({.common_name = "webpack-dev-server", .alternative_names = "DNS:app.test"}, nullptr);
  const auto m = run_against({.chain = {&own}});
  EXPECT_EQ(summary(m), "fail tls untrusted");
  EXPECT_NE(m.outcome.detail.find("webpack-dev-server"), std::string::npos) << m.outcome.detail;
}

TEST_F(TlsOddity, T24_ANameAloneAccusesNobodyWhoIsTrusted) {
  const Identity gateway = make_certificate({.common_name = "Fortinet CA", .authority = true}, &authority_.root);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &gateway);
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &gateway}})), "ok done none");
  EXPECT_EQ(io::interceptor_of("CN=R11,O=Let's Encrypt,C=US"), "");
}

TEST_F(TlsOddity, T27_AKeyThatIsSentIsNoted) {
  auto m = run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION, .ciphers = "AES128-SHA"});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsNotes), "no_forward_secrecy,no_sct");
  EXPECT_FALSE(has(m, field::kTlsGroup));
  m = run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA"});
  EXPECT_EQ(text_of(m, field::kTlsNotes), "no_sct");
}

/// A group of 2048 bits that nobody has looked at: its modulus is a product.
void use_composite_group(SSL_CTX* c) {
  BIGNUM* p = BN_new();
  BIGNUM* q = BN_new();
  BN_generate_prime_ex(q, 64, 0, nullptr, nullptr, nullptr);
  BN_rand(p, 1984, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
  BN_CTX* work = BN_CTX_new();
  BN_mul(p, p, q, work);
  BIGNUM* g = BN_new();
  BN_set_word(g, 2);
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p);
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g);
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(maker);
  EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEY_PARAMETERS, params);
  SSL_CTX_set0_tmp_dh_pkey(c, key);
  EVP_PKEY_CTX_free(maker);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  BN_CTX_free(work);
  for (BIGNUM* n : {p, q, g}) BN_free(n);
}

TEST_F(TlsOddity, T30_AGroupOfOnesOwnMakingIsNoted) {
  const auto m =
      run_leaf({.rsa_bits = 2048},
               {.max_version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES128-GCM-SHA256", .tune = use_composite_group});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsNotes), "unusual_dh_group,no_sct");
  EXPECT_TRUE(text_of(m, field::kTlsGroup).starts_with("DH 20")) << text_of(m, field::kTlsGroup);
}

TEST_F(TlsOddity, T47_AHundredFatCertificatesOrFiveMegabytesAreTooLarge) {
  const Identity leaf = authority_.leaf();
  std::string many;
  for (int i = 0; i < 60; ++i) many += ",DNS:a-rather-long-name-" + std::to_string(i) + ".app.test";
  const Identity fat = make_certificate(
      {.common_name = "Fat", .alternative_names = "DNS:x.test" + many, .authority = true}, &authority_.root);
  std::vector<const Identity*> chain(100, &fat);
  chain.insert(chain.begin(), &leaf);
  auto m = run_against({.chain = chain});
  EXPECT_EQ(summary(m), "fail tls cert_too_large") << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kCertChain));
  const Identity huge = authority_.leaf({.extensions = {{NID_netscape_comment, std::string(5 * 1024 * 1024, 'x')}}});
  m = run_against({.chain = {&huge, &authority_.intermediate}});
  EXPECT_EQ(summary(m), "fail tls cert_too_large") << m.outcome.detail;
  EXPECT_LT(seconds_of(m, field::kDurationSeconds), 2);
}

TEST_F(TlsOddity, T58_AWishToRenegotiateIsRefused) {
  bool renegotiated = true;
  const auto serve = [&renegotiated](SSL* ssl) {
    char buffer[64];
    if (SSL_read(ssl, buffer, sizeof buffer) <= 0) return;
    SSL_renegotiate(ssl);
    SSL_do_handshake(ssl);  // sends a HelloRequest
    SSL_write(ssl, "250 ok\r\n", 8);
    (void)SSL_read(ssl, buffer, sizeof buffer);  // the client's refusal, or its new hello
    renegotiated = ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_NO_RENEGOTIATION;
  };
  const Identity leaf = authority_.leaf();
  {
    const TlsServer server{{.chain = {&leaf, &authority_.intermediate}, .max_version = TLS1_2_VERSION, .serve = serve}};
    const auto m = bench().run(server.url("tcp"), "expect: {steps: [{starttls: true}, {send: hi}, {expect: ^250}]}");
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
    EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.2");
  }
  EXPECT_FALSE(renegotiated);
}

/// A ServerHello of TLS 1.2 whose random ends with the mark that the server could do better (RFC 8446 4.1.3).
std::string downgraded_hello(char version) {
  std::string hello{"\x03\x03", 2};
  hello += std::string(24, 'r') + "DOWNGRD" + version;
  hello += std::string{"\0\xc0\x2b\0", 4};      // no session, ECDHE-ECDSA-AES128-GCM-SHA256, no compression
  hello += std::string{"\0\5\xff\1\0\1\0", 7};  // renegotiation_info, RFC 5746
  const std::string message = std::string{"\x02\0\0", 3} + static_cast<char>(hello.size()) + hello;
  return std::string{"\x16\x03\x03\0", 4} + static_cast<char>(message.size()) + message;
}

TEST_F(TlsOddity, T60_TheMarkOfADowngradeIsSeen) {
  HelloServer server{bench().loop(), [](int, const std::string&) {
                       return HelloServer::Answer{downgraded_hello('\1'), Script::Then::kKeepOpen};
                     }};
  const auto m = bench().run(server.url("app.test"));
  EXPECT_EQ(summary(m), "fail tls downgrade");
  EXPECT_NE(m.outcome.detail.find("newer version"), std::string::npos) << m.outcome.detail;
  EXPECT_TRUE(has(m, field::kTlsSeconds));
  EXPECT_FALSE(has(m, field::kCertFingerprint));
  EXPECT_EQ(server.connections(), 1);
  // Where TLS 1.2 is the most that we allow, a server that could do more is no downgrade: the handshake goes on.
  const auto allowed = bench().run(server.url("app.test"), "tls: {max_version: 1.2}", 200ms);
  EXPECT_EQ(summary(allowed), "fail tls timeout");
}

}  // namespace
}  // namespace sonde::test
