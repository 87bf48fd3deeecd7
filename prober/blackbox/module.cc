// The file, what its modules have in common, and from a module to a target.
#include "prober/blackbox/module.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/config_build.h"
#include "core/text.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"
#include "prober/checks/checks.h"

namespace sonde::prober::blackbox {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

constexpr std::array<std::string_view, 3> kProbers = {"http", "tcp", "dns"};
constexpr std::array<std::string_view, 4> kOtherProbers = {"icmp", "grpc", "unix", "websocket"};
constexpr Duration kTimeoutMax = std::chrono::minutes{5};
constexpr std::string_view kSample = "sonde.invalid";  // RFC 2606 2: stands for any target while a file is read

/// What to do instead of a prober that is not served.
core::BilingualText instead_of(std::string_view prober) {
  const auto refused = refused_keys();
  const auto it =
      std::ranges::find_if(refused, [&](const Refused& r) { return r.map == &kModuleKeys && r.key == prober; });
  if (it == refused.end()) return {};
  return {std::string{it->instead}, std::string{it->zh}};
}

void read_timeout(const ConfigNode& node, Module& module, ConfigErrors& errors) {
  const auto timeout = node.kind == ConfigNode::Kind::kScalar ? core::parse_go_duration(node.scalar) : std::nullopt;
  if (!timeout || *timeout < Duration{} || *timeout > kTimeoutMax) {
    errors.add(
        node.error("timeout is a time up to 5m, such as 5s or 1m30s", "timeout 是不超过 5m 的时长，例如 5s 或 1m30s"));
    return;
  }
  module.timeout = *timeout;
}

/// False where the module has no prober that is served.
bool read_kind(const ConfigNode& node, Module& module, ConfigErrors& errors) {
  const std::string prober = core::read_string(node, errors).value_or("");
  if (std::ranges::find(kOtherProbers, prober) != kOtherProbers.end()) {
    const core::BilingualText instead = instead_of(prober);
    errors.add(
        node.error(fmt::format("module {}: prober {} is not served by Sonde; {}", module.name, prober, instead.en),
                   fmt::format("模块 {}：Sonde 不支持 prober {}；{}", module.name, prober, instead.zh)));
    return false;
  }
  const auto kind = core::parse_check_kind(prober);
  if (!kind || std::ranges::find(kProbers, prober) == kProbers.end()) {
    errors.add(node.error(fmt::format("module {}: no prober \"{}\"; allowed: http, tcp, dns", module.name, prober),
                          fmt::format("模块 {}：没有 prober“{}”；可用：http、tcp、dns", module.name, prober)));
    return false;
  }
  module.kind = *kind;
  module.served = true;
  return true;
}

Module read_module(const ConfigNode& key, const ConfigNode& node, ConfigErrors& errors) {
  Module module;
  module.name = key.scalar;
  module.written = node;
  module.expect = map_node(node);
  module.request = map_node(node);
  module.tls = map_node(node);
  const TableReader map{node, kModuleKeys, errors};
  const ConfigNode* prober = map.node("prober");
  if (prober == nullptr || !read_kind(*prober, module, errors)) return module;
  if (const auto* n = map.node("timeout")) read_timeout(*n, module, errors);
  const ConfigNode nothing = map_node(node);
  const auto part = [&](std::string_view name) -> const ConfigNode& {
    const ConfigNode* n = map.node(name);
    return n == nullptr || n->kind == ConfigNode::Kind::kNull ? nothing : *n;
  };
  switch (module.kind) {
    case core::CheckKind::kHttp:
      read_http(part("http"), module, errors);
      break;
    case core::CheckKind::kTcp:
    case core::CheckKind::kTls:
      read_tcp(part("tcp"), module, errors);
      break;
    case core::CheckKind::kDns:
      if (map.node("dns") == nullptr)
        errors.add(node.error("module " + module.name + " needs \"dns\" with a query_name",
                              "模块 " + module.name + " 需要带 query_name 的“dns”"));
      read_dns(part("dns"), module, errors);
      break;
  }
  return module;
}

/// The host and the port of "host", "host:port", "[ip6]" or "[ip6]:port"; port 0 = not given.
struct HostPort {
  std::string host;
  int port = 0;
};

std::optional<HostPort> split_host(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (std::ranges::count(text, ':') > 1) {
    out.host = text;  // a bare IPv6 address
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (out.host.empty()) return std::nullopt;
  if (rest.empty()) return out;
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  if (error != std::errc{} || end != rest.data() + rest.size() || out.port < 1 || out.port > 65535) return std::nullopt;
  return out;
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

core::Error wrong(std::string message, std::string zh = {}) {
  return {core::ErrorCode::kInvalid, std::move(message), std::move(zh)};
}
core::Error no_target(std::string message, std::string zh) {
  return {core::ErrorCode::kNotFound, std::move(message), std::move(zh)};
}
const std::string& in_chinese(const core::Error& e) { return e.zh.empty() ? e.message : e.zh; }

core::Result<std::string> url_of(const Module& module, const std::string& target) {
  switch (module.kind) {
    case core::CheckKind::kHttp:
      return target.starts_with("http://") || target.starts_with("https://") ? target : "http://" + target;
    case core::CheckKind::kTcp:
    case core::CheckKind::kTls: {
      const auto at = split_host(target);
      if (!at || at->port == 0)
        return no_target("target must be HOST:PORT for a tcp module", "tcp 模块的目标须为 主机:端口");
      return fmt::format("tcp://{}:{}", bracketed(at->host), at->port);
    }
    case core::CheckKind::kDns: {
      const auto at = split_host(target);
      if (!at)
        return no_target("target must be HOST or HOST:PORT for a dns module", "dns 模块的目标须为 主机 或 主机:端口");
      const int standard = module.over_tls ? 853 : 53;
      return fmt::format("dns://{}:{}/{}", bracketed(at->host), at->port == 0 ? standard : at->port, module.query_name);
    }
  }
  return wrong("no such prober");
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return low(x) == low(y);
  });
}

/// The parameter `hostname`: the Host header of http, and the name of the TLS server where the module has none.
core::Result<void> set_hostname(const std::string& hostname, core::CheckKind kind, ConfigNode& request,
                                ConfigNode& tls) {
  if (hostname.empty() || kind == core::CheckKind::kDns) return {};
  if (kind == core::CheckKind::kHttp) {
    ConfigNode& headers = sub_map(request, "headers", request);
    for (const auto& [key, value] : headers.entries) {
      if (!same_letters(key.scalar, "host")) continue;
      if (value.scalar == hostname) return {};
      return wrong(fmt::format("the module's Host header ({}) and the parameter hostname ({}) contradict each other",
                               value.scalar, hostname),
                   fmt::format("模块的 Host 头（{}）与参数 hostname（{}）矛盾", value.scalar, hostname));
    }
    put(headers, "Host", text_node(request, hostname));
  }
  if (tls.find("server_name") == nullptr) put(tls, "server_name", text_node(tls, hostname));
  return {};
}

/// blackbox_exporter passes over a tls_config that is not needed; our checks call it a mistake.
bool speaks_tls(const Module& module, const core::Url& url) {
  if (module.kind != core::CheckKind::kHttp) return module.over_tls;
  return url.scheme == "https" || module.request.find("redirects")->scalar != "0";
}

core::Result<TargetEntry> make_entry(const Module& module, const Ask& ask, io::Files& files, ConfigErrors& errors) {
  const auto map = target_map(module, ask);
  if (!map) return map.error();
  const std::string& url = map->find("url")->scalar;
  TargetEntry entry;
  entry.target.name = ask.target;
  entry.target.url = url;
  entry.target.check = core::check_kind(*core::parse_url(url));
  entry.target.timeout = ask.timeout;
  entry.target.every = 2 * ask.timeout;
  entry.net = module.net;
  entry.type = &check_type(entry.target.check);
  const SpecNodes nodes{
      .expect = map->find("expect"), .request = map->find("request"), .tls = map->find("tls"), .files = &files};
  entry.spec = entry.type->parse(entry.target, nodes, errors);
  return entry;
}

}  // namespace

core::Result<ConfigNode> target_map(const Module& module, const Ask& ask) {
  auto url_text = url_of(module, ask.target);
  if (!url_text) return url_text.error();
  auto url = core::parse_url(*url_text);
  if (!url) return no_target("target: " + url.error().message, "目标：" + in_chinese(url.error()));
  ConfigNode request = module.request;
  ConfigNode tls = module.tls;
  if (auto set = set_hostname(ask.hostname, module.kind, request, tls); !set) return set.error();
  ConfigNode map = map_node(module.written);
  put(map, "url", text_node(module.written, *url_text));
  if (!module.expect.entries.empty()) put(map, "expect", module.expect);
  if (!request.entries.empty()) put(map, "request", std::move(request));
  if (!tls.entries.empty() && speaks_tls(module, *url)) put(map, "tls", std::move(tls));
  return map;
}

const Module* Modules::find(std::string_view name) const {
  const auto it = std::ranges::find(list, name, &Module::name);
  return it == list.end() ? nullptr : &*it;
}

core::Result<TargetEntry> entry_of(const Module& module, const Ask& ask, io::Files& files) {
  ConfigErrors errors;
  auto entry = make_entry(module, ask, files, errors);
  if (!errors.empty()) return wrong(errors.all().front().message);
  return entry;
}

namespace {

/// The check itself has the last word on what a module says.
void ask_check(const Module& module, io::Files& files, ConfigErrors& errors) {
  const Ask sample{.target = module.kind == core::CheckKind::kTcp    ? fmt::format("{}:1", kSample)
                             : module.kind == core::CheckKind::kHttp ? fmt::format("https://{}/", kSample)
                                                                     : std::string{kSample},
                   .hostname = {},
                   .timeout = std::chrono::seconds{1}};
  const auto entry = make_entry(module, sample, files, errors);
  if (entry) return;
  errors.add(module.written.error("module " + module.name + ": " + entry.error().message,
                                  "模块 " + module.name + "：" + in_chinese(entry.error())));
}

/// `files` is null where checks are not asked.
Modules read(std::string_view text, std::string_view file, io::Files* files, ConfigErrors& errors) {
  static constexpr std::array kRootKeys = {
      core::Key{.name = "modules", .kind = core::KeyKind::kAny, .required = true, .en = "the modules", .zh = "模块"}};
  static constexpr core::KeyTable kRoot{"blackbox.yml", kRootKeys};
  Modules out;
  const ConfigNode root = core::parse_foreign_yaml(text, file, errors);
  if (root.kind == ConfigNode::Kind::kNull) {
    if (errors.empty()) errors.add({std::string{file}, 0, 0, "the file is empty", "文件是空的"});
    return out;
  }
  const TableReader map{root, kRoot, errors};
  const ConfigNode* modules = map.node("modules");
  if (modules == nullptr) return out;
  if (modules->kind != ConfigNode::Kind::kMap) {
    errors.add(modules->error("modules is a map of names to modules", "modules 是模块名到模块的映射"));
    return out;
  }
  for (const auto& [key, value] : modules->entries) {
    const std::size_t before = errors.all().size();
    Module module = read_module(key, value, errors);
    if (files != nullptr && errors.all().size() == before) ask_check(module, *files, errors);
    module.mistakes.assign(errors.all().begin() + static_cast<std::ptrdiff_t>(before), errors.all().end());
    out.list.push_back(std::move(module));
  }
  return out;
}

}  // namespace

Modules read_modules(std::string_view text, std::string_view file, io::Files& files, ConfigErrors& errors) {
  return read(text, file, &files, errors);
}

Modules parse_modules(std::string_view text, std::string_view file, ConfigErrors& errors) {
  return read(text, file, nullptr, errors);
}

}  // namespace sonde::prober::blackbox
