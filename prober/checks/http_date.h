// Dates of HTTP headers (RFC 9110 5.6.7). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"

namespace sonde::prober {

/// "Sun, 06 Nov 1994 08:49:37 GMT", years 1678 to 2261. The obsolete forms are refused: nobody sends them any more.
[[nodiscard]] std::optional<core::WallTime> parse_http_date(std::string_view text);

}  // namespace sonde::prober
