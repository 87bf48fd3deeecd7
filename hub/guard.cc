// The guard's refusals as the hub says them.
#include "hub/guard.h"

#include <utility>

#include "hub/answer.h"

namespace sonde::hub {

Guard::Guard(const HubConfig& config, std::vector<std::string> tokens)
    : guard_({.address = config.address, .allow_hosts = config.allow_hosts, .tokens = std::move(tokens)}) {}

std::optional<io::ServerResponse> Guard::refuse(const io::ServerRequest& request) const {
  const auto refusal = guard_.refuse(request);
  if (!refusal) return std::nullopt;
  io::ServerResponse response = error_answer(refusal->status, refusal->message);
  if (refusal->status == 401) response.headers.emplace_back("WWW-Authenticate", io::HttpGuard::kChallenge);
  return response;
}

}  // namespace sonde::hub
