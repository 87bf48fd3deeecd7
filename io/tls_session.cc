// The session's steps, and the judging of what the handshake showed.
#include "io/tls_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/sanitize.h"
#include "io/address.h"

namespace sonde::io {
namespace {

using core::Cause;

constexpr Duration kLingerMin = std::chrono::milliseconds{50};
constexpr int kDhBitsMin = 2048;  // RFC 9325 4.1
// A name that has nothing to do with the peer (RFC 2606 3): does the way to it depend on the name that we send?
constexpr const char* kDecoyName = "www.example.com";

/// Failures that hide what the peer has.
bool hides_the_reason(Cause c) {
  return c == Cause::kNoCommonCipher || c == Cause::kOldProtocol || c == Cause::kWeakDh || c == Cause::kWeakKey ||
         c == Cause::kWeakSignature || c == Cause::kProtocol;
}

}  // namespace

void Session::handshake(Callback<void(TlsResult)> done) {
  done_ = std::move(done);
  auto context = contexts_.get(request_.policy, TlsStrictness::kStrict, loop_.now());
  if (!context) {
    result_.cause = Cause::kConfig;
    result_.detail = context.error().message;
    later_ = loop_.soon([this] { report(); });
    return;
  }
  if (request_.diagnose) peer_ = TlsPeer::of(fd_.get());
  handshake_ = std::make_unique<TlsHandshake>(loop_, *context, fd_.get(), request_);
  handshake_->start([this](TlsHandshake::End end) { on_shaken(std::move(end)); });
}

TlsResult Session::known() const {
  TlsResult out = result_;
  if (out.cause == Cause::kNone && handshake_ != nullptr) out.facts = read_facts(*handshake_, memo_);
  return out;
}

core::Result<UniqueFd> Session::open_stream(TlsTap tap) {
  pump_ = std::make_unique<TlsPump>(loop_, *handshake_, fd_.get(), std::move(tap));
  return pump_->open();
}

void Session::on_shaken(TlsHandshake::End end) {
  result_.complete = end.cause == Cause::kNone;
  result_.elapsed = handshake_->elapsed();
  result_.facts = read_facts(*handshake_, memo_);
  read_tcp_info();
  if (!result_.complete) return fail(end.cause, std::move(end.detail));
  // TLS 1.3 refuses a client certificate, or the lack of one, only after our side has finished: wait about a round
  // trip.
  if (handshake_->client_certificate_asked() && SSL_version(handshake_->ssl()) == TLS1_3_VERSION) return linger();
  judge();
}

void Session::linger() {
  readable_ = loop_.watch(fd_.get(), Interest::kRead, [this] { on_lingered(); });
  later_ = loop_.after(std::max(kLingerMin, 2 * result_.elapsed), [this] { judge(); });
}

void Session::on_lingered() {
  char byte = 0;
  ERR_clear_error();
  const int n = SSL_peek(handshake_->ssl(), &byte, 1);
  if (n > 0) return judge();
  const int why = handshake_->wire().flooded() ? SSL_ERROR_SSL : SSL_get_error(handshake_->ssl(), n);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;  // a session ticket: go on waiting
  const bool offered = !request_.policy.cert_file.empty();
  if (why != SSL_ERROR_SSL) {
    ERR_clear_error();
    if (offered) return judge();  // it took what we have and then had nothing more to say
    return fail(Cause::kClientCertRequired, "closed after asking for a client certificate");
  }
  TlsHandshake::End end = handshake_->explain(n);
  if (end.cause == Cause::kClosed && offered) return judge();
  if (end.cause == Cause::kAlert || end.cause == Cause::kClosed) {
    end.cause = offered ? Cause::kClientCertRejected : Cause::kClientCertRequired;
  }
  fail(end.cause, std::move(end.detail));
}

void Session::judge() {
  if (request_.verify) judge_certificate();
  if (result_.facts.certificates != nullptr) judge_staple();
  if (result_.cause == Cause::kNone) judge_pins();
  report();
}

void Session::judge_certificate() {
  auto [cause, detail] = judge_chain(handshake_->ssl(), handshake_->verify_errors());
  if (cause == Cause::kNone) {
    result_.facts.chain_expiry = chain_expiry(handshake_->ssl());
  } else if (cause == Cause::kNameMismatch) {
    const auto& certificates = result_.facts.certificates;
    detail = "for " + (!certificates || certificates->names.empty() ? "no name" : certificates->names.front()) +
             ", not " + request_.host;
  }
  if (cause == Cause::kUntrusted || cause == Cause::kChainIncomplete || cause == Cause::kSelfSigned) {
    const auto& certificates = result_.facts.certificates;
    if (certificates != nullptr && !certificates->interceptor.empty()) {
      cause = Cause::kUntrusted;
      detail = "intercepted: issued by " + certificates->interceptor + "; " + detail;
    }
  }
  result_.cause = cause;
  result_.detail = std::move(detail);
}

/// Sets the fact; and the cause or the blemish where nothing is wrong with the chain itself.
void Session::judge_staple() {
  Staple staple = memo_.staples.read(handshake_->ssl(), handshake_->chain(), loop_.wall_now());
  result_.facts.staple = staple.status;
  if (!request_.verify || result_.cause != Cause::kNone) return;
  const bool required = request_.require_staple || result_.facts.certificates->must_staple;
  Cause cause = Cause::kNone;
  switch (staple.status) {
    case StapleStatus::kGood:
      return;
    case StapleStatus::kRevoked:
      cause = Cause::kRevoked;
      break;
    case StapleStatus::kNone:
      if (!required) return;
      cause = Cause::kStapleMissing;
      staple.detail = request_.require_staple ? "none was sent" : "the certificate demands one, none was sent";
      break;
    case StapleStatus::kUnknown:
      if (!required) return;
      cause = Cause::kStapleBad;
      break;
    case StapleStatus::kBad:
      if (!required) {  // clients that look at it refuse, the others never notice
        result_.blemish = Cause::kStapleBad;
        result_.blemish_detail = core::sanitize(staple.detail);
        return;
      }
      cause = Cause::kStapleBad;
      break;
  }
  result_.cause = cause;
  result_.detail = std::move(staple.detail);
}

void Session::judge_pins() {
  if (request_.pins.empty()) return;
  const auto& c = result_.facts.certificates;
  const auto fits = [&c](const std::string& pin) { return c && (pin == c->fingerprint || pin == c->key_pin); };
  if (std::ranges::any_of(request_.pins, fits)) return;
  result_.cause = Cause::kPinMismatch;
  result_.detail = c ? "the certificate is " + c->fingerprint + ", its key " + c->key_pin : "no certificate came";
}

void Session::fail(Cause cause, std::string detail) {
  readable_.reset();
  later_.reset();
  result_.cause = cause;
  result_.detail = std::move(detail);
  if (!diagnose()) report();
}

/// True when a second connection is under way.
bool Session::diagnose() {
  if (!peer_ || result_.complete) return false;
  TlsRequest request = request_;
  if (hides_the_reason(result_.cause)) {
    auto context = contexts_.get(request_.policy, TlsStrictness::kDiagnostic, loop_.now());
    if (!context) return false;
    diagnosis_ = std::make_unique<TlsDiagnosis>(loop_, *context, memo_, std::move(request));
    diagnosis_->start(*peer_, [this](const TlsDiagnosis::Finding& f) { on_explained(f); });
    return true;
  }
  if (result_.cause == Cause::kReset && !parse_address(request_.host) && request_.host != kDecoyName) {
    auto context = contexts_.get(request_.policy, TlsStrictness::kStrict, loop_.now());
    if (!context) return false;
    request.host = kDecoyName;
    diagnosis_ = std::make_unique<TlsDiagnosis>(loop_, *context, memo_, std::move(request));
    diagnosis_->start(*peer_, [this](const TlsDiagnosis::Finding& f) { on_decoy(f); });
    return true;
  }
  return false;
}

void Session::on_explained(const TlsDiagnosis::Finding& f) {
  if (f.complete) {
    auto certificates = std::move(result_.facts.certificates);
    result_.facts = f.facts;
    if (certificates != nullptr) result_.facts.certificates = std::move(certificates);
    const std::string has = f.facts.version + " " + f.facts.cipher;
    if (f.version < protocol_number(request_.policy.min_version)) {
      result_.cause = Cause::kOldProtocol;
      result_.detail = "it speaks at most " + f.facts.version;
    } else if (f.version > protocol_number(request_.policy.max_version)) {
      result_.cause = Cause::kAlert;
      result_.detail = "it insists on " + f.facts.version + ", which is newer than allowed here";
    } else if (f.dh_bits > 0 && f.dh_bits < kDhBitsMin) {
      result_.cause = Cause::kWeakDh;
      result_.detail = f.facts.group;
    } else if (f.chain == Cause::kWeakKey || f.chain == Cause::kWeakSignature) {
      result_.cause = f.chain;
      result_.detail = f.facts.certificates->key + ", signed by " + f.facts.certificates->signature;
    } else {
      result_.detail += (result_.detail.empty() ? "it accepts " : "; it accepts ") + has;
    }
  }
  report();
}

void Session::on_decoy(const TlsDiagnosis::Finding& f) {
  result_.detail = f.answered ? "after a hello for " + request_.host +
                                    ", while the same address answers one for another name: interference on the path"
                              : "whatever name the hello is for";
  report();
}

void Session::read_tcp_info() {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0) result_.retransmits = info.tcpi_total_retrans;
}

void Session::report() {
  readable_.reset();
  const Handle later = std::move(later_);
  result_.detail = core::sanitize(result_.detail);
  auto done = std::move(done_);
  TlsResult result = std::move(result_);
  done(std::move(result));  // may destroy this
}

}  // namespace sonde::io
