// The TLS handshake as a state machine over a non-blocking socket, with verification recorded beside it.
#include "io/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "core/sanitize.h"
#include "io/address.h"
#include "io/tls_context.h"
#include "io/tls_facts.h"
#include "io/tls_pump.h"

namespace sonde::io {
namespace {

using core::Cause;

constexpr std::size_t kVerifyErrorsMax = 16;
constexpr Duration kLingerMin = std::chrono::milliseconds{50};

struct FreeSession {
  void operator()(SSL* s) const { SSL_free(s); }
};

class Session final : public TlsSession {
 public:
  Session(Loop& loop, const core::Result<SSL_CTX*>& context, UniqueFd fd, TlsRequest request)
      : loop_(loop), fd_(std::move(fd)), request_(std::move(request)) {
    if (context) {
      ssl_.reset(SSL_new(*context));
    } else {
      unusable_ = context.error().message;
    }
    // The root's dot belongs to DNS: neither SNI nor a certificate carries it (RFC 6066 3).
    if (request_.host.ends_with('.')) request_.host.pop_back();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void handshake(Callback<void(TlsResult)> done) override;
  [[nodiscard]] TlsResult known() const override {
    TlsResult r;
    if (ssl_) r.facts = read_facts(ssl_.get());
    return r;
  }
  [[nodiscard]] core::Result<UniqueFd> open_stream() override {
    pump_ = std::make_unique<TlsPump>(loop_, ssl_.get(), fd_.get());
    return pump_->open();
  }
  [[nodiscard]] TlsStreamEnd stream_end() const override { return pump_ ? pump_->end() : TlsStreamEnd::kOpen; }
  [[nodiscard]] Cause stream_cause() const override { return pump_ ? pump_->cause() : Cause::kNone; }

  static int on_verify(int ok, X509_STORE_CTX* store);
  static int on_client_certificate(SSL* ssl, void* self);

 private:
  bool set_up();
  void step();
  void on_shaken();
  void linger();
  void on_failed(int why, int error_number);
  /// Every exit: stops watches and timer, then reports. `now` false: in a later turn, because start is on the stack.
  void finish(Cause cause, std::string detail);
  void report();

  Loop& loop_;
  UniqueFd fd_;
  std::unique_ptr<SSL, FreeSession> ssl_;
  TlsRequest request_;
  std::string unusable_;  // why there is no context for the policy
  Callback<void(TlsResult)> done_;
  std::vector<VerifyError> verify_errors_;
  bool client_certificate_asked_ = false;
  bool starting_ = false;
  bool complete_ = false;
  MonoTime started_{};
  TlsResult result_;
  std::unique_ptr<TlsPump> pump_;
  Handle readable_;
  Handle writable_;
  Handle later_;
};

int Session::on_verify(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<Session*>(SSL_get_app_data(ssl));
  const VerifyError e{X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store)};
  const auto same = [&e](const VerifyError& o) { return o.code == e.code && o.depth == e.depth; };
  auto& errors = self->verify_errors_;
  if (errors.size() < kVerifyErrorsMax && std::ranges::none_of(errors, same)) errors.push_back(e);
  return 1;  // recorded; the handshake goes on so that all facts are seen
}

int Session::on_client_certificate(SSL* /*ssl*/, void* self) {
  static_cast<Session*>(self)->client_certificate_asked_ = true;
  return 1;  // go on with what the context has to offer
}

bool Session::set_up() {
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) return false;
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, &Session::on_verify);
  SSL_set_cert_cb(ssl_.get(), &Session::on_client_certificate, this);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (parse_address(request_.host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, request_.host.c_str()) != 1) return false;
  } else {
    if (X509_VERIFY_PARAM_set1_host(verify, request_.host.data(), request_.host.size()) != 1) return false;
    // What SSL_set_tlsext_host_name() does; the macro casts const away in the old style.
    if (SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, request_.host.data()) != 1) {
      return false;
    }
  }
  std::string offered;
  for (const std::string& protocol : request_.alpn) {
    offered += static_cast<char>(protocol.size());
    offered += protocol;
  }
  // This call answers 0 for success, unlike its neighbours.
  return offered.empty() || SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                                                static_cast<unsigned int>(offered.size())) == 0;
}

void Session::handshake(Callback<void(TlsResult)> done) {
  done_ = std::move(done);
  started_ = loop_.precise_now();
  starting_ = true;
  if (!unusable_.empty()) {
    finish(Cause::kConfig, unusable_);
  } else if (set_up()) {
    step();
  } else {
    ERR_clear_error();
    finish(Cause::kNoFd, "no memory for a TLS session");
  }
  starting_ = false;
}

void Session::step() {
  ERR_clear_error();
  const int rc = SSL_connect(ssl_.get());
  const int error_number = errno;
  if (rc == 1) return on_shaken();
  const int why = SSL_get_error(ssl_.get(), rc);
  switch (why) {
    case SSL_ERROR_WANT_READ:
      writable_.reset();
      if (!readable_) readable_ = loop_.watch(fd_.get(), Interest::kRead, [this] { step(); });
      return;
    case SSL_ERROR_WANT_WRITE:
      if (!writable_) writable_ = loop_.watch(fd_.get(), Interest::kWrite, [this] { step(); });
      return;
    default:
      return on_failed(why, error_number);
  }
}

void Session::on_shaken() {
  complete_ = true;
  result_.elapsed = loop_.precise_now() - started_;
  if (client_certificate_asked_ && SSL_version(ssl_.get()) == TLS1_3_VERSION) {
    // TLS 1.3 refuses a missing client certificate only after our side has finished: wait about a round trip for it.
    readable_.reset();
    writable_.reset();
    readable_ = loop_.watch(fd_.get(), Interest::kRead, [this] { linger(); });
    later_ = loop_.after(std::max(kLingerMin, 2 * result_.elapsed), [this] { finish(Cause::kNone, {}); });
    return;
  }
  finish(Cause::kNone, {});
}

void Session::linger() {
  char byte = 0;
  ERR_clear_error();
  const int n = SSL_peek(ssl_.get(), &byte, 1);
  if (n > 0) return finish(Cause::kNone, {});
  const int why = SSL_get_error(ssl_.get(), n);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;  // a session ticket: go on waiting
  if (why != SSL_ERROR_SSL) return finish(Cause::kClientCertRequired, "closed after asking for a client certificate");
  std::string words;
  const Cause cause = cause_of_error_queue(words);
  finish(cause == Cause::kAlert || cause == Cause::kClosed ? Cause::kClientCertRequired : cause, std::move(words));
}

void Session::on_failed(int why, int error_number) {
  std::string detail;
  Cause cause = Cause::kClosed;
  if (why == SSL_ERROR_SYSCALL && error_number == ECONNRESET) {
    cause = Cause::kReset;
  } else if (why == SSL_ERROR_SYSCALL && error_number == ETIMEDOUT) {
    cause = Cause::kTimeout;
  } else if (why == SSL_ERROR_SYSCALL && error_number == EPIPE) {
    cause = Cause::kReset;
  } else if (why == SSL_ERROR_SSL) {
    cause = cause_of_error_queue(detail);
  }
  if (cause == Cause::kNoCommonCipher && client_certificate_asked_) cause = Cause::kClientCertRequired;  // TLS 1.2
  ERR_clear_error();
  finish(cause, std::move(detail));
}

void Session::finish(Cause cause, std::string detail) {
  readable_.reset();
  writable_.reset();
  if (!complete_) result_.elapsed = loop_.precise_now() - started_;
  result_.complete = complete_;
  if (ssl_) result_.facts = read_facts(ssl_.get());
  if (cause == Cause::kNone && request_.verify) {
    auto [chain_cause, chain_detail] = judge_chain(ssl_.get(), verify_errors_);
    cause = chain_cause;
    detail = std::move(chain_detail);
    if (cause == Cause::kNameMismatch) {
      detail = "for " + (result_.facts.names.empty() ? std::string{"no name"} : result_.facts.names.front()) +
               ", not " + request_.host;
    }
  }
  result_.cause = cause;
  result_.detail = core::sanitize(detail);
  if (starting_) {
    later_ = loop_.soon([this] { report(); });
  } else {
    later_.reset();
    report();
  }
}

void Session::report() {
  auto done = std::move(done_);
  TlsResult result = std::move(result_);
  done(std::move(result));  // may destroy this
}

class Client final : public TlsClient {
 public:
  Client(Loop& loop, TlsContexts contexts) : loop_(loop), contexts_(std::move(contexts)) {}
  std::unique_ptr<TlsSession> open(UniqueFd fd, TlsRequest request) override {
    auto context = contexts_.get(request.policy, TlsStrictness::kStrict, loop_.now());
    return std::make_unique<Session>(loop_, std::move(context), std::move(fd), std::move(request));
  }

 private:
  Loop& loop_;
  TlsContexts contexts_;
};

}  // namespace

core::Result<std::unique_ptr<TlsClient>> make_tls_client(Loop& loop, const TlsOptions& options) {
  TlsContexts contexts{options.ca_file};
  const auto context = contexts.get({}, TlsStrictness::kStrict, loop.now());
  if (!context) return context.error();
  return std::unique_ptr<TlsClient>{std::make_unique<Client>(loop, std::move(contexts))};
}

}  // namespace sonde::io
