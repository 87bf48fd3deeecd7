// Where one record of a line-protocol text ends and the next begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::pipeline {

/// Length of the first record of `text` with its line break: up to the first '\n' that is not inside a quoted text
/// field, or all of `text`. Quotes count only behind the first unescaped space, where the fields begin.
[[nodiscard]] std::size_t first_line_bytes(std::string_view text);

/// How many records `text` holds; empty lines and comments are none.
[[nodiscard]] std::uint64_t count_records(std::string_view text);

/// True for a line that holds a record: not empty, not a comment.
[[nodiscard]] bool is_record(std::string_view line);

}  // namespace sonde::pipeline
