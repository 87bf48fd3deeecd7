// Paths into JSON documents: those of other programs (a.b[0].c) as the pointers that expect.json has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config_node.h"

namespace sonde::cli::imports {

/// "data[0].name", "$.data" or ".data" → "/data/0/name"; "" → "". Nothing for what is more than names and numbers
/// (filters, wildcards, functions).
[[nodiscard]] std::optional<std::string> json_pointer(std::string_view path);

/// A value that was compared as text, for `equals`: a number, true, false and null are meant as such, all else is text.
[[nodiscard]] core::ConfigNode json_operand(const core::ConfigNode& at, std::string_view text);
/// Whether json_operand() would take it for something else than text.
[[nodiscard]] bool is_json_word(std::string_view text);
[[nodiscard]] bool is_json_number(std::string_view text);

}  // namespace sonde::cli::imports
