// IP addresses between bytes and text, for the DNS codec. Pure, so that core needs no socket header.
// Source: RFC 4291 2.2, RFC 5952 4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde::core::dns {

/// `b` holds 4 or 16 bytes, in network order.
[[nodiscard]] std::string present_ip4(std::span<const std::uint8_t> b);
[[nodiscard]] std::string present_ip6(std::span<const std::uint8_t> b);

/// Nothing for anything but four decimal numbers without leading zeros.
[[nodiscard]] std::optional<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text);
/// With at most one "::", and the last 32 bits as ip4 if wanted. No zone.
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text);

}  // namespace sonde::core::dns
