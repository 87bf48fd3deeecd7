// The fields of a monitor.
#include "cli/imports/uptime_kuma_monitor.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "cli/imports/json_path.h"
#include "cli/imports/tree.h"

namespace sonde::cli::imports {
namespace {

using core::ConfigNode;
using Kind = ConfigNode::Kind;

struct OtherType {
  std::string_view name;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kOtherTypes = {
    OtherType{"ping", "Sonde sends no ICMP: use tcp:// with a port that is open",
              "Sonde 不发送 ICMP：请用 tcp:// 和一个开放的端口"},
    OtherType{"tailscale-ping", "Sonde sends no ICMP: use tcp:// with a port that is open",
              "Sonde 不发送 ICMP：请用 tcp:// 和一个开放的端口"},
    OtherType{"push", "Sonde probes and waits for no beats", "Sonde 主动探测，不等待心跳"},
    OtherType{"group", "a group is the label \"group\" of its members", "分组成为其成员的标签 group"},
    OtherType{"docker", "containers are not looked into: check what they serve", "不查看容器：请检查其提供的服务"},
    OtherType{"real-browser", "no browser is started: use https:// with expect",
              "不启动浏览器：请用 https:// 和 expect"},
    OtherType{"grpc-keyword", "no gRPC: use tls:// or tcp:// with its port",
              "不支持 gRPC：请用 tls:// 或 tcp:// 和其端口"},
    OtherType{"manual", "it checks nothing", "它不做任何检查"}};

std::optional<double> number_of(const ConfigNode& node) {
  double out = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, error] = std::from_chars(node.scalar.data(), end, out);
  if (node.kind != Kind::kScalar || error != std::errc{} || stop != end || !(out >= 0) || out > 1e9)
    return std::nullopt;
  return out;
}

std::string bracketed(const std::string& host) {
  return host.find(':') != std::string::npos && !host.starts_with('[') ? "[" + host + "]" : host;
}

}  // namespace

Monitor::Monitor(const ConfigNode& map, const KumaLists& lists, Targets& targets)
    : map_(map), lists_(lists), targets_(targets), notes_(targets.notes()), draft_(map), type_(scalar("type")) {
  draft_.every = std::chrono::seconds{60};
  if (!is_http()) return;
  set(draft_.request, "redirects", word(map, "10"));  // what Uptime Kuma does where nothing is written
  set(draft_.expect, "status", word(map, "200-299"));
}

const ConfigNode* Monitor::value(std::string_view field) const {
  const ConfigNode* node = map_.find(field);
  return node == nullptr || node->kind == Kind::kNull ? nullptr : node;
}

std::string Monitor::scalar(std::string_view field) const {
  const ConfigNode* node = value(field);
  return node == nullptr ? std::string{} : node->scalar;
}

bool Monitor::is_ours() {
  const ConfigNode* type = value("type");
  const ConfigNode& at = type == nullptr ? map_ : *type;
  const std::string who = scalar("name");
  const auto skip = [&](std::string_view en, std::string_view zh) {
    notes_.skipped(at, fmt::format("{} ({}): {}", who, type_, en), fmt::format("{}（{}）：{}", who, type_, zh));
    return false;
  };
  if (!is_http() && type_ != "port" && type_ != "dns") {
    const auto it = std::ranges::find(kOtherTypes, std::string_view{type_}, &OtherType::name);
    if (it != kOtherTypes.end()) return skip(it->en, it->zh);
    return skip("Sonde checks http, tcp, tls and dns", "Sonde 检查 http、tcp、tls 和 dns");
  }
  const ConfigNode* active = value("active");
  if (active != nullptr && !is_true(*active)) return skip("it is paused there", "它在原处已暂停");
  const ConfigNode* upside_down = value("upsideDown");
  if (upside_down != nullptr && is_true(*upside_down)) {
    return skip("upside down: Sonde has no check that is good when it fails", "已反转：Sonde 没有失败即正常的检查");
  }
  return true;
}

// ---- of every type ----

void Monitor::name(const ConfigNode& node) { draft_.name = node.scalar; }

void Monitor::tags(const ConfigNode& node) {
  for (const ConfigNode& tag : node.items) {
    const ConfigNode* name = tag.find("name");
    const ConfigNode* value = tag.find("value");
    if (name == nullptr || name->scalar.empty()) continue;
    const bool bare = value == nullptr || value->scalar.empty();
    set_label(draft_, name->scalar, text(*name, bare ? "true" : value->scalar), notes_);
  }
}

void Monitor::parent(const ConfigNode& node) {
  const auto it = lists_.monitors.find(node.scalar);
  const ConfigNode* name = it == lists_.monitors.end() ? nullptr : it->second->find("name");
  if (name != nullptr) return set_label(draft_, "group", text(node, name->scalar), notes_);
  if (node.kind != Kind::kNull) {
    notes_.lost(node, "parent: that group is not in the file", "parent：文件中没有该分组");
  }
}

void Monitor::interval(const ConfigNode& node) {
  const auto seconds = number_of(node);
  if (!seconds) return notes_.mistake(node, "interval is a number of seconds", "interval 是秒数");
  if (*seconds > 0) draft_.every = core::from_seconds(*seconds);
}

void Monitor::timeout(const ConfigNode& node) {
  const auto seconds = number_of(node);
  if (seconds && *seconds > 0) draft_.timeout = core::from_seconds(*seconds);
}

void Monitor::ip_family(const ConfigNode& node) {
  if (node.scalar == "ipv4" || node.scalar == "ipv6") {
    set(draft_.reach, "family", word(node, node.scalar == "ipv4" ? "ip4" : "ip6"));
  }
}

// ---- http, keyword, json-query ----

/// Uptime Kuma sends it in capitals, however it is written.
void Monitor::method(const ConfigNode& node) {
  std::string method = node.scalar;
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (is_http() && !method.empty() && method != "GET") set(draft_.request, "method", word(node, method));
}

void Monitor::headers(const ConfigNode& node) {
  if (!is_http() || node.scalar.empty()) return;
  core::ConfigErrors errors;
  const ConfigNode map = parse_json_tree(node.scalar, node.file, errors);
  if (map.kind != Kind::kMap) {
    return notes_.lost(node, "headers: they should be a JSON object", "headers：应为 JSON 对象");
  }
  ConfigNode out = core::map_node(node);
  for (const auto& [key, value] : map.entries) core::put(out, key.scalar, text(node, value.scalar));
  if (!out.entries.empty()) set(draft_.request, "headers", std::move(out));
}

void Monitor::body(const ConfigNode& node) {
  if (is_http() && !node.scalar.empty()) set(draft_.request, "body", text(node, node.scalar));
}

/// Uptime Kuma names the kind of body that it sends.
void Monitor::content_type() {
  if (draft_.request.find("body") == nullptr) return;
  const std::string encoding = scalar("httpBodyEncoding");
  const std::string_view type = encoding == "xml"    ? "text/xml; charset=utf-8"
                                : encoding == "form" ? "application/x-www-form-urlencoded"
                                                     : "application/json";
  ConfigNode headers =
      draft_.request.find("headers") != nullptr ? *draft_.request.find("headers") : core::map_node(map_);
  const bool named = std::ranges::any_of(headers.entries, [](const core::ConfigEntry& e) {
    std::string name = e.key.scalar;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name == "content-type";
  });
  if (named) return;
  core::put(headers, "Content-Type", text(map_, type));
  set(draft_.request, "headers", std::move(headers));
}

void Monitor::max_redirects(const ConfigNode& node) {
  const auto count = number_of(node);
  if (!is_http() || !count) return;
  const int most = 20;
  if (*count > most) {
    notes_.differs(node, fmt::format("at most {} redirects are followed here", most),
                   fmt::format("在此最多跟随 {} 次重定向", most));
  }
  set(draft_.request, "redirects", word(node, fmt::format("{}", std::min(static_cast<int>(*count), most))));
}

void Monitor::status_codes(const ConfigNode& node) {
  if (!is_http() || node.kind != Kind::kSequence || node.items.empty()) return;
  ConfigNode list = core::list_node(node);
  for (const ConfigNode& item : node.items) list.items.push_back(word(item, item.scalar));
  set(draft_.expect, "status", list.items.size() == 1 ? list.items.front() : list);
}

void Monitor::ignore_tls(const ConfigNode& node) {
  if (is_http() && is_true(node)) set(draft_.tls, "verify", word(node, "false"));
}

void Monitor::expiry(const ConfigNode& node) {
  if (!is_http() || !is_true(node) || !scalar("url").starts_with("https://")) return;
  set(draft_.expect, "cert_days", word(node, "21"));
  notes_.differs(node,
                 "a certificate with fewer than 21 days left makes the target degraded (cert_days: 21, Uptime Kuma's "
                 "first reminder)",
                 "证书剩余不足 21 天时目标为 degraded（cert_days: 21，即 Uptime Kuma 的首次提醒）");
}

void Monitor::keyword(const ConfigNode& node) {
  if (type_ != "keyword" || node.scalar.empty()) return;
  const ConfigNode* invert = value("invertKeyword");
  if (invert != nullptr && is_true(*invert)) {
    append(draft_.expect, "body_not_matches", text(node, quote_pattern(node.scalar)));
  } else {
    set(draft_.expect, "body", text(node, node.scalar));
  }
  const bool json_like = node.scalar.find_first_of("\"{}[]:,") != std::string::npos;
  if (json_like) {
    notes_.differs(node,
                   "the keyword is looked for in the body as it comes; Uptime Kuma looks in JSON without its spaces",
                   "关键字在原始响应体中查找；Uptime Kuma 在去掉空白的 JSON 中查找");
  }
}

void Monitor::json_path(const ConfigNode& node) {
  if (type_ != "json-query") return;
  const auto pointer = json_pointer(node.scalar);
  if (!pointer) {
    return notes_.lost(node, fmt::format("jsonPath \"{}\": only names and indices are carried over", node.scalar),
                       fmt::format("jsonPath“{}”：只能带入名称和下标", node.scalar));
  }
  const std::string op = scalar("jsonPathOperator");
  const ConfigNode* expected = value("expectedValue");
  const std::string wanted = expected == nullptr ? "" : expected->scalar;
  const ConfigNode& at = expected == nullptr ? node : *expected;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOperators = {
      {{"", "equals"},
       {"==", "equals"},
       {"!=", "not_equals"},
       {"<", "less"},
       {">", "greater"},
       {"<=", "less_or_equal"},
       {">=", "greater_or_equal"}}};
  ConfigNode check = rule(node, {{"pointer", text(node, *pointer)}});
  const auto it =
      std::ranges::find(kOperators, std::string_view{op}, &std::pair<std::string_view, std::string_view>::first);
  if (it != kOperators.end()) {
    core::put(check, it->second, json_operand(at, wanted));
    if (is_json_word(wanted) && it->second.ends_with("equals")) {
      notes_.differs(at,
                     fmt::format("{} is no text here: \"{}\" in quotes in the answer is another value", wanted, wanted),
                     fmt::format("{} 在此不是文本：响应中带引号的“{}”是另一个值", wanted, wanted));
    }
  } else if (op == "contains") {
    core::put(check, "matches", text(at, quote_pattern(wanted)));
  } else {
    return notes_.lost(node, fmt::format("the operator \"{}\"", op), fmt::format("运算符“{}”", op));
  }
  append(draft_.expect, "json", std::move(check));
}

void Monitor::proxy(const ConfigNode& node) {
  if (!is_http() || node.kind == Kind::kNull) return;
  const auto it = lists_.proxies.find(node.scalar);
  if (it == lists_.proxies.end()) {
    return notes_.lost(node, "proxyId: that proxy is not in the file", "proxyId：文件中没有该代理");
  }
  const ConfigNode& proxy = *it->second;
  const auto field = [&proxy](std::string_view key) {
    const ConfigNode* n = proxy.find(key);
    return n == nullptr ? std::string{} : n->scalar;
  };
  const ConfigNode* active = proxy.find("active");
  if (active != nullptr && !is_true(*active)) return;
  if (field("protocol") != "http") {
    return notes_.lost(node, fmt::format("a proxy of kind {}: only http is spoken to proxies", field("protocol")),
                       fmt::format("{} 代理：只支持 http 代理", field("protocol")));
  }
  ConfigNode out =
      rule(node, {{"url", text(node, fmt::format("http://{}:{}", bracketed(field("host")), field("port")))}});
  if (const ConfigNode* auth = proxy.find("auth"); auth != nullptr && is_true(*auth)) {
    core::put(out, "username", text(node, field("username")));
    core::put(out, "password", text(node, field("password")));
  }
  set(draft_.request, "proxy", std::move(out));
}

void Monitor::auth_method(const ConfigNode& node) {
  static constexpr std::array<OtherType, 3> kMethods = {
      {{"ntlm", "NTLM is not spoken", "不支持 NTLM"},
       {"mtls", "write certificate and key into files, and their paths into tls.cert_file and tls.key_file",
        "请把证书和私钥存为文件，并在 tls.cert_file 和 tls.key_file 中写出路径"},
       {"oauth2-cc", "use request.bearer with a token_file that something else keeps fresh",
        "请用 request.bearer 和由其他程序更新的 token_file"}}};
  const auto it = std::ranges::find(kMethods, std::string_view{node.scalar}, &OtherType::name);
  if (it == kMethods.end() || !is_http()) return;
  notes_.lost(node, fmt::format("authMethod {}: {}", node.scalar, it->en),
              fmt::format("authMethod {}：{}", node.scalar, it->zh));
}

void Monitor::user(const ConfigNode& node) {
  const std::string method = scalar("authMethod");  // exports before 1.18 have none
  if (!is_http() || node.scalar.empty() || (!method.empty() && method != "basic")) return;
  const ConfigNode* password = value("basic_auth_pass");
  ConfigNode auth = rule(node, {{"username", text(node, node.scalar)}});
  if (password != nullptr && !password->scalar.empty()) core::put(auth, "password", text(*password, password->scalar));
  set(draft_.request, "basic_auth", std::move(auth));
}

// ---- the end ----

void Monitor::make_url() {
  const ConfigNode* url = value("url");
  if (url != nullptr) draft_.url = text(*url, url->scalar);
  if (type_ != "port") return;
  const ConfigNode* host = value("hostname");
  draft_.url =
      text(host == nullptr ? map_ : *host, fmt::format("tcp://{}:{}", bracketed(scalar("hostname")), scalar("port")));
}

/// One target for each server, as Uptime Kuma asks one after the other until one answers.
void Monitor::make_dns_urls() {
  const ConfigNode* server = value("dns_resolve_server");
  const ConfigNode& at = server == nullptr ? map_ : *server;
  const std::string type = scalar("dns_resolve_type");
  const std::string servers = server == nullptr || server->scalar.empty() ? "1.1.1.1" : server->scalar;
  const bool several = servers.find(',') != std::string::npos;
  const std::string base = draft_.name;
  for (std::size_t begin = 0; begin <= servers.size();) {
    const std::size_t end = std::min(servers.find(',', begin), servers.size());
    std::string one = servers.substr(begin, end - begin);
    begin = end + 1;
    std::erase(one, ' ');
    if (one.empty()) continue;
    const std::string port = scalar("port").empty() || scalar("port") == "0" ? "53" : scalar("port");
    Draft draft = draft_;
    draft.url = text(
        at, fmt::format("dns://{}:{}/{}?type={}", bracketed(one), port, scalar("hostname"), type.empty() ? "A" : type));
    if (several) draft.name = fmt::format("{} @{}", base, one);
    targets_.add(std::move(draft));
  }
  if (several) {
    notes_.differs(at, "each server is a target of its own, and each must answer",
                   "每个服务器成为一个目标，且都必须应答");
  }
}

void Monitor::finish() {
  if (type_ == "dns") return make_dns_urls();
  if (is_http()) content_type();
  // What Uptime Kuma waits for where nothing is written.
  if (!draft_.timeout) draft_.timeout = *draft_.every * 4 / 5;
  make_url();
  if (!draft_.speaks_tls()) draft_.tls.entries.clear();
  targets_.add(std::move(draft_));
}

}  // namespace sonde::cli::imports
