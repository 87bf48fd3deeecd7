// Servers for the benchmarks, in child processes so that their CPU is not counted.
#pragma once

#include <memory>
#include <string>

#include "tests/bench/processes.h"

namespace sonde::bench {

enum class Kind { kDns, kTcp, kTlsEcdsa, kTlsRsa, kHttp, kHttpsEcdsa, kHttpsRsa };
inline constexpr Kind kKinds[] = {Kind::kDns,  Kind::kTcp,        Kind::kTlsEcdsa, Kind::kTlsRsa,
                                  Kind::kHttp, Kind::kHttpsEcdsa, Kind::kHttpsRsa};
[[nodiscard]] const char* name(Kind kind);
[[nodiscard]] bool has_tls(Kind kind);
[[nodiscard]] bool has_http(Kind kind);
/// The target's URL for a server of this kind on 127.0.0.1.
[[nodiscard]] std::string url_of(Kind kind, int port);

/// A child process that serves one kind on 127.0.0.1 until this object goes.
class ServerProcess {
 public:
  enum class Manner { kAnswer, kNeverAnswer /* takes the request, TLS and all, and keeps the connection open */ };
  /// Forks: call before anything starts a thread.
  explicit ServerProcess(Kind kind, Manner manner = Manner::kAnswer);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return url_of(kind_, port_); }

 private:
  Kind kind_;
  int port_ = 0;
  std::unique_ptr<Child> child_;
};

}  // namespace sonde::bench
