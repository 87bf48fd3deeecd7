// SONDE_CHECK(condition, "why"): a bug ends the process, in release builds too.
// For conditions that only a programming error can break, never for input.
#pragma once

namespace sonde::core {

/// Prints the place and the reason to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace sonde::core

#define SONDE_CHECK(condition, why) \
  (static_cast<bool>(condition) ? void(0) : ::sonde::core::check_failed(__FILE__, __LINE__, #condition, why))
