// A hostile server in a process of its own, so that its memory is not counted as the prober's; and the most memory that
// this process held between two moments. For tests of bounded memory (RELIABILITY P14).
#pragma once

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/check.h"

namespace sonde::test {

/// Sends everything, blocking; false once the peer is gone.
inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Reads until `end` was seen; false when the peer is gone before.
inline bool receive_until(int fd, std::string_view end) {
  std::string got;
  char buffer[4096];
  while (got.find(end) == std::string::npos) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    got.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

class HostileProcess {
 public:
  /// Forks: to be made before anything starts a thread. `serve` gets each connection to 127.0.0.1:port(), one after the
  /// other, in the child; it returns once the peer is gone.
  explicit HostileProcess(const std::function<void(int fd)>& serve) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const bool listening = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                           ::listen(listener, 64) == 0 &&
                           ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    SONDE_CHECK(listening, "a port of loopback");
    port_ = ntohs(address.sin_port);
    const pid_t parent = ::getpid();
    child_ = ::fork();
    SONDE_CHECK(child_ >= 0, "a child");
    if (child_ > 0) {
      ::close(listener);
      return;
    }
    while (::getppid() == parent) {
      const int fd = ::accept(listener, nullptr, nullptr);
      if (fd < 0) break;
      serve(fd);
      ::close(fd);
    }
    ::_exit(0);
  }
  ~HostileProcess() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  HostileProcess(const HostileProcess&) = delete;
  HostileProcess& operator=(const HostileProcess&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  pid_t child_ = -1;
  int port_ = 0;
};

/// "VmHWM" or "VmRSS" of this process in KiB, proc(5).
inline long memory_kib(std::string_view which) {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(which)) return std::stol(line.substr(line.find(':') + 1));
  }
  return -1;
}

/// The most resident memory since it was made, above what there was then.
class MemoryPeak {
 public:
  /// Writing 5 sets the kernel's high-water mark back to what is resident now, proc(5).
  MemoryPeak() {
    std::ofstream{"/proc/self/clear_refs"} << 5;
    before_ = memory_kib("VmHWM");
  }
  [[nodiscard]] long growth_kib() const { return memory_kib("VmHWM") - before_; }

 private:
  long before_ = 0;
};

}  // namespace sonde::test
