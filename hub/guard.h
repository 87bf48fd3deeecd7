// Who may ask: the Host header against DNS rebinding, the Origin of writes, and tokens. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/config.h"
#include "io/http_server.h"

namespace sonde::hub {

/// The tokens of a token file: one a line, empty lines and lines with '#' in front left out.
[[nodiscard]] std::vector<std::string> parse_tokens(std::string_view text);

class Guard {
 public:
  /// Without `tokens` nobody has to show one.
  Guard(const HubConfig& config, std::vector<std::string> tokens);

  /// The answer to refuse the request with, or nothing when it may go on:
  /// - 421 for a Host that is not ours. On a loopback address that is 127.0.0.1, localhost, [::1] and the configured
  ///   names; elsewhere the configured names, or any when there are none. The port is not compared: behind a tunnel it
  ///   differs, and a rebinding page cannot choose the name.
  /// - 403 for a write that a page of another origin sends.
  /// - 401 without a valid token (`Authorization: Token X`, `Bearer X`, or Basic with the token as password, for
  ///   browsers), but for liveness and readiness.
  [[nodiscard]] std::optional<io::ServerResponse> refuse(const io::ServerRequest& request) const;

 private:
  [[nodiscard]] bool host_allowed(std::string_view host) const;
  [[nodiscard]] bool token_valid(std::string_view authorization) const;

  std::vector<std::string> hosts_;  // lower case, without port; empty = any
  std::vector<std::string> tokens_;
};

}  // namespace sonde::hub
