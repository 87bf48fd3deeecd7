// The fields of an endpoint.
#include "cli/imports/gatus_endpoint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using Kind = ConfigNode::Kind;
using namespace std::chrono_literals;

constexpr std::array kClient = {
    Row<Endpoint>{"insecure", &Endpoint::insecure, "tls.verify: false", "tls.verify: false"},
    Row<Endpoint>{"ignore-redirect", &Endpoint::ignore_redirect, "request.redirects: 0", "request.redirects: 0"},
    Row<Endpoint>{"timeout", &Endpoint::timeout, "timeout (10s where left out)", "timeout（省略时为 10s）"},
    Row<Endpoint>{"dns-resolver", &Endpoint::resolver, "resolver", "resolver"},
    Row<Endpoint>{"proxy-url", &Endpoint::proxy, "request.proxy", "request.proxy"},
    Row<Endpoint>{"tls", &Endpoint::client_tls, "tls.cert_file, tls.key_file", "tls.cert_file、tls.key_file"},
    Row<Endpoint>{"oauth2", nullptr, "use request.bearer with a token_file that something else keeps fresh",
                  "请用 request.bearer 和由其他程序更新的 token_file"},
    Row<Endpoint>{"identity-aware-proxy", nullptr,
                  "use request.bearer with a token_file that something else keeps fresh",
                  "请用 request.bearer 和由其他程序更新的 token_file"},
    Row<Endpoint>{"network", nullptr, "it is for icmp; write family", "它用于 icmp；请写 family", "ip"},
    Row<Endpoint>{"tunnel", nullptr, "no tunnels", "不支持隧道"}};

constexpr std::array kClientTls = {
    Row<Endpoint>{"certificate-file", &Endpoint::certificate, "tls.cert_file", "tls.cert_file"},
    Row<Endpoint>{"private-key-file", &Endpoint::private_key, "tls.key_file", "tls.key_file"},
    Row<Endpoint>{"renegotiation", nullptr, "renegotiation is never done", "从不重新协商", "never"}};

/// The same change for what is judged and for what is written.
template <typename Change>
void change(ConfigNode& node, Change change_text) {
  node.scalar = change_text(node.scalar);
  if (has_variable(node)) node.written = change_text(node.written);
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::span<const Row<Endpoint>> gatus_client_rows() { return kClient; }

Endpoint::Endpoint(const ConfigNode& map, Targets& targets)
    : map_(map), targets_(targets), notes_(targets.notes()), draft_(map), url_(core::text_node(map, "")) {
  if (const ConfigNode* url = map.find("url")) url_ = text_of(*url);
  const auto begins = [this](std::string_view scheme) { return url_.scalar.starts_with(scheme); };
  const ConfigNode* dns = map.find("dns");
  if (dns != nullptr && dns->kind == Kind::kMap) {
    type_ = Type::kDns;
  } else if (begins("http://") || begins("https://")) {
    type_ = Type::kHttp;
  } else if (begins("tcp://")) {
    type_ = Type::kTcp;
  } else if (begins("tls://")) {
    type_ = Type::kTls;
  } else if (begins("starttls://")) {
    type_ = Type::kStartTls;
  }
  draft_.every = 60s;
  draft_.timeout = 10s;
}

ConfigNode Endpoint::text_of(const ConfigNode& node) const {
  return text_with_variables(node, Variables::kGatus, notes_);
}

std::string Endpoint::scalar(std::string_view field) const {
  const ConfigNode* node = map_.find(field);
  return node == nullptr ? std::string{} : node->scalar;
}

bool Endpoint::is_ours() {
  const std::string who = scalar("name");
  const auto skip = [&](const ConfigNode& at, std::string_view en, std::string_view zh) {
    notes_.skipped(at, fmt::format("{}: {}", who, en), fmt::format("{}：{}", who, zh));
    return false;
  };
  const ConfigNode* enabled = map_.find("enabled");
  if (enabled != nullptr && enabled->scalar == "false") return skip(*enabled, "it is not enabled", "未启用");
  if (type_ != Type::kOther) return true;
  struct Other {
    std::string_view scheme;
    std::string_view en;
    std::string_view zh;
  };
  static constexpr std::array<Other, 8> kOthers = {
      {{"icmp://", "Sonde sends no ICMP: use tcp:// with a port that is open",
        "Sonde 不发送 ICMP：请用 tcp:// 和一个开放的端口"},
       {"ssh://", "no SSH log-in: use tcp:// with expect.steps for the banner",
        "不支持 SSH 登录：请用 tcp:// 和 expect.steps 检查横幅"},
       {"udp://", "no UDP but DNS", "除 DNS 外不支持 UDP"},
       {"sctp://", "no SCTP", "不支持 SCTP"},
       {"ws", "no WebSocket: use https:// and expect status 101 or 426",
        "不支持 WebSocket：请用 https:// 并期望状态码 101 或 426"},
       {"grpc", "no gRPC: use tls:// or tcp:// with its port", "不支持 gRPC：请用 tls:// 或 tcp:// 和其端口"},
       {"redis", "use tcp:// with expect.steps", "请用 tcp:// 和 expect.steps"},
       {"mqtt", "no MQTT: use tcp:// with its port", "不支持 MQTT：请用 tcp:// 和其端口"}}};
  for (const Other& other : kOthers) {
    if (url_.scalar.starts_with(other.scheme)) return skip(url_, other.en, other.zh);
  }
  if (has_variable(url_)) {
    return skip(url_, "the URL must begin with its scheme, which chooses the check, not with a variable",
                "URL 必须以协议开头（由它选择检查），不能以变量开头");
  }
  return skip(url_, "the URL is none of http, https, tcp, tls or starttls",
              "URL 不是 http、https、tcp、tls 或 starttls");
}

// ---- fields ----

void Endpoint::name(const ConfigNode& node) {
  const ConfigNode* group = map_.find("group");
  const bool grouped = group != nullptr && !group->scalar.empty();
  draft_.name = grouped ? group->scalar + "/" + node.scalar : node.scalar;
  if (grouped) set_label(draft_, "group", text_of(*group), notes_);
}

void Endpoint::extra_labels(const ConfigNode& node) {
  for (const auto& [key, value] : node.entries) set_label(draft_, key.scalar, text_of(value), notes_);
}

void Endpoint::method(const ConfigNode& node) {
  if (type_ == Type::kHttp && node.scalar != "GET") set(draft_.request, "method", text_of(node));
}

void Endpoint::headers(const ConfigNode& node) {
  if (type_ != Type::kHttp) return;
  ConfigNode map = core::map_node(node);
  for (const auto& [key, value] : node.entries) core::put(map, key.scalar, text_of(value));
  if (!map.entries.empty()) set(draft_.request, "headers", std::move(map));
}

void Endpoint::interval(const ConfigNode& node) {
  if (const auto every = core::parse_go_duration(node.scalar)) {
    if (*every > core::Duration{}) draft_.every = every;
  } else {
    notes_.lost(node, "interval: a duration such as 30s; every is 60s", "interval：应为时长，例如 30s；every 取 60s");
  }
}

void Endpoint::conditions(const ConfigNode& node) {
  if (node.kind != Kind::kSequence) return notes_.mistake(node, "conditions is a list", "conditions 应为列表");
  for (const ConfigNode& item : node.items) {
    const ConfigNode judged = text_of(item);
    if (has_variable(judged)) {
      notes_.lost(item, fmt::format("the condition {}: it holds a variable", item.scalar),
                  fmt::format("条件 {}：其中有变量", item.scalar));
    } else if (auto condition = read_condition(judged)) {
      conditions_.push_back(std::move(*condition));
    } else {
      notes_.mistake(item, fmt::format("\"{}\" is no condition: it reads [PLACEHOLDER] == VALUE", item.scalar),
                     fmt::format("“{}”不是条件：应写作 [占位符] == 值", item.scalar));
    }
  }
}

void Endpoint::dns(const ConfigNode& node) {
  if (const ConfigNode* name = node.find("query-name")) query_name_ = name->scalar;
  if (const ConfigNode* type = node.find("query-type")) query_type_ = type->scalar;
}

void Endpoint::client(const ConfigNode& node) { walk<Endpoint>(node, kClient, *this, notes_); }

void Endpoint::insecure(const ConfigNode& node) {
  if (is_true(node)) set(draft_.tls, "verify", word(node, "false"));
}

void Endpoint::ignore_redirect(const ConfigNode& node) {
  if (type_ == Type::kHttp && is_true(node)) set(draft_.request, "redirects", word(node, "0"));
}

void Endpoint::timeout(const ConfigNode& node) {
  const auto value = core::parse_go_duration(node.scalar);
  if (value && *value > core::Duration{}) {
    draft_.timeout = value;
  } else {
    notes_.lost(node, "client.timeout: a duration such as 5s; timeout is 10s",
                "client.timeout：应为时长，例如 5s；timeout 取 10s");
  }
}

/// "udp://1.1.1.1:53".
void Endpoint::resolver(const ConfigNode& node) {
  ConfigNode value = text_of(node);
  const bool over_tcp = value.scalar.starts_with("tcp://");
  change(value, [](const std::string& text) {
    const std::size_t at = text.find("://");
    return at == std::string::npos ? text : text.substr(at + 3);
  });
  set(draft_.reach, "resolver", std::move(value));
  if (over_tcp) {
    notes_.differs(node, "the resolver is asked over UDP, and over TCP where an answer is too long",
                   "通过 UDP 询问解析服务器，应答过长时才用 TCP");
  }
}

void Endpoint::proxy(const ConfigNode& node) {
  if (type_ != Type::kHttp) return;
  ConfigNode url = text_of(node);
  ConfigNode out = core::map_node(node);
  std::string user;
  change(url, [&user](std::string whole) {
    const std::size_t begin = whole.find("://");
    const std::size_t at = whole.rfind('@');
    if (begin == std::string::npos || at == std::string::npos || at < begin) return whole;
    user = whole.substr(begin + 3, at - begin - 3);
    return whole.erase(begin + 3, at - begin - 2);
  });
  core::put(out, "url", std::move(url));
  if (!user.empty()) {
    const auto part = [&node](std::string_view piece) {
      ConfigNode value = text(node, piece);
      if (piece.find("${") != std::string_view::npos) value.written = piece;
      return value;
    };
    const std::size_t colon = user.find(':');
    core::put(out, "username", part(std::string_view{user}.substr(0, colon)));
    if (colon != std::string::npos) core::put(out, "password", part(std::string_view{user}.substr(colon + 1)));
  }
  set(draft_.request, "proxy", std::move(out));
}

void Endpoint::client_tls(const ConfigNode& node) { walk<Endpoint>(node, kClientTls, *this, notes_); }
void Endpoint::certificate(const ConfigNode& node) { set(draft_.tls, "cert_file", text_of(node)); }
void Endpoint::private_key(const ConfigNode& node) { set(draft_.tls, "key_file", text_of(node)); }

/// With what Gatus puts in the place of its words.
ConfigNode Endpoint::body() const {
  const ConfigNode* node = map_.find("body");
  if (node == nullptr || node->scalar.empty()) return text(map_, "");
  ConfigNode out = text_of(*node);
  change(out, [this](std::string whole) {
    whole = replace_all(std::move(whole), "[ENDPOINT_NAME]", scalar("name"));
    whole = replace_all(std::move(whole), "[ENDPOINT_GROUP]", scalar("group"));
    return replace_all(std::move(whole), "[ENDPOINT_URL]", scalar("url"));
  });
  if (out.scalar.find("[RANDOM_STRING_") != std::string::npos) {
    notes_.differs(*node, "[RANDOM_STRING_…] is sent as it stands", "[RANDOM_STRING_…] 按原样发送");
  }
  return out;
}

// ---- targets ----

void Endpoint::finish_http() {
  draft_.url = url_;
  if (draft_.request.find("redirects") == nullptr) set(draft_.request, "redirects", word(map_, "10"));
  ConfigNode sent = body();
  if (scalar("graphql") == "true") {
    change(sent, [](const std::string& query) { return "{\"query\":" + json_text(query) + "}"; });
    ConfigNode headers =
        draft_.request.find("headers") != nullptr ? *draft_.request.find("headers") : core::map_node(map_);
    if (headers.find("Content-Type") == nullptr) core::put(headers, "Content-Type", text(map_, "application/json"));
    set(draft_.request, "headers", std::move(headers));
  }
  if (!sent.scalar.empty()) set(draft_.request, "body", std::move(sent));
  carry_conditions(conditions_, ConditionsOf::kHttp, draft_, notes_);
}

/// tcp, tls and starttls. What is sent after TLS has begun needs a dialogue.
void Endpoint::finish_stream() {
  draft_.url = url_;
  const ConfigNode sent = type_ == Type::kStartTls ? text(map_, "") : body();
  const bool asks_body =
      std::ranges::any_of(conditions_, [](const Condition& c) { return c.left.starts_with("[BODY]"); });
  const auto as_tcp = [](const std::string& url) { return "tcp" + url.substr(url.find("://")); };
  if (type_ == Type::kStartTls) {
    change(draft_.url, as_tcp);
    set(draft_.expect, "starttls", word(map_, "smtp"));
  } else if (type_ == Type::kTls && (!sent.scalar.empty() || asks_body)) {
    change(draft_.url, as_tcp);
    append(draft_.expect, "steps", rule(map_, {{"starttls", word(map_, "true")}}));
  }
  if (!sent.scalar.empty()) append(draft_.expect, "steps", rule(sent, {{"send", sent}}));
  carry_conditions(conditions_, ConditionsOf::kStream, draft_, notes_);
}

void Endpoint::finish_dns() {
  draft_.url = url_;
  const bool over_tls = url_.scalar.starts_with("tls://");
  change(draft_.url, [this](std::string server) {
    if (const std::size_t at = server.find("://"); at != std::string::npos) server.erase(0, at + 3);
    const bool bare_ip6 = std::ranges::count(server, ':') > 1 && !server.starts_with('[');
    return fmt::format("dns://{}/{}?type={}", bare_ip6 ? "[" + server + "]" : server, query_name_, query_type_);
  });
  if (over_tls) set(draft_.request, "transport", word(url_, "dot"));
  carry_conditions(conditions_, ConditionsOf::kDns, draft_, notes_);
}

void Endpoint::finish() {
  switch (type_) {
    case Type::kOther:
      return;
    case Type::kHttp:
      finish_http();
      break;
    case Type::kTcp:
    case Type::kTls:
    case Type::kStartTls:
      finish_stream();
      break;
    case Type::kDns:
      finish_dns();
      break;
  }
  if (!draft_.speaks_tls()) draft_.tls.entries.clear();
  targets_.add(std::move(draft_));
}

}  // namespace sonde::cli::imports
