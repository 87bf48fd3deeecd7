// Certificates, good and bad: what the tls check says of them and what it keeps (RELIABILITY 2.3).
#include <gtest/gtest.h>

#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

namespace field = core::field;
using TlsCertificate = TlsFixture;

const auto kAnyLevel = [](SSL_CTX* c) { SSL_CTX_set_security_level(c, 0); };

TEST_F(TlsCertificate, AllFactsOfAGoodOne) {
  const auto m =
      run_leaf({.common_name = "app.test", .alternative_names = "DNS:app.test,DNS:www.app.test,IP:192.0.2.1"});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kCertSubject), "CN=app.test");
  EXPECT_EQ(text_of(m, field::kCertNames), "app.test,www.app.test,192.0.2.1");
  EXPECT_EQ(text_of(m, field::kCertKey), "EC 256");
  EXPECT_EQ(text_of(m, field::kCertSignature), "ecdsa-with-SHA256");
  EXPECT_EQ(text_of(m, field::kTlsGroup), "X25519");
  EXPECT_EQ(text_of(m, field::kOcspStaple), "none");
  EXPECT_FALSE(text_of(m, field::kCertSerial).empty());
  const std::string chain = text_of(m, field::kCertChain);
  EXPECT_TRUE(chain.starts_with("2: app.test 20")) << chain;
  EXPECT_NE(chain.find("; Sonde Test Intermediate 20"), std::string::npos) << chain;
  EXPECT_EQ(integer_of(m, field::kSslLastChainExpiry), integer_of(m, field::kSslEarliestCertExpiry));
}

TEST_F(TlsCertificate, AFailureKeepsAllFactsButTheVerifiedChain) {
  const auto m = run_leaf({.valid_from = -20000, .valid_to = -10000});
  EXPECT_EQ(summary(m), "fail tls expired");
  EXPECT_EQ(text_of(m, field::kCertSubject), "CN=app.test");
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.3");
  EXPECT_TRUE(has(m, field::kSslEarliestCertExpiry));
  EXPECT_FALSE(has(m, field::kSslLastChainExpiry));
}

TEST_F(TlsCertificate, TheSameChainTwiceIsReadOnceAndJudgedAnew) {
  const Identity leaf = authority_.leaf();
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate}}};
  const auto first = bench().run(server.url("tls"));
  const auto second = bench().run(server.url("tls"));
  EXPECT_EQ(text_of(first, field::kCertFingerprint), text_of(second, field::kCertFingerprint));
  EXPECT_EQ(text_of(first, field::kCertChain), text_of(second, field::kCertChain));
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "other.test"))), "fail tls name_mismatch");
}

TEST_F(TlsCertificate, T10_AChainOutOfOrderIsOk) {
  const Identity leaf = authority_.leaf();
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.root, &authority_.intermediate}})), "ok done none");
}

TEST_F(TlsCertificate, T12_NoSubjectIsOk) {
  const Identity leaf =
      make_certificate({.common_name = "", .alternative_names = "DNS:app.test"}, &authority_.intermediate);
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kCertSubject));
}

TEST_F(TlsCertificate, T14_T15_WeakSignatures) {
  EXPECT_EQ(summary(run_leaf({.digest = EVP_sha1()}, {.tune = kAnyLevel})), "fail tls weak_signature");
  EXPECT_EQ(summary(run_leaf({.rsa_bits = 2048, .digest = EVP_sha1()}, {.tune = kAnyLevel})),
            "fail tls weak_signature");
  const Identity old =
      make_certificate({.common_name = "Old", .authority = true, .digest = EVP_sha1()}, &authority_.root);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &old);
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &old}, .tune = kAnyLevel})), "fail tls weak_signature");
  const Identity rsa = make_certificate({.common_name = "RSA", .authority = true, .rsa_bits = 2048}, &authority_.root);
  const Identity md5 =
      make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test", .digest = EVP_md5()}, &rsa);
  EXPECT_EQ(summary(run_against({.chain = {&md5, &rsa}, .tune = kAnyLevel})), "fail tls weak_signature");
}

TEST_F(TlsCertificate, T16_WeakKeys) {
  const auto m = run_leaf({.rsa_bits = 1024}, {.tune = kAnyLevel});
  EXPECT_EQ(summary(m), "fail tls weak_key") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kCertKey), "RSA 1024");
  const auto tiny = run_leaf({.rsa_bits = 512}, {.max_version = TLS1_2_VERSION, .tune = kAnyLevel});
  EXPECT_EQ(summary(tiny), "fail tls weak_key") << tiny.outcome.detail;
  EXPECT_EQ(text_of(tiny, field::kCertKey), "RSA 512");
}

TEST_F(TlsCertificate, T17_T18_UsualKeysAreOk) {
  EXPECT_EQ(text_of(run_leaf({.rsa_bits = 2048}), field::kCertKey), "RSA 2048");
  EXPECT_EQ(text_of(run_leaf({.curve = "P-384"}), field::kCertKey), "EC 384");
}

std::string names(int count) {
  std::string out = "DNS:app.test";
  for (int i = 1; i < count; ++i) out += ",DNS:a-rather-long-name-" + std::to_string(i) + ".app.test";
  return out;
}

TEST_F(TlsCertificate, T19_AThousandNamesAreOkAndBounded) {
  const auto m = run_leaf({.alternative_names = names(1000)});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  const std::string kept = text_of(m, field::kCertNames);
  EXPECT_LE(kept.size(), 1100U);
  EXPECT_TRUE(kept.ends_with(",+970") || kept.ends_with(",+968") || kept.find(",+9") != std::string::npos) << kept;
}

TEST_F(TlsCertificate, T20_T47_MoreThan128KiBIsTooLarge) {
  EXPECT_EQ(summary(run_leaf({.alternative_names = names(10000)})), "fail tls cert_too_large");
  const Identity leaf = authority_.leaf();
  std::vector<const Identity*> chain(500, &authority_.intermediate);
  chain.insert(chain.begin(), &leaf);
  EXPECT_EQ(summary(run_against({.chain = chain})), "fail tls cert_too_large");
}

TEST_F(TlsCertificate, T22_Pins) {
  const Identity leaf = authority_.leaf();
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate}}};
  const auto m = bench().run(server.url("tls"), "tls: {pins: [\"" + std::string(64, '0') + "\"]}");
  EXPECT_EQ(summary(m), "fail tls pin_mismatch");
  const std::string print = text_of(m, field::kCertFingerprint);
  EXPECT_NE(m.outcome.detail.find(print), std::string::npos);
  const auto at = m.outcome.detail.find("sha256//");
  ASSERT_NE(at, std::string::npos) << m.outcome.detail;
  const std::string key = m.outcome.detail.substr(at, 52);
  EXPECT_EQ(summary(bench().run(server.url("tls"), "tls: {pins: [\"" + print + "\"]}")), "ok done none");
  EXPECT_EQ(summary(bench().run(server.url("tls"), "tls: {pins: [\"" + key + "\"]}")), "ok done none");
  // Without verification a pin is all that counts.
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "other.test"), "tls: {verify: false, pins: [\"" + key + "\"]}")),
            "ok done none");
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "other.test"),
                                "tls: {verify: false, pins: [\"" + std::string(64, '0') + "\"]}")),
            "fail tls pin_mismatch");
}

TEST_F(TlsCertificate, WithoutVerificationFactsAreKeptAndNothingIsJudged) {
  const auto m = run_leaf({.valid_from = -20000, .valid_to = -10000}, {}, "tls: {verify: false}");
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kCertIssuer), "Sonde Test Intermediate");
}

TEST_F(TlsCertificate, T48_ALoopOfCrossSignaturesIsUntrusted) {
  Identity a = make_certificate({.common_name = "A", .authority = true}, nullptr);
  Identity b = make_certificate({.common_name = "B", .authority = true}, &a);
  // A again, by the same key, but signed by B.
  Identity a_by_b = make_certificate(
      {.common_name = "A", .authority = true, .alter = [&a](X509* c) { X509_set_pubkey(c, a.key.get()); }}, &b);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &b);
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &b, &a_by_b}})), "fail tls untrusted");
}

TEST_F(TlsCertificate, T50_AnExpiredCrossRootBesideAValidPathIsOk) {
  Identity old_root = make_certificate(
      {.common_name = "Old Root", .authority = true, .valid_from = -20000, .valid_to = -10000}, nullptr);
  const EVP_PKEY* key = authority_.root.key.get();
  const Identity cross = make_certificate({.common_name = "Sonde Test Root",
                                           .authority = true,
                                           .valid_from = -20000,
                                           .valid_to = -10000,
                                           .alter = [key](X509* c) { X509_set_pubkey(c, const_cast<EVP_PKEY*>(key)); }},
                                          &old_root);
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate, &cross}}, "expect: {cert_days: 14}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_LT(integer_of(m, field::kSslEarliestCertExpiry), std::time(nullptr));
  EXPECT_GT(integer_of(m, field::kSslLastChainExpiry), std::time(nullptr));
}

TEST_F(TlsCertificate, T52_OddDates) {
  const auto far = run_leaf({.alter = [](X509* c) { ASN1_TIME_set_string(X509_getm_notAfter(c), "99991231235959Z"); }});
  EXPECT_EQ(summary(far), "ok done none") << far.outcome.detail;
  const auto past =
      run_leaf({.alter = [](X509* c) { ASN1_TIME_set_string(X509_getm_notAfter(c), "19490101000000Z"); }});
  EXPECT_EQ(summary(past), "fail tls expired") << past.outcome.detail;
  const auto broken = run_leaf({.alter = [](X509* c) { ASN1_STRING_set(X509_getm_notAfter(c), "9913x1235959Z", 13); }});
  EXPECT_EQ(summary(broken), "fail tls cert_malformed") << broken.outcome.detail;
}

TEST_F(TlsCertificate, T53_HostileTextsDoNotReachTheRecord) {
  const auto m = run_leaf({.common_name = "x\ny,\x1b[31m<b>\xe2\x80\xae", .alternative_names = "DNS:app.test"});
  EXPECT_EQ(summary(m), "ok done none");
  for (const core::Field* f : {&field::kCertSubject, &field::kCertChain}) {
    const std::string text = text_of(m, *f);
    EXPECT_FALSE(text.empty());
    for (const char* bad : {"\n", "\x1b", "\xe2\x80\xae"}) EXPECT_EQ(text.find(bad), std::string::npos) << f->name;
  }
  // A NUL inside of a name: by its bytes it is another one.
  const auto nul = run_leaf({.alternative_names = "DNS:other.test", .alter = [](X509* c) {
                               GENERAL_NAMES* all = GENERAL_NAMES_new();
                               GENERAL_NAME* one = GENERAL_NAME_new();
                               ASN1_IA5STRING* value = ASN1_IA5STRING_new();
                               ASN1_STRING_set(value, "app.test\0.evil.test", 19);
                               GENERAL_NAME_set0_value(one, GEN_DNS, value);
                               sk_GENERAL_NAME_push(all, one);
                               X509_add1_ext_i2d(c, NID_subject_alt_name, all, 0, X509V3_ADD_REPLACE);
                               GENERAL_NAMES_free(all);
                             }});
  EXPECT_EQ(summary(nul), "fail tls name_mismatch");
}

TEST_F(TlsCertificate, T54_AWildcardCoversOneLabel) {
  const Identity leaf = authority_.leaf({.alternative_names = "DNS:*.app.test"});
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate}}};
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "www.app.test"))), "ok done none");
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "a.b.app.test"))), "fail tls name_mismatch");
}

TEST_F(TlsCertificate, T56_PunycodeAndLongNamesAreOk) {
  const std::string name = "xn--n1aae7f7o.a-long-label-that-is-nearly-sixty-three-characters-long-01.app.test";
  const Identity leaf = authority_.leaf({.alternative_names = "DNS:" + name});
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate}}};
  EXPECT_EQ(summary(bench().run(server.url("tls", "", name))), "ok done none");
}

TEST_F(TlsCertificate, T57_ExplicitCurveParametersAreRefused) {
  const auto m = run_leaf({.explicit_curve = true}, {.tune = kAnyLevel});
  EXPECT_EQ(m.outcome.status, core::Status::kFail);
  EXPECT_EQ(m.outcome.stage, core::Stage::kTls);
}

// ---- revocation ----

TEST_F(TlsCertificate, T7_AGoodStapleIsAFact) {
  const Identity leaf = authority_.leaf();
  const std::string der = make_staple(leaf);
  const auto m =
      run_against({.chain = {&leaf, &authority_.intermediate}, .tune = staple(der)}, "tls: {require_staple: true}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kOcspStaple), "good");
}

TEST_F(TlsCertificate, T7_RevokedByStaple) {
  const Identity leaf = authority_.leaf();
  const std::string der = make_staple(leaf, {.status = V_OCSP_CERTSTATUS_REVOKED});
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}, .tune = staple(der)});
  EXPECT_EQ(summary(m), "fail tls revoked");
  EXPECT_EQ(text_of(m, field::kOcspStaple), "revoked");
  EXPECT_NE(m.outcome.detail.find("keyCompromise"), std::string::npos) << m.outcome.detail;
}

void write_crl(const Identity& issuer, const X509* revoked, long next_update, const std::string& path) {
  X509_CRL* crl = X509_CRL_new();
  X509_CRL_set_version(crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.certificate.get()));
  ASN1_TIME* from = X509_gmtime_adj(nullptr, -7200);
  ASN1_TIME* to = X509_gmtime_adj(nullptr, next_update);
  X509_CRL_set1_lastUpdate(crl, from);
  X509_CRL_set1_nextUpdate(crl, to);
  if (revoked != nullptr) {
    X509_REVOKED* r = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(r, const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(revoked)));
    X509_REVOKED_set_revocationDate(r, from);
    X509_CRL_add0_revoked(crl, r);
  }
  X509_CRL_sign(crl, issuer.key.get(), EVP_sha256());
  std::FILE* f = std::fopen(path.c_str(), "w");
  PEM_write_X509_CRL(f, crl);
  std::fclose(f);
  ASN1_TIME_free(from);
  ASN1_TIME_free(to);
  X509_CRL_free(crl);
}

TEST_F(TlsCertificate, T7_RevokedByList) {
  const Identity leaf = authority_.leaf();
  const Identity other = authority_.leaf();
  write_crl(authority_.intermediate, leaf.certificate.get(), 7200, dir_.file("crl.pem"));
  const std::string yaml = "tls: {crl_file: " + dir_.file("crl.pem") + "}";
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}}, yaml)), "fail tls revoked");
  const auto m = run_against({.chain = {&other, &authority_.intermediate}}, yaml);
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
}

TEST_F(TlsCertificate, AStaleRevocationListIsOurOwnFault) {
  const Identity leaf = authority_.leaf();
  write_crl(authority_.intermediate, nullptr, -3600, dir_.file("crl.pem"));
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}},
                                "tls: {crl_file: " + dir_.file("crl.pem") + "}")),
            "unknown tls config");
}

TEST_F(TlsCertificate, T8_AStapleThatIsRequiredAndMissing) {
  EXPECT_EQ(summary(run_leaf({.extensions = {{NID_tlsfeature, "status_request"}}})), "fail tls staple_missing");
  EXPECT_EQ(summary(run_leaf({}, {}, "tls: {require_staple: true}")), "fail tls staple_missing");
}

TEST_F(TlsCertificate, T61_BadStaples) {
  const Identity leaf = authority_.leaf();
  const Identity other = authority_.leaf();
  std::string altered = make_staple(leaf);
  altered[100] = static_cast<char>(altered[100] ^ 1);
  const std::string ders[] = {"garbage", make_staple(leaf, {.this_update = -7200, .next_update = -3600}),
                              make_staple(leaf, {.this_update = 3600, .next_update = 7200}), make_staple(other),
                              altered};
  for (const std::string& der : ders) {
    SCOPED_TRACE(&der - ders);
    const auto m = run_against({.chain = {&leaf, &authority_.intermediate}, .tune = staple(der)});
    EXPECT_EQ(summary(m), "degraded tls staple_bad") << m.outcome.detail;
    EXPECT_EQ(text_of(m, field::kOcspStaple), "bad");
    EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}, .tune = staple(der)},
                                  "tls: {require_staple: true}")),
              "fail tls staple_bad");
  }
}

}  // namespace
}  // namespace sonde::test
