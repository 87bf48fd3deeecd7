// The tables.
#include "prober/blackbox/module_keys.h"

#include <array>

namespace sonde::prober::blackbox {
namespace {

using core::Key;
using core::KeyKind;
using core::KeyTable;

constexpr std::array<std::string_view, 2> kFamilies = {"ip4", "ip6"};
constexpr std::array<std::string_view, 4> kTlsVersions = {"TLS10", "TLS11", "TLS12", "TLS13"};
constexpr std::array<std::string_view, 2> kTransports = {"udp", "tcp"};

constexpr Key kFamily{.name = "preferred_ip_protocol",
                      .kind = KeyKind::kChoice,
                      .choices = kFamilies,
                      .standard = "ip6",
                      .en = "the family to take where a name has both",
                      .zh = "域名同时有两种地址时优先使用的协议族"};
constexpr Key kFallback{.name = "ip_protocol_fallback",
                        .kind = KeyKind::kBool,
                        .standard = "true",
                        .en = "take the other family where the name lacks the preferred one",
                        .zh = "没有首选协议族的地址时使用另一种"};
constexpr Key kSource{.name = "source_ip_address", .en = "local address to probe from", .zh = "发起探测的本地地址"};

constexpr std::array kTlsConfig = {Key{.name = "insecure_skip_verify",
                                       .kind = KeyKind::kBool,
                                       .standard = "false",
                                       .en = "tls.verify: false; the certificate's facts are kept either way",
                                       .zh = "即 tls.verify: false；无论如何都保留证书信息"},
                                   Key{.name = "ca_file", .en = "tls.ca_file", .zh = "即 tls.ca_file"},
                                   Key{.name = "cert_file", .en = "tls.cert_file", .zh = "即 tls.cert_file"},
                                   Key{.name = "key_file", .en = "tls.key_file", .zh = "即 tls.key_file"},
                                   Key{.name = "server_name", .en = "tls.server_name", .zh = "即 tls.server_name"},
                                   Key{.name = "min_version",
                                       .kind = KeyKind::kChoice,
                                       .choices = kTlsVersions,
                                       .standard = "TLS12",
                                       .en = "tls.min_version",
                                       .zh = "即 tls.min_version"},
                                   Key{.name = "max_version",
                                       .kind = KeyKind::kChoice,
                                       .choices = kTlsVersions,
                                       .en = "tls.max_version",
                                       .zh = "即 tls.max_version"}};

constexpr Key kTls{.name = "tls_config",
                   .kind = KeyKind::kMap,
                   .of = &kTlsConfigKeys,
                   .en = "trust, identity and versions",
                   .zh = "信任、身份与版本"};

constexpr std::array kBasicAuth = {
    Key{.name = "username", .en = "user name", .zh = "用户名"},
    Key{.name = "password", .en = "password; it is never shown", .zh = "密码，从不显示"},
    Key{.name = "password_file", .en = "file with the password, its owner's alone", .zh = "存放密码的文件，仅属主可读"},
    Key{.name = "username_file", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"}};

constexpr std::array kAuthorization = {
    Key{.name = "type",
        .standard = "Bearer",
        .en = "Bearer; other types are not served",
        .zh = "Bearer；不支持其他类型"},
    Key{.name = "credentials", .en = "the token; it is never shown", .zh = "令牌，从不显示"},
    Key{.name = "credentials_file",
        .en = "file with the token, its owner's alone",
        .zh = "存放令牌的文件，仅属主可读"}};

constexpr std::array kHeaderMatch = {
    Key{.name = "header", .required = true, .en = "name of the header", .zh = "响应头名称"},
    Key{.name = "regexp",
        .required = true,
        .en = "regular expression (RE2, as in Go)",
        .zh = "正则表达式（RE2，与 Go 相同）"},
    Key{.name = "allow_missing",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "an answer without the header is good too",
        .zh = "没有该响应头时也算通过"}};

constexpr std::array kHttp = {
    Key{.name = "valid_status_codes",
        .kind = KeyKind::kAny,
        .standard = "2xx",
        .en = "expect.status",
        .zh = "即 expect.status"},
    Key{.name = "valid_http_versions",
        .kind = KeyKind::kTexts,
        .en = "expect.version; HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/2.0",
        .zh = "即 expect.version；HTTP/1.0、HTTP/1.1、HTTP/2 或 HTTP/2.0"},
    kFamily,
    kFallback,
    Key{.name = "skip_resolve_phase_with_proxy",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "always so here: with a proxy the proxy resolves",
        .zh = "此处始终如此：使用代理时由代理解析"},
    Key{.name = "follow_redirects",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "request.redirects: 10 or 0",
        .zh = "即 request.redirects：10 或 0"},
    Key{.name = "fail_if_ssl",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "expect.tls: forbidden",
        .zh = "即 expect.tls: forbidden"},
    Key{.name = "fail_if_not_ssl",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "expect.tls: required",
        .zh = "即 expect.tls: required"},
    Key{.name = "method", .standard = "GET", .en = "request.method", .zh = "即 request.method"},
    Key{.name = "headers", .kind = KeyKind::kTextMap, .en = "request.headers", .zh = "即 request.headers"},
    Key{.name = "http_headers", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "body", .en = "request.body", .zh = "即 request.body"},
    Key{.name = "body_file", .en = "request.body_file", .zh = "即 request.body_file"},
    Key{.name = "compression",
        .en = "request.compression; gzip, br, deflate, zstd or identity",
        .zh = "即 request.compression；gzip、br、deflate、zstd 或 identity"},
    Key{.name = "body_size_limit",
        .kind = KeyKind::kAny,
        .standard = "0",
        .en = "expect.body_bytes_max; 0 is 64 MiB here",
        .zh = "即 expect.body_bytes_max；0 在此为 64 MiB"},
    Key{.name = "fail_if_body_matches_regexp",
        .kind = KeyKind::kTexts,
        .en = "expect.body_not_matches",
        .zh = "即 expect.body_not_matches"},
    Key{.name = "fail_if_body_not_matches_regexp",
        .kind = KeyKind::kTexts,
        .en = "expect.body_matches",
        .zh = "即 expect.body_matches"},
    Key{.name = "fail_if_header_matches",
        .kind = KeyKind::kList,
        .of = &kHeaderMatchKeys,
        .en = "expect.header_not_matches",
        .zh = "即 expect.header_not_matches"},
    Key{.name = "fail_if_header_not_matches",
        .kind = KeyKind::kList,
        .of = &kHeaderMatchKeys,
        .en = "expect.header_matches",
        .zh = "即 expect.header_matches"},
    Key{.name = "enable_http2",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "false is request.version: 1.1",
        .zh = "false 即 request.version: 1.1"},
    kTls,
    Key{.name = "basic_auth",
        .kind = KeyKind::kMap,
        .of = &kBasicAuthKeys,
        .en = "request.basic_auth",
        .zh = "即 request.basic_auth"},
    Key{.name = "authorization",
        .kind = KeyKind::kMap,
        .of = &kAuthorizationKeys,
        .en = "request.bearer",
        .zh = "即 request.bearer"},
    Key{.name = "bearer_token", .en = "request.bearer.token", .zh = "即 request.bearer.token"},
    Key{.name = "bearer_token_file", .en = "request.bearer.token_file", .zh = "即 request.bearer.token_file"},
    Key{.name = "proxy_url", .en = "request.proxy.url", .zh = "即 request.proxy.url"},
    Key{.name = "fail_if_body_json_matches_cel", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "fail_if_body_json_not_matches_cel", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "enable_http3", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "oauth2", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "no_proxy", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "proxy_from_environment", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "proxy_connect_header", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"}};

constexpr std::array kStep = {
    Key{.name = "expect",
        .en = "regular expression that a line must match; later lines are read until one does",
        .zh = "某一行必须匹配的正则表达式；逐行读取直到匹配"},
    Key{.name = "send",
        .en = "line to send; ${1} is the first group of the last match",
        .zh = "发送的一行；${1} 为上次匹配的第一个分组"},
    Key{.name = "starttls",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "TLS begins here",
        .zh = "从此处开始 TLS"},
    Key{.name = "expect_bytes", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "labels", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"}};

constexpr std::array kTcp = {kFamily,
                             kFallback,
                             kSource,
                             Key{.name = "query_response",
                                 .kind = KeyKind::kList,
                                 .of = &kStepKeys,
                                 .en = "expect.steps",
                                 .zh = "即 expect.steps"},
                             Key{.name = "tls",
                                 .kind = KeyKind::kBool,
                                 .standard = "false",
                                 .en = "TLS begins before the first step",
                                 .zh = "在第一步之前开始 TLS"},
                             kTls};

constexpr std::array kValidator = {Key{.name = "fail_if_matches_regexp",
                                       .kind = KeyKind::kTexts,
                                       .en = "no record may match",
                                       .zh = "任何记录都不得匹配"},
                                   Key{.name = "fail_if_all_match_regexp",
                                       .kind = KeyKind::kTexts,
                                       .en = "not all records may match",
                                       .zh = "不得所有记录都匹配"},
                                   Key{.name = "fail_if_not_matches_regexp",
                                       .kind = KeyKind::kTexts,
                                       .en = "each record must match",
                                       .zh = "每条记录都必须匹配"},
                                   Key{.name = "fail_if_none_matches_regexp",
                                       .kind = KeyKind::kTexts,
                                       .en = "some record must match",
                                       .zh = "至少一条记录匹配"}};

constexpr std::array kDns = {
    kFamily,
    kFallback,
    kSource,
    Key{.name = "transport_protocol",
        .kind = KeyKind::kChoice,
        .choices = kTransports,
        .standard = "udp",
        .en = "request.transport",
        .zh = "即 request.transport"},
    Key{.name = "dns_over_tls",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "request.transport: dot",
        .zh = "即 request.transport: dot"},
    kTls,
    Key{.name = "query_name", .required = true, .en = "the name in the URL", .zh = "URL 中的域名"},
    Key{.name = "query_type", .standard = "ANY", .en = "request.type", .zh = "即 request.type"},
    Key{.name = "query_class", .standard = "IN", .en = "request.class", .zh = "即 request.class"},
    Key{.name = "recursion_desired",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "request.recursion",
        .zh = "即 request.recursion"},
    Key{.name = "valid_rcodes",
        .kind = KeyKind::kTexts,
        .standard = "NOERROR",
        .en = "expect.rcode",
        .zh = "即 expect.rcode"},
    Key{.name = "validate_answer_rrs",
        .kind = KeyKind::kMap,
        .of = &kValidatorKeys,
        .en = "what the answer section must say",
        .zh = "对应答段的断言"},
    Key{.name = "validate_authority_rrs",
        .kind = KeyKind::kMap,
        .of = &kValidatorKeys,
        .en = "the same for the authority section",
        .zh = "对授权段的断言"},
    Key{.name = "validate_additional_rrs",
        .kind = KeyKind::kMap,
        .of = &kValidatorKeys,
        .en = "the same for the additional section",
        .zh = "对附加段的断言"}};

constexpr std::array kModule = {
    Key{.name = "prober", .required = true, .en = "http, tcp or dns", .zh = "http、tcp 或 dns"},
    Key{.name = "timeout",
        .kind = KeyKind::kAny,
        .en = "longest time of a run; the scrape's own timeout counts too",
        .zh = "一次探测的最长时间；抓取自身的超时同样有效"},
    Key{.name = "http", .kind = KeyKind::kMap, .of = &kHttpKeys, .en = "an HTTP request", .zh = "HTTP 请求"},
    Key{.name = "tcp",
        .kind = KeyKind::kMap,
        .of = &kTcpKeys,
        .en = "a TCP connection and a talk over it",
        .zh = "TCP 连接及其上的对话"},
    Key{.name = "dns",
        .kind = KeyKind::kMap,
        .of = &kDnsKeys,
        .en = "a DNS query to the target",
        .zh = "向目标发送 DNS 查询"},
    Key{.name = "icmp", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "grpc", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "unix", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"},
    Key{.name = "websocket", .kind = KeyKind::kAny, .en = "not served", .zh = "不支持"}};

}  // namespace

const KeyTable kModuleKeys{"module", kModule};
const KeyTable kHttpKeys{"http", kHttp};
const KeyTable kHeaderMatchKeys{"header match", kHeaderMatch};
const KeyTable kTcpKeys{"tcp", kTcp};
const KeyTable kStepKeys{"query_response", kStep};
const KeyTable kDnsKeys{"dns", kDns};
const KeyTable kValidatorKeys{"validator", kValidator};
const KeyTable kTlsConfigKeys{"tls_config", kTlsConfig};
const KeyTable kBasicAuthKeys{"basic_auth", kBasicAuth};
const KeyTable kAuthorizationKeys{"authorization", kAuthorization};

std::span<const Refused> refused_keys() {
  static constexpr std::array kRefused = {
      Refused{&kModuleKeys, "icmp", "", "Sonde sends no ICMP: use a tcp module with a port that is open",
              "Sonde 不发送 ICMP：用 tcp 模块探测一个开放的端口"},
      Refused{&kModuleKeys, "grpc", "", "use a tcp module with tls and the port of the service",
              "用带 tls 的 tcp 模块和服务端口"},
      Refused{&kModuleKeys, "unix", "", "a local socket is not seen from outside: keep blackbox_exporter for it",
              "本地套接字从外部看不到：为它保留 blackbox_exporter"},
      Refused{&kModuleKeys, "websocket", "", "use an http module that expects status 101 or 426 from the same URL",
              "用 http 模块，期望同一 URL 返回 101 或 426"},
      Refused{&kHttpKeys, "http_headers", "", "use headers; secrets go into basic_auth or authorization",
              "使用 headers；机密放入 basic_auth 或 authorization"},
      Refused{&kHttpKeys, "fail_if_body_json_matches_cel", "", "use a target of Sonde with expect.json",
              "使用 Sonde 自己的目标与 expect.json"},
      Refused{&kHttpKeys, "fail_if_body_json_not_matches_cel", "", "use a target of Sonde with expect.json",
              "使用 Sonde 自己的目标与 expect.json"},
      Refused{&kHttpKeys, "enable_http3", "false", "leave it out: HTTP/2 and HTTP/1.1 are spoken",
              "去掉它：支持 HTTP/2 和 HTTP/1.1"},
      Refused{&kHttpKeys, "oauth2", "", "use authorization with a credentials_file that something else keeps fresh",
              "使用 authorization 和由其他程序更新的 credentials_file"},
      Refused{&kHttpKeys, "no_proxy", "", "use a second module without proxy_url", "另写一个没有 proxy_url 的模块"},
      Refused{&kHttpKeys, "proxy_from_environment", "false", "write proxy_url: the environment is never looked at",
              "写明 proxy_url：从不查看环境变量"},
      Refused{&kHttpKeys, "proxy_connect_header", "", "user name and password may stand in proxy_url",
              "用户名和密码可写在 proxy_url 中"},
      Refused{&kBasicAuthKeys, "username_file", "", "write username: it is no secret", "直接写 username：它不是机密"},
      Refused{&kStepKeys, "expect_bytes", "", "use expect with \\x escapes", "使用带 \\x 转义的 expect"},
      Refused{&kStepKeys, "labels", "", "nothing that a remote sends becomes a label here; leave it out",
              "远端发送的内容不会成为标签；去掉它"},
  };
  return kRefused;
}

std::span<const KeyTable* const> all_maps() {
  static constexpr std::array kMaps = {&kModuleKeys,        &kHttpKeys,     &kHeaderMatchKeys, &kBasicAuthKeys,
                                       &kAuthorizationKeys, &kTcpKeys,      &kStepKeys,        &kDnsKeys,
                                       &kValidatorKeys,     &kTlsConfigKeys};
  return kMaps;
}

}  // namespace sonde::prober::blackbox
