// Parsing and judging of addresses.
#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

namespace sonde::io {
namespace {

struct SpecialRange {
  std::string_view kind;
  std::string_view address;
  int bits;
};

// First match wins, so single metadata addresses stand before the ranges around them.
constexpr SpecialRange kSpecial[] = {
    {"metadata", "169.254.169.254", 32},  // most clouds
    {"metadata", "169.254.170.2", 32},    // ECS tasks
    {"metadata", "169.254.0.23", 32},     // Tencent
    {"metadata", "100.100.100.200", 32},  // Alibaba
    {"metadata", "168.63.129.16", 32},    // Azure
    {"metadata", "192.0.0.192", 32},      // Oracle
    {"metadata", "fd00:ec2::254", 128},   // EC2 over IPv6
    {"this-network", "0.0.0.0", 8},
    {"private", "10.0.0.0", 8},
    {"shared", "100.64.0.0", 10},  // carrier-grade NAT, RFC 6598
    {"loopback", "127.0.0.0", 8},
    {"link-local", "169.254.0.0", 16},
    {"private", "172.16.0.0", 12},
    {"reserved", "192.0.0.0", 24},
    {"documentation", "192.0.2.0", 24},
    {"private", "192.168.0.0", 16},
    {"benchmark", "198.18.0.0", 15},
    {"documentation", "198.51.100.0", 24},
    {"documentation", "203.0.113.0", 24},
    {"multicast", "224.0.0.0", 4},
    {"reserved", "240.0.0.0", 4},
    {"this-network", "::", 128},
    {"loopback", "::1", 128},
    {"discard", "100::", 64},
    {"documentation", "2001:db8::", 32},
    {"private", "fc00::", 7},
    {"link-local", "fe80::", 10},
    {"multicast", "ff00::", 8},
};

bool in_range(const IpAddress& address, const IpAddress& base, int bits) {
  if (address.family != base.family) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(address.bytes.data(), base.bytes.data(), whole) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned>(0xFF00 >> rest) & 0xFFU;
  return ((address.bytes[whole] ^ base.bytes[whole]) & mask) == 0;
}

/// The IPv4 address inside an IPv4-mapped (::ffff:0:0/96) or NAT64 (64:ff9b::/96) address; else the address itself.
IpAddress unwrapped(const IpAddress& address) {
  if (address.family == IpAddress::Family::kIp4) return address;
  static const IpAddress mapped = *parse_address("::ffff:0:0");
  static const IpAddress nat64 = *parse_address("64:ff9b::");
  if (!in_range(address, mapped, 96) && !in_range(address, nat64, 96)) return address;
  IpAddress inner;
  std::copy_n(address.bytes.begin() + 12, 4, inner.bytes.begin());
  return inner;
}

struct ParsedRange {
  IpAddress base;
  int bits;
  std::string_view kind;
};

const std::vector<ParsedRange>& special_ranges() {
  static const std::vector<ParsedRange> ranges = [] {
    std::vector<ParsedRange> out;
    for (const SpecialRange& r : kSpecial) out.push_back({*parse_address(r.address), r.bits, r.kind});
    return out;
  }();
  return ranges;
}

std::optional<int> parse_number(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > max) return std::nullopt;
  return value;
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string z{text};
  IpAddress out;
  if (inet_pton(AF_INET, z.c_str(), out.bytes.data()) == 1) return out;
  out.family = IpAddress::Family::kIp6;
  if (inet_pton(AF_INET6, z.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  const int family = address.family == IpAddress::Family::kIp4 ? AF_INET : AF_INET6;
  inet_ntop(family, address.bytes.data(), text, sizeof text);
  return text;
}

std::string_view family_name(const IpAddress& address) {
  return address.family == IpAddress::Family::kIp4 ? "ip4" : "ip6";
}

std::optional<Endpoint> parse_endpoint(std::string_view text, int default_port) {
  if (const auto whole = parse_address(text)) return Endpoint{*whole, default_port};
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    port = rest.empty() ? std::string_view{} : rest.substr(1);
    if (!rest.empty() && port.empty()) return std::nullopt;
  } else {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return std::nullopt;
  }
  const auto address = parse_address(host);
  if (!address) return std::nullopt;
  if (port.empty()) return Endpoint{*address, default_port};
  const auto number = parse_number(port, 65535);
  if (!number || *number == 0) return std::nullopt;
  return Endpoint{*address, *number};
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  const std::string port = std::to_string(endpoint.port);
  return endpoint.address.family == IpAddress::Family::kIp4 ? address + ":" + port : "[" + address + "]:" + port;
}

bool AddressPolicy::allow(std::string_view cidr) {
  const auto slash = cidr.find('/');
  const auto address = parse_address(cidr.substr(0, slash));
  if (!address) return false;
  const int bits_max = address->family == IpAddress::Family::kIp4 ? 32 : 128;
  int bits = bits_max;
  if (slash != std::string_view::npos) {
    const auto parsed = parse_number(cidr.substr(slash + 1), bits_max);
    if (!parsed) return false;
    bits = *parsed;
  }
  allowed_.push_back({*address, bits});
  return true;
}

std::string_view AddressPolicy::denied(const IpAddress& address) const {
  const IpAddress judged = unwrapped(address);
  const auto covers = [](const IpAddress& a) {
    return [&a](const Range& r) { return in_range(a, r.address, r.bits); };
  };
  if (std::ranges::any_of(allowed_, covers(judged)) || std::ranges::any_of(allowed_, covers(address))) return {};
  for (const ParsedRange& range : special_ranges()) {
    if (in_range(judged, range.base, range.bits)) return range.kind;
  }
  return {};
}

bool AddressPolicy::is_allowed_exception(const IpAddress& address) const {
  return std::ranges::any_of(allowed_, [&address](const Range& r) { return in_range(address, r.address, r.bits); });
}

bool is_bogon(std::string_view denied) {
  return denied == "loopback" || denied == "this-network" || denied == "multicast" || denied == "documentation" ||
         denied == "link-local" || denied == "reserved" || denied == "discard";
}

}  // namespace sonde::io
