// The map `request` of an http target.
#include <algorithm>
#include <array>

#include "core/base64.h"
#include "core/text.h"
#include "io/secret_file.h"
#include "prober/checks/http_spec.h"

namespace sonde::prober {
namespace {

using core::ConfigErrors;
using core::ConfigNode;
using core::Key;
using core::KeyKind;

constexpr std::size_t kBodyBytesMax = 1024 * 1024;
constexpr std::size_t kMethodBytesMax = 32;

constexpr std::array kBasicAuthKeys = {
    Key{.name = "username", .kind = KeyKind::kText, .required = true, .en = "user name", .zh = "用户名"},
    Key{.name = "password",
        .kind = KeyKind::kText,
        .secret = true,
        .en = "password, as ${VARIABLE}",
        .zh = "密码，写作 ${变量}"},
    Key{.name = "password_file",
        .kind = KeyKind::kPath,
        .en = "file that holds the password; nobody but its owner may read it",
        .zh = "存放密码的文件，仅属主可读"}};
const core::KeyTable kBasicAuth{"basic_auth", kBasicAuthKeys};

constexpr std::array kBearerKeys = {Key{.name = "token",
                                        .kind = KeyKind::kText,
                                        .secret = true,
                                        .en = "token, as ${VARIABLE}",
                                        .zh = "令牌，写作 ${变量}"},
                                    Key{.name = "token_file",
                                        .kind = KeyKind::kPath,
                                        .en = "file that holds the token; nobody but its owner may read it",
                                        .zh = "存放令牌的文件，仅属主可读"}};
const core::KeyTable kBearer{"bearer", kBearerKeys};

constexpr std::array kProxyKeys = {
    Key{.name = "url",
        .kind = KeyKind::kText,
        .required = true,
        .en = "the proxy, as http://HOST:PORT; https targets go through it by CONNECT",
        .zh = "代理地址，形如 http://主机:端口；https 目标通过 CONNECT 穿过代理"},
    Key{.name = "username", .kind = KeyKind::kText, .en = "user name at the proxy", .zh = "代理用户名"},
    Key{.name = "password",
        .kind = KeyKind::kText,
        .secret = true,
        .en = "password, as ${VARIABLE}",
        .zh = "密码，写作 ${变量}"},
    Key{.name = "password_file",
        .kind = KeyKind::kPath,
        .en = "file that holds the password; nobody but its owner may read it",
        .zh = "存放密码的文件，仅属主可读"}};
const core::KeyTable kProxy{"proxy", kProxyKeys};

constexpr std::array<std::string_view, 3> kVersions = {"auto", "1.1", "2"};
constexpr std::array<std::string_view, 5> kEncodings = {"none", "gzip", "deflate", "br", "zstd"};

constexpr std::array kRequestKeys = {
    Key{.name = "method",
        .kind = KeyKind::kText,
        .pattern = "^[A-Z0-9!#$%&'*+.^_`|~-]+$",
        .standard = "GET",
        .en = "request method in capitals",
        .zh = "请求方法（大写）"},
    Key{.name = "headers",
        .kind = KeyKind::kTextMap,
        .en = "headers to send; User-Agent names the prober unless it stands here",
        .zh = "发送的请求头；未写 User-Agent 时使用探针自己的名称"},
    Key{.name = "body", .kind = KeyKind::kText, .en = "body to send", .zh = "发送的请求体"},
    Key{.name = "body_file",
        .kind = KeyKind::kPath,
        .en = "file whose content is sent as the body, at most 1 MiB; read when the configuration is read",
        .zh = "以此文件内容作为请求体，最大 1 MiB；在读取配置时读入"},
    Key{.name = "version",
        .kind = KeyKind::kChoice,
        .choices = kVersions,
        .standard = "auto",
        .en =
            "HTTP version: auto offers 2 and 1.1 to https targets and speaks 1.1 to http ones; 2 speaks HTTP/2 at once "
            "to http targets",
        .zh = "HTTP 版本：auto 对 https 目标同时提供 2 和 1.1，对 http 目标使用 1.1；2 对 http 目标直接使用 HTTP/2"},
    Key{.name = "redirects",
        .kind = KeyKind::kInteger,
        .min = 0,
        .max = 20,
        .standard = "0",
        .en = "how many redirects are followed; with 0 a redirect is an answer",
        .zh = "最多跟随的重定向次数；为 0 时重定向即为应答"},
    Key{.name = "compression",
        .kind = KeyKind::kTexts,
        .choices = kEncodings,
        .standard = "none",
        .en = "encodings to ask for and to decode: none, or gzip, deflate, br, zstd in the order of preference",
        .zh = "请求并解码的压缩方式：none，或按优先顺序列出 gzip、deflate、br、zstd"},
    Key{.name = "basic_auth",
        .kind = KeyKind::kMap,
        .of = &kBasicAuth,
        .en = "user name and password (RFC 7617)",
        .zh = "用户名和密码（RFC 7617）"},
    Key{.name = "bearer",
        .kind = KeyKind::kMap,
        .of = &kBearer,
        .en = "bearer token (RFC 6750)",
        .zh = "Bearer 令牌（RFC 6750）"},
    Key{.name = "proxy",
        .kind = KeyKind::kMap,
        .of = &kProxy,
        .en = "HTTP proxy to go through; proxies of the environment are never used",
        .zh = "使用的 HTTP 代理；从不使用环境变量中的代理"}};

bool is_line(std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) == text.npos; }

std::string read_method(const core::TableReader& map, ConfigErrors& errors) {
  const auto method = map.text("method");
  if (!method) return "GET";
  const bool small = std::ranges::any_of(*method, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!is_http_token(*method) || small || method->size() > kMethodBytesMax) {
    errors.add(map.node("method")->error("a method is a word in capitals, such as GET, HEAD or POST",
                                         "方法是大写单词，如 GET、HEAD、POST"));
  } else if (*method == "CONNECT") {
    errors.add(map.node("method")->error("CONNECT asks for a tunnel and yields no answer; see proxy",
                                         "CONNECT 用于建立隧道，没有应答；参见 proxy"));
  }
  return *method;
}

std::string read_body(const core::TableReader& map, io::Files* files, ConfigErrors& errors) {
  const ConfigNode* file = map.node("body_file");
  if (file == nullptr) return map.text("body").value_or("");
  if (map.node("body") != nullptr) {
    errors.add(file->error("give body or body_file, not both", "body 与 body_file 只能写一个"));
  }
  const auto path = map.path("body_file");
  if (!path || files == nullptr) return {};
  auto text = files->read_all(*path, kBodyBytesMax);
  if (text) return std::move(*text);
  errors.add(file->error(text.error()));
  return {};
}

/// A secret that is a ${VARIABLE} or in a file; "" when neither is given.
std::string read_secret(const core::TableReader& map, std::string_view key, std::string_view file_key, io::Files* files,
                        ConfigErrors& errors) {
  const ConfigNode* direct = map.node(key);
  const std::string name{key};
  const std::string file_name{file_key};
  if (direct == nullptr) {
    return files == nullptr ? "" : io::read_secret(map, file_key, *files, errors).value_or("");
  }
  if (map.node(file_key) != nullptr) {
    errors.add(
        direct->error("give " + name + " or " + file_name + ", not both", name + " 与 " + file_name + " 只能写一个"));
  }
  if (direct->written.find("${") == std::string::npos) {
    errors.add(direct->error("a secret does not stand in the configuration: write ${VARIABLE} or use " + file_name,
                             "密钥不写在配置里：请写 ${变量} 或使用 " + file_name));
  }
  const std::string secret = map.text(key).value_or("");
  if (!is_line(secret)) errors.add(direct->error(name + " holds a line break", name + " 含有换行"));
  return secret;
}

std::string read_basic(const core::TableReader& map, io::Files* files, ConfigErrors& errors) {
  const std::string user = map.text("username").value_or("");
  if (user.find(':') != user.npos || !is_line(user)) {
    errors.add(map.node("username")
                   ->error("a user name holds no colon and no line break (RFC 7617 2)",
                           "用户名不能含有冒号和换行（RFC 7617 2）"));
  }
  return "Basic " + core::base64(user + ":" + read_secret(map, "password", "password_file", files, errors));
}

std::string read_authorization(const core::TableReader& map, io::Files* files, ConfigErrors& errors) {
  const ConfigNode* basic = map.node("basic_auth");
  const ConfigNode* bearer = map.node("bearer");
  if (basic != nullptr && bearer != nullptr)
    errors.add(bearer->error("give basic_auth or bearer, not both", "basic_auth 与 bearer 只能写一个"));
  const auto headers = map.node("headers");
  if ((basic != nullptr || bearer != nullptr) && headers != nullptr) {
    for (const auto& [key, value] : headers->entries) {
      if (core::lower_ascii(key.scalar) == "authorization") {
        errors.add(key.error("Authorization comes from basic_auth or bearer already",
                             "Authorization 已由 basic_auth 或 bearer 给出"));
      }
    }
  }
  if (basic != nullptr) return read_basic(core::TableReader{*basic, kBasicAuth, errors}, files, errors);
  if (bearer == nullptr) return {};
  const core::TableReader keys{*bearer, kBearer, errors};
  if (keys.node("token") == nullptr && keys.node("token_file") == nullptr) {
    errors.add(bearer->error("bearer needs \"token\" or \"token_file\"", "bearer 需要 \"token\" 或 \"token_file\""));
  }
  return "Bearer " + read_secret(keys, "token", "token_file", files, errors);
}

std::optional<HttpProxy> read_proxy(const ConfigNode* node, io::Files* files, ConfigErrors& errors) {
  if (node == nullptr) return std::nullopt;
  const core::TableReader map{*node, kProxy, errors};
  HttpProxy out;
  const auto text = map.text("url");
  if (!text) return std::nullopt;
  const auto url = core::parse_url(*text);
  if (!url || url->scheme != "http" || url->path != "/") {
    errors.add(
        map.node("url")->error("a proxy is http://HOST:PORT without a path", "代理写作 http://主机:端口，不带路径"));
    return std::nullopt;
  }
  out.url = *url;
  if (map.node("username") != nullptr) {
    out.authorization = read_basic(map, files, errors);
  } else if (map.node("password") != nullptr || map.node("password_file") != nullptr) {
    errors.add(node->error("a password needs a username", "有密码就需要用户名"));
  }
  return out;
}

std::string read_encodings(const core::TableReader& map, ConfigErrors& errors) {
  std::string out;
  const auto names = map.texts("compression");
  for (const std::string& name : names) {
    const bool known = std::ranges::find(kEncodings, name) != kEncodings.end();
    if (!known || (name == "none" && names.size() > 1)) {
      errors.add(map.node("compression")
                     ->error("compression is none, or a list of gzip, deflate, br, zstd",
                             "compression 为 none，或 gzip、deflate、br、zstd 的列表"));
      return {};
    }
    if (name != "none") out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

}  // namespace

const core::KeyTable kHttpRequest{"request", kRequestKeys};

HttpAsk read_http_ask(const ConfigNode& node, io::Files* files, ConfigErrors& errors) {
  const core::TableReader map{node, kHttpRequest, errors};
  HttpAsk out;
  out.method = read_method(map, errors);
  out.headers = read_headers(map, errors);
  out.body = read_body(map, files, errors);
  if (out.method == "HEAD" && !out.body.empty())
    errors.add(map.node("method")->error("HEAD sends no body", "HEAD 请求没有请求体"));
  const std::string version = map.choice("version").value_or("auto");
  out.versions = version == "2" ? HttpVersions::kOnly2 : version == "1.1" ? HttpVersions::kOnly11 : HttpVersions::kAuto;
  out.redirects_max = static_cast<int>(map.integer("redirects").value_or(0));
  out.encodings = read_encodings(map, errors);
  out.authorization = read_authorization(map, files, errors);
  out.proxy = read_proxy(map.node("proxy"), files, errors);
  return out;
}

}  // namespace sonde::prober
