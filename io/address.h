// IP addresses and endpoints as plain values, and the policy that says which of them may be probed.
// Source: RFC 6890 and the IANA special-purpose registries; metadata addresses from the clouds' own documentation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::io {

/// An IPv4 or IPv6 address. IPv4 uses the first four bytes; the rest are zero.
struct IpAddress {
  enum class Family : std::uint8_t { kIp4, kIp6 };
  Family family = Family::kIp4;
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const IpAddress&) const = default;
};

/// "192.0.2.1", "2001:db8::1" (no brackets, no zone). Decimal, octal and short forms are refused.
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);
[[nodiscard]] std::string to_string(const IpAddress& address);
/// "ip4" or "ip6", as in the tag `family`.
[[nodiscard]] std::string_view family_name(const IpAddress& address);

struct Endpoint {
  IpAddress address;
  int port = 0;

  bool operator==(const Endpoint&) const = default;
};

/// "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"; without a port it is `default_port`.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text, int default_port);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// Which addresses may be connected to. By default everything on the public Internet and nothing else: no loopback,
/// private, link-local, metadata, multicast or documentation range. Checked at connect, where the final address is
/// known (RELIABILITY H40 to H44). IPv4-mapped and NAT64 forms are judged as the IPv4 address inside.
class AddressPolicy {
 public:
  /// Allows a range ("127.0.0.0/8", "10.1.2.3", "fd00::/8"). False when the text is not one.
  bool allow(std::string_view cidr);

  /// Why the address is denied ("loopback", "private", "metadata", ...), or "" when it may be used.
  [[nodiscard]] std::string_view denied(const IpAddress& address) const;
  /// True when the address may be used only because allow() named it: it may then be an address of this machine.
  [[nodiscard]] bool is_allowed_exception(const IpAddress& address) const;

 private:
  struct Range {
    IpAddress address;
    int bits = 0;
  };
  std::vector<Range> allowed_;
};

/// True for the kinds of `AddressPolicy::denied` that no public name can honestly point to ("loopback", "this-network",
/// "multicast", "documentation", "link-local"); false for those that a company may use inside ("private", ...).
[[nodiscard]] bool is_bogon(std::string_view denied);

}  // namespace sonde::io
