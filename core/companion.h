// Companions: extra probes beside the schedule, which the judge asks for when it is in doubt and which a prober makes
// within a budget of its own. Names of their kinds, of their record, and the form in which a hub asks a prober.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::core {

/// What a companion does otherwise than the target's own check.
enum class CompanionKind : std::uint8_t {
  kSecondResolver,  // the same check, the name resolved by another resolver: the resolver's fault, or the zone's?
  kLastAddress,  // the same check at the address that worked last, without resolving: the name's fault, or the host's?
  kPlainPort,    // a TCP connection to port 80 of the same host: is it the host that is gone, or one port?
};
inline constexpr std::size_t kCompanionKinds = 3;

/// "second_resolver", "last_address", "plain_port".
[[nodiscard]] std::string_view name(CompanionKind k);
[[nodiscard]] std::optional<CompanionKind> parse_companion_kind(std::string_view text);

/// The record of a companion's result: tags and fields of `probe`, and the tag `companion` with its kind. A measurement
/// of its own, so that no count, graph or alert takes it for a run of the schedule.
inline constexpr std::string_view kCompanionMeasurement = "companion";
inline constexpr std::string_view kCompanionTag = "companion";

/// "Let this vantage probe this target in that way."
struct CompanionAsk {
  std::string vantage;
  std::string target;
  CompanionKind kind = CompanionKind::kSecondResolver;
  friend bool operator==(const CompanionAsk&, const CompanionAsk&) = default;
};

/// The header in which a hub asks, in its answer to a write (docs/api.md): VANTAGE/KIND/TARGET, names percent-encoded
/// (RFC 3986, section 2.1), separated by commas.
inline constexpr std::string_view kCompanionHeader = "sonde-companions";
inline constexpr std::size_t kAsksInHeaderMax = 32;

[[nodiscard]] std::string write_asks(std::span<const CompanionAsk> asks);
/// What can be read of a header's value; the rest, and all after the first kAsksInHeaderMax, is left out.
[[nodiscard]] std::vector<CompanionAsk> read_asks(std::string_view text);

}  // namespace sonde::core
