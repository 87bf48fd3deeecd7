// The address that is always busy.
#include "io/busy_address.h"

#include <cerrno>

namespace sonde::io {

bool BusyAddress::open() {
  if (listener_) return true;
  UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  UniqueFd waiting{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!listener || !waiting) return false;
  sockaddr bare{};
  bare.sa_family = AF_UNIX;
  if (::bind(listener.get(), &bare, sizeof bare.sa_family) != 0 || ::listen(listener.get(), 0) != 0) return false;
  length_ = sizeof address_;
  if (::getsockname(listener.get(), &address_, &length_) != 0 || length_ > sizeof address_) return false;
  // A backlog of 0 lets one connection wait; the next one finds the queue full.
  if (::connect(waiting.get(), &address_, length_) != 0) return false;
  listener_ = std::move(listener);
  waiting_ = std::move(waiting);
  return true;
}

}  // namespace sonde::io
