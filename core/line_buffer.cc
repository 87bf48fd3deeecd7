// Escaping and numbers. Almost all floats are durations, whole nanoseconds in seconds: those are written from the
// integer, which takes a quarter of the time that the shortest decimal of any double takes.
#include "core/line_buffer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sonde::core {
namespace {

constexpr std::size_t kNumberBytesMax = 32;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::size_t kFractionDigits = 9;
constexpr double kWholeNanosecondsBelow = 100'000.0;  // seconds: with nine decimals at most 14 digits

bool contains(std::string_view text, char c) { return std::memchr(text.data(), c, text.size()) != nullptr; }

bool may_need_care(char c) { return c == ',' || c == '=' || c == ' ' || c == '\n' || c == '\r'; }

/// "5e-05", "2.35e-05": `digits` without zeros at the end; the value is 0.digits times 10^(1 - place).
char* write_scientific(char* out, std::string_view digits, int place) {
  *out++ = digits.front();
  if (digits.size() > 1) *out++ = '.';
  out = std::copy(digits.begin() + 1, digits.end(), out);
  out = std::copy_n("e-0", 3, out);
  *out++ = static_cast<char>('0' + place);
  return out;
}

/// "00" to "99".
constexpr auto kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

void write_nine_digits(char* out, std::uint32_t n) {
  for (char* at = out + 7; at > out; at -= 2, n /= 100) std::memcpy(at, kTwoDigits.data() + 2 * (n % 100), 2);
  *out = static_cast<char>('0' + n);
}

/// Writes `value` when it is a whole number of nanoseconds with a fraction of a second, below kWholeNanosecondsBelow;
/// returns the end, or null. Decimals of up to 15 digits are all different doubles (DBL_DIG), so the one found is the
/// shortest; like std::to_chars it takes the shorter of both forms, and the plain one of two that are equally long.
char* write_nanoseconds(char* out, double value) {
  if (!(value > 0 && value < kWholeNanosecondsBelow)) return nullptr;
  // Positive, and a wrong rounding would be seen by the comparison below; std::llround would be a call.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const auto count = static_cast<std::int64_t>(value * static_cast<double>(kNanosecondsPerSecond) + 0.5);
  if (static_cast<double>(count) / static_cast<double>(kNanosecondsPerSecond) != value) return nullptr;
  const auto seconds = static_cast<std::uint32_t>(count / kNanosecondsPerSecond);
  const auto fraction = static_cast<std::uint32_t>(count % kNanosecondsPerSecond);
  if (fraction == 0) return nullptr;
  std::array<char, kFractionDigits> digits;
  write_nine_digits(digits.data(), fraction);
  std::size_t last = kFractionDigits - 1;
  while (digits[last] == '0') --last;
  if (seconds == 0) {
    std::size_t first = 0;
    while (digits[first] == '0') ++first;
    if (first >= (first == last ? 3 : 4)) {
      return write_scientific(out, {digits.data() + first, last + 1 - first}, static_cast<int>(first) + 1);
    }
    *out++ = '0';
  } else {
    out = std::to_chars(out, out + kNumberBytesMax, seconds).ptr;
  }
  *out++ = '.';
  std::memcpy(out, digits.data(), kFractionDigits);
  return out + last + 1;
}

}  // namespace

void LineBuffer::raw(std::string_view text) {
  if (text.size() > kLineBytesMax - view().size()) {
    overflowed_ = true;
    return;
  }
  end_ = std::copy(text.begin(), text.end(), end_);
}

void LineBuffer::key(std::string_view text, std::string_view special) {
  const bool trailing_backslash = text.ends_with('\\');
  if (trailing_backslash) text.remove_suffix(1);
  while (true) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, may_need_care) - text.begin());
    raw(text.substr(0, plain));
    if (plain == text.size()) break;
    const char c = text[plain] == '\n' || text[plain] == '\r' ? ' ' : text[plain];
    if (special.find(c) != std::string_view::npos) byte('\\');
    byte(c);
    text.remove_prefix(plain + 1);
  }
  if (trailing_backslash) byte('/');
}

void LineBuffer::text(std::string_view text) {
  byte('"');
  if (text.empty() || (!contains(text, '"') && !contains(text, '\\'))) {
    raw(text);
  } else {
    for (const char c : text) {
      if (c == '"' || c == '\\') byte('\\');
      byte(c);
    }
  }
  byte('"');
}

void LineBuffer::integer(std::int64_t value) {
  if (value >= 0 && value < 10) return byte(static_cast<char>('0' + value));  // flags, codes and counts
  advance(std::to_chars(end_, end_ + kNumberBytesMax, value).ptr);
}

void LineBuffer::number(double value) {
  char* end = write_nanoseconds(end_, value);
  if (end == nullptr) end = std::to_chars(end_, end_ + kNumberBytesMax, value).ptr;
  advance(end);
}

bool LineBuffer::can_carry(const FieldValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number == nullptr || std::isfinite(*number);
}

void LineBuffer::value(const FieldValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    integer(*whole);
    byte('i');
  } else if (const auto* decimal = std::get_if<double>(&value)) {
    number(*decimal);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    raw(*flag ? "true" : "false");
  } else {
    text(std::get<std::string>(value));
  }
}

}  // namespace sonde::core
