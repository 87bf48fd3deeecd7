// The handshake's steps.
#include "io/tls_handshake.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/address.h"
#include "io/receive_time.h"

namespace sonde::io {
namespace {

using core::Cause;

constexpr std::size_t kVerifyErrorsMax = 16;

}  // namespace

int TlsHandshake::on_verify(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<TlsHandshake*>(SSL_get_app_data(ssl));
  const VerifyError e{X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store)};
  const auto same = [&e](const VerifyError& o) { return o.code == e.code && o.depth == e.depth; };
  auto& errors = self->verify_errors_;
  if (errors.size() < kVerifyErrorsMax && std::ranges::none_of(errors, same)) errors.push_back(e);
  return 1;  // recorded; the handshake goes on so that all facts are seen
}

int TlsHandshake::on_client_certificate(SSL* /*ssl*/, void* self) {
  static_cast<TlsHandshake*>(self)->client_certificate_asked_ = true;
  return 1;  // go on with what the context has to offer
}

void TlsHandshake::on_message(int write, int /*version*/, int type, const void* bytes, std::size_t size, SSL* /*ssl*/,
                              void* self) {
  if (write != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(bytes) != SSL3_MT_CERTIFICATE) return;
  Sha256 digest{};
  if (EVP_Digest(bytes, size, digest.data(), nullptr, EVP_sha256(), nullptr) == 1) {
    static_cast<TlsHandshake*>(self)->chain_ = digest;
  }
}

bool TlsHandshake::set_up() {
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) return false;
  wire_.attach(ssl_.get(), fd_);
  stamp_arrivals(fd_);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, &TlsHandshake::on_verify);
  SSL_set_cert_cb(ssl_.get(), &TlsHandshake::on_client_certificate, this);
  SSL_set_msg_callback(ssl_.get(), &TlsHandshake::on_message);
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
  // What SSL_set_tlsext_status_type() does; the macros of OpenSSL cast in the old style.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_ocsp, nullptr);
  std::string offered;
  for (const std::string& protocol : request_.alpn) {
    offered += static_cast<char>(protocol.size());
    offered += protocol;
  }
  // This call answers 0 for success, unlike its neighbours.
  if (!offered.empty() && SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                                              static_cast<unsigned int>(offered.size())) != 0) {
    return false;
  }
  return set_name();
}

bool TlsHandshake::set_name() {
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // The root's dot belongs to DNS: neither SNI nor a certificate carries it (RFC 6066 3).
  std::string host = request_.host;
  if (host.ends_with('.')) host.pop_back();
  if (parse_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(verify, host.data(), host.size()) == 1 &&
         SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

void TlsHandshake::start(Callback<void(End)> done) {
  done_ = std::move(done);
  started_ = loop_.precise_now();
  starting_ = true;
  if (set_up()) {
    step();
  } else {
    ERR_clear_error();
    finish({Cause::kNoFd, "no memory for a TLS session"});
  }
  starting_ = false;
}

void TlsHandshake::step() {
  if (readable_) {
    int broken = 0;
    const auto age = age_of_arrival(fd_, &broken);
    // Nothing waits longer than since the last step; more is the wall clock that was set meanwhile.
    if (age) waited_ += std::min(*age, loop_.precise_now() - stepped_);
    if (broken != 0) return finish({broken == ETIMEDOUT ? Cause::kTimeout : Cause::kReset, {}});
  }
  ERR_clear_error();
  const int rc = SSL_connect(ssl_.get());
  const int error_number = errno;
  stepped_ = loop_.precise_now();
  if (rc == 1) {
    wire_.progress();
    return finish({});
  }
  const int why = wire_.flooded() ? SSL_ERROR_SSL : SSL_get_error(ssl_.get(), rc);
  switch (why) {
    case SSL_ERROR_WANT_READ:
      writable_.reset();
      if (!readable_) readable_ = loop_.watch(fd_, Interest::kRead, [this] { step(); });
      return;
    case SSL_ERROR_WANT_WRITE:
      if (!writable_) writable_ = loop_.watch(fd_, Interest::kWrite, [this] { step(); });
      return;
    default:
      errno = error_number;
      return finish(explain(rc));
  }
}

TlsHandshake::End TlsHandshake::explain(int result) {
  const int error_number = errno;
  if (wire_.flooded()) {
    ERR_clear_error();
    return {Cause::kFlood, "more than 256 KiB of records that lead to nothing"};
  }
  const int why = SSL_get_error(ssl_.get(), result);
  End end{Cause::kClosed, {}};
  if (why == SSL_ERROR_SYSCALL && (error_number == ECONNRESET || error_number == EPIPE)) {
    end.cause = Cause::kReset;
  } else if (why == SSL_ERROR_SYSCALL && error_number == ETIMEDOUT) {
    end.cause = Cause::kTimeout;
  } else if (why == SSL_ERROR_SSL) {
    end.cause = cause_of_error_queue(client_certificate_asked_, end.detail);
    if (end.cause == Cause::kNoCommonCipher && client_certificate_asked_) {  // how TLS 1.2 refuses one
      end.cause = request_.policy.cert_file.empty() ? Cause::kClientCertRequired : Cause::kClientCertRejected;
    }
  }
  ERR_clear_error();
  return end;
}

Duration TlsHandshake::elapsed() const {
  return std::max(Duration{}, ended_.value_or(loop_.precise_now()) - started_ - waited_);
}

void TlsHandshake::finish(End end) {
  readable_.reset();
  writable_.reset();
  ended_ = loop_.precise_now();
  end_ = std::move(end);
  const auto report = [this] {
    auto done = std::move(done_);
    done(std::move(end_));  // may destroy this
  };
  if (starting_) {
    later_ = loop_.soon(report);
  } else {
    report();
  }
}

}  // namespace sonde::io
