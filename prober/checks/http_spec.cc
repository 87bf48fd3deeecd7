// Reading an http target's maps.
#include "prober/checks/http_spec.h"

#include <algorithm>

namespace sonde::prober {

bool is_http_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

std::vector<std::pair<std::string, std::string>> read_headers(const core::TableReader& map,
                                                              core::ConfigErrors& errors) {
  auto out = map.text_map("headers");
  for (const auto& [name, value] : out) {
    const core::ConfigNode& node = *map.node("headers");
    if (!is_http_token(name))
      errors.add(node.error("\"" + name + "\" is no header name", "“" + name + "”不是合法的头名称"));
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != value.npos) {
      errors.add(node.find(name)->error("a header value holds no line breaks", "响应头和请求头的值不能含有换行"));
    }
  }
  return out;
}

std::unique_ptr<const CheckSpec> parse_http_spec(const core::Target& target, const SpecNodes& nodes,
                                                 core::ConfigErrors& errors) {
  auto spec = std::make_unique<HttpSpec>();
  if (auto url = core::parse_url(target.url)) spec->url = std::move(*url);
  if (nodes.request != nullptr) spec->ask = read_http_ask(*nodes.request, nodes.files, errors);
  // An http target may lead to an https one.
  if (spec->url.scheme != "https" && spec->ask.redirects_max == 0) refuse_tls(nodes, "http", errors);
  spec->tls = read_tls_spec(nodes.tls, spec->url.host, errors);
  if (nodes.expect != nullptr) spec->expect = read_http_expect(*nodes.expect, spec->url, errors);
  return spec;
}

}  // namespace sonde::prober
