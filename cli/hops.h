// The hops of an http run that was redirected, read from its field `http_hops`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/measurement.h"

namespace sonde::cli {

struct Hop {
  std::string url;                     // harmless to print
  std::optional<std::int64_t> status;  // nothing where none came
  /// Seconds of resolve, connect, tls, processing and transfer; nothing where it was not reached.
  std::array<std::optional<double>, 5> phases;
};

/// `json` as docs/measurement.md describes the field; what cannot be read gives no hops.
[[nodiscard]] std::vector<Hop> read_hops(std::string_view json);

/// Where a run ended: the URL of its last hop, or `url` where it was not redirected.
[[nodiscard]] std::string final_url(std::string_view url, const core::Measurement& m);

}  // namespace sonde::cli
