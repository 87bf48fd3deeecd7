// Kernel receive stamps.
#include "io/receive_time.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>

namespace sonde::io {
namespace {

constexpr core::Duration kAgeMax = std::chrono::seconds{60};

core::Duration duration_of(const timespec& t) {
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

}  // namespace

UniqueFd keep_stamping() {
  UniqueFd fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (fd) stamp_arrivals(fd.get());
  return fd;
}

bool stamp_arrivals(int fd) {
  const int on = 1;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
}

std::optional<core::Duration> age_of_arrival(int fd, int* error) {
  if (error != nullptr) *error = 0;
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT) < 0) {
    if (error != nullptr && errno != EAGAIN && errno != EINTR) *error = errno;
    return std::nullopt;
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const core::Duration age = duration_of(now) - duration_of(stamp);
    if (age < core::Duration{} || age > kAgeMax) return std::nullopt;
    return age;
  }
  return std::nullopt;
}

}  // namespace sonde::io
