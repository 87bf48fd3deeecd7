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

void write_tags(LineBuffer& line, const Record& record) {
  std::array<const std::pair<std::string, std::string>*, kLineTagsMax> sorted{};
  std::size_t count = 0;
  for (const auto& tag : record.tags) {
    if (!tag.second.empty()) sorted.at(count++) = &tag;
  }
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  for (std::size_t i = 0; i < count; ++i) {
    line.byte(',');
    line.key(sorted.at(i)->first, kSpecialInKeys);
    line.byte('=');
    line.key(sorted.at(i)->second, kSpecialInKeys);
  }
}

// ---- decoding ----

// Of a probe's line: one allocation each instead of five.
constexpr std::size_t kTagsUsually = 12;
constexpr std::size_t kFieldsUsually = 28;

struct Scan {
  std::string_view line;
  std::size_t at = 0;

  [[nodiscard]] bool end() const { return at >= line.size(); }
  [[nodiscard]] char peek() const { return line[at]; }
};

Error bad(std::size_t at, std::string_view what) {
  return Error{ErrorCode::kInvalid, fmt::format("column {}: {}", at + 1, what)};
}

bool may_end_key(char c) { return c == '=' || c == ',' || c == ' ' || c == '\\'; }

// Reads up to an unescaped character of `stops`, which are all escapable; a backslash before anything else is itself.
std::string read_key(Scan& scan, std::string_view stops) {
  std::string key;
  while (true) {
    const std::string_view left = scan.line.substr(scan.at);
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(left, may_end_key) - left.begin());
    key += left.substr(0, plain);
    scan.at += plain;
    if (plain == left.size()) return key;
    const char c = left[plain];
    if (c == '\\' && plain + 1 < left.size() && stops.find(left[plain + 1]) != std::string_view::npos) {
      key += left[plain + 1];
      scan.at += 2;
      continue;
    }
    if (stops.find(c) != std::string_view::npos) return key;
    key += c;
    ++scan.at;
  }
}

Result<FieldValue> read_text(Scan& scan) {
  const std::size_t start = scan.at++;
  std::string text;
  while (true) {
    const std::string_view left = scan.line.substr(scan.at);
    const std::size_t plain = std::min(left.find('"'), left.find('\\'));
    if (plain == std::string_view::npos) return bad(start, "a text value has no closing quote");
    text += left.substr(0, plain);
    scan.at += plain + 1;
    if (left[plain] == '"') return FieldValue{std::move(text)};
    const bool escaped = plain + 1 < left.size() && (left[plain + 1] == '"' || left[plain + 1] == '\\');
    text += escaped ? left[plain + 1] : '\\';
    if (escaped) ++scan.at;
  }
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
    std::string key = read_key(scan, kSpecialInKeys);
    if (key.empty() || scan.end() || scan.peek() != '=') return bad(start, "a tag is KEY=VALUE");
    ++scan.at;
    std::string value = read_key(scan, kSpecialInKeys);
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
    std::string key = read_key(scan, kSpecialInKeys);
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
  // Where no quote stands before the first '\n' no text holds it: most lines are seen to end there at once.
  const std::size_t first = std::min(text.find('\n', from), text.size());
  if (text.substr(from, first - from).find('"') == std::string_view::npos) return first;
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
  const auto present = std::ranges::count_if(record.tags, [](const auto& t) { return !t.second.empty(); });
  if (record.measurement.empty() || static_cast<std::size_t>(present) > kLineTagsMax) return false;
  if (record.measurement.starts_with('#')) return false;
  LineBuffer line;
  line.key(record.measurement, kSpecialInMeasurements);
  write_tags(line, record);
  char separator = ' ';
  for (const auto& [key, value] : record.fields) {
    if (!LineBuffer::can_carry(value)) continue;
    line.byte(separator);
    line.key(key, kSpecialInKeys);
    line.byte('=');
    line.value(value);
    separator = ',';
  }
  if (separator == ' ') return false;
  line.byte(' ');
  line.integer(to_unix_ns(record.time));
  line.byte('\n');
  if (line.overflowed()) return false;
  out += line.view();
  return true;
}

Result<Record> decode_line(std::string_view line, Precision precision, WallTime now) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() > kLineBytesMax)
    return bad(kLineBytesMax, fmt::format("the line is longer than {} bytes", kLineBytesMax));
  Scan scan{line};
  Record record;
  record.tags.reserve(kTagsUsually);
  record.fields.reserve(kFieldsUsually);
  record.measurement = read_key(scan, kSpecialInMeasurements);
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
