// What a dns target asks: the URL `dns://RESOLVER[:PORT]/NAME?type=A` and the map `request`.
#pragma once

#include <optional>
#include <string>

#include "prober/checks/dns_expect.h"
#include "prober/tls_spec.h"

namespace sonde::prober {

enum class DnsTransport { kUdp, kTcp, kDot };
/// "udp", "tcp" or "dot", as in the field `dns_transport`.
[[nodiscard]] std::string_view name(DnsTransport t);

struct DnsSpec final : CheckSpec {
  std::string host;  // empty: the prober's own resolver
  int port = 53;
  std::optional<io::Endpoint> server;  // where the host is an address
  std::string server_text;             // that address, written once
  DnsTransport transport = DnsTransport::kUdp;
  std::optional<TlsSpec> tls;  // with kDot
  std::string name;            // canonical
  core::dns::Type type = core::dns::Type::kA;
  std::uint16_t klass = core::dns::kClassIn;
  std::optional<io::DnsPacket> packet;     // always there without errors
  std::optional<Duration> linger;          // nothing = by the time of the first answer
  std::vector<io::Endpoint> compare_with;  // further resolvers that are asked the same
  bool explain = true;                     // ask again without validation after SERVFAIL
  DnsExpect expect;
};

extern const core::KeyTable kDnsRequestTable;
/// As CheckType::parse.
[[nodiscard]] std::unique_ptr<const CheckSpec> parse_dns_spec(const core::Target& target, const SpecNodes& nodes,
                                                              core::ConfigErrors& errors);

}  // namespace sonde::prober
