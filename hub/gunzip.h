// gzip from outside, inflated step by step under hard bounds (RELIABILITY §3.1, H20).
// Source: RFC 1952; zlib manual, inflateInit2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sonde::hub {

struct GunzipLimits {
  std::size_t bytes_max = 16 * 1024 * 1024;  // of the result
  /// Result bytes for each byte in, once the result is past `ratio_free_bytes`: short texts may compress well.
  std::size_t ratio_max = 50;
  std::size_t ratio_free_bytes = 1024 * 1024;
};

/// The unpacked bytes of one or more gzip members. kNoSpace when a limit is met (nothing more is unpacked then),
/// kInvalid when it is not gzip, is cut short or fails its checksum.
[[nodiscard]] core::Result<std::string> gunzip(std::string_view packed, const GunzipLimits& limits);

}  // namespace sonde::hub
