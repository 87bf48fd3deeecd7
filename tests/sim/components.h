// What each pair of vantage and target runs through, by component key (docs/verdicts.md), and which components nobody
// could tell apart. Written from that document, without a look at how the judge derives them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fleet.h"

namespace sonde::sim {

/// In which way a fault is seen. One component can be seen in one way and not in another.
enum class Sight : std::uint8_t {
  kDns,
  kTcp,
  kTls,
  kCertificate,
  kTransfer,
  kHttp,
  kConnectSlow,
  kAnswerSlow,
  kNear,  // the vantage itself knows
};

/// True if such a component can be at fault for what is seen so. `kind` is the key up to the colon.
[[nodiscard]] bool can_show(std::string_view kind, Sight sight);
/// True if the check of this target can see it at all.
[[nodiscard]] bool can_see(const TargetFacts& facts, Sight sight);

[[nodiscard]] inline std::string_view kind_of(std::string_view key) { return key.substr(0, key.find(':')); }

class Components {
 public:
  explicit Components(const World& world);

  /// Cells that run through the component, ascending; empty for an unknown key.
  [[nodiscard]] const std::vector<std::uint32_t>& cells(const std::string& key) const;
  /// All keys of a kind, sorted.
  [[nodiscard]] std::vector<std::string> of_kind(std::string_view kind) const;
  [[nodiscard]] const std::map<std::string, std::vector<std::uint32_t>>& all() const { return cells_; }
  /// Cells of the component that can see it so.
  [[nodiscard]] std::vector<std::uint32_t> seeing(const std::string& key, Sight sight) const;
  /// Other keys that can be at fault in this way and run through exactly the same cells.
  [[nodiscard]] std::vector<std::string> equivalent(const std::string& key, Sight sight) const;

 private:
  const World& world_;
  std::map<std::string, std::vector<std::uint32_t>> cells_;
};

}  // namespace sonde::sim
