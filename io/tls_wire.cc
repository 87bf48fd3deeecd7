// The callback on the socket BIO.
#include "io/tls_wire.h"

#include <cerrno>

#include "io/receive_time.h"

namespace sonde::io {
namespace {

// A chain may have 128 KiB; a flood of tickets, key updates or empty records ends here (RELIABILITY T59).
constexpr std::size_t kIdleBytesMax = 256 * 1024;
constexpr std::size_t kRecordHeaderBytes = 5;  // RFC 8446 5.1; OpenSSL reads it by itself unless told to read ahead

}  // namespace

void TlsWire::attach(SSL* ssl, int fd) {
  fd_ = fd;
  BIO* bio = SSL_get_rbio(ssl);
  BIO_set_callback_arg(bio, reinterpret_cast<char*>(this));
  BIO_set_callback_ex(bio, &TlsWire::on_bio);
}

long TlsWire::on_bio(BIO* bio, int operation, const char* /*data*/, std::size_t length, int /*argi*/, long /*argl*/,
                     int result, std::size_t* processed) {
  auto* self = reinterpret_cast<TlsWire*>(BIO_get_callback_arg(bio));
  if (operation == BIO_CB_READ) {
    if (self->idle_bytes_ >= kIdleBytesMax) {
      self->flooded_ = true;
      BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
      return -1;  // the read fails
    }
    if (self->follow_ && length == kRecordHeaderBytes) {
      int broken = 0;
      if (const auto age = age_of_arrival(self->fd_, &broken)) self->arrived_ = self->loop_.precise_now() - *age;
      if (broken != 0) {
        BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        errno = broken;
        return -1;
      }
    }
  } else if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && processed != nullptr) {
    self->idle_bytes_ += *processed;
  }
  return result;
}

}  // namespace sonde::io
