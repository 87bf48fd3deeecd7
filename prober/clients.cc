// Making clients.
#include "prober/clients.h"

#include <utility>

namespace sonde::prober {
namespace {

core::Error invalid(std::string message, std::string zh) {
  return {core::ErrorCode::kInvalid, std::move(message), std::move(zh)};
}

core::Result<io::DialerOptions> dialer_options(const ProberConfig& config) {
  io::DialerOptions out;
  for (const std::string& range : config.allow) {
    if (!out.policy.allow(range))
      return invalid("policy.allow: " + range + " is no address range", "policy.allow：" + range + " 不是地址段");
  }
  if (!config.source.empty()) {
    out.source = io::parse_address(config.source);
    if (!out.source) {
      return invalid("vantage.source: " + config.source + " is no address",
                     "vantage.source：" + config.source + " 不是地址");
    }
  }
  return out;
}

/// The resolver that is configured, else those of the system; may be none.
core::Result<std::vector<io::Endpoint>> resolvers_of(const ProberConfig& config, std::string_view resolv_conf) {
  if (config.resolver.empty()) return io::parse_resolv_conf(resolv_conf);
  const auto own = io::parse_endpoint(config.resolver, 53);
  if (!own) {
    return invalid("resolver: " + config.resolver + " is not ADDRESS or ADDRESS:PORT",
                   "resolver：" + config.resolver + " 不是 地址 或 地址:端口");
  }
  return std::vector<io::Endpoint>{*own};
}

}  // namespace

core::Result<std::shared_ptr<Clients>> make_clients(io::Loop& loop, io::Files& files, io::HttpClient& http,
                                                    HandshakeGate& gate, const ProberConfig& config,
                                                    std::string_view resolv_conf, const Clients* before) {
  auto dialer = dialer_options(config);
  if (!dialer) return dialer.error();
  auto resolvers = resolvers_of(config, resolv_conf);
  if (!resolvers) return resolvers.error();
  auto out = std::make_shared<Clients>();
  out->source = config.source;
  out->ca_file = config.ca_file;
  out->allow = config.allow;
  if (before != nullptr && config.ca_file.empty() && before->ca_file.empty()) {
    out->tls = before->tls;
  } else {
    auto tls = io::make_tls_client(loop, {.ca_file = config.ca_file});
    if (!tls) return tls.error();
    out->tls = std::move(*tls);
  }
  const bool same_source = before != nullptr && before->source == config.source;
  out->dns = same_source ? before->dns : io::make_dns_client(loop, {.source = dialer->source});
  out->dialer = same_source && before->allow == config.allow
                    ? before->dialer
                    : std::make_shared<io::TcpDialer>(loop, std::move(*dialer));
  if (!config.hosts_file.empty()) {
    const bool same = before != nullptr && before->hosts != nullptr && before->hosts->path() == config.hosts_file;
    out->hosts = same ? before->hosts : std::make_shared<io::HostsFile>(loop, files, config.hosts_file);
  }
  out->context =
      std::make_unique<CheckContext>(CheckContext{.loop = loop,
                                                  .dns = *out->dns,
                                                  .dialer = *out->dialer,
                                                  .tls = *out->tls,
                                                  .http = http,
                                                  .resolver = std::nullopt,
                                                  .user_agent = "sonde/" + config.vantage.version + " (+health probe)",
                                                  .more_resolvers = {},
                                                  .handshakes = &gate,
                                                  .hosts = out->hosts.get()});
  if (!resolvers->empty()) {
    out->context->resolver = resolvers->front();
    out->context->more_resolvers.assign(resolvers->begin() + 1, resolvers->end());
  }
  return out;
}

std::string resolver_name(const Clients& clients) {
  return clients.context->resolver ? to_string(*clients.context->resolver) : "";
}

}  // namespace sonde::prober
