// The tls check against OpenSSL and raw sockets in process (RELIABILITY 2.3).
#include <gtest/gtest.h>

#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;

using TlsCheck = TlsFixture;

TEST_F(TlsCheck, T1_GoodIsOkWithItsFacts) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}}, "tls: {alpn: [http/1.1]}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.3");
  EXPECT_EQ(text_of(m, field::kTlsCipher).substr(0, 4), "TLS_");
  EXPECT_EQ(text_of(m, field::kAlpn), "http/1.1");
  EXPECT_EQ(text_of(m, field::kCertFingerprint).size(), 64U);
  EXPECT_EQ(text_of(m, field::kCertIssuer), "Sonde Test Intermediate");
  const double days =
      (static_cast<double>(integer_of(m, field::kSslEarliestCertExpiry)) - static_cast<double>(std::time(nullptr))) /
      86400;
  EXPECT_NEAR(days, 90, 1);
  EXPECT_GT(seconds_of(m, field::kTlsSeconds), 0);
  EXPECT_LE(seconds_of(m, field::kConnectSeconds) + seconds_of(m, field::kTlsSeconds),
            seconds_of(m, field::kDurationSeconds));
}

TEST_F(TlsCheck, T2_ExpiredKeepsItsFacts) {
  const Identity leaf = authority_.leaf({.valid_from = -20000, .valid_to = -10000});
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}});
  EXPECT_EQ(summary(m), "fail tls expired");
  EXPECT_EQ(text_of(m, field::kCertIssuer), "Sonde Test Intermediate");
  EXPECT_TRUE(has(m, field::kTlsSeconds));
  EXPECT_LT(integer_of(m, field::kSslEarliestCertExpiry), std::time(nullptr));
}

TEST_F(TlsCheck, T3_NotYetValid) {
  const Identity leaf = authority_.leaf({.valid_from = 10000});
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}})), "fail tls not_yet_valid");
}

TEST_F(TlsCheck, T4_WrongName) {
  const Identity leaf = authority_.leaf({.alternative_names = "DNS:other.test"});
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}});
  EXPECT_EQ(summary(m), "fail tls name_mismatch");
  EXPECT_EQ(m.outcome.detail, "for other.test, not app.test");
}

TEST_F(TlsCheck, T5_SelfSigned) {
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, nullptr);
  EXPECT_EQ(summary(run_against({.chain = {&leaf}})), "fail tls self_signed");
}

TEST_F(TlsCheck, T6_UntrustedRoot) {
  const Identity root = make_certificate({.common_name = "Other Root", .authority = true}, nullptr);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &root);
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &root}})), "fail tls untrusted");
}

TEST_F(TlsCheck, T9_MissingIntermediate) {
  const Identity leaf = authority_.leaf();
  EXPECT_EQ(summary(run_against({.chain = {&leaf}})), "fail tls chain_incomplete");
}

TEST_F(TlsCheck, T13_CommonNameAloneIsNoName) {
  CertificateOptions o{.common_name = "app.test", .alternative_names = ""};
  const Identity leaf = make_certificate(o, &authority_.intermediate);
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}})), "fail tls name_mismatch");
}

TEST_F(TlsCheck, T25_NoCommonCipher) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate},
                              .max_version = TLS1_2_VERSION,
                              .ciphers = "AES128-SHA:@SECLEVEL=0"});  // RSA only, and the key is not
  EXPECT_EQ(summary(m), "fail tls no_common_cipher") << m.outcome.detail;
}

TEST_F(TlsCheck, T32_OnlyTls10) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against(
      {.chain = {&leaf, &authority_.intermediate}, .min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION});
  EXPECT_EQ(summary(m), "fail tls old_protocol") << m.outcome.detail;
}

TEST_F(TlsCheck, T33_Tls12IsOk) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}, .max_version = TLS1_2_VERSION});
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.2");
}

TEST_F(TlsCheck, T35_ClientCertificateRequiredInTls12) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against(
      {.chain = {&leaf, &authority_.intermediate}, .max_version = TLS1_2_VERSION, .want_client_certificate = true});
  EXPECT_EQ(summary(m), "fail tls client_cert_required") << m.outcome.detail;
}

TEST_F(TlsCheck, T35_ClientCertificateRequiredInTls13ComesAfterTheHandshake) {
  const Identity leaf = authority_.leaf();
  const auto m = run_against({.chain = {&leaf, &authority_.intermediate}, .want_client_certificate = true});
  EXPECT_EQ(summary(m), "fail tls client_cert_required") << m.outcome.detail;
}

TEST_F(TlsCheck, T38_AlpnMismatch) {
  const Identity leaf = authority_.leaf();
  const auto m =
      run_against({.chain = {&leaf, &authority_.intermediate}, .alpn_only = "h3"}, "tls: {alpn: [http/1.1]}");
  EXPECT_EQ(summary(m), "fail tls alpn") << m.outcome.detail;
}

TEST_F(TlsCheck, T39_StallAfterClientHello) {
  ScriptedServer server{bench().loop(), {.then = Script::Then::kKeepOpen}};
  const auto m = bench().run(server.url("tls"), "", 150ms);
  EXPECT_EQ(summary(m), "fail tls timeout");
  EXPECT_TRUE(has(m, field::kConnectSeconds));
  EXPECT_FALSE(has(m, field::kTlsSeconds));
}

TEST_F(TlsCheck, T41_FinInTheHandshake) {
  ScriptedServer server{bench().loop(), {.wait_for = "\x16", .say = "", .then = Script::Then::kClose}};
  EXPECT_EQ(summary(bench().run(server.url("tls"))), "fail tls closed");
}

TEST_F(TlsCheck, T42_ResetAfterClientHello) {
  ScriptedServer server{bench().loop(), {.wait_for = "\x16", .say = "", .then = Script::Then::kReset}};
  EXPECT_EQ(summary(bench().run(server.url("tls"))), "fail tls reset");
}

TEST_F(TlsCheck, T43_PlainHttpIsNotTls) {
  ScriptedServer server{bench().loop(), {.wait_for = "\x16", .say = "HTTP/1.1 400 Bad Request\r\n\r\n"}};
  EXPECT_EQ(summary(bench().run(server.url("tls"))), "fail tls not_tls");
}

TEST_F(TlsCheck, T44_SshBannerIsNotTls) {
  ScriptedServer server{bench().loop(), {.say = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n", .then = Script::Then::kKeepOpen}};
  EXPECT_EQ(summary(bench().run(server.url("tls"))), "fail tls not_tls");
}

TEST_F(TlsCheck, T46_AnAlertIsNamed) {
  ScriptedServer server{bench().loop(),
                        {.wait_for = "\x16", .say = std::string{"\x15\x03\x03\x00\x02\x02\x50", 7}}};  // internal_error
  const auto m = bench().run(server.url("tls"));
  EXPECT_EQ(summary(m), "fail tls alert");
  EXPECT_NE(m.outcome.detail.find("80"), std::string::npos) << m.outcome.detail;
}

TEST_F(TlsCheck, T37_UnrecognizedNameAlert) {
  ScriptedServer server{bench().loop(), {.wait_for = "\x16", .say = std::string{"\x15\x03\x03\x00\x02\x02\x70", 7}}};
  EXPECT_EQ(summary(bench().run(server.url("tls"))), "fail tls sni_required");
}

TEST_F(TlsCheck, T49_ExpiredIntermediate) {
  const Identity old =
      make_certificate({.common_name = "Old Intermediate", .authority = true, .valid_from = -20000, .valid_to = -10000},
                       &authority_.root);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &old);
  const auto m = run_against({.chain = {&leaf, &old}});
  EXPECT_EQ(summary(m), "fail tls chain_expired");
  EXPECT_NE(m.outcome.detail.find("Old Intermediate"), std::string::npos) << m.outcome.detail;
}

TEST_F(TlsCheck, T51_NearItsEndIsDegraded) {
  const Identity leaf = authority_.leaf({.valid_to = 5L * 24 * 3600});
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}}, "expect: {cert_days: 14}")),
            "degraded tls expiring");
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}}, "expect: {cert_days: 3}")),
            "ok done none");
}

TEST_F(TlsCheck, T53_HostileNamesAreStoredSanitized) {
  const Identity leaf =
      make_certificate({.common_name = "x\n<script>", .alternative_names = "DNS:other.test"}, nullptr);
  const auto m = run_against({.chain = {&leaf}});
  EXPECT_EQ(text_of(m, field::kCertIssuer).find('\n'), std::string::npos);
}

TEST_F(TlsCheck, T55_AnAddressNeedsAnAddressInTheCertificate) {
  const Identity named = authority_.leaf();
  EXPECT_EQ(summary(run_against({.chain = {&named, &authority_.intermediate}}, "", "127.0.0.1")),
            "fail tls name_mismatch");
  const Identity addressed = authority_.leaf({.alternative_names = "IP:127.0.0.1"});
  EXPECT_EQ(summary(run_against({.chain = {&addressed, &authority_.intermediate}}, "", "127.0.0.1")), "ok done none");
}

TEST_F(TlsCheck, D55_ATrailingDotIsNoPartOfTheNameInTls) {
  const Identity leaf = authority_.leaf();
  EXPECT_EQ(summary(run_against({.chain = {&leaf, &authority_.intermediate}}, "", "app.test.")), "ok done none");
}

TEST_F(TlsCheck, ACaFileThatIsMissingIsAClearError) {
  const auto client = io::make_tls_client(bench().loop(), {.ca_file = dir_.file("none.pem")});
  ASSERT_FALSE(client.has_value());
  EXPECT_NE(client.error().message.find("none.pem"), std::string::npos);
}

}  // namespace
}  // namespace sonde::test
