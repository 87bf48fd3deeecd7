// Who may ask the hub: io::HttpGuard with the hub's configuration and its JSON answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/config.h"
#include "io/http_guard.h"

namespace sonde::hub {

class Guard {
 public:
  /// Without `tokens` nobody has to show one.
  Guard(const HubConfig& config, std::vector<std::string> tokens);

  /// The answer to refuse the request with, or nothing when it may go on: see io::HttpGuard.
  [[nodiscard]] std::optional<io::ServerResponse> refuse(const io::ServerRequest& request) const;

 private:
  io::HttpGuard guard_;
};

}  // namespace sonde::hub
