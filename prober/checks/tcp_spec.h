// What a tcp check says and expects: its configuration as dialogue steps. Pure.
#pragma once

#include <optional>
#include <vector>

#include "prober/checks/expect.h"
#include "prober/checks/tcp_dialogue.h"
#include "prober/tls_spec.h"

namespace sonde::prober {

struct TcpSpec final : CheckSpec {
  core::Url url;
  CommonExpect common;
  std::vector<DialogueStep> steps;  // empty: the connection is all
  std::optional<TlsSpec> tls;       // where a step asks for it
};

extern const core::KeyTable kTcpExpect;

[[nodiscard]] std::unique_ptr<const CheckSpec> parse_tcp_spec(const core::Target& target, const SpecNodes& nodes,
                                                              core::ConfigErrors& errors);

}  // namespace sonde::prober
