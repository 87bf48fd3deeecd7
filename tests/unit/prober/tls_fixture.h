// What tests of TLS share: a bench that trusts the test root, OCSP answers, and a server that reads hellos.
#pragma once

#include <openssl/ocsp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/test_certificates.h"

namespace sonde::test {

/// A bench that trusts the test root and nothing else.
class TlsFixture : public testing::Test {
 protected:
  TlsFixture() { write_pem(authority_.root.certificate.get(), dir_.file("ca.pem")); }

  core::Measurement run_against(TlsServer::Options options, const std::string& yaml = "",
                                const std::string& host = "app.test") {
    const TlsServer server{std::move(options)};
    return bench().run(server.url("tls", "", host), yaml);
  }

  /// With a leaf made to order and the usual intermediate.
  core::Measurement run_leaf(const CertificateOptions& leaf, TlsServer::Options options = {},
                             const std::string& yaml = "") {
    const Identity identity = authority_.leaf(leaf);
    options.chain = {&identity, &authority_.intermediate};
    return run_against(std::move(options), yaml);
  }

  CheckBench& bench() {
    if (!bench_) bench_ = std::make_unique<CheckBench>(BenchOptions{.ca_file = dir_.file("ca.pem")});
    return *bench_;
  }

  TempDir dir_;
  const TestAuthority& authority_ = TestAuthority::get();
  std::unique_ptr<CheckBench> bench_;
};

struct StapleOptions {
  int status = V_OCSP_CERTSTATUS_GOOD;
  long this_update = -3600;  // seconds from now
  long next_update = 3600;
};

/// What the intermediate's responder says of `leaf`, in DER.
inline std::string make_staple(const Identity& leaf, const StapleOptions& o = {}) {
  const Identity& issuer = TestAuthority::get().intermediate;
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), leaf.certificate.get(), issuer.certificate.get());
  ASN1_TIME* from = X509_gmtime_adj(nullptr, o.this_update);
  ASN1_TIME* to = X509_gmtime_adj(nullptr, o.next_update);
  ASN1_TIME* revoked = o.status == V_OCSP_CERTSTATUS_REVOKED ? X509_gmtime_adj(nullptr, -7200) : nullptr;
  OCSP_basic_add1_status(basic, id, o.status, revoked == nullptr ? 0 : OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from,
                         to);
  OCSP_basic_sign(basic, issuer.certificate.get(), issuer.key.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  std::string out{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  for (ASN1_TIME* t : {from, to, revoked}) ASN1_TIME_free(t);
  return out;
}

/// For TlsServer::Options::tune: staples `der`, which must outlive the server.
inline std::function<void(SSL_CTX*)> staple(const std::string& der) {
  return [&der](SSL_CTX* c) {
    int (*give)(SSL*, void*) = [](SSL* ssl, void* arg) -> int {
      const auto& bytes = *static_cast<const std::string*>(arg);
      auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(bytes.data(), bytes.size()));
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(bytes.size()), copy);
      return SSL_TLSEXT_ERR_OK;
    };
    // SSL_CTX_set_tlsext_status_cb() and ..._arg() without their old-style casts.
    SSL_CTX_callback_ctrl(c, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, reinterpret_cast<void (*)()>(give));
    SSL_CTX_ctrl(c, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG, 0, const_cast<std::string*>(&der));
  };
}

/// Reads the first bytes of each connection and answers as told: for servers that are no TLS servers.
class HelloServer {
 public:
  struct Answer {
    std::string say;
    Script::Then then = Script::Then::kClose;
  };
  /// `number` counts connections from 1.
  using Decide = std::function<Answer(int number, const std::string& hello)>;

  HelloServer(io::Loop& loop, Decide decide)
      : loop_(loop), decide_(std::move(decide)), listener_(bound_socket(SOCK_STREAM)) {
    listen(listener_.get(), 16);
    accept_ = loop_.watch(listener_.get(), io::Interest::kRead, [this] { on_connection(); });
  }
  [[nodiscard]] int connections() const { return static_cast<int>(connections_.size()); }
  [[nodiscard]] std::string url(const std::string& host) const {
    return "tls://" + host + ":" + std::to_string(bound_port(listener_.get()));
  }

 private:
  struct Connection {
    io::UniqueFd fd;
    int number = 0;
    io::Handle watch;
  };

  void on_connection() {
    auto c = std::make_unique<Connection>();
    c->fd.reset(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!c->fd) return;
    c->number = connections() + 1;
    Connection* raw = c.get();
    connections_.push_back(std::move(c));
    raw->watch = loop_.watch(raw->fd.get(), io::Interest::kRead, [this, raw] { on_hello(*raw); });
  }

  void on_hello(Connection& c) {
    std::string hello(4096, '\0');
    const ssize_t n = recv(c.fd.get(), hello.data(), hello.size(), 0);
    hello.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    c.watch.reset();
    const Answer answer = decide_(c.number, hello);
    if (!answer.say.empty()) (void)!send(c.fd.get(), answer.say.data(), answer.say.size(), MSG_NOSIGNAL);
    if (answer.then == Script::Then::kKeepOpen) return;
    if (answer.then == Script::Then::kReset) {
      const linger hard{1, 0};
      setsockopt(c.fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    c.fd.reset();
  }

  io::Loop& loop_;
  Decide decide_;
  io::UniqueFd listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
  io::Handle accept_;
};

}  // namespace sonde::test
