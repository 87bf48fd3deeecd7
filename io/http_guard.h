// Who may ask an HTTP server of ours: where it listens, the Host header against DNS rebinding, the origin of pages, and
// tokens. Shared by the hub and the metrics listener.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/files.h"
#include "io/http_server.h"

namespace sonde::io {

struct ListenAddress {
  std::string address = "127.0.0.1";  // without brackets
  int port = 0;                       // 0 = any free port

  bool operator==(const ListenAddress&) const = default;
};

/// "IP4:PORT", "[IP6]:PORT" or "localhost:PORT"; nothing for other texts. Names are refused: they could point elsewhere
/// tomorrow.
[[nodiscard]] std::optional<ListenAddress> parse_listen(std::string_view text);

/// True for 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(std::string_view address);

/// The tokens of a token file: one a line, empty lines and lines with '#' in front left out.
[[nodiscard]] std::vector<std::string> parse_tokens(std::string_view text);

/// As parse_tokens, from a file. Errors: it cannot be read, others may read it, or no token is in it.
[[nodiscard]] core::Result<std::vector<std::string>> read_tokens(Files& files, const std::string& path);

struct GuardOptions {
  std::string address = "127.0.0.1";     // that is listened on
  std::vector<std::string> allow_hosts;  // further names in the Host header, without port
  std::vector<std::string> tokens;       // none = nobody has to show one
  /// Also GET and HEAD are refused when a page of another origin sends them: for servers whose reading has effects.
  bool guard_reads = false;
};

class HttpGuard {
 public:
  struct Refusal {
    int status;
    std::string message;
  };
  /// What a 401 must carry as WWW-Authenticate (RFC 9110 11.6.1).
  static constexpr std::string_view kChallenge = "Basic realm=\"Sonde\", charset=\"UTF-8\"";

  explicit HttpGuard(GuardOptions options);

  /// Why the request is refused, or nothing when it may go on:
  /// - 421 for a Host that is not ours. On a loopback address that is 127.0.0.1, localhost, [::1] and the configured
  ///   names; elsewhere the configured names, or any when there are none. The port is not compared: behind a tunnel it
  ///   differs, and a rebinding page cannot choose the name.
  /// - 403 for a write (or a read, with guard_reads) that a page of another origin sends.
  /// - 401 without a valid token (`Authorization: Token X`, `Bearer X`, or Basic with the token as password, for
  ///   browsers), but for liveness and readiness.
  [[nodiscard]] std::optional<Refusal> refuse(const ServerRequest& request) const;

 private:
  [[nodiscard]] bool host_allowed(std::string_view host) const;
  [[nodiscard]] bool token_valid(std::string_view authorization) const;

  std::vector<std::string> hosts_;  // lower case, without port; empty = any
  std::vector<std::string> tokens_;
  bool guard_reads_;
};

}  // namespace sonde::io
