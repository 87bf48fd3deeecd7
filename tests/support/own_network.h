// A network of a test's own (Linux network namespace): real routes that lead nowhere, without touching the machine's.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

namespace sonde::test {

enum class OwnNetworkResult {
  kPassed,
  kFailed,   // an expectation in `body` failed; it has printed which
  kNotHere,  // this process may not have a namespace, or the tools are missing: skip, and say so
};

namespace own_network {
inline constexpr int kExitNotHere = 77;

inline bool enter_namespace() {
  if (unshare(CLONE_NEWNET) == 0) return true;
  const auto uid = std::to_string(getuid());
  const auto gid = std::to_string(getgid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  std::ofstream{"/proc/self/setgroups"} << "deny";
  std::ofstream{"/proc/self/uid_map"} << "0 " + uid + " 1";
  std::ofstream{"/proc/self/gid_map"} << "0 " + gid + " 1";
  return true;
}

[[noreturn]] inline void run_child(const std::string& setup, const std::function<void()>& body) {
  const std::string script = "set -e; ip link set lo up; " + setup;
  if (!enter_namespace() || std::system(script.c_str()) != 0) _exit(kExitNotHere);  // NOLINT(concurrency-mt-unsafe)
  body();
  std::fflush(stdout);
  _exit(testing::Test::HasFailure() ? 1 : 0);
}
}  // namespace own_network

/// Forks; the child gets an empty network (loopback is up), runs `setup` with /bin/sh, one command after the other
/// until one fails, and then `body`, which makes its own loop. Needs iproute2, and root or unprivileged user
/// namespaces.
[[nodiscard]] inline OwnNetworkResult in_own_network(const std::string& setup, const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0) return OwnNetworkResult::kNotHere;
  if (child == 0) own_network::run_child(setup, body);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return OwnNetworkResult::kFailed;
  if (WEXITSTATUS(status) == own_network::kExitNotHere) return OwnNetworkResult::kNotHere;
  return WEXITSTATUS(status) == 0 ? OwnNetworkResult::kPassed : OwnNetworkResult::kFailed;
}

/// For the skip message.
inline constexpr const char* kNoOwnNetwork = "needs network namespaces (root or user namespaces) and iproute2";

}  // namespace sonde::test
