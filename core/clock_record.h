// The names of the record `clock`: how far a prober's clock is from its hub's (written by hub/clocks.cc; read by the
// judge and by the picture of the moment).
#pragma once

#include <string_view>

namespace sonde::core::clock_record {

inline constexpr std::string_view kMeasurement = "clock";  // tag: vantage
inline constexpr std::string_view kAheadMs = "ahead_ms";   // of the hub's clock; negative = behind
inline constexpr std::string_view kErrorMs = "error_ms";   // so much more or less; absent while one end is not known
inline constexpr std::string_view kWrong = "wrong";        // 1 = at least 1 s off, for sure when it was found

}  // namespace sonde::core::clock_record
