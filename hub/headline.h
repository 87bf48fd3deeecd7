// The one sentence on top of the page. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "hub/incidents.h"

namespace sonde::hub {

/// How many (vantage, target) pairs are in each state; `none`: no fresh result.
struct Counts {
  std::size_t vantages = 0;
  std::size_t targets = 0;
  std::size_t ok = 0;
  std::size_t degraded = 0;
  std::size_t fail = 0;
  std::size_t unknown = 0;
  std::size_t none = 0;
  std::size_t never_healthy = 0;  // of the targets: have results, and never a success from anywhere
  [[nodiscard]] std::size_t cells() const { return ok + degraded + fail + unknown + none; }
};

/// What the headline is made from, beside the open incidents.
struct HeadlineFacts {
  Counts counts;
  std::size_t references_fresh = 0;    // reference targets with a trusted fresh result
  std::size_t references_failing = 0;  // of these, those that fail somewhere
  /// Names of targets that fail somewhere, apps first; without references and controls that never worked: these say
  /// nothing about now.
  std::vector<std::string> failing;
  std::size_t failing_vantages = 0;  // vantages that see a failure
  bool heard_before = false;         // there are results, fresh or not
};

struct Headline {
  std::string_view level;  // ok attention incident waiting
  core::BilingualText text;
};

/// `open`: as Incidents::open() orders them.
[[nodiscard]] Headline make_headline(const HeadlineFacts& facts, const std::vector<const Incident*>& open);

}  // namespace sonde::hub
