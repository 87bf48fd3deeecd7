// Files of line protocol for replaying: plain, gzip or zstd, from anywhere, in any order.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "core/record.h"
#include "core/result.h"

namespace sonde::cli {

/// The whole file, unpacked where it is gzip (RFC 1952, several members too) or zstd (RFC 8878, several frames too);
/// "-" is stdin. kNotFound when it cannot be read, kCorrupt when it is damaged.
[[nodiscard]] core::Result<std::string> read_replay_file(const std::string& path);

/// The records of all files by time: exports of databases are often ordered by series. Lines that cannot be read are
/// left out and told on stderr with their place, the first five of each run. The error names its file.
[[nodiscard]] core::Result<std::vector<core::Record>> read_replay_records(const std::vector<std::string>& files,
                                                                          const Terminal& err);

}  // namespace sonde::cli
