// Reading an http target's `expect` and `request`, and judging answers by them.
#include "prober/checks/http_spec.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::prober {
namespace {

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
      errors.add(n.error("status is 200, 200-299, 2xx, or a list of these (100 to 599)"));
    }
  };
  if (node.kind == core::ConfigNode::Kind::kSequence) {
    for (const auto& item : node.items) add(item);
    if (node.items.empty()) errors.add(node.error("an empty list of status codes can never be met"));
  } else {
    add(node);
  }
  return out;
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::vector<std::pair<std::string, std::string>> read_headers(const core::TableReader& map,
                                                              core::ConfigErrors& errors) {
  auto out = map.text_map("headers");
  for (const auto& [name, value] : out) {
    const core::ConfigNode& node = *map.node("headers");
    if (!is_token(name)) errors.add(node.error("\"" + name + "\" is no header name"));
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != value.npos) {
      errors.add(node.find(name)->error("a header value holds no line breaks"));
    }
  }
  return out;
}

constexpr std::array kExpectKeys = {
    core::Key{.name = "status",
              .kind = core::KeyKind::kAny,
              .pattern = "^[1-5]([0-9]{2}(-[1-5][0-9]{2})?|xx)$",
              .standard = "200-399",
              .en = "healthy status codes: 200, 200-299, 2xx, or a list of these",
              .zh = "视为正常的状态码：200、200-299、2xx，或其列表"},
    core::Key{.name = "body",
              .kind = core::KeyKind::kText,
              .en = "text that must occur in the body",
              .zh = "响应体中必须出现的文本"},
    core::Key{.name = "headers",
              .kind = core::KeyKind::kTextMap,
              .en = "headers that must come, each with a text that its value must contain",
              .zh = "必须返回的响应头，及其值必须包含的文本"},
    kCertDaysKey, kMaxDurationKey};

constexpr std::array<std::string_view, 2> kMethods = {"GET", "HEAD"};
constexpr std::array kRequestKeys = {
    core::Key{.name = "method",
              .kind = core::KeyKind::kChoice,
              .choices = kMethods,
              .standard = "GET",
              .en = "request method",
              .zh = "请求方法"},
    core::Key{.name = "headers", .kind = core::KeyKind::kTextMap, .en = "headers to send", .zh = "发送的请求头"}};

void read_expect(const core::ConfigNode& node, HttpSpec& spec, core::ConfigErrors& errors) {
  const core::TableReader expect{node, kHttpExpect, errors};
  spec.common = read_common(expect, kHttpExpect);
  if (spec.common.cert_days && !spec.tls) errors.add(node.find("cert_days")->error("cert_days needs an https target"));
  if (const auto* n = expect.node("status")) spec.status = read_status(*n, errors);
  spec.body = expect.text("body").value_or("");
  spec.headers = read_headers(expect, errors);
  for (auto& [name, value] : spec.headers) name = lower(name);
}

void read_request(const core::ConfigNode& node, HttpSpec& spec, core::ConfigErrors& errors) {
  const core::TableReader request{node, kHttpRequest, errors};
  spec.method = request.choice("method").value_or("GET");
  spec.request_headers = read_headers(request, errors);
}

std::string request_url(const core::Url& url) {
  const bool literal6 = url.host.find(':') != std::string::npos;
  std::string out = "http://" + (literal6 ? "[" + url.host + "]" : url.host);
  const bool default_port = (url.scheme == "http" && url.port == 80) || (url.scheme == "https" && url.port == 443);
  if (!default_port) out += ":" + std::to_string(url.port);
  return out + (url.path.empty() ? "/" : url.path);
}

}  // namespace

const core::KeyTable kHttpExpect{"expect", kExpectKeys};
const core::KeyTable kHttpRequest{"request", kRequestKeys};

std::unique_ptr<const CheckSpec> parse_http_spec(const core::Target& target, const SpecNodes& nodes,
                                                 core::ConfigErrors& errors) {
  auto spec = std::make_unique<HttpSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  if (spec->url.scheme == "https") {
    spec->tls = read_tls_spec(nodes.tls, spec->url.host, errors);
    if (spec->tls->alpn.empty()) spec->tls->alpn = {"http/1.1"};
  } else {
    refuse_tls(nodes, "http", errors);
  }
  spec->request_url = request_url(spec->url);
  if (nodes.expect != nullptr) read_expect(*nodes.expect, *spec, errors);
  if (nodes.request != nullptr) read_request(*nodes.request, *spec, errors);
  return spec;
}

core::Outcome judge_http(const HttpSpec& spec, const io::HttpResponse& response) {
  using core::Cause;
  using core::Stage;
  const auto fits = [&response](const StatusRange& r) {
    return response.status >= r.first && response.status <= r.last;
  };
  if (std::ranges::none_of(spec.status, fits)) {
    return core::failed(Stage::kHttp, Cause::kStatus, "HTTP " + std::to_string(response.status));
  }
  for (const auto& [name, value] : spec.headers) {
    const std::string_view got = response.header(name);
    if (got.find(value) == got.npos) {
      return core::failed(Stage::kHttp, Cause::kHeaderMismatch, name + ": " + std::string{got});
    }
  }
  if (!spec.body.empty() && response.body.find(spec.body) == std::string::npos) {
    return core::failed(Stage::kHttp, Cause::kContentMismatch, "the body does not contain \"" + spec.body + "\"");
  }
  return {};
}

}  // namespace sonde::prober
