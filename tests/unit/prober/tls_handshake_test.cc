// Handshakes that fail, and how the reason is found (RELIABILITY 2.3).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/unit/prober/tls_fixture.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using TlsHandshake = TlsFixture;

const auto kAnyLevel = [](SSL_CTX* c) { SSL_CTX_set_security_level(c, 0); };

std::string alert(int number) { return std::string{"\x15\x03\x03\x00\x02\x02", 6} + static_cast<char>(number); }

TEST_F(TlsHandshake, T25_ACipherThatNobodyShouldUseIsNamed) {
  const auto m =
      run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION, .ciphers = "NULL-SHA256", .tune = kAnyLevel});
  EXPECT_EQ(summary(m), "fail tls no_common_cipher");
  EXPECT_EQ(text_of(m, field::kTlsCipher), "NULL-SHA256");
  EXPECT_EQ(text_of(m, field::kCertKey), "RSA 2048");
  EXPECT_NE(m.outcome.detail.find("it accepts TLSv1.2 NULL-SHA256"), std::string::npos) << m.outcome.detail;
}

TEST_F(TlsHandshake, T26_T27_OldButSoundSuitesAreOk) {
  EXPECT_EQ(summary(run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA"})),
            "ok done none");
  const auto m = run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION, .ciphers = "AES128-SHA"});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_FALSE(has(m, field::kTlsGroup));  // no forward secrecy: the key was not exchanged but sent
}

void use_dh(SSL_CTX* c, const char* group) {
  EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY_paramgen_init(maker);
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(group), 0),
                         OSSL_PARAM_END};
  EVP_PKEY_CTX_set_params(maker, params);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_generate(maker, &key);
  EVP_PKEY_CTX_free(maker);
  SSL_CTX_set0_tmp_dh_pkey(c, key);
}

TEST_F(TlsHandshake, T28_ASmallDiffieHellmanGroupIsWeak) {
  const auto m =
      run_leaf({.rsa_bits = 2048},
               {.max_version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES128-GCM-SHA256", .tune = [](SSL_CTX* c) {
                  SSL_CTX_set_security_level(c, 0);
                  use_dh(c, "dh_1024_160");
                }});
  EXPECT_EQ(summary(m), "fail tls weak_dh") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsGroup), "DH 1024");
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.2");
  EXPECT_EQ(m.outcome.detail, "DH 1024");
}

TEST_F(TlsHandshake, T29_ALargeOneIsOk) {
  const auto m = run_leaf({.rsa_bits = 2048}, {.max_version = TLS1_2_VERSION,
                                               .ciphers = "DHE-RSA-AES128-GCM-SHA256",
                                               .tune = [](SSL_CTX* c) { use_dh(c, "ffdhe2048"); }});
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kTlsGroup), "DH 2048");
}

TEST_F(TlsHandshake, T31_Ssl3IsOld) {
  // A ServerHello of version 3.0, as a server of that time sends it.
  std::string hello{"\x02\x00\x00\x26\x03\x00", 6};
  hello += std::string(32, 'r') + std::string{"\x00\x00\x2f\x00", 4};
  const std::string record = std::string{"\x16\x03\x00\x00\x2a", 5} + hello;
  HelloServer server{bench().loop(), [&](int, const std::string&) { return HelloServer::Answer{record}; }};
  EXPECT_EQ(summary(bench().run(server.url("app.test"))), "fail tls old_protocol");
}

TEST_F(TlsHandshake, T32_AnOldServerIsNamedAndItsFactsAreKept) {
  const auto m = run_leaf({}, {.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION});
  EXPECT_EQ(summary(m), "fail tls old_protocol");
  EXPECT_EQ(m.outcome.detail, "it speaks at most TLSv1.1");
  EXPECT_EQ(text_of(m, field::kTlsVersion), "TLSv1.1");
  EXPECT_EQ(text_of(m, field::kCertIssuer), "Sonde Test Intermediate");
}

TEST_F(TlsHandshake, MinVersionDecidesWhatIsOld) {
  const auto accepted =
      run_leaf({}, {.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION}, "tls: {min_version: 1.0}");
  EXPECT_EQ(summary(accepted), "ok done none") << accepted.outcome.detail;
  const auto m = run_leaf({}, {.max_version = TLS1_2_VERSION}, "tls: {min_version: 1.3}");
  EXPECT_EQ(summary(m), "fail tls old_protocol");
  EXPECT_EQ(m.outcome.detail, "it speaks at most TLSv1.2");
  EXPECT_EQ(text_of(run_leaf({}, {}, "tls: {max_version: 1.2}"), field::kTlsVersion), "TLSv1.2");
}

TEST_F(TlsHandshake, AnOldVersionAllowedStillVerifiesAtTheUsualLevel) {
  EXPECT_EQ(summary(run_leaf({.rsa_bits = 1024}, {.tune = kAnyLevel}, "tls: {min_version: 1.0}")), "fail tls weak_key");
}

TEST_F(TlsHandshake, T34_OnlyTls13IsOk) {
  EXPECT_EQ(summary(run_leaf({}, {.min_version = TLS1_3_VERSION})), "ok done none");
}

TEST_F(TlsHandshake, AServerThatInsistsOnMoreThanAllowedIsNotCalledOld) {
  const auto m = run_leaf({}, {.min_version = TLS1_3_VERSION}, "tls: {max_version: 1.2}");
  EXPECT_EQ(summary(m), "fail tls alert") << m.outcome.detail;
  EXPECT_NE(m.outcome.detail.find("TLSv1.3"), std::string::npos) << m.outcome.detail;
}

/// Trusts the test root for client certificates.
void trust_root(SSL_CTX* c) {
  X509_STORE_add_cert(SSL_CTX_get_cert_store(c), TestAuthority::get().root.certificate.get());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(c), TestAuthority::get().intermediate.certificate.get());
}

TEST_F(TlsHandshake, T35_AClientCertificateOpensTheDoor) {
  const Identity me = authority_.leaf({.common_name = "prober", .alternative_names = "DNS:prober.test"});
  write_pem(me, dir_.file("me.pem"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto m = run_leaf({}, {.max_version = version, .want_client_certificate = true, .tune = trust_root},
                            "tls: {cert_file: " + dir_.file("me.pem") + "}");
    EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  }
}

TEST_F(TlsHandshake, T36_AClientCertificateThatIsRefused) {
  const Identity me = make_certificate({.common_name = "stranger", .alternative_names = "DNS:x.test"}, nullptr);
  write_pem(me, dir_.file("me.pem"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto m = run_leaf({}, {.max_version = version, .want_client_certificate = true, .tune = trust_root},
                            "tls: {cert_file: " + dir_.file("me.pem") + "}");
    EXPECT_EQ(summary(m), "fail tls client_cert_rejected") << m.outcome.detail;
  }
}

TEST_F(TlsHandshake, FilesOfOursThatCannotBeUsedAreOurFault) {
  const Identity other = authority_.leaf();
  write_pem(other, dir_.file("other.pem"));
  write_pem(authority_.root.certificate.get(), dir_.file("cert.pem"));
  const std::pair<std::string, std::string> cases[] = {
      {"ca_file: " + dir_.file("none.pem"), "none.pem"},
      {"cert_file: " + dir_.file("none.pem"), "none.pem"},
      {"cert_file: " + dir_.file("cert.pem") + ", key_file: " + dir_.file("other.pem"), "other.pem"},
      {"crl_file: " + dir_.file("cert.pem"), "cert.pem"},
  };
  for (const auto& [keys, says] : cases) {
    SCOPED_TRACE(keys);
    const auto m = run_leaf({}, {}, "tls: {" + keys + "}");
    EXPECT_EQ(summary(m), "unknown tls config");
    EXPECT_NE(m.outcome.detail.find(says), std::string::npos) << m.outcome.detail;
  }
}

TEST_F(TlsHandshake, AnOwnCaReplacesTheProbers) {
  const Identity root = make_certificate({.common_name = "Own Root", .authority = true}, nullptr);
  const Identity leaf = make_certificate({.common_name = "app.test", .alternative_names = "DNS:app.test"}, &root);
  write_pem(root.certificate.get(), dir_.file("own.pem"));
  const std::string yaml = "tls: {ca_file: " + dir_.file("own.pem") + "}";
  EXPECT_EQ(summary(run_against({.chain = {&leaf}}, yaml)), "ok done none");
  EXPECT_EQ(summary(run_against({.chain = {&leaf}})), "fail tls chain_incomplete");
  EXPECT_EQ(summary(run_leaf({}, {}, yaml)), "fail tls untrusted");
}

TEST_F(TlsHandshake, T37_ServerNameReplacesTheHost) {
  const auto serve_only = [](SSL_CTX* c) {
    int (*choose)(SSL*, int*, void*) = [](SSL* ssl, int* reason, void*) -> int {
      const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
      if (name != nullptr && std::string{name} == "app.test") return SSL_TLSEXT_ERR_OK;
      *reason = SSL_AD_UNRECOGNIZED_NAME;
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    };
    SSL_CTX_callback_ctrl(c, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(choose));
  };
  const Identity leaf = authority_.leaf();
  const TlsServer server{{.chain = {&leaf, &authority_.intermediate}, .tune = serve_only}};
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "other.test"))), "fail tls sni_required");
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "127.0.0.1"))), "fail tls sni_required");
  EXPECT_EQ(summary(bench().run(server.url("tls", "", "127.0.0.1"), "tls: {server_name: app.test}")), "ok done none");
}

TEST_F(TlsHandshake, T40_AStallInTheMiddleOfARecord) {
  HelloServer server{
      bench().loop(), [](int, const std::string&) {
        return HelloServer::Answer{std::string{"\x16\x03\x03\x00\x7a\x02\x00", 7}, Script::Then::kKeepOpen};
      }};
  EXPECT_EQ(summary(bench().run(server.url("app.test"), "", 150ms)), "fail tls timeout");
}

TEST_F(TlsHandshake, T42_AResetThatDependsOnTheNameIsSaidToBeOnThePath) {
  HelloServer server{bench().loop(), [](int, const std::string& hello) {
                       return hello.find("app.test") != std::string::npos
                                  ? HelloServer::Answer{"", Script::Then::kReset}
                                  : HelloServer::Answer{alert(112)};
                     }};
  const auto m = bench().run(server.url("app.test"));
  EXPECT_EQ(summary(m), "fail tls reset");
  EXPECT_NE(m.outcome.detail.find("interference on the path"), std::string::npos) << m.outcome.detail;
  HelloServer always{bench().loop(), [](int, const std::string&) {
                       return HelloServer::Answer{"", Script::Then::kReset};
                     }};
  const auto n = bench().run(always.url("app.test"));
  EXPECT_EQ(summary(n), "fail tls reset");
  EXPECT_EQ(n.outcome.detail.find("interference"), std::string::npos) << n.outcome.detail;
  EXPECT_EQ(always.connections(), 2);
}

TEST_F(TlsHandshake, TheDeadlineDuringADiagnosisLeavesTheCauseAsItIs) {
  HelloServer server{
      bench().loop(), [](int number, const std::string&) {
        return number == 1 ? HelloServer::Answer{alert(70)} : HelloServer::Answer{"", Script::Then::kKeepOpen};
      }};
  const auto m = bench().run(server.url("app.test"), "", 300ms);
  EXPECT_EQ(summary(m), "fail tls old_protocol");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_LT(seconds_of(m, field::kTlsSeconds), 0.2);  // of the first handshake alone
}

TEST_F(TlsHandshake, T45_ARecordThatIsTooLong) {
  HelloServer server{bench().loop(), [](int, const std::string&) {
                       return HelloServer::Answer{std::string{"\x16\x03\x03\xff\xff", 5} + std::string(70000, 'x'),
                                                  Script::Then::kKeepOpen};
                     }};
  EXPECT_EQ(summary(bench().run(server.url("app.test"))), "fail tls protocol");
}

TEST_F(TlsHandshake, T46_AlertsHaveTheirCauses) {
  const std::pair<int, std::string> cases[] = {
      {40, "no_common_cipher"},      {42, "alert"}, {48, "alert"}, {70, "old_protocol"}, {80, "alert"},
      {116, "client_cert_required"}, {120, "alpn"}};
  for (const auto& [number, cause] : cases) {
    SCOPED_TRACE(number);
    HelloServer server{bench().loop(), [n = number](int, const std::string&) { return HelloServer::Answer{alert(n)}; }};
    const auto m = bench().run(server.url("app.test"));
    EXPECT_EQ(summary(m), "fail tls " + cause);
    EXPECT_NE(m.outcome.detail.find(std::to_string(number)), std::string::npos) << m.outcome.detail;
  }
}

TEST_F(TlsHandshake, T59_AFloodOfRecordsThatLeadNowhereIsCut) {
  std::string flood;  // HelloRequest, which a client ignores during a handshake
  for (int i = 0; i < 50000; ++i) flood += std::string{"\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9};
  HelloServer server{bench().loop(), [&](int, const std::string&) {
                       return HelloServer::Answer{flood, Script::Then::kKeepOpen};
                     }};
  EXPECT_EQ(summary(bench().run(server.url("app.test"), "", 3s)), "fail tls flood");
}

// ---- a real server ----

/// openssl s_server on a port of its own, killed at the end.
class OpensslServer {
 public:
  explicit OpensslServer(std::vector<std::string> arguments) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) return;
    arguments.insert(arguments.begin(), {"openssl", "s_server", "-accept", "127.0.0.1:0"});
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], 1);
      dup2(out[1], 2);
      std::vector<char*> argv;
      for (std::string& a : arguments) argv.push_back(a.data());
      argv.push_back(nullptr);
      execvp("openssl", argv.data());
      _exit(127);
    }
    close(out[1]);
    std::string said;
    char byte = 0;
    while (said.size() < 4096 && read(out[0], &byte, 1) == 1) {  // "ACCEPT 127.0.0.1:43210"
      said += byte;
      const auto at = said.find("ACCEPT ");
      if (byte == '\n' && at != std::string::npos) {
        port_ = std::stoi(said.substr(said.rfind(':') + 1));
        break;
      }
    }
    out_ = io::UniqueFd{out[0]};
  }
  ~OpensslServer() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  OpensslServer(const OpensslServer&) = delete;
  OpensslServer& operator=(const OpensslServer&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  io::UniqueFd out_;
};

TEST_F(TlsHandshake, OpensslSServerIsOkAndAnOldOneIsOld) {
  const Identity leaf = authority_.leaf();
  write_pem(leaf, dir_.file("server.pem"));
  write_pem(authority_.intermediate.certificate.get(), dir_.file("chain.pem"));
  const std::string identity = dir_.file("server.pem");
  const std::string chain = dir_.file("chain.pem");
  const OpensslServer server{{"-cert", identity, "-key", identity, "-cert_chain", chain, "-alpn", "h2", "-www"}};
  ASSERT_GT(server.port(), 0);
  const auto m = bench().run("tls://app.test:" + std::to_string(server.port()), "tls: {alpn: [h2, http/1.1]}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(text_of(m, field::kAlpn), "h2");
  EXPECT_EQ(text_of(m, field::kCertChain).substr(0, 2), "2:");
  const OpensslServer old{
      {"-cert", identity, "-key", identity, "-cert_chain", chain, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-www"}};
  ASSERT_GT(old.port(), 0);
  const auto n = bench().run("tls://app.test:" + std::to_string(old.port()));
  EXPECT_EQ(summary(n), "fail tls old_protocol");
  EXPECT_EQ(text_of(n, field::kTlsVersion), "TLSv1.1");
}

}  // namespace
}  // namespace sonde::test
