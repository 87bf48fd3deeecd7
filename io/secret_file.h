// Secrets that stand alone in files of their own (token_file, password_file, ...): read strictly, never shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config_table.h"
#include "core/result.h"
#include "io/files.h"

namespace sonde::io {

/// The secret in the file at `path`: one line, of which only the line break at its end is cut off. Errors: the file
/// cannot be read, its group or others may read it, it is empty, has more than one line or more than 4 KiB. Messages
/// name the file and never hold a byte of it.
[[nodiscard]] core::Result<std::string> read_secret(Files& files, const std::string& path);

/// The secret in the file that the key `name` (of kind kPath) of a map names. Nothing where the key is absent, or where
/// the file is not fit: then an error was added that stands at the key.
[[nodiscard]] std::optional<std::string> read_secret(const core::TableReader& map, std::string_view name, Files& files,
                                                     core::ConfigErrors& errors);

}  // namespace sonde::io
