// Text that came from outside, made harmless before it is stored or shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::core {

/// Longest detail text in a record, in bytes.
inline constexpr std::size_t kDetailBytesMax = 256;

/// Repairs UTF-8 (broken bytes become U+FFFD), removes C0 and C1 controls, DEL, line and paragraph separators and
/// bidirectional controls (line breaks and tabs become one space), and cuts at a code point within `bytes_max`.
/// RELIABILITY: "Line injection". Pure; safe on any thread.
[[nodiscard]] std::string sanitize(std::string_view remote, std::size_t bytes_max = kDetailBytesMax);

/// Length in bytes of the well-formed UTF-8 sequence at the start of `text`, or 0 if it is not well-formed
/// (overlong forms, surrogates and values above U+10FFFF are not; Unicode 15, table 3-7).
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);

/// The code point of one well-formed sequence.
[[nodiscard]] std::uint32_t code_point(std::string_view sequence);
/// Whether a code point acts on a terminal or an editor instead of being read there: C0 and C1 controls, DEL,
/// separators of lines, marks of direction and of byte order.
[[nodiscard]] bool acts(std::uint32_t code);

}  // namespace sonde::core
