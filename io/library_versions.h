// Which libraries this process runs with: for `sonde version`.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sonde::io {

/// Name and version as the loaded library itself says, of those that only io/ may see. Boost's is that of its headers.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace sonde::io
