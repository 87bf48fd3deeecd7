// Which components each cell runs through, from the tags of vantages and targets. Labels only: nothing is discovered.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/target.h"
#include "hub/judge/cell.h"
#include "hub/judge/component.h"
#include "hub/judge/run_result.h"

namespace sonde::hub::judge {

/// A target as the judge sees it: its record, and what follows from its URL.
struct KnownTarget {
  core::Target target;
  Layers layers;
  std::string zone;          // as tagged, else the registrable part of the host name; empty for addresses
  std::string resolver;      // of a dns check that names one; empty = the vantage's own
  bool from_record = false;  // false: only the tags of its results are known

  /// "provider/region", or empty.
  [[nodiscard]] std::string place() const;
};

/// Derives layers, zone and resolver from the target's URL.
[[nodiscard]] KnownTarget known_target(core::Target t, bool from_record);

/// "a.b.example.com" → "example.com", "x.example.com.cn" → "example.com.cn"; empty for addresses and single labels.
/// A heuristic for targets without a `zone` tag: the last two labels, three where the second one is a registry's.
[[nodiscard]] std::string registrable_zone(std::string_view host);

/// A cell of a component. `dependency`: the cell's target only depends on the component.
struct Member {
  std::uint32_t cell = 0;
  bool dependency = false;
  friend bool operator==(const Member&, const Member&) = default;
};

/// Cells with the same components share lists of them, so that sums over the cells of each component need not walk each
/// cell once per component: one list of what depends on the target alone, one of all else.
struct Bundles {
  struct Part {
    std::uint32_t component = 0;
    bool dependency = false;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<std::vector<Part>> lists;
  std::vector<std::array<std::uint32_t, 2>> of_cell;
};

/// A vantage with its components of the kinds vantage, ISP and host region.
struct NearComponents {
  std::uint32_t vantage = 0;
  std::vector<std::uint32_t> components;
};

struct Topology {
  std::vector<Component> components;                // sorted by kind, then label
  std::vector<std::vector<Member>> members;         // by component, in the order of cells
  std::vector<std::vector<std::uint32_t>> of_cell;  // components of each cell, ascending
  Bundles bundles;                                  // the same, shared
  std::vector<NearComponents> near;                 // of vantages, in the order of their first cells

  [[nodiscard]] std::size_t size() const { return components.size(); }
  /// Index of a component, or size() where it does not exist.
  [[nodiscard]] std::size_t find(const Component& c) const;
};

/// Builds the components. Of components of one class on exactly the same cells only the most specific is kept;
/// those of different classes stay, as twins.
[[nodiscard]] Topology build_topology(std::span<const core::Vantage> vantages, std::span<const KnownTarget> targets,
                                      std::span<const Cell> cells);

/// The bundles of a topology whose other parts are complete.
[[nodiscard]] Bundles make_bundles(const Topology& topology);

/// "domestic" or "overseas" of a target, from its tag or else its country; nothing where neither is known.
[[nodiscard]] std::optional<core::Partition> partition_of(const core::Target& t);

}  // namespace sonde::hub::judge
