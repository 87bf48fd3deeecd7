// Encoder and decoder of line protocol. Both are plain scans; hostile input costs at most its own length.
#include "core/line_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace sonde::core {
namespace {

// ---- encoding ----

// Escapes `special` characters; line breaks cannot be carried and become spaces.
void append_key(std::string& out, std::string_view key, std::string_view special) {
  const bool trailing_backslash = key.ends_with('\\');
  if (trailing_backslash) key.remove_suffix(1);
  for (char c : key) {
    if (c == '\n' || c == '\r') c = ' ';
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  if (trailing_backslash) out += '/';
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), end);
}

// False when the value cannot be written (a float that is not finite).
bool append_value(std::string& out, const FieldValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    append_number(out, *integer);
    out += 'i';
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (!std::isfinite(*number)) return false;
    append_number(out, *number);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else {
    append_text(out, std::get<std::string>(value));
  }
  return true;
}

void append_tags(std::string& out, const Record& record) {
  std::array<const std::pair<std::string, std::string>*, kLineTagsMax> sorted{};
  std::size_t count = 0;
  for (const auto& tag : record.tags) {
    if (!tag.second.empty()) sorted.at(count++) = &tag;
  }
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  for (std::size_t i = 0; i < count; ++i) {
    out += ',';
    append_key(out, sorted.at(i)->first, ",= ");
    out += '=';
    append_key(out, sorted.at(i)->second, ",= ");
  }
}

// ---- decoding ----

struct Scan {
  std::string_view line;
  std::size_t at = 0;

  [[nodiscard]] bool end() const { return at >= line.size(); }
  [[nodiscard]] char peek() const { return line[at]; }
};

Error bad(std::size_t at, std::string_view what) {
  return Error{ErrorCode::kInvalid, fmt::format("column {}: {}", at + 1, what)};
}

// Reads up to an unescaped character of `stops`. A backslash escapes only `special`; before anything else it is itself.
std::string read_key(Scan& scan, std::string_view stops, std::string_view special) {
  std::string key;
  while (!scan.end()) {
    const char c = scan.peek();
    if (c == '\\' && scan.at + 1 < scan.line.size() && special.find(scan.line[scan.at + 1]) != std::string_view::npos) {
      key += scan.line[scan.at + 1];
      scan.at += 2;
      continue;
    }
    if (stops.find(c) != std::string_view::npos) break;
    key += c;
    ++scan.at;
  }
  return key;
}

Result<FieldValue> read_text(Scan& scan) {
  const std::size_t start = scan.at++;
  std::string text;
  while (!scan.end()) {
    const char c = scan.peek();
    if (c == '"') {
      ++scan.at;
      return FieldValue{std::move(text)};
    }
    if (c == '\\' && scan.at + 1 < scan.line.size() &&
        (scan.line[scan.at + 1] == '"' || scan.line[scan.at + 1] == '\\')) {
      ++scan.at;
    }
    text += scan.peek();
    ++scan.at;
  }
  return bad(start, "a text value has no closing quote");
}

template <typename Number>
bool parse_all(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<FieldValue> parse_plain(std::string_view word, std::size_t at) {
  for (const std::string_view yes : {"t", "T", "true", "True", "TRUE"}) {
    if (word == yes) return FieldValue{true};
  }
  for (const std::string_view no : {"f", "F", "false", "False", "FALSE"}) {
    if (word == no) return FieldValue{false};
  }
  if (word.ends_with('i')) {
    std::int64_t integer = 0;
    if (parse_all(word.substr(0, word.size() - 1), integer)) return FieldValue{integer};
    return bad(at, "not a 64-bit integer");
  }
  if (word.ends_with('u')) {
    std::uint64_t integer = 0;
    if (parse_all(word.substr(0, word.size() - 1), integer) &&
        integer <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return FieldValue{static_cast<std::int64_t>(integer)};
    }
    return bad(at, "not an integer that fits 63 bits");
  }
  double number = 0;
  if (word.starts_with('+')) word.remove_prefix(1);
  if (parse_all(word, number) && std::isfinite(number)) return FieldValue{number};
  return bad(at, "not a value: expected a number, an integer with i, true, false or a text in quotes");
}

Result<FieldValue> read_value(Scan& scan) {
  if (!scan.end() && scan.peek() == '"') return read_text(scan);
  const std::size_t start = scan.at;
  while (!scan.end() && scan.peek() != ',' && scan.peek() != ' ') ++scan.at;
  return parse_plain(scan.line.substr(start, scan.at - start), start);
}

Result<void> read_tags(Scan& scan, Record& record) {
  while (!scan.end() && scan.peek() == ',') {
    const std::size_t start = ++scan.at;
    std::string key = read_key(scan, ",= ", ",= ");
    if (key.empty() || scan.end() || scan.peek() != '=') return bad(start, "a tag is KEY=VALUE");
    ++scan.at;
    std::string value = read_key(scan, ",= ", ",= ");
    if (value.empty()) return bad(scan.at, "a tag has no value");
    if (!scan.end() && scan.peek() == '=') return bad(scan.at, "an = inside a tag value needs a backslash");
    if (record.tags.size() == kLineTagsMax) return bad(start, fmt::format("more than {} tags", kLineTagsMax));
    record.tags.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

Result<void> read_fields(Scan& scan, Record& record) {
  for (;;) {
    const std::size_t start = scan.at;
    std::string key = read_key(scan, ",= ", ",= ");
    if (key.empty() || scan.end() || scan.peek() != '=') return bad(start, "a field is KEY=VALUE");
    ++scan.at;
    Result<FieldValue> value = read_value(scan);
    if (!value) return value.error();
    record.fields.emplace_back(std::move(key), std::move(*value));
    if (scan.end() || scan.peek() == ' ') return {};
    if (scan.peek() != ',') return bad(scan.at, "expected a comma or a space after a value");
    ++scan.at;
  }
}

std::int64_t nanoseconds_per(Precision precision) {
  switch (precision) {
    case Precision::kNanoseconds:
      return 1;
    case Precision::kMicroseconds:
      return 1'000;
    case Precision::kMilliseconds:
      return 1'000'000;
    case Precision::kSeconds:
      return 1'000'000'000;
  }
  return 1;
}

Result<WallTime> read_time(Scan& scan, Precision precision, WallTime now) {
  while (!scan.end() && scan.peek() == ' ') ++scan.at;
  if (scan.end()) return now;
  std::string_view word = scan.line.substr(scan.at);
  while (word.ends_with(' ')) word.remove_suffix(1);
  std::int64_t count = 0;
  if (!parse_all(word, count)) return bad(scan.at, "the timestamp is not an integer");
  const std::int64_t scale = nanoseconds_per(precision);
  if (count > std::numeric_limits<std::int64_t>::max() / scale ||
      count < std::numeric_limits<std::int64_t>::min() / scale) {
    return bad(scan.at, "the timestamp is out of range");
  }
  return from_unix_ns(count * scale);
}

// End of the line that starts at `from`: a line break inside a quoted text does not end it. A quote opens a text only
// right after an unescaped '='; elsewhere it is a plain character of a key or tag.
std::size_t line_end(std::string_view text, std::size_t from) {
  bool quoted = false;
  bool fields = false;
  bool after_equals = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    // A quote that never closes must not swallow the rest: past the longest line we allow, break at the first '\n'.
    if (i - from > kLineBytesMax) return std::min(text.find('\n', from), text.size());
    const char c = text[i];
    if (c == '\n' && !quoted) return i;
    if (c == '\\' && i + 1 < text.size() && text[i + 1] != '\n') {
      ++i;
    } else if (c == '"') {
      quoted = quoted ? false : fields && after_equals;
    } else if (c == ' ' && !quoted) {
      fields = true;
    }
    after_equals = c == '=';
  }
  return quoted ? std::min(text.find('\n', from), text.size()) : text.size();
}

}  // namespace

bool encode_line(const Record& record, std::string& out) {
  const std::size_t start = out.size();
  const auto present = std::ranges::count_if(record.tags, [](const auto& t) { return !t.second.empty(); });
  if (record.measurement.empty() || static_cast<std::size_t>(present) > kLineTagsMax) return false;
  if (record.measurement.starts_with('#')) return false;
  append_key(out, record.measurement, ", ");
  append_tags(out, record);
  char separator = ' ';
  for (const auto& [key, value] : record.fields) {
    const std::size_t before = out.size();
    out += separator;
    append_key(out, key, ",= ");
    out += '=';
    if (append_value(out, value)) {
      separator = ',';
    } else {
      out.resize(before);
    }
  }
  if (separator == ' ') {
    out.resize(start);
    return false;
  }
  out += ' ';
  append_number(out, to_unix_ns(record.time));
  out += '\n';
  if (out.size() - start > kLineBytesMax) {
    out.resize(start);
    return false;
  }
  return true;
}

Result<Record> decode_line(std::string_view line, Precision precision, WallTime now) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kLineBytesMax)
    return bad(kLineBytesMax, fmt::format("the line is longer than {} bytes", kLineBytesMax));
  Scan scan{line};
  Record record;
  record.measurement = read_key(scan, ", ", ", ");
  if (record.measurement.empty()) return bad(0, "a line starts with the measurement's name");
  if (const Result<void> tags = read_tags(scan, record); !tags) return tags.error();
  if (scan.end() || scan.peek() != ' ') return bad(scan.at, "expected a space before the fields");
  while (!scan.end() && scan.peek() == ' ') ++scan.at;
  if (const Result<void> fields = read_fields(scan, record); !fields) return fields.error();
  const Result<WallTime> time = read_time(scan, precision, now);
  if (!time) return time.error();
  record.time = *time;
  return record;
}

void decode_lines(std::string_view text, Precision precision, WallTime now, Callback<void(Record)> on_record,
                  Callback<void(LineError)> on_error) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = line_end(text, at);
    const std::string_view line = text.substr(at, end - at);
    ++number;
    at = end + 1;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    Result<Record> record = decode_line(line.substr(first), precision, now);
    if (record) {
      on_record(std::move(*record));
    } else {
      on_error(LineError{number, record.error().message});
    }
    number += static_cast<std::size_t>(std::ranges::count(line, '\n'));
  }
}

}  // namespace sonde::core
