// The hops of an http run that was redirected, read from its field `http_hops`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::cli {

struct Hop {
  std::string url;                     // harmless to print
  std::optional<std::int64_t> status;  // nothing where none came
  /// Seconds of resolve, connect, tls, processing and transfer; nothing where it was not reached.
  std::array<std::optional<double>, 5> phases;
};

/// `json` as docs/measurement.md describes the field; what cannot be read gives no hops.
[[nodiscard]] std::vector<Hop> read_hops(std::string_view json);

}  // namespace sonde::cli
