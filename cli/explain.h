// `sonde check --explain`: everything about one run.
#pragma once

#include <span>
#include <string>

#include "cli/check_report.h"
#include "prober/config.h"

namespace sonde::cli {

/// A question to the resolver that was asked beside the run, so that the whole answer can be shown.
struct ResolverAnswer {
  std::string type;  // "A", "AAAA"
  core::Measurement measurement;
};

struct Explanation {
  const prober::TargetEntry& entry;
  const CheckResult& result;
  const prober::ProberConfig& prober;  // resolver, source, policy, trust anchors that were in force
  std::span<const ResolverAnswer> answers;
};

/// Sections under headings: settings, stages (asked, came), addresses, expectations, record. The waterfall is not in
/// it.
[[nodiscard]] std::string draw_explanation(const Explanation& e, const Terminal& t);

/// The setting lines of a target alone: for `sonde targets show` too. `every` is left out where it is not scheduled.
[[nodiscard]] std::string draw_settings(const prober::TargetEntry& entry, bool scheduled, const Terminal& t);

/// A heading of a section.
[[nodiscard]] std::string heading(std::string_view text, const Terminal& t);
/// "  label      value", the label padded.
[[nodiscard]] std::string setting(std::string_view label, std::string_view value, const Terminal& t);

}  // namespace sonde::cli
