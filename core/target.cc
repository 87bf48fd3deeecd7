// Targets and vantages: their names, their URLs and their records.
#include "core/target.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/schema.h"
#include "core/text.h"

namespace sonde::core {
namespace {

constexpr std::array kPartitionNames{std::string_view{"domestic"}, std::string_view{"overseas"}};
constexpr std::array kRoleNames{std::string_view{"app"}, std::string_view{"reference"}, std::string_view{"control"}};
constexpr std::array kCheckNames{std::string_view{"dns"}, std::string_view{"tcp"}, std::string_view{"tls"},
                                 std::string_view{"http"}};

struct Scheme {
  std::string_view name;
  CheckKind check;
  int default_port;  // 0 = must be given
};
constexpr std::array kSchemes{Scheme{"https", CheckKind::kHttp, 443}, Scheme{"http", CheckKind::kHttp, 80},
                              Scheme{"tls", CheckKind::kTls, 0}, Scheme{"tcp", CheckKind::kTcp, 0},
                              Scheme{"dns", CheckKind::kDns, 53}};

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto it = std::ranges::find(names, text);
  if (it == names.end()) return std::nullopt;
  return static_cast<Enum>(it - names.begin());
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return result;
}

Error bad_url(std::string_view text, const BilingualText& why) {
  return Error{ErrorCode::kInvalid, fmt::format("\"{}\" is not a target URL: {}", text, why.en),
               fmt::format("“{}”不是目标 URL：{}", text, why.zh)};
}

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

bool is_host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Splits "host:port", "[v6]:port", "host" into url.host and url.port. Empty error text = fine.
BilingualText read_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return {"user names and passwords do not belong in URLs; use the target's auth setting",
            "URL 中不能写用户名和密码；请使用目标的认证设置"};
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return {"the address lacks its closing ]", "地址缺少右方括号 ]"};
    url.host = lower(authority.substr(1, close - 1));
    if (url.host.empty() || url.host.find_first_not_of("0123456789abcdef:.%") != std::string::npos) {
      return {"an address in brackets must be IPv6", "方括号中的地址必须是 IPv6"};
    }
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return {"expected a port after ]", "] 之后应为端口"};
  } else {
    const std::size_t colon = authority.find(':');
    url.host = lower(authority.substr(0, colon));
    if (!std::ranges::all_of(url.host, is_host_character))
      return {"the host holds a character that no host name has", "主机名中有不允许的字符"};
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (port.empty()) return {};
  const std::optional<int> number = parse_port(port.substr(1));
  if (!number) return {"the port must be 1 to 65535", "端口须为 1 到 65535"};
  url.port = *number;
  return {};
}

void add_text(Record& r, std::string_view key, std::string_view value) {
  if (!value.empty()) r.add_field(key, std::string{value});
}
void add_number(Record& r, std::string_view key, const std::optional<double>& value) {
  if (value) r.add_field(key, *value);
}
std::string text_of(const Record& r, std::string_view key) { return std::string{r.text(key).value_or("")}; }

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

}  // namespace

std::string_view name(Partition p) { return kPartitionNames.at(static_cast<std::size_t>(p)); }
std::string_view name(Role r) { return kRoleNames.at(static_cast<std::size_t>(r)); }
std::string_view name(CheckKind k) { return kCheckNames.at(static_cast<std::size_t>(k)); }
std::optional<Partition> parse_partition(std::string_view text) { return find<Partition>(kPartitionNames, text); }
std::optional<Role> parse_role(std::string_view text) { return find<Role>(kRoleNames, text); }
std::optional<CheckKind> parse_check_kind(std::string_view text) { return find<CheckKind>(kCheckNames, text); }

Result<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos)
    return bad_url(text, {"it has no scheme; https:// http:// tls:// tcp:// dns:// are known",
                          "缺少协议；可用 https:// http:// tls:// tcp:// dns://"});
  Url url;
  url.scheme = lower(text.substr(0, colon));
  const auto scheme = std::ranges::find(kSchemes, std::string_view{url.scheme}, &Scheme::name);
  if (scheme == kSchemes.end())
    return bad_url(text, {"the scheme must be https, http, tls, tcp or dns", "协议须为 https、http、tls、tcp 或 dns"});
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7F; })) {
    return bad_url(text, {"it holds a space or a control character", "含有空格或控制字符"});
  }
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  url.port = scheme->default_port;
  if (const BilingualText why = read_authority(rest.substr(0, authority_end), url); !why.en.empty())
    return bad_url(text, why);
  if (url.host.empty() && scheme->check != CheckKind::kDns) return bad_url(text, {"it has no host", "缺少主机"});
  if (url.port == 0)
    return bad_url(text, {fmt::format("{}:// needs a port", url.scheme), fmt::format("{}:// 需要端口", url.scheme)});
  url.path = std::string{rest.substr(authority_end)};
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  if (const std::size_t mark = url.path.find('?'); mark != std::string::npos) url.query = url.path.substr(mark + 1);
  if (scheme->check == CheckKind::kDns && url.path.substr(0, url.path.find('?')) == "/") {
    return bad_url(text, {"a DNS target is dns://RESOLVER/NAME?type=A", "DNS 目标写作 dns://解析服务器/域名?type=A"});
  }
  return url;
}

CheckKind check_kind(const Url& url) {
  const auto scheme = std::ranges::find(kSchemes, std::string_view{url.scheme}, &Scheme::name);
  SONDE_CHECK(scheme != kSchemes.end(), "a Url that parse_url did not make");
  return scheme->check;
}

Record to_record(const Vantage& v, WallTime at) {
  Record r;
  r.measurement = measurement::kVantage;
  r.time = from_unix_ms(to_unix_ms(at));
  r.add_tag(tag::kVantage, v.name);
  add_text(r, "provider", v.provider);
  add_text(r, "region", v.region);
  add_text(r, "partition", name(v.partition));
  add_text(r, "isp", v.isp);
  add_text(r, "city", v.city);
  add_text(r, "country", v.country);
  add_number(r, "lat", v.lat);
  add_number(r, "lon", v.lon);
  add_text(r, "resolver", v.resolver);
  add_text(r, "version", v.version);
  return r;
}

Record to_record(const Target& t, WallTime at) {
  Record r;
  r.measurement = measurement::kTarget;
  r.time = from_unix_ms(to_unix_ms(at));
  r.add_tag(tag::kTarget, t.name);
  add_text(r, "url", t.url);
  add_text(r, "check", name(t.check));
  add_text(r, "role", name(t.role));
  add_text(r, "provider", t.provider);
  add_text(r, "region", t.region);
  add_text(r, "service", t.service);
  if (t.partition) add_text(r, "partition", name(*t.partition));
  add_text(r, "app", t.app);
  add_text(r, "zone", t.zone);
  add_text(r, "dns_provider", t.dns_provider);
  add_text(r, "issuer", t.issuer);
  add_text(r, "depends_on", fmt::format("{}", fmt::join(t.depends_on, ",")));
  add_text(r, "country", t.country);
  add_text(r, "city", t.city);
  add_number(r, "lat", t.lat);
  add_number(r, "lon", t.lon);
  if (t.every > Duration::zero()) r.add_field("every_seconds", to_seconds(t.every));
  return r;
}

Vantage vantage_from_record(const Record& r) {
  Vantage v;
  v.name = std::string{r.tag(tag::kVantage)};
  v.provider = text_of(r, "provider");
  v.region = text_of(r, "region");
  v.partition = parse_partition(text_of(r, "partition")).value_or(Partition::kOverseas);
  v.isp = text_of(r, "isp");
  v.city = text_of(r, "city");
  v.country = text_of(r, "country");
  v.lat = r.number("lat");
  v.lon = r.number("lon");
  v.resolver = text_of(r, "resolver");
  v.version = text_of(r, "version");
  return v;
}

Target target_from_record(const Record& r) {
  Target t;
  t.name = std::string{r.tag(tag::kTarget)};
  t.url = text_of(r, "url");
  t.check = parse_check_kind(text_of(r, "check")).value_or(CheckKind::kHttp);
  t.role = parse_role(text_of(r, "role")).value_or(Role::kApp);
  t.provider = text_of(r, "provider");
  t.region = text_of(r, "region");
  t.service = text_of(r, "service");
  t.partition = parse_partition(text_of(r, "partition"));
  t.app = text_of(r, "app");
  t.zone = text_of(r, "zone");
  t.dns_provider = text_of(r, "dns_provider");
  t.issuer = text_of(r, "issuer");
  t.depends_on = split_list(text_of(r, "depends_on"));
  t.country = text_of(r, "country");
  t.city = text_of(r, "city");
  t.lat = r.number("lat");
  t.lon = r.number("lon");
  t.every = from_seconds(r.number("every_seconds").value_or(0));
  return t;
}

}  // namespace sonde::core
