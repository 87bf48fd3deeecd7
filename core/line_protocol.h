// InfluxDB line protocol, both ways.
// Source: InfluxDB 1.8 and 2 documentation, "Line protocol reference" (escaping, types, timestamps).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "core/line_buffer.h"
#include "core/record.h"
#include "core/result.h"

namespace sonde::core {

/// Unit of the timestamps in a text; what is written by Sonde itself is always nanoseconds.
enum class Precision { kNanoseconds, kMicroseconds, kMilliseconds, kSeconds };

/// Appends one line with its '\n' to `out`. Tags are written sorted by key. Line breaks inside keys, tags and
/// measurement become spaces and a trailing backslash of them becomes '/', because the format cannot carry either;
/// non-finite floats are left out. A record without fields, or without a measurement, or whose line would be longer
/// than kLineBytesMax or has more than kLineTagsMax tags, is not written: returns false and leaves `out` as it was.
bool encode_line(const Record& record, std::string& out);

/// Reads one line without its line break. Errors say what is wrong and at which byte (1-based column).
/// A line without a timestamp takes `now`.
[[nodiscard]] Result<Record> decode_line(std::string_view line, Precision precision, WallTime now);

struct LineError {
  std::size_t line;  // 1-based
  std::string message;
};

/// Reads a text of lines; empty lines and comments (#) are skipped; a bad line does not spoil the others.
/// `text` need not end in a line break. A quoted string field may hold line breaks.
void decode_lines(std::string_view text, Precision precision, WallTime now, Callback<void(Record)> on_record,
                  Callback<void(LineError)> on_error);

}  // namespace sonde::core
