// What `sonde targets verify` says: the report for people, JSON lines, and the patch.
#pragma once

#include <string>
#include <vector>

#include "cli/catalogue_patch.h"
#include "cli/terminal.h"
#include "cli/verification.h"
#include "core/measurement.h"
#include "prober/config.h"

namespace sonde::cli {

/// One entry and what its run found.
struct VerifiedEntry {
  const prober::TargetEntry* entry = nullptr;
  core::Outcome outcome;
  Verification verification;
};

struct VerifyReport {
  std::vector<VerifiedEntry> entries;
  std::string vantage;
  core::WallTime at{};
  /// A captive portal or proxy answers plain http:// here: what it says is no answer of the entry's.
  [[nodiscard]] bool captive() const;
  /// Whether nothing at all came to an answer: that says nothing about the catalogue.
  [[nodiscard]] bool cut_off() const;
};

/// Counts, then the entries that are not as expected, worst news first.
[[nodiscard]] std::string report_text(const VerifyReport& r, const CataloguePatch& patch, const Terminal& t);
/// One object per entry and line.
[[nodiscard]] std::string report_json(const VerifyReport& r);

/// The patch for what differs or is wider than what was seen, of the files of `catalogue`. Entries by http:// are left
/// out where a captive portal is in the way.
[[nodiscard]] CataloguePatch patch_for(const VerifyReport& r, const prober::CatalogueSource& catalogue);
/// The patch as a file: with a head that says where and when it comes from, which `git apply` and `patch` skip.
[[nodiscard]] std::string patch_file(const VerifyReport& r, const CataloguePatch& patch, const Terminal& t);

}  // namespace sonde::cli
