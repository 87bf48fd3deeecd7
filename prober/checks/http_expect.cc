// The map `expect` of an http target: reading it, and judging answers by it.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.h"
#include "prober/checks/http_spec.h"

namespace sonde::prober {
namespace {

using core::Cause;
using core::Key;
using core::KeyKind;

constexpr std::int64_t kBodyBytesMax = 64 * 1024 * 1024;

constexpr std::array kHeaderRuleKeys = {
    Key{.name = "name", .kind = KeyKind::kText, .required = true, .en = "name of the header", .zh = "响应头名称"},
    Key{.name = "regex",
        .kind = KeyKind::kText,
        .required = true,
        .en = "regular expression (RE2), found anywhere in the value",
        .zh = "正则表达式（RE2），在值的任意位置匹配"},
    Key{.name = "allow_missing",
        .kind = KeyKind::kBool,
        .standard = "false",
        .en = "an answer without the header is good too",
        .zh = "没有该响应头时也算通过"}};
const core::KeyTable kHeaderRule{"header rule", kHeaderRuleKeys};

constexpr std::array<std::string_view, 2> kTlsChoices = {"required", "forbidden"};
constexpr std::array<std::string_view, 3> kVersionChoices = {"1.0", "1.1", "2"};

constexpr std::array kExpectKeys = {
    Key{.name = "status",
        .kind = KeyKind::kAny,
        .pattern = "^[1-5]([0-9]{2}(-[1-5][0-9]{2})?|xx)$",
        .standard = "200-399",
        .en = "healthy status codes: 200, 200-299, 2xx, or a list of these",
        .zh = "视为正常的状态码：200、200-299、2xx，或其列表"},
    Key{.name = "version",
        .kind = KeyKind::kTexts,
        .choices = kVersionChoices,
        .en = "HTTP versions that the answer may have: 1.0, 1.1, 2; without it any",
        .zh = "响应允许的 HTTP 版本：1.0、1.1、2；缺省为任意"},
    Key{.name = "body",
        .kind = KeyKind::kText,
        .en = "text that must occur in the body",
        .zh = "响应体中必须出现的文本"},
    Key{.name = "body_matches",
        .kind = KeyKind::kTexts,
        .en = "regular expressions (RE2) that must all be found in the body",
        .zh = "响应体必须全部匹配的正则表达式（RE2）"},
    Key{.name = "body_not_matches",
        .kind = KeyKind::kTexts,
        .en = "regular expressions (RE2) of which none may be found in the body",
        .zh = "响应体不得匹配的正则表达式（RE2）"},
    Key{.name = "headers",
        .kind = KeyKind::kTextMap,
        .en = "headers that must come, each with a text that its value must contain",
        .zh = "必须返回的响应头，及其值必须包含的文本"},
    Key{.name = "header_matches",
        .kind = KeyKind::kList,
        .of = &kHeaderRule,
        .en = "headers of which a value must match",
        .zh = "其值必须匹配的响应头"},
    Key{.name = "header_not_matches",
        .kind = KeyKind::kList,
        .of = &kHeaderRule,
        .en = "headers of which no value may match",
        .zh = "其值不得匹配的响应头"},
    Key{.name = "json",
        .kind = KeyKind::kList,
        .of = &kJsonRuleKeys,
        .en = "what the body must say as JSON; all must hold",
        .zh = "对 JSON 响应体的断言，须全部成立"},
    Key{.name = "tls",
        .kind = KeyKind::kChoice,
        .choices = kTlsChoices,
        .en = "whether the last answer (after redirects) must or must not come over TLS",
        .zh = "最后一个响应（重定向之后）必须或不得经由 TLS"},
    Key{.name = "body_bytes_max",
        .kind = KeyKind::kBytes,
        .min = 0,
        .max = kBodyBytesMax,
        .standard = "1MiB",
        .en = "a larger body, counted after decoding, is a failure",
        .zh = "响应体（解码后）超过此大小视为失败"},
    kCertDaysKey,
    kMaxDurationKey};

std::optional<int> status_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 100 || value > 599) return std::nullopt;
  return value;
}

/// "200", "200-299" or "2xx".
std::optional<StatusRange> status_range(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int first = (text[0] - '0') * 100;
    return StatusRange{first, first + 99};
  }
  const auto dash = text.find('-');
  const auto first = status_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : status_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return StatusRange{*first, *last};
}

std::vector<StatusRange> read_status(const core::ConfigNode& node, core::ConfigErrors& errors) {
  std::vector<StatusRange> out;
  const auto add = [&](const core::ConfigNode& n) {
    const auto range = n.kind == core::ConfigNode::Kind::kScalar ? status_range(n.scalar) : std::nullopt;
    if (range) {
      out.push_back(*range);
    } else {
      errors.add(n.error("status is 200, 200-299, 2xx, or a list of these (100 to 599)",
                         "status 应为 200、200-299、2xx，或其列表（100 至 599）"));
    }
  };
  if (node.kind == core::ConfigNode::Kind::kSequence) {
    for (const auto& item : node.items) add(item);
    if (node.items.empty())
      errors.add(node.error("an empty list of status codes can never be met", "空的状态码列表永远无法满足"));
  } else {
    add(node);
  }
  return out;
}

std::vector<Pattern> read_patterns(const core::ConfigNode* node, core::ConfigErrors& errors) {
  std::vector<Pattern> out;
  if (node == nullptr) return out;
  const auto add = [&](const core::ConfigNode& n) {
    if (auto pattern = Pattern::read(n, errors)) out.push_back(std::move(*pattern));
  };
  if (node->kind == core::ConfigNode::Kind::kSequence) {
    for (const auto& item : node->items) add(item);
  } else {
    add(*node);
  }
  return out;
}

void read_header_rules(std::span<const core::ConfigNode> items, bool wanted, std::vector<HeaderRule>& out,
                       core::ConfigErrors& errors) {
  for (const core::ConfigNode& item : items) {
    const core::TableReader map{item, kHeaderRule, errors};
    const std::string name = map.text("name").value_or("");
    if (!name.empty() && !is_http_token(name))
      errors.add(map.node("name")->error("this is no header name", "这不是合法的头名称"));
    const auto* regex = map.node("regex");
    auto pattern = regex == nullptr ? std::nullopt : Pattern::read(*regex, errors);
    const bool allow_missing = map.boolean("allow_missing").value_or(false);
    if (pattern) out.push_back({core::lower_ascii(name), std::move(*pattern), allow_missing, wanted});
  }
}

std::vector<std::string> read_versions(const core::TableReader& expect, core::ConfigErrors& errors) {
  std::vector<std::string> out = expect.texts("version");
  for (const std::string& version : out) {
    if (std::ranges::find(kVersionChoices, version) != kVersionChoices.end()) continue;
    errors.add(expect.node("version")->error("\"" + version + "\" is no HTTP version; allowed: 1.0, 1.1, 2",
                                             "“" + version + "”不是 HTTP 版本；可用：1.0、1.1、2"));
  }
  return out;
}

core::Outcome wrong(Cause cause, std::string_view detail) { return core::failed(core::Stage::kHttp, cause, detail); }

core::Outcome judge_status(const HttpExpect& expect, const io::HttpResponse& response) {
  const int status = response.status;
  const std::string text = "HTTP " + std::to_string(status);
  if (status < 100 || status > 599) return wrong(Cause::kStatusInvalid, text);
  const auto fits = [status](const StatusRange& r) { return status >= r.first && status <= r.last; };
  if (std::ranges::none_of(expect.status, fits)) return wrong(Cause::kStatus, text);
  return {};
}

core::Outcome judge_headers(const HttpExpect& expect, const io::HttpResponse& response) {
  for (const auto& [name, value] : expect.headers) {
    const std::string_view got = response.header(name);
    if (got.find(value) == got.npos) return wrong(Cause::kHeaderMismatch, name + ": " + std::string{got});
  }
  for (const HeaderRule& rule : expect.header_rules) {
    bool any = false;
    bool matches = false;
    for (const auto& [name, value] : response.headers) {
      if (name != rule.name) continue;
      any = true;
      matches = matches || rule.pattern.found_in(value);
    }
    if (!any && rule.allow_missing) continue;
    if (!any) return wrong(Cause::kHeaderMismatch, "no header " + rule.name);
    if (matches != rule.wanted) {
      return wrong(Cause::kHeaderMismatch, rule.name + ": " + std::string{response.header(rule.name)} +
                                               (rule.wanted ? " does not match " : " matches ") + rule.pattern.text());
    }
  }
  return {};
}

core::Outcome judge_body(const HttpExpect& expect, const io::HttpResponse& response) {
  const std::string_view body = response.body;
  // Whoever looks for words in bytes that nobody decoded should learn why they are not there.
  const std::string_view encoding = response.header("content-encoding");
  const std::string coded =
      encoding.empty() ? "" : " (Content-Encoding: " + std::string{encoding} + "; request.compression can ask for it)";
  if (!expect.body.empty() && body.find(expect.body) == body.npos) {
    return wrong(Cause::kContentMismatch, "the body does not contain \"" + expect.body + "\"" + coded);
  }
  for (const Pattern& pattern : expect.body_matches) {
    if (!pattern.found_in(body)) {
      return wrong(Cause::kContentMismatch, "the body does not match " + pattern.text() + coded);
    }
  }
  for (const Pattern& pattern : expect.body_not_matches) {
    if (pattern.found_in(body)) return wrong(Cause::kContentMismatch, "the body matches " + pattern.text());
  }
  const std::string complaint = judge_json(expect.json, body);
  if (!complaint.empty()) return wrong(Cause::kContentMismatch, complaint + coded);
  return {};
}

}  // namespace

const core::KeyTable kHttpExpect{"expect", kExpectKeys};

HttpExpect read_http_expect(const core::ConfigNode& node, const core::Url& url, core::ConfigErrors& errors) {
  const core::TableReader map{node, kHttpExpect, errors};
  HttpExpect out;
  out.common = read_common(map, kHttpExpect);
  const auto* days = map.node("cert_days");
  if (days != nullptr && url.scheme == "http")
    errors.add(days->error("cert_days needs an https target", "cert_days 只用于 https 目标"));
  if (const auto* n = map.node("status")) {
    out.status = read_status(*n, errors);
    out.status_given = true;
  }
  out.versions = read_versions(map, errors);
  out.body = map.text("body").value_or("");
  out.body_matches = read_patterns(map.node("body_matches"), errors);
  out.body_not_matches = read_patterns(map.node("body_not_matches"), errors);
  out.headers = read_headers(map, errors);
  for (auto& [name, value] : out.headers) name = core::lower_ascii(name);
  read_header_rules(map.list("header_matches"), true, out.header_rules, errors);
  read_header_rules(map.list("header_not_matches"), false, out.header_rules, errors);
  for (const core::ConfigNode& item : map.list("json")) {
    if (auto rule = read_json_rule(item, errors)) out.json.push_back(std::move(*rule));
  }
  if (const auto tls = map.choice("tls")) out.tls = *tls == "required";
  if (const auto bytes = map.bytes("body_bytes_max")) out.body_bytes_max = static_cast<std::size_t>(*bytes);
  return out;
}

core::Outcome judge_http(const HttpExpect& expect, const io::HttpResponse& response, bool tls) {
  using core::Status;
  if (auto o = judge_status(expect, response); o.status != Status::kOk) return o;
  if (!expect.versions.empty() && std::ranges::find(expect.versions, response.version) == expect.versions.end()) {
    return wrong(Cause::kVersionMismatch, "HTTP/" + response.version);
  }
  if (expect.tls && *expect.tls != tls) {
    return wrong(Cause::kSchemeMismatch, tls ? "the answer came over TLS" : "the answer came without TLS");
  }
  if (auto o = judge_headers(expect, response); o.status != Status::kOk) return o;
  return judge_body(expect, response);
}

}  // namespace sonde::prober
