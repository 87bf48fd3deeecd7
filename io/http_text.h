// Small pure rules of HTTP/1.1 text that the server needs: targets, heads of answers. Internal to io.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http_server.h"

namespace sonde::io {

struct RequestTarget {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
/// "/path?a=b" or "http://host/path?a=b" (RFC 9112 3.2). Nothing when it is anything else or does not decode.
[[nodiscard]] std::optional<RequestTarget> parse_target(std::string_view target);

/// What ends the body of an answer.
enum class BodyFraming {
  kLength,    // Content-Length
  kNone,      // a status without a body (204, 304)
  kUntilEnd,  // a stream: the end of the connection
};

/// Status line and headers with the blank line. Headers that the server sets itself, and any whose name or value would
/// break the line, are left out. `date` is an IMF-fixdate.
[[nodiscard]] std::string answer_head(const ServerResponse& response, BodyFraming framing, bool keep_alive,
                                      std::string_view date);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
[[nodiscard]] std::string http_date(WallTime t);

}  // namespace sonde::io
