// Makes one system call of one thread fail as a local firewall, a resource limit or a cgroup program makes it fail:
// seccomp(2) with SECCOMP_RET_ERRNO. It cannot be undone, so that the thread ends with the test's body.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <functional>
#include <thread>

namespace sonde::test {

/// From now on system call `number` (SYS_connect, ...) of this thread ends with `error`. False where the kernel
/// forbids such filters.
[[nodiscard]] inline bool fail_system_call(long number, int error) {
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned int>(number), 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned int>(error)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Runs `body` on a thread of its own, which may break its own system calls.
inline void on_own_thread(const std::function<void()>& body) { std::thread{body}.join(); }

}  // namespace sonde::test
