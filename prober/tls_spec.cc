// Reading the `tls` map.
#include "prober/tls_spec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace sonde::prober {
namespace {

using core::Key;
using core::KeyKind;

constexpr std::array<std::string_view, 4> kVersions = {"1.0", "1.1", "1.2", "1.3"};
constexpr std::size_t kNameBytesMax = 253;
constexpr std::size_t kPinsMax = 16;

constexpr std::array kKeys = {
    Key{.name = "ca_file",
        .kind = KeyKind::kPath,
        .en = "PEM file of trusted issuers, in place of the prober's own",
        .zh = "受信任颁发者的 PEM 文件，代替探针自己的"},
    Key{.name = "crl_file",
        .kind = KeyKind::kPath,
        .en = "PEM file of revocation lists; a certificate on one of them is revoked",
        .zh = "证书吊销列表的 PEM 文件；列于其中的证书视为已吊销"},
    Key{.name = "cert_file",
        .kind = KeyKind::kPath,
        .en = "PEM file of the client certificate, its intermediates after it",
        .zh = "客户端证书的 PEM 文件，中间证书跟在其后"},
    Key{.name = "key_file",
        .kind = KeyKind::kPath,
        .en = "PEM file of the client certificate's key; without it the key is in cert_file",
        .zh = "客户端证书私钥的 PEM 文件；缺省时私钥在 cert_file 中"},
    Key{.name = "server_name",
        .en = "name that is sent (SNI) and that the certificate must be for, in place of the URL's host",
        .zh = "发送的名称（SNI），证书也必须对应它；代替 URL 中的主机名"},
    Key{.name = "min_version",
        .kind = KeyKind::kChoice,
        .choices = kVersions,
        .standard = "1.2",
        .en = "oldest TLS version to accept",
        .zh = "可接受的最低 TLS 版本"},
    Key{.name = "max_version",
        .kind = KeyKind::kChoice,
        .choices = kVersions,
        .standard = "1.3",
        .en = "newest TLS version to offer",
        .zh = "提供的最高 TLS 版本"},
    Key{.name = "verify",
        .kind = KeyKind::kBool,
        .standard = "true",
        .en = "false: the certificate is recorded but not judged, except by pins",
        .zh = "false：只记录证书，不作判断（固定指纹除外）"},
    Key{.name = "pins",
        .kind = KeyKind::kTexts,
        .pattern = "^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}|sha256//[A-Za-z0-9+/]{43}=)$",
        .en =
            "one of these must fit the leaf: SHA-256 of the certificate in hex, or sha256// and the base64 SHA-256 of "
            "its public key",
        .zh = "叶证书必须符合其中之一：证书的 SHA-256（十六进制），或 sha256// 加公钥 SHA-256 的 base64"},
    Key{.name = "alpn",
        .kind = KeyKind::kTexts,
        .en = "application protocols to offer, best first",
        .zh = "提供的应用协议，按优先顺序"},
    Key{.name = "require_staple",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "true: the server must send a good OCSP staple",
        .zh = "true：服务器必须发送有效的 OCSP 装订"}};

io::TlsVersion version_of(std::string_view text) {
  return static_cast<io::TlsVersion>(std::ranges::find(kVersions, text) - kVersions.begin());
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_base64(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
}

/// A pin in the form that io wants, or nothing.
std::optional<std::string> read_pin(std::string pin) {
  constexpr std::string_view kKeyPin = "sha256//";
  constexpr std::size_t kBase64Size = 44;  // of 32 bytes, the last one padding
  if (pin.starts_with(kKeyPin)) {
    const std::string_view digest = std::string_view{pin}.substr(kKeyPin.size());
    const bool good = digest.size() == kBase64Size && digest.back() == '=' &&
                      std::ranges::all_of(digest.substr(0, kBase64Size - 1), is_base64);
    return good ? std::optional{pin} : std::nullopt;
  }
  std::erase(pin, ':');
  if (pin.size() != 64 || !std::ranges::all_of(pin, is_hex)) return std::nullopt;
  std::ranges::transform(pin, pin.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return pin;
}

void read_pins(const core::TableReader& map, TlsSpec& spec, core::ConfigErrors& errors) {
  for (const std::string& text : map.texts("pins")) {
    if (auto pin = read_pin(text)) {
      spec.pins.push_back(std::move(*pin));
    } else {
      errors.add(map.node("pins")->error(
          "a pin is the SHA-256 of the certificate in hex (64 digits), or sha256// and the base64 SHA-256 of its key",
          "固定指纹是证书的 SHA-256（64 位十六进制），或 sha256// 加公钥 SHA-256 的 base64"));
    }
  }
  if (spec.pins.size() > kPinsMax) {
    errors.add(map.node("pins")->error("at most " + std::to_string(kPinsMax) + " pins",
                                       "最多 " + std::to_string(kPinsMax) + " 个固定指纹"));
  }
}

void read_versions(const core::TableReader& map, TlsSpec& spec, core::ConfigErrors& errors) {
  if (const auto v = map.choice("min_version")) spec.policy.min_version = version_of(*v);
  if (const auto v = map.choice("max_version")) spec.policy.max_version = version_of(*v);
  if (spec.policy.min_version <= spec.policy.max_version) return;
  const core::ConfigNode* at = map.node("max_version");
  errors.add((at != nullptr ? at : map.node("min_version"))
                 ->error("max_version is older than min_version", "max_version 低于 min_version"));
}

}  // namespace

const core::KeyTable kTlsKeys{"tls", kKeys};

TlsSpec read_tls_spec(const core::ConfigNode* node, const std::string& host, core::ConfigErrors& errors) {
  TlsSpec spec;
  spec.host = host;
  if (node == nullptr) return spec;
  const core::TableReader map{*node, kTlsKeys, errors};
  spec.policy.ca_file = map.path("ca_file").value_or("");
  spec.policy.crl_file = map.path("crl_file").value_or("");
  spec.policy.cert_file = map.path("cert_file").value_or("");
  spec.policy.key_file = map.path("key_file").value_or("");
  if (!spec.policy.key_file.empty() && spec.policy.cert_file.empty()) {
    errors.add(map.node("key_file")->error("key_file needs cert_file", "key_file 需要 cert_file"));
  }
  if (const auto name = map.text("server_name")) {
    if (name->empty() || name->size() > kNameBytesMax) {
      errors.add(map.node("server_name")->error("a server name has 1 to 253 bytes", "服务器名称为 1 到 253 字节"));
    }
    spec.host = *name;
  }
  read_versions(map, spec, errors);
  spec.verify = map.boolean("verify").value_or(true);
  spec.require_staple = map.boolean("require_staple").value_or(false);
  read_pins(map, spec, errors);
  spec.alpn = map.texts("alpn");
  for (const std::string& protocol : spec.alpn) {
    if (!protocol.empty() && protocol.size() <= 255) continue;
    errors.add(map.node("alpn")->error("an ALPN protocol name has 1 to 255 bytes", "ALPN 协议名为 1 到 255 字节"));
  }
  return spec;
}

}  // namespace sonde::prober
