// The second connection.
#include "io/tls_diagnosis.h"

#include <netinet/in.h>

#include <net/if.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace sonde::io {
namespace {

using core::Cause;

constexpr Duration kTimeMax = std::chrono::seconds{2};

void forget_port(sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(address).sin_port = 0;
  } else {
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = 0;
  }
}

/// True for an end that the peer itself wrote in TLS, not one of the transport.
bool is_answer(Cause c) {
  return c != Cause::kReset && c != Cause::kClosed && c != Cause::kTimeout && c != Cause::kNotTls && c != Cause::kNoFd;
}

}  // namespace

std::optional<TlsPeer> TlsPeer::of(int fd) {
  TlsPeer out;
  out.size = sizeof out.peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&out.peer), &out.size) != 0) return std::nullopt;
  if (out.peer.ss_family != AF_INET && out.peer.ss_family != AF_INET6) return std::nullopt;  // a socket pair
  socklen_t size = sizeof out.local;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&out.local), &size) != 0) return std::nullopt;
  forget_port(out.local);
  std::array<char, IFNAMSIZ> device{};
  size = device.size();
  if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.data(), &size) == 0 && size > 0) out.interface = device.data();
  return out;
}

TlsDiagnosis::TlsDiagnosis(Loop& loop, SSL_CTX* context, TlsMemo& memo, TlsRequest request)
    : loop_(loop), memo_(memo), request_(std::move(request)), context_(context) {
  SSL_CTX_up_ref(context_);
}

TlsDiagnosis::~TlsDiagnosis() { SSL_CTX_free(context_); }

void TlsDiagnosis::start(const TlsPeer& peer, Callback<void(Finding)> done) {
  done_ = std::move(done);
  finding_.cause = Cause::kTimeout;
  if (connect_to(peer)) {
    writable_ = loop_.watch(fd_.get(), Interest::kWrite, [this] { on_connected(); });
    timer_ = loop_.after(kTimeMax, [this] { finish(); });
  } else {
    finding_.cause = Cause::kNoFd;
    timer_ = loop_.soon([this] { finish(); });
  }
}

bool TlsDiagnosis::connect_to(const TlsPeer& peer) {
  fd_.reset(socket(peer.peer.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return false;
  if (!peer.interface.empty() && setsockopt(fd_.get(), SOL_SOCKET, SO_BINDTODEVICE, peer.interface.data(),
                                            static_cast<socklen_t>(peer.interface.size())) != 0) {
    return false;
  }
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&peer.local), peer.size) != 0) return false;
  return connect(fd_.get(), reinterpret_cast<const sockaddr*>(&peer.peer), peer.size) == 0 || errno == EINPROGRESS;
}

void TlsDiagnosis::on_connected() {
  writable_.reset();
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    finding_.cause = Cause::kRefused;
    return finish();
  }
  handshake_ = std::make_unique<TlsHandshake>(loop_, context_, fd_.get(), request_);
  handshake_->start([this](TlsHandshake::End end) { on_shaken(std::move(end)); });
}

void TlsDiagnosis::on_shaken(TlsHandshake::End end) {
  SSL* ssl = handshake_->ssl();
  finding_.complete = end.cause == Cause::kNone;
  finding_.answered = is_answer(end.cause);
  finding_.cause = end.cause;
  finding_.detail = std::move(end.detail);
  if (ssl != nullptr) {
    finding_.facts = read_facts(*handshake_, memo_);
    finding_.version = SSL_version(ssl);
    finding_.dh_bits = dh_bits(ssl);
    finding_.chain = judge_chain(ssl, handshake_->verify_errors()).first;
  }
  finish();
}

void TlsDiagnosis::finish() {
  writable_.reset();
  const Handle timer = std::move(timer_);
  if (handshake_ != nullptr) loop_.retire(std::move(handshake_));
  auto done = std::move(done_);
  Finding finding = std::move(finding_);
  done(std::move(finding));  // may destroy this
}

}  // namespace sonde::io
