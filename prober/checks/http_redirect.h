// What a redirect asks for next, and whether it may be followed. Pure.
// Source: RFC 9110 15.4 (methods), 10.2.2 (Location); RFC 3986 5.2 (references); WHATWG URL 3.5 (IPv4 in odd forms).
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/outcome.h"
#include "core/target.h"

namespace sonde::prober {

/// One request on the way.
struct HttpHopAsk {
  core::Url url;
  std::string method;
  bool with_body = true;         // false once a redirect has turned the method into GET
  bool with_credentials = true;  // false for ever once another host was asked
  bool with_expect = true;       // false after 417: the header Expect stays away
};

/// 301, 302, 303, 307 or 308.
[[nodiscard]] bool is_redirect(int status);

/// Where `from`'s answer with `status` and `location` (not empty) leads, or the failure that following it would be:
/// redirect_forbidden for any scheme but http and https and for what is no URL.
[[nodiscard]] std::variant<HttpHopAsk, core::Outcome> follow(const HttpHopAsk& from, int status,
                                                             std::string_view location);

/// "https://host:8443/path?query", the port where it is not the scheme's own.
[[nodiscard]] std::string to_text(const core::Url& url);
/// "host:8443" as in the header Host.
[[nodiscard]] std::string authority(const core::Url& url);

/// True for headers that may carry secrets, by their names: Authorization, Cookie, X-Api-Key, ...
[[nodiscard]] bool may_hold_secret(std::string_view header_name);

}  // namespace sonde::prober
