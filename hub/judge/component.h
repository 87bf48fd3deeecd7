// Components: everything that can be at fault, with its class, side and prior.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "hub/judge/verdict.h"

namespace sonde::hub::judge {

/// Ordered from the most specific to the widest within each class: where two components of one class sit on exactly the
/// same cells, the earlier one is kept.
enum class Kind : std::uint8_t {
  kApp,
  kEndpoint,
  kCa,
  kServiceRegion,
  kRegion,
  kServiceGlobal,
  kEdge,
  kProvider,
  kZone,
  kDnsProvider,
  kResolver,
  kPath,
  kPeering,
  kCorridor,
  kBorderIsp,
  kBorder,
  kIsp,
  kVantage,
  kHostRegion,
};
inline constexpr std::size_t kKinds = 19;

struct KindInfo {
  std::string_view name;  // as in keys: "service-region"
  BlameClass blame;
  Side side;
  double log_prior;  // ln π, nats
};

[[nodiscard]] const KindInfo& info(Kind k);

struct Component {
  Kind kind = Kind::kApp;
  std::string label;  // what follows the colon in its key

  [[nodiscard]] std::string key() const;
  // clang-tidy 14 takes the generated comparison with 0 for a pointer.
  friend auto operator<=>(const Component&, const Component&) = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace sonde::hub::judge
