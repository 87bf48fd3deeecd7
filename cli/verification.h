// What one run of a catalogue entry says about what the catalogue expects of it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/measurement.h"
#include "prober/catalogue.h"
#include "prober/config.h"

namespace sonde::cli {

struct Verification {
  enum class Kind {
    kAsExpected,
    kWider,     // a healthy answer, of which the catalogue names more than one from memory
    kDiffers,   // an answer that the catalogue does not name
    kBusy,      // 429 or a status of 500 and more: that is no healthy answer of anybody
    kNoAnswer,  // it did not come to an answer
    kUnknown,   // the fault is on this side
  };
  Kind kind = Kind::kUnknown;
  std::vector<int> expected;                 // statuses; none of a dns entry
  std::optional<int> seen;                   // the status that came
  std::optional<std::vector<int>> proposed;  // what the entry should rather say; nothing: leave it
};

/// The stable word for JSON: "as_expected", "wider", ...
[[nodiscard]] std::string_view word_of(Verification::Kind kind);

/// The endpoints of a catalogue by the names of their targets. It must outlive what is returned.
[[nodiscard]] std::map<std::string_view, const prober::CatalogueEndpoint*> endpoints_by_name(
    const prober::Catalogue& catalogue);

/// Where host and answer stand in a source, another answer is added to those; where they are recalled, the answer that
/// came takes their place: the lists of these are wide on purpose until somebody has looked.
[[nodiscard]] Verification verify(const prober::CatalogueEndpoint& endpoint, const core::Measurement& m);

/// Whether something between here and the Internet answers plain http:// in the place of others: a control by http://
/// gave another answer than it is made for.
[[nodiscard]] bool shows_captive_portal(const prober::TargetEntry& entry, const Verification& v);

}  // namespace sonde::cli
