// The expectations of a target as a person reads them: what is wanted, what the key means, and how a run was judged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "core/outcome.h"
#include "prober/config.h"

namespace sonde::cli {

enum class Judgement {
  kInForce,  // no run to judge
  kMet,
  kNotMet,
  kPerhaps,    // it, or another of its kind, was not met
  kNotJudged,  // the run did not get there, or something else was reported first
};

struct ExpectationRow {
  std::string key;        // "status", "request.method"
  std::string wanted;     // as it would be written
  bool standard = false;  // not written down: the default
  Judgement judgement = Judgement::kInForce;
  std::string_view meaning;
};

/// Expectations that are written down or have a default, in the order of the check's own table. Without `outcome`
/// nothing is judged.
[[nodiscard]] std::vector<ExpectationRow> expectation_rows(const prober::TargetEntry& entry,
                                                           const core::Outcome* outcome, const Terminal& t);
/// The same for what is asked (`request`).
[[nodiscard]] std::vector<ExpectationRow> request_rows(const prober::TargetEntry& entry, const Terminal& t);

/// A node in one line, as YAML's flow style. Harmless to print: control characters are gone, and in place of what
/// `table` calls a secret, or of what came from a variable, there is a mark or the variable's name.
[[nodiscard]] std::string node_text(const core::ConfigNode& node, const core::KeyTable* table = nullptr);

/// Those rows as lines, indented by two. A terminal's width is respected.
[[nodiscard]] std::string draw_expectations(const std::vector<ExpectationRow>& rows, const Terminal& t);

}  // namespace sonde::cli
