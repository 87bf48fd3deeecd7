// A line of line protocol while it is being written: bytes on the stack, no allocation, and a hard end.
// Both encoders (core/line_protocol.h, core/probe_line.h) write through it, so that they escape alike.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/record.h"

namespace sonde::core {

/// Hard limits of a line, both ways (RELIABILITY §3.1).
inline constexpr std::size_t kLineBytesMax = 16 * 1024;
inline constexpr std::size_t kLineTagsMax = 20;

/// Some bytes known at compile time that are written often. Copying all of them, whatever the text's length, is two or
/// three instructions; a copy of just the text would be a call.
struct LinePiece {
  static constexpr std::size_t kBytesMax = 48;

  explicit constexpr LinePiece(std::string_view text) : size(text.size()) {
    std::copy(text.begin(), text.end(), bytes.begin());  // too long a text does not compile
  }
  std::array<char, kBytesMax> bytes{};
  std::size_t size;
};

/// What does not fit any more is dropped, and overflowed() says so.
class LineBuffer {
 public:
  LineBuffer() = default;  // the bytes are deliberately not cleared
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;

  void byte(char c) {
    *end_ = c;
    advance(end_ + 1);
  }
  void piece(const LinePiece& p) {
    std::memcpy(end_, p.bytes.data(), LinePiece::kBytesMax);
    advance(end_ + p.size);
  }
  void raw(std::string_view text);
  /// A key, a tag's value or a measurement's name: `special` characters get a backslash; line breaks become spaces and
  /// a backslash at the end becomes '/', because the format can carry neither.
  void key(std::string_view text, std::string_view special);
  /// A text value in quotes.
  void text(std::string_view text);
  void integer(std::int64_t value);
  /// The shortest decimal that reads back as `value`, as std::to_chars writes it. `value` must be finite.
  void number(double value);
  /// False when the value cannot be written (a float that is not finite).
  [[nodiscard]] static bool can_carry(const FieldValue& value);
  /// A value that can be carried.
  void value(const FieldValue& value);

  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] std::string_view view() const {
    return {bytes_.data(), static_cast<std::size_t>(end_ - bytes_.data())};
  }

 private:
  /// Room behind the longest line: what is short is written first and looked at afterwards.
  static constexpr std::size_t kSlack = 64;
  static_assert(LinePiece::kBytesMax <= kSlack);

  void advance(char* end) {
    if (end > bytes_.data() + kLineBytesMax) {
      overflowed_ = true;
    } else {
      end_ = end;
    }
  }

  std::array<char, kLineBytesMax + kSlack> bytes_;
  char* end_ = bytes_.data();
  bool overflowed_ = false;
};

inline constexpr std::string_view kSpecialInKeys = ",= ";
inline constexpr std::string_view kSpecialInMeasurements = ", ";

}  // namespace sonde::core
