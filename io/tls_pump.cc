// The pump between a socket pair and a TLS session.
#include "io/tls_pump.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace sonde::io {
namespace {

constexpr std::size_t kChunkBytes = 16 * 1024;  // the largest TLS record
constexpr int kRoundsMax = 16;                  // per turn, so that one fast peer does not hold the loop

}  // namespace

core::Result<UniqueFd> TlsPump::open() {
  std::array<int, 2> pair{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return core::Error{core::ErrorCode::kIo, std::generic_category().message(errno)};
  }
  near_.reset(pair[0]);
  opened_ = loop_.precise_now();
  update_watches();
  return UniqueFd{pair[1]};
}

void TlsPump::pump() {
  for (int round = 0; round < kRoundsMax; ++round) {
    const bool up = pump_up();
    const bool down = pump_down();
    if (!up && !down) break;
  }
  if (end_ != TlsStreamEnd::kOpen && down_.empty() && !told_app_) {
    told_app_ = true;
    shutdown(near_.get(), SHUT_WR);
  }
  update_watches();
}

/// From the pair into TLS. True when bytes moved.
bool TlsPump::pump_up() {
  bool moved = false;
  if (up_.empty() && !app_gone_) {
    std::array<char, kChunkBytes> buffer;
    const ssize_t n = recv(near_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      up_.assign(buffer.data(), static_cast<std::size_t>(n));
      moved = true;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      app_gone_ = true;
      ERR_clear_error();
      if (end_ == TlsStreamEnd::kOpen) SSL_shutdown(ssl_);  // close_notify; nobody waits for the answer
      ERR_clear_error();
    }
  }
  if (up_.empty() || end_ != TlsStreamEnd::kOpen) return moved;
  ERR_clear_error();
  const int n = SSL_write(ssl_, up_.data(), static_cast<int>(up_.size()));
  write_waits_ = false;
  if (n > 0) {
    up_.erase(0, static_cast<std::size_t>(n));
    return true;
  }
  const int why = SSL_get_error(ssl_, n);
  if (why == SSL_ERROR_WANT_WRITE) {
    write_waits_ = true;
  } else if (why != SSL_ERROR_WANT_READ) {
    end_from_ssl(n);
  }
  return moved;
}

/// From TLS into the pair. True when bytes moved.
bool TlsPump::pump_down() {
  bool moved = false;
  if (down_.empty() && end_ == TlsStreamEnd::kOpen) {
    std::array<char, kChunkBytes> buffer;
    ERR_clear_error();
    const int n = read_record(buffer.data(), buffer.size());
    if (n > 0) {
      down_.assign(buffer.data(), static_cast<std::size_t>(n));
      moved = true;
    } else {
      end_from_ssl(n);
    }
  }
  if (down_.empty()) return moved;
  const ssize_t n = send(near_.get(), down_.data(), down_.size(), MSG_NOSIGNAL);
  if (n > 0) {
    down_.erase(0, static_cast<std::size_t>(n));
    return true;
  }
  if (errno != EAGAIN && errno != EINTR) {
    app_gone_ = true;
    down_.clear();
  }
  return moved;
}

/// SSL_read(3), and when the first byte for the application arrived: the record that held it, not the session tickets
/// that may have come before it.
int TlsPump::read_record(char* into, std::size_t size) {
  handshake_.wire().follow_arrivals(!first_byte_at_ || tap_);
  const int n = SSL_read(ssl_, into, static_cast<int>(size));
  if (n <= 0) return n;
  handshake_.wire().progress();
  if (first_byte_at_ && !tap_) return n;
  // An arrival before the stream was opened is the wall clock that was set meanwhile.
  const MonoTime arrived = std::max(opened_, handshake_.wire().record_arrived().value_or(loop_.precise_now()));
  if (!first_byte_at_) first_byte_at_ = arrived;
  if (tap_) tap_({into, static_cast<std::size_t>(n)}, arrived);
  return n;
}

void TlsPump::end_from_ssl(int result) {
  const int error_number = errno;
  const bool flooded = handshake_.wire().flooded();
  const int why = flooded ? SSL_ERROR_SSL : SSL_get_error(ssl_, result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
  if (why == SSL_ERROR_ZERO_RETURN) {
    end_ = TlsStreamEnd::kClosed;
  } else if (why == SSL_ERROR_SYSCALL) {
    end_ = error_number == ECONNRESET || error_number == EPIPE ? TlsStreamEnd::kReset : TlsStreamEnd::kClosed;
  } else {
    const unsigned long error = ERR_peek_error();
    const bool alert = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET;
    cause_ = handshake_.explain(result).cause;
    end_ = alert && !flooded                ? TlsStreamEnd::kAlert
           : cause_ == core::Cause::kClosed ? TlsStreamEnd::kClosed
                                            : TlsStreamEnd::kProtocol;
    if (cause_ == core::Cause::kClosed) cause_ = core::Cause::kNone;
  }
  ERR_clear_error();
}

void TlsPump::update_watches() {
  const bool open = end_ == TlsStreamEnd::kOpen;
  set_watch(tls_read_, open && down_.empty() && !app_gone_, tls_fd_, Interest::kRead);
  set_watch(tls_write_, open && write_waits_, tls_fd_, Interest::kWrite);
  set_watch(app_read_, up_.empty() && !app_gone_, near_.get(), Interest::kRead);
  set_watch(app_write_, !down_.empty() && !app_gone_, near_.get(), Interest::kWrite);
}

void TlsPump::set_watch(Handle& handle, bool wanted, int fd, Interest interest) {
  if (!wanted) {
    handle.reset();
  } else if (!handle) {
    handle = loop_.watch(fd, interest, [this] { pump(); });
  }
}

}  // namespace sonde::io
