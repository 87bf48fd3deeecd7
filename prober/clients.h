// The clients that a configuration wants, and what of them can be kept when it changes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "prober/config.h"
#include "prober/handshake_gate.h"

namespace sonde::prober {

/// One set of clients with the context that hands them to runs. Shared, because a run keeps those it began with, also
/// when a new configuration brings others; and the sets share the clients whose settings did not change.
struct Clients {
  std::string source;
  std::string ca_file;
  std::vector<std::string> allow;
  std::shared_ptr<io::DnsClient> dns;
  std::shared_ptr<io::TcpDialer> dialer;
  std::shared_ptr<io::TlsClient> tls;
  std::shared_ptr<io::HostsFile> hosts;  // null where there is none
  std::unique_ptr<CheckContext> context;
};

/// The clients for `config`, with those of `before` (may be null) that fit. A CA file that is named is read anew: its
/// content may have changed. `loop`, `files`, `http` and `gate` must outlive what is returned.
/// Errors: the CA file, a source address, a range of the policy or the resolver cannot be used.
[[nodiscard]] core::Result<std::shared_ptr<Clients>> make_clients(io::Loop& loop, io::Files& files,
                                                                  io::HttpClient& http, HandshakeGate& gate,
                                                                  const ProberConfig& config,
                                                                  std::string_view resolv_conf, const Clients* before);

/// The own resolver, for a vantage that names none; "" where there is none.
[[nodiscard]] std::string resolver_name(const Clients& clients);

}  // namespace sonde::prober
