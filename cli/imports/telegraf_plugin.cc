// The fields of http_response, dns_query and net_response.
#include "cli/imports/telegraf_plugin.h"

#include <charconv>

#include <fmt/format.h>

#include "core/text.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using core::Duration;
using namespace std::chrono_literals;

constexpr double kSecondsMax = 1e6;

std::vector<ConfigNode> texts_of(const ConfigNode& node, Notes& notes) {
  std::vector<ConfigNode> out;
  const ConfigNode all = core::as_list(node);
  for (const ConfigNode& item : all.items) {
    ConfigNode value = text_with_variables(item, Variables::kTelegraf, notes);
    if (!value.scalar.empty()) out.push_back(std::move(value));
  }
  return out;
}

/// Puts `text` before and after a value, also where it holds variables.
ConfigNode wrapped(std::string_view before, ConfigNode value, std::string_view after) {
  value.scalar = fmt::format("{}{}{}", before, value.scalar, after);
  if (has_variable(value)) value.written = fmt::format("{}{}{}", before, value.written, after);
  return value;
}

const std::string& shown_of(const ConfigNode& node) { return node.written.empty() ? node.scalar : node.written; }

}  // namespace

std::optional<Duration> telegraf_duration(const ConfigNode& node, Notes& notes) {
  std::optional<Duration> out;
  if (node.kind == ConfigNode::Kind::kScalar && node.quoted) out = core::parse_go_duration(node.scalar);
  if (node.kind == ConfigNode::Kind::kScalar && !out) {
    double seconds = 0;
    const char* end = node.scalar.data() + node.scalar.size();
    const auto [stop, error] = std::from_chars(node.scalar.data(), end, seconds);
    if (error == std::errc{} && stop == end && seconds >= 0 && seconds < kSecondsMax) out = core::from_seconds(seconds);
  }
  if (!out) notes.mistake(node, "this should be a duration, such as \"5s\"", "此处应为时长，例如 \"5s\"");
  return out;
}

Plugin::Plugin(Kind kind, const ConfigNode& at, Duration every, Targets& targets)
    : kind_(kind),
      targets_(targets),
      draft_(at),
      protocol_at_(at),
      auth_(core::map_node(at)),
      timeout_(kind == Kind::kHttp  ? 5s
               : kind == Kind::kDns ? 2s
                                    : 1s) {
  draft_.every = every;
  if (kind != Kind::kHttp) return;
  set(draft_.expect, "status", word(at, "100-599"));
  set(draft_.expect, "body_bytes_max", word(at, "32MiB"));
}

ConfigNode Plugin::text_of(const ConfigNode& node) {
  return text_with_variables(node, Variables::kTelegraf, targets_.notes());
}

void Plugin::interval(const ConfigNode& node) {
  if (const auto every = telegraf_duration(node, targets_.notes()); every && *every > Duration{}) draft_.every = every;
}
void Plugin::alias(const ConfigNode& node) { alias_ = node.scalar; }
void Plugin::tags(const ConfigNode& node) {
  for (const auto& [key, value] : node.entries) set_label(draft_, key.scalar, text_of(value), targets_.notes());
}

// ---- http_response ----

void Plugin::urls(const ConfigNode& node) {
  for (ConfigNode& url : texts_of(node, targets_.notes())) urls_.push_back(std::move(url));
}
void Plugin::method(const ConfigNode& node) {
  if (!node.scalar.empty()) set(draft_.request, "method", text_of(node));
}
void Plugin::headers(const ConfigNode& node) {
  ConfigNode map = core::map_node(node);
  for (const auto& [key, value] : node.entries) core::put(map, key.scalar, text_of(value));
  if (!map.entries.empty()) set(draft_.request, "headers", std::move(map));
}
void Plugin::body(const ConfigNode& node) {
  if (!node.scalar.empty()) set(draft_.request, "body", text_of(node));
}
void Plugin::follow_redirects(const ConfigNode& node) {
  if (is_true(node)) set(draft_.request, "redirects", word(node, "10"));
}
void Plugin::timeout(const ConfigNode& node) {
  if (const auto value = telegraf_duration(node, targets_.notes()); value && *value > Duration{}) timeout_ = *value;
}
void Plugin::status(const ConfigNode& node) {
  if (node.scalar != "0") set(draft_.expect, "status", word(node, node.scalar));
}
void Plugin::body_match(const ConfigNode& node) {
  if (!node.scalar.empty()) append(draft_.expect, "body_matches", text_of(node));
}
void Plugin::body_size(const ConfigNode& node) {
  if (node.scalar == "0") return;
  if (const auto bytes = core::parse_bytes(node.scalar)) {
    set(draft_.expect, "body_bytes_max", word(node, core::format_bytes(*bytes)));
  } else {
    targets_.notes().lost(node, "response_body_max_size: a size is written as 32MiB here",
                          "response_body_max_size：大小在此写作 32MiB");
  }
}
void Plugin::username(const ConfigNode& node) { set(auth_, "username", text_of(node)); }
void Plugin::password(const ConfigNode& node) { set(auth_, "password", text_of(node)); }
void Plugin::bearer(const ConfigNode& node) {
  if (node.scalar.empty()) return;
  ConfigNode map = core::map_node(node);
  core::put(map, "token_file", text_of(node));
  set(draft_.request, "bearer", std::move(map));
}
void Plugin::proxy(const ConfigNode& node) {
  if (node.scalar.empty()) return;
  set(draft_.request, "proxy", rule(node, {{"url", text_of(node)}}));
}
void Plugin::interface(const ConfigNode& node) { set(draft_.reach, "interface", text_of(node)); }

void Plugin::tls_file(std::string_view key, const ConfigNode& node) {
  if (!node.scalar.empty()) set(draft_.tls, key, text_of(node));
}
void Plugin::tls_ca(const ConfigNode& node) { tls_file("ca_file", node); }
void Plugin::tls_cert(const ConfigNode& node) { tls_file("cert_file", node); }
void Plugin::tls_key(const ConfigNode& node) { tls_file("key_file", node); }
void Plugin::tls_server_name(const ConfigNode& node) { tls_file("server_name", node); }
void Plugin::tls_min_version(const ConfigNode& node) {
  const std::string& name = node.scalar;  // TLS12
  const bool known = name.size() == 5 && name.starts_with("TLS1") && name[4] >= '0' && name[4] <= '3';
  if (known) return set(draft_.tls, "min_version", word(node, fmt::format("1.{}", name[4])));
  targets_.notes().lost(node, "tls_min_version: TLS10, TLS11, TLS12 and TLS13 are known",
                        "tls_min_version：可用 TLS10、TLS11、TLS12 和 TLS13");
}
void Plugin::insecure(const ConfigNode& node) {
  if (is_true(node)) set(draft_.tls, "verify", word(node, "false"));
}

// ---- dns_query, net_response ----

void Plugin::servers(const ConfigNode& node) { urls(node); }
void Plugin::domains(const ConfigNode& node) { domains_ = texts_of(node, targets_.notes()); }
void Plugin::record_type(const ConfigNode& node) { record_type_ = node.scalar; }
void Plugin::port(const ConfigNode& node) { port_ = node.scalar; }
void Plugin::network(const ConfigNode& node) {
  if (node.scalar != "udp") set(draft_.request, "transport", text_of(node));
}
void Plugin::protocol(const ConfigNode& node) {
  protocol_ = node.scalar;
  protocol_at_ = node;
}
void Plugin::address(const ConfigNode& node) { urls(node); }
void Plugin::read_timeout(const ConfigNode& node) {
  if (const auto value = telegraf_duration(node, targets_.notes()); value && *value > Duration{})
    read_timeout_ = *value;
}
void Plugin::send(const ConfigNode& node) {
  if (!node.scalar.empty()) send_ = text_of(node);
}
void Plugin::expect(const ConfigNode& node) {
  if (!node.scalar.empty()) expect_ = text_of(node);
}

// ---- targets ----

void Plugin::finish() {
  if (urls_.empty() && kind_ != Kind::kHttp) {
    return targets_.notes().skipped(draft_.at, "it names no server", "没有写明服务器");
  }
  switch (kind_) {
    case Kind::kHttp:
      return finish_http();
    case Kind::kDns:
      return finish_dns();
    case Kind::kNet:
      return finish_net();
  }
}

void Plugin::add(ConfigNode url, std::string_view name) {
  Draft draft = draft_;
  draft.at.line = url.line;
  draft.at.column = url.column;
  draft.name = alias_.empty()                                           ? std::string{name}
               : urls_.size() * domains_.size() > 1 || urls_.size() > 1 ? fmt::format("{} {}", alias_, name)
                                                                        : alias_;
  draft.url = std::move(url);
  draft.timeout = timeout_;
  if (!draft.speaks_tls()) draft.tls.entries.clear();  // said only where TLS is spoken
  targets_.add(std::move(draft));
}

void Plugin::finish_http() {
  if (urls_.empty()) urls_.push_back(text(draft_.at, "http://localhost"));
  if (auth_.find("username") != nullptr) set(draft_.request, "basic_auth", auth_);
  for (const ConfigNode& url : urls_) {
    if (url.scalar.starts_with("http://") || url.scalar.starts_with("https://")) {
      add(url, name_of(shown_of(url)));
    } else {
      targets_.notes().skipped(url, "a URL begins with http:// or https://", "URL 须以 http:// 或 https:// 开头");
    }
  }
}

void Plugin::finish_dns() {
  if (domains_.empty()) domains_.push_back(text(draft_.at, "."));
  set(draft_.expect, "rcode", word(draft_.at, "NOERROR"));
  for (const ConfigNode& server : urls_) {
    const bool ip6 = server.scalar.find(':') != std::string::npos;
    for (const ConfigNode& domain : domains_) {
      ConfigNode url = server;
      const auto join = [&](const std::string& host, const std::string& name) {
        return fmt::format("dns://{}{}{}:{}/{}?type={}", ip6 ? "[" : "", host, ip6 ? "]" : "", port_, name,
                           record_type_);
      };
      if (has_variable(server) || has_variable(domain)) url.written = join(shown_of(server), shown_of(domain));
      url.scalar = join(server.scalar, domain.scalar);
      add(std::move(url), fmt::format("{} {} @{}", name_of(shown_of(domain)), record_type_, name_of(shown_of(server))));
    }
  }
}

void Plugin::finish_net() {
  if (protocol_ != "tcp") {
    return targets_.notes().skipped(protocol_at_,
                                    fmt::format("protocol {}: Sonde checks tcp, tls, http and dns", protocol_),
                                    fmt::format("protocol {}：Sonde 检查 tcp、tls、http 和 dns", protocol_));
  }
  set(draft_.reach, "timeouts", rule(draft_.at, {{"tcp", word(draft_.at, core::format_duration(timeout_))}}));
  // A step that only sends waits for nothing, as there.
  if (send_) append(draft_.expect, "steps", rule(*send_, {{"send", *send_}}));
  if (expect_) {
    timeout_ += read_timeout_;
    append(draft_.expect, "steps", rule(*expect_, {{"expect", *expect_}}));
    targets_.notes().differs(*expect_, "expect is looked for in every line that comes, not in the first alone",
                             "expect 会在收到的每一行中查找，而不只是第一行");
  }
  for (const ConfigNode& address : urls_) {
    const bool no_host = address.scalar.starts_with(':');
    add(wrapped(no_host ? "tcp://localhost" : "tcp://", address, ""), name_of(shown_of(address)));
  }
}

}  // namespace sonde::cli::imports
