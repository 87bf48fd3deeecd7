// What an http check asks and expects: its configuration as values, and the judging of a whole answer. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "prober/checks/expect.h"
#include "prober/tls_spec.h"

namespace sonde::prober {

struct StatusRange {
  int first = 200;
  int last = 399;
};

struct HttpSpec final : CheckSpec {
  core::Url url;
  std::optional<TlsSpec> tls;  // of an https target
  std::string request_url;     // http:// always: TLS is ours, below libcurl
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> request_headers;
  CommonExpect common;
  std::vector<StatusRange> status{{}};
  std::string body;                                          // must occur in the body; empty = anything
  std::vector<std::pair<std::string, std::string>> headers;  // name (lower case) and what its value must contain
};

extern const core::KeyTable kHttpExpect;
extern const core::KeyTable kHttpRequest;

[[nodiscard]] std::unique_ptr<const CheckSpec> parse_http_spec(const core::Target& target, const SpecNodes& nodes,
                                                               core::ConfigErrors& errors);

/// The outcome of a complete answer, before blemishes: ok, status, header_mismatch or content_mismatch.
[[nodiscard]] core::Outcome judge_http(const HttpSpec& spec, const io::HttpResponse& response);

}  // namespace sonde::prober
