// Servers for the benchmarks, in child processes so that their CPU is not counted.
#pragma once

#include <sys/types.h>

#include <string>

namespace sonde::bench {

enum class Kind { kDns, kTcp, kTls, kHttp, kHttps };
inline constexpr Kind kKinds[] = {Kind::kDns, Kind::kTcp, Kind::kTls, Kind::kHttp, Kind::kHttps};
[[nodiscard]] const char* name(Kind kind);
[[nodiscard]] constexpr bool has_tls(Kind kind) { return kind == Kind::kTls || kind == Kind::kHttps; }
[[nodiscard]] constexpr bool has_http(Kind kind) { return kind == Kind::kHttp || kind == Kind::kHttps; }

/// A child process that serves one kind on 127.0.0.1 until this object goes.
class ServerProcess {
 public:
  /// Forks: call before anything starts a thread.
  explicit ServerProcess(Kind kind);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const;

 private:
  Kind kind_;
  int port_ = 0;
  pid_t pid_ = -1;
};

/// The root certificate of the TLS servers as PEM, in a file that is removed at exit. Make it before the servers.
[[nodiscard]] std::string ca_file();

}  // namespace sonde::bench
