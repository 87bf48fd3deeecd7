// The map `http` of a module.
#include <array>

#include <fmt/format.h>

#include "core/config_build.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"

namespace sonde::prober::blackbox {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::TableReader;

constexpr std::int64_t kBodyBytesMax = 64 * 1024 * 1024;

/// A secret that stands in the file: blackbox_exporter's way, so it is taken here too. It is marked as what a variable
/// gave, so that no message shows it.
ConfigNode secret_node(const ConfigNode& at, std::string_view text) {
  ConfigNode node = text_node(at, text);
  node.written = "${secret}";
  return node;
}

void read_status(const TableReader& map, Module& module, const ConfigNode& at) {
  const ConfigNode* codes = map.node("valid_status_codes");
  const bool any = codes != nullptr && (codes->kind == ConfigNode::Kind::kScalar || !codes->items.empty());
  put(module.expect, "status", any ? *codes : text_node(at, "2xx"));
}

void read_versions(const TableReader& map, Module& module, ConfigErrors& errors) {
  const ConfigNode* node = map.node("valid_http_versions");
  const auto versions = map.texts("valid_http_versions");
  if (versions.empty()) return;
  ConfigNode list = list_node(*node);
  for (const std::string& version : versions) {
    if (version == "HTTP/1.0" || version == "HTTP/1.1") {
      list.items.push_back(text_node(*node, version.substr(5)));
    } else if (version == "HTTP/2" || version == "HTTP/2.0") {
      list.items.push_back(text_node(*node, "2"));
    } else {
      errors.add(
          node->error(fmt::format("module {}: valid_http_versions: \"{}\" is not spoken by Sonde; allowed: "
                                  "HTTP/1.0, HTTP/1.1, HTTP/2, HTTP/2.0",
                                  module.name, version),
                      fmt::format("模块 {}：valid_http_versions：Sonde 不支持“{}”；可用：HTTP/1.0、HTTP/1.1、HTTP/2、"
                                  "HTTP/2.0",
                                  module.name, version)));
    }
  }
  put(module.expect, "version", std::move(list));
}

void copy_list(const TableReader& map, std::string_view from, ConfigNode& to_map, std::string_view to) {
  if (const ConfigNode* node = map.node(from); node != nullptr && node->kind != ConfigNode::Kind::kNull) {
    put(to_map, to, as_list(*node));
  }
}

void read_header_rules(const TableReader& map, std::string_view from, std::string_view to, Module& module,
                       ConfigErrors& errors) {
  const auto items = map.list(from);
  if (items.empty()) return;
  ConfigNode list = list_node(*map.node(from));
  for (const ConfigNode& item : items) {
    const TableReader rule{item, kHeaderMatchKeys, errors};
    ConfigNode out = map_node(item);
    if (const auto* n = rule.node("header")) put(out, "name", *n);
    if (const auto* n = rule.node("regexp")) put(out, "regex", *n);
    if (const auto* n = rule.node("allow_missing")) put(out, "allow_missing", *n);
    list.items.push_back(std::move(out));
  }
  put(module.expect, to, std::move(list));
  module.matches = true;
}

void read_expectations(const TableReader& map, Module& module, const ConfigNode& node, ConfigErrors& errors) {
  read_status(map, module, node);
  read_versions(map, module, errors);
  copy_list(map, "fail_if_body_matches_regexp", module.expect, "body_not_matches");
  copy_list(map, "fail_if_body_not_matches_regexp", module.expect, "body_matches");
  module.matches = module.expect.find("body_matches") != nullptr || module.expect.find("body_not_matches") != nullptr;
  read_header_rules(map, "fail_if_header_matches", "header_not_matches", module, errors);
  read_header_rules(map, "fail_if_header_not_matches", "header_matches", module, errors);
  const bool no_tls = map.boolean("fail_if_ssl").value_or(false);
  const bool must_tls = map.boolean("fail_if_not_ssl").value_or(false);
  if (no_tls && must_tls) {
    errors.add(map.node("fail_if_ssl")
                   ->error("fail_if_ssl and fail_if_not_ssl together can never be met",
                           "fail_if_ssl 与 fail_if_not_ssl 同时写上则永远无法满足"));
  } else if (no_tls) {
    put(module.expect, "tls", text_node(*map.node("fail_if_ssl"), "forbidden"));
  } else if (must_tls) {
    put(module.expect, "tls", text_node(*map.node("fail_if_not_ssl"), "required"));
  }
  std::int64_t limit = 0;
  const ConfigNode* size = map.node("body_size_limit");
  if (size != nullptr) {
    const auto bytes = parse_go_bytes(size->scalar);
    if (!bytes)
      errors.add(size->error("body_size_limit is a size such as 10MB or 512KiB",
                             "body_size_limit 是大小，例如 10MB 或 512KiB"));
    limit = bytes.value_or(0);
  }
  if (limit > kBodyBytesMax)
    errors.add(size->error("body_size_limit is at most 64MiB here", "body_size_limit 在此最大为 64MiB"));
  put(module.expect, "body_bytes_max",
      text_node(size != nullptr ? *size : node, std::to_string(limit == 0 ? kBodyBytesMax : limit)));
}

void read_authorization(const TableReader& map, Module& module, ConfigErrors& errors) {
  if (const auto* node = map.node("basic_auth")) {
    const TableReader auth{*node, kBasicAuthKeys, errors};
    refuse(*node, kBasicAuthKeys, module.name, errors);
    ConfigNode out = map_node(*node);
    put(out, "username", text_node(*node, auth.text("username").value_or("")));
    if (const auto secret = auth.text("password")) put(out, "password", secret_node(*auth.node("password"), *secret));
    if (const auto* n = auth.node("password_file")) put(out, "password_file", *n);
    put(module.request, "basic_auth", std::move(out));
  }
  ConfigNode bearer = map_node(map.whole());
  if (const auto secret = map.text("bearer_token"))
    put(bearer, "token", secret_node(*map.node("bearer_token"), *secret));
  if (const auto* n = map.node("bearer_token_file")) put(bearer, "token_file", *n);
  if (const auto* node = map.node("authorization")) {
    const TableReader auth{*node, kAuthorizationKeys, errors};
    if (auth.text("type").value_or("Bearer") != "Bearer") {
      errors.add(auth.node("type")->error(
          fmt::format(
              "module {}: authorization.type other than Bearer is not served by Sonde; write the header in headers",
              module.name),
          fmt::format("模块 {}：Sonde 只支持类型为 Bearer 的 authorization；请在 headers 中写出该请求头",
                      module.name)));
    }
    if (const auto secret = auth.text("credentials"))
      put(bearer, "token", secret_node(*auth.node("credentials"), *secret));
    if (const auto* n = auth.node("credentials_file")) put(bearer, "token_file", *n);
  }
  if (!bearer.entries.empty()) put(module.request, "bearer", std::move(bearer));
}

/// The encoding is asked for, and an answer without it fails, as blackbox_exporter fails to decode it.
void read_compression(const TableReader& map, Module& module) {
  const auto text = map.text("compression");
  if (!text || text->empty()) return;
  const ConfigNode& at = *map.node("compression");
  put(module.request, "compression", text_node(at, *text == "identity" ? "none" : *text));
  if (*text == "identity") return;
  ConfigNode rule = map_node(at);
  put(rule, "name", text_node(at, "Content-Encoding"));
  put(rule, "regex", text_node(at, *text));
  for (auto& [key, rules] : module.expect.entries) {
    if (key.scalar != "header_matches") continue;
    rules.items.push_back(std::move(rule));
    return;
  }
  ConfigNode rules = list_node(at);
  rules.items.push_back(std::move(rule));
  put(module.expect, "header_matches", std::move(rules));
}

/// "http://user:password@host:port": user and password have keys of their own in our maps.
ConfigNode read_proxy(const ConfigNode& node) {
  ConfigNode proxy = map_node(node);
  std::string url = node.scalar;
  const std::size_t begin = url.find("://");
  const std::size_t at = url.find('@');
  if (begin != std::string::npos && at != std::string::npos && at > begin) {
    const std::string user = url.substr(begin + 3, at - begin - 3);
    const std::size_t colon = user.find(':');
    put(proxy, "username", text_node(node, user.substr(0, colon)));
    if (colon != std::string::npos) put(proxy, "password", secret_node(node, user.substr(colon + 1)));
    url.erase(begin + 3, at - begin - 2);
  }
  put(proxy, "url", text_node(node, url));
  return proxy;
}

void read_request(const TableReader& map, Module& module, const ConfigNode& node, ConfigErrors& errors) {
  for (const std::string_view key : {"method", "headers", "body", "body_file"}) {
    const ConfigNode* n = map.node(key);
    if (n != nullptr && n->kind != ConfigNode::Kind::kNull) put(module.request, key, *n);
  }
  const ConfigNode* follow = map.node("follow_redirects");
  put(module.request, "redirects",
      text_node(follow != nullptr ? *follow : node, map.boolean("follow_redirects").value_or(true) ? "10" : "0"));
  const ConfigNode* http2 = map.node("enable_http2");
  if (!map.boolean("enable_http2").value_or(true)) put(module.request, "version", text_node(*http2, "1.1"));
  read_compression(map, module);
  read_authorization(map, module, errors);
  if (const auto* n = map.node("proxy_url")) put(module.request, "proxy", read_proxy(*n));
}

}  // namespace

void read_http(const ConfigNode& node, Module& module, ConfigErrors& errors) {
  const TableReader map{node, kHttpKeys, errors};
  refuse(node, kHttpKeys, module.name, errors);
  read_family(map, module);
  read_tls_config(map.node("tls_config"), module, errors);
  read_expectations(map, module, node, errors);
  read_request(map, module, node, errors);
}

}  // namespace sonde::prober::blackbox
