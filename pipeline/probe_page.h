// The newest result of every target as Prometheus text, under blackbox_exporter's names; and one result alone, as
// /probe answers it. Every numeric field of the record is there too, as `probe_<field>`: the name that VictoriaMetrics
// gives it when it comes by line protocol, so that one query serves both ways.
// Source: blackbox_exporter 0.23 (names and meanings); Prometheus text format 0.0.4.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/outcome.h"
#include "core/probe_line.h"

namespace sonde::pipeline {

/// What the page keeps of one result.
struct ProbeRow {
  std::string labels;          // `a="b",c="d"`, escaped; empty = none
  std::vector<double> values;  // by slot of the table; NaN = not reached, so not shown
  core::Stage stage = core::Stage::kDone;
  core::Cause cause = core::Cause::kNone;
  bool relabel = false;  // the configuration was read anew: the labels may be others with the next result
};

/// The samples of a result, without labels.
[[nodiscard]] ProbeRow probe_row(const core::Measurement& m, core::CheckKind check);
/// The tags of a target's records as labels, but `family`, which would start a new series when a name gets another
/// address. Only what the configuration says.
[[nodiscard]] std::string probe_labels(const core::Vantage& v, const core::Target& t);

/// Families of samples that a row can have.
[[nodiscard]] std::size_t probe_families();
/// One row as a page of its own.
[[nodiscard]] std::string probe_text(const ProbeRow& row);

/// Escapes a label value (text format 0.0.4).
[[nodiscard]] std::string escape_label(std::string_view value);

class ProbePage {
 public:
  /// The newest result of a target counts.
  void take(const core::ProbeResult& result);
  /// After a change of the configuration: forgets the targets that are not in `targets`.
  void keep_only(const std::set<std::string, std::less<>>& targets);
  [[nodiscard]] std::size_t targets() const { return rows_.size(); }

  /// Appends one family; with 10,000 targets each takes a few milliseconds, so the page can be built in several turns
  /// of the loop.
  void append(std::size_t family, std::string& out) const;
  /// The whole page.
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, ProbeRow, std::less<>> rows_;  // by target
};

}  // namespace sonde::pipeline
