// What an http check asks and expects: its configuration as values, and the judging of a whole answer. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "prober/checks/expect.h"
#include "prober/checks/http_json.h"
#include "prober/checks/pattern.h"
#include "prober/tls_spec.h"

namespace sonde::prober {

struct StatusRange {
  int first = 200;
  int last = 399;
};

/// Which versions are offered.
enum class HttpVersions { kAuto, kOnly11, kOnly2 };

struct HttpProxy {
  core::Url url;              // http://HOST:PORT
  std::string authorization;  // value of Proxy-Authorization, or empty
};

/// How the request is made.
struct HttpAsk {
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string authorization;  // value of the header, or empty: never sent to another host than the target's
  HttpVersions versions = HttpVersions::kAuto;
  int redirects_max = 0;  // 0: a redirect is an answer
  std::string encodings;  // value of Accept-Encoding; empty = none is asked for or decoded
  std::optional<HttpProxy> proxy;
};

struct HeaderRule {
  std::string name;  // lower case
  Pattern pattern;
  bool allow_missing = false;
  bool wanted = true;  // false: no value may match
};

/// What a good answer is.
struct HttpExpect {
  CommonExpect common;
  std::vector<StatusRange> status{{}};
  bool status_given = false;
  std::vector<std::string> versions;                         // "1.1", "2"; empty = any
  std::string body;                                          // must occur in the body; empty = anything
  std::vector<Pattern> body_matches;                         // all must match
  std::vector<Pattern> body_not_matches;                     // none may
  std::vector<std::pair<std::string, std::string>> headers;  // name (lower case) and what its value must contain
  std::vector<HeaderRule> header_rules;
  std::vector<JsonRule> json;
  std::optional<bool> tls;  // of the last hop
  std::size_t body_bytes_max = 1024 * 1024;

  [[nodiscard]] bool looks_at_body() const {
    return !body.empty() || !body_matches.empty() || !body_not_matches.empty() || !json.empty();
  }
};

struct HttpSpec final : CheckSpec {
  core::Url url;
  TlsSpec tls;  // of the target's own host; elsewhere neither identity, pins nor name go along
  HttpAsk ask;
  HttpExpect expect;
};

extern const core::KeyTable kHttpExpect;
extern const core::KeyTable kHttpRequest;

[[nodiscard]] std::unique_ptr<const CheckSpec> parse_http_spec(const core::Target& target, const SpecNodes& nodes,
                                                               core::ConfigErrors& errors);

/// The halves of parse_http_spec().
[[nodiscard]] HttpExpect read_http_expect(const core::ConfigNode& node, const core::Url& url,
                                          core::ConfigErrors& errors);
[[nodiscard]] HttpAsk read_http_ask(const core::ConfigNode& node, io::Files* files, core::ConfigErrors& errors);

/// The key `headers` of a map: names that are tokens, values without line breaks.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_headers(const core::TableReader& map,
                                                                            core::ConfigErrors& errors);
[[nodiscard]] bool is_http_token(std::string_view text);  // RFC 9110 5.6.2

/// The outcome of a complete answer, before blemishes: ok, or the first expectation that is not met.
/// `tls` is whether it came over TLS.
[[nodiscard]] core::Outcome judge_http(const HttpExpect& expect, const io::HttpResponse& response, bool tls);

}  // namespace sonde::prober
