// How well-known protocols come to TLS on their plain port, as dialogue steps.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "prober/checks/tcp_dialogue.h"

namespace sonde::prober {

inline constexpr std::array<std::string_view, 10> kStarttlsProtocols = {"smtp", "lmtp", "imap",     "pop3",  "ftp",
                                                                        "nntp", "xmpp", "postgres", "mysql", "ldap"};

/// The steps up to and with the upgrade. `protocol` is one of kStarttlsProtocols; `host` is the name that XMPP asks
/// for. A service that does not offer TLS ends in cause starttls_missing.
[[nodiscard]] std::vector<DialogueStep> starttls_steps(std::string_view protocol, std::string_view host);

}  // namespace sonde::prober
