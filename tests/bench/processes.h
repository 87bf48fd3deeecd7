// Other processes, and what processes cost: CPU time and memory as the kernel counts them.
// Source: getrusage(2), proc(5).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::bench {

/// user + sys of this process so far, in seconds.
[[nodiscard]] double own_cpu_seconds();
/// user + sys of another process so far, in seconds, to the clock tick (usually 10 ms); 0 when it is gone.
[[nodiscard]] double cpu_seconds_of(pid_t pid);
enum class Pages {
  kAll,        // VmRSS
  kAnonymous,  // RssAnon: neither of the program nor of its libraries
};
/// Resident memory of a process in KiB; 0 when it is gone.
[[nodiscard]] double resident_kib(pid_t pid, Pages pages = Pages::kAll);
/// Lets this process open as many descriptors as it may.
void raise_descriptor_limit();
void sleep_seconds(double seconds);
/// Seconds on the monotonic clock.
[[nodiscard]] double monotonic_seconds();

/// A child process that dies with its parent and with this object.
class Child {
 public:
  /// Runs `main` in a fork, or `argv` (a path first) with `environment` added and its output dropped.
  /// Fork before this process has threads.
  explicit Child(const std::function<void()>& main);
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& environment);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running() const;
  /// Until it ends by itself.
  void wait() const;

 private:
  pid_t pid_ = -1;
};

/// The path of a program: an absolute one, or the first of that name in PATH.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

}  // namespace sonde::bench
